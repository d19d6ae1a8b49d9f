import { MalformedError } from '@sockeye/addr/errors';

/**
 * Bytes or text that are no CAN frame: `offset` is where in the given bytes or text, `expected` what had to
 * be there. `code` is ERR_INVALID_ARG_VALUE, as for any bad argument.
 */
export class MalformedFrameError extends MalformedError {
  override readonly name = 'MalformedFrameError';
}
