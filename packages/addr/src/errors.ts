/** An argument has the wrong JavaScript type. */
export class ArgumentTypeError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_TYPE' = 'ERR_INVALID_ARG_TYPE';
  constructor(argument: string, expected: string, got: unknown) {
    super(`The argument '${argument}' must be ${expected}, got ${show(got)}`);
    this.name = 'ArgumentTypeError';
  }
}

/** A number, an offset or a length lies outside what the argument takes. */
export class ArgumentRangeError extends RangeError {
  readonly code: 'ERR_OUT_OF_RANGE' = 'ERR_OUT_OF_RANGE';
  constructor(argument: string, expected: string, got: unknown) {
    super(`The argument '${argument}' must be ${expected}, got ${show(got)}`);
    this.name = 'ArgumentRangeError';
  }
}

/** An argument has the right type, but its value cannot be used. */
export class ArgumentValueError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_VALUE' = 'ERR_INVALID_ARG_VALUE';
  constructor(message: string) {
    super(message);
    this.name = 'ArgumentValueError';
  }
}

/** Text does not follow its grammar. `offset` counts UTF-16 units from the start of the text. */
export class ParseError extends ArgumentValueError {
  readonly offset: number;
  readonly expected: string;
  constructor(argument: string, text: string, offset: number, expected: string) {
    const got = offset < text.length ? show(text.slice(offset, offset + SHOWN + 1)) : 'the end';
    super(`The argument '${argument}' is malformed at offset ${offset}: expected ${expected}, got ${got}`);
    this.name = 'ParseError';
    this.offset = offset;
    this.expected = expected;
  }
}

/** Bytes are not the sockaddr they should be. `offset` counts from the start of the buffer. */
export class DecodeError extends ArgumentValueError {
  readonly offset: number;
  readonly expected: string;
  constructor(offset: number, expected: string, got: string) {
    super(`The sockaddr is malformed at offset ${offset}: expected ${expected}, got ${got}`);
    this.name = 'DecodeError';
    this.offset = offset;
    this.expected = expected;
  }
}

/** The platform has no such address family, or no such kind of address in it. */
export class NotSupportedError extends Error {
  readonly code: 'ENOTSUP' = 'ENOTSUP';
  readonly platform: string;
  constructor(what: string, platform: string) {
    super(`${what} does not exist on ${platform}`);
    this.name = 'NotSupportedError';
    this.platform = platform;
  }
}

const SHOWN = 40;

/** A value for a message: short however long the input is, and never running the caller's code. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > SHOWN ? `${JSON.stringify(value.slice(0, SHOWN))}…` : JSON.stringify(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) {
    return String(value);
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
