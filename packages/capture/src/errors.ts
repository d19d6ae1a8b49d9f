/** A capture file is not what it should be, at `offset` bytes from its start: `expected` is what had to be there. */
export class MalformedCaptureError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_VALUE' = 'ERR_INVALID_ARG_VALUE';
  override readonly name: string = 'MalformedCaptureError';
  readonly offset: number;
  readonly expected: string;
  /** Whether the file ends where something is missing; all before it was good. */
  readonly truncated: boolean;

  constructor(offset: number, expected: string, got: string | number, truncated = false) {
    super(`capture at offset ${offset} must be ${expected}; got ${got}`);
    this.offset = offset;
    this.expected = expected;
    this.truncated = truncated;
  }
}

/** An argument has the wrong JavaScript type. */
export class ArgumentTypeError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_TYPE' = 'ERR_INVALID_ARG_TYPE';
  override readonly name: string = 'ArgumentTypeError';

  constructor(argument: string, takes: string, got: unknown) {
    super(`${argument} must be ${takes}; got ${got === null ? 'null' : typeof got}`);
  }
}

/** A number lies outside what the argument takes. */
export class ArgumentRangeError extends RangeError {
  readonly code: 'ERR_OUT_OF_RANGE' = 'ERR_OUT_OF_RANGE';
  override readonly name: string = 'ArgumentRangeError';

  constructor(argument: string, takes: string, got: number) {
    super(`${argument} must be ${takes}; got ${got}`);
  }
}
