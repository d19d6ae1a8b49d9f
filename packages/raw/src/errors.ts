import { MalformedError } from '@sockeye/addr/errors';

/**
 * A packet whose bytes do not hold what its headers promise: `header` is the protocol being read, `offset`
 * where in the given bytes, `expected` what had to be there. `code` is ERR_INVALID_ARG_VALUE, as for any bad
 * argument.
 */
export class MalformedPacketError extends MalformedError {
  override readonly name = 'MalformedPacketError';
  readonly header: string;

  constructor(header: string, offset: number, expected: string, got: number) {
    super(header, offset, expected, got);
    this.header = header;
  }
}
