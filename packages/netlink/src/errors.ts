import { MalformedError } from '@sockeye/addr/errors';

/**
 * Bytes that are no netlink message or attribute: `offset` is where in the given bytes, `expected` what had to be there. `code` is
 * ERR_INVALID_ARG_VALUE, as for any bad argument.
 */
export class MalformedNetlinkError extends MalformedError {
  override readonly name = 'MalformedNetlinkError';
}
