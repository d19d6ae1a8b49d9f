/**
 * Bytes or text that are no CAN frame: `offset` is where in the given bytes or text, `expected` what had to
 * be there. `code` is ERR_INVALID_ARG_VALUE, as for any bad argument.
 */
export class MalformedFrameError extends TypeError {
  override readonly name = 'MalformedFrameError';
  readonly code = 'ERR_INVALID_ARG_VALUE';
  readonly offset: number;
  readonly expected: string;

  constructor(what: string, offset: number, expected: string, got: string) {
    super(`${what} at offset ${offset}: expected ${expected}, got ${got}`);
    this.offset = offset;
    this.expected = expected;
  }
}
