/**
 * A packet whose bytes do not hold what its headers promise: `header` is the protocol being read, `offset`
 * where in the given bytes, `expected` what had to be there. `code` is ERR_INVALID_ARG_VALUE, as for any bad
 * argument.
 */
export class MalformedPacketError extends TypeError {
  override readonly name = 'MalformedPacketError';
  readonly code = 'ERR_INVALID_ARG_VALUE';
  readonly header: string;
  readonly offset: number;
  readonly expected: string;

  constructor(header: string, offset: number, expected: string, got: string) {
    super(`${header} at offset ${offset}: expected ${expected}, got ${got}`);
    this.header = header;
    this.offset = offset;
    this.expected = expected;
  }
}
