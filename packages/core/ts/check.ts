/** Arguments: refused before any system call, by an error that names the argument, what it got and what it takes. */

/** What says the kind of a typed array, of whichever realm; undefined for everything else. */
const kindOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether it is a Uint8Array (a Buffer is one): as `util.types` says, which takes a millisecond to import. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return kindOf.call(value) === 'Uint8Array';
}

/** A value in a message. Objects are named by class; looking at them must not run code of theirs that throws. */
function shown(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}…'` : `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol' || typeof value === 'bigint') return `a ${typeof value}`;
  if (typeof value !== 'object') return String(value);
  try {
    const name: unknown = value.constructor.name;
    return typeof name === 'string' ? `an object of ${name}` : 'an object';
  } catch {
    return 'an object';
  }
}

/** A TypeError with the code `ERR_INVALID_ARG_TYPE`. */
export function wrongType(argument: string, takes: string, got: unknown): TypeError {
  const error = new TypeError(`${argument} must be ${takes}; got ${shown(got)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A TypeError with the code `ERR_INVALID_ARG_VALUE`. */
export function wrongValue(argument: string, takes: string, got: unknown): TypeError {
  const error = new TypeError(`${argument} must be ${takes}; got ${shown(got)}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' });
}

/** A RangeError with the code `ERR_OUT_OF_RANGE`. */
function outOfRange(argument: string, takes: string, got: unknown): RangeError {
  const error = new RangeError(`${argument} must be ${takes}; got ${shown(got)}`);
  return Object.assign(error, { code: 'ERR_OUT_OF_RANGE' });
}

/** A whole number from `least` to `most`. */
export function checkInteger(argument: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw wrongType(argument, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(argument, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;

/** What C calls an `int`. */
export function checkInt(argument: string, value: unknown): number {
  if (typeof value === 'number' && value === (value | 0)) return value;
  return checkInteger(argument, value, INT_MIN, INT_MAX);
}

/** A Uint8Array (a Buffer is one) whose memory is still its own. */
export function checkBytes(argument: string, value: unknown): Uint8Array {
  if (!isUint8Array(value)) throw wrongType(argument, 'a Uint8Array or a Buffer', value);
  if (value.byteLength === 0) {
    try {
      // An iterator is refused over memory that is gone, in all releases of Node.js.
      value.values();
    } catch {
      throw wrongValue(argument, 'attached: its ArrayBuffer was transferred away or shrunk', value);
    }
  }
  return value;
}

/** A Uint8Array, or an array of them; the one that is none is named. */
export function checkBuffers(argument: string, value: unknown): void {
  if (!Array.isArray(value)) {
    if (!isUint8Array(value)) {
      throw wrongType(argument, 'a Uint8Array or a Buffer, or an array of them', value);
    }
    checkBytes(argument, value);
    return;
  }
  for (let index = 0; index < value.length; index++) checkBytes(`${argument}[${index}]`, value[index]);
}

/** A part of a Uint8Array: refused unless `offset` and `length` lie within it. `length` undefined is the rest. */
export function checkRange(argument: string, buffer: unknown, offset: unknown, length: unknown): void {
  const bytes = checkBytes(argument, buffer);
  const start = checkInteger('offset', offset, 0, bytes.byteLength);
  if (length !== undefined) checkInteger('length', length, 0, bytes.byteLength - start);
}

/** A string that C can have: without NUL, and Unicode throughout. */
export function checkText(argument: string, value: unknown, takes = 'a string'): string {
  if (typeof value !== 'string') throw wrongType(argument, takes, value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII but NUL is meant
  if (/^[\u0001-\u007f]*$/.test(value)) return value;
  if (value.includes('\0')) throw wrongValue(argument, 'a string without NUL', value);
  if (/\p{Surrogate}/u.test(value)) throw wrongValue(argument, 'a string without lone surrogates', value);
  return value;
}

/** The longest that Node.js's timers can wait: 24.8 days. */
const LONGEST = 0x7fffffff;

/** Milliseconds, fractions allowed; undefined waits for ever and is given as -1. */
export function checkTimeout(value: unknown): number {
  if (value === undefined) return -1;
  if (typeof value !== 'number') throw wrongType('timeout', 'a number of milliseconds', value);
  if (value === Number.POSITIVE_INFINITY) return -1;
  if (!(value >= 0 && value <= LONGEST)) {
    throw outOfRange('timeout', `from 0 to ${LONGEST} milliseconds, or undefined`, value);
  }
  return value;
}

export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (
    value === null ||
    typeof value !== 'object' ||
    !('aborted' in value) ||
    !('addEventListener' in value)
  ) {
    throw wrongType('signal', 'an AbortSignal', value);
  }
  return value as AbortSignal;
}

/** Options: an object or nothing. */
export function checkOptions<T extends object>(value: T | undefined): T {
  if (value === undefined) return {} as T;
  if (value === null || typeof value !== 'object') throw wrongType('options', 'an object', value);
  return value;
}
