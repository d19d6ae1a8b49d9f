import { shown } from './shown.ts';

/** The one form of a message about an argument. */
export const message = (argument: string, takes: string, got: string): string =>
  `${argument} must be ${takes}; got ${got}`;

/** An argument has the wrong JavaScript type. */
export class ArgumentTypeError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_TYPE' = 'ERR_INVALID_ARG_TYPE';
  override name: string = 'ArgumentTypeError';
}

/** A number, an offset or a length lies outside what the argument takes. */
export class ArgumentRangeError extends RangeError {
  readonly code: 'ERR_OUT_OF_RANGE' = 'ERR_OUT_OF_RANGE';
  override name: string = 'ArgumentRangeError';
}

/** An argument has the right type, but its value cannot be used. */
export class ArgumentValueError extends TypeError {
  readonly code: 'ERR_INVALID_ARG_VALUE' = 'ERR_INVALID_ARG_VALUE';
  override name: string = 'ArgumentValueError';
}

/**
 * Text or bytes are not what they should be, at one place: `offset` is where in the given text or bytes, `expected`
 * what had to be there. `what` names the input; `got` is what is there, undefined for the end.
 */
export class MalformedError extends ArgumentValueError {
  override name: string = 'MalformedError';
  declare readonly offset: number;
  declare readonly expected: string;
  constructor(what: string, offset: number, expected: string, got: string | number | undefined) {
    super(message(`${what} at offset ${offset}`, expected, got === undefined ? 'the end' : shown(got)));
    this.offset = offset;
    this.expected = expected;
  }
}

/** Text does not follow its grammar. `offset` counts UTF-16 units from the start of the text. */
export class ParseError extends MalformedError {
  override name: string = 'ParseError';
  constructor(argument: string, text: string, offset: number, expected: string) {
    super(argument, offset, expected, offset < text.length ? text.slice(offset) : undefined);
  }
}

/** Bytes are not the sockaddr they should be. `offset` counts from the start of the buffer. */
export class DecodeError extends MalformedError {
  override name: string = 'DecodeError';
  constructor(offset: number, expected: string, got: number) {
    super('sockaddr', offset, expected, got);
  }
}

/** The platform has no such address family, or no such kind of address in it. */
export class NotSupportedError extends Error {
  readonly code: 'ENOTSUP' = 'ENOTSUP';
  override name: string = 'NotSupportedError';
  declare readonly platform: string;
  constructor(what: string, platform: string) {
    super(`${what} does not exist on ${platform}`);
    this.platform = platform;
  }
}
