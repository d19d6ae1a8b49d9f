/**
 * Arguments: refused by an error that names the argument, what it takes and what it got, in the words of `@sockeye/core`:
 * `port must be a whole number from 0 to 65535; got 70000`. `argument` is its name as the caller knows it, `takes`
 * goes on from "must be".
 */
import { ArgumentRangeError, ArgumentTypeError, ArgumentValueError, message } from './errors.ts';
import { isBytes, shown } from './shown.ts';

/** A TypeError with the code `ERR_INVALID_ARG_TYPE`: the JavaScript type is wrong. */
export function wrongType(argument: string, takes: string, got: unknown): ArgumentTypeError {
  return new ArgumentTypeError(message(argument, takes, shown(got)));
}

/** A TypeError with the code `ERR_INVALID_ARG_VALUE`: the type is right, the value cannot be used. */
export function wrongValue(argument: string, takes: string, got: unknown): ArgumentValueError {
  return new ArgumentValueError(message(argument, takes, shown(got)));
}

/** A RangeError with the code `ERR_OUT_OF_RANGE`: a number or a size lies outside what the argument takes. */
export function outOfRange(argument: string, takes: string, got: unknown): ArgumentRangeError {
  return new ArgumentRangeError(message(argument, takes, shown(got)));
}

/** A whole number from `least` to `most`, as given. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function checkInteger(argument: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw wrongType(argument, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    const takes = least === most ? `${least}` : `a whole number from ${least} to ${most}`;
    throw outOfRange(argument, takes, value);
  }
  return value;
}

/** A whole number that fits into `bits` bits (1 to 53), unsigned, as given. Throws as {@link checkInteger}. */
export function checkUint(argument: string, value: unknown, bits: number): number {
  return checkInteger(argument, value, 0, 2 ** bits - 1);
}

/** A string, as given. Throws ERR_INVALID_ARG_TYPE. */
export function checkString(argument: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(argument, 'a string', value);
  return value;
}

/** An object, arrays and bytes included. Throws ERR_INVALID_ARG_TYPE. */
export function checkObject(argument: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw wrongType(argument, 'an object', value);
}

/**
 * A Uint8Array of whichever realm (a Buffer is one), of exactly `length` bytes where one is given; as given.
 * Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE for another length.
 */
export function checkBytes(argument: string, value: unknown, length?: number): Uint8Array {
  if (!isBytes(value)) throw wrongType(argument, 'a Uint8Array', value);
  if (length !== undefined && value.length !== length) throw wrongValue(argument, `${length} bytes`, value);
  return value;
}

/**
 * The offset at which `need` bytes fit into `bytes`, as given; the argument of that name is `offset`. For what is to be
 * written, or read from a buffer that the caller vouches for. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function checkRoom(argument: string, bytes: unknown, offset: unknown, need: number): number {
  const { length } = checkBytes(argument, bytes);
  const at = checkInteger('offset', offset, 0, length);
  if (length - at < need) {
    throw outOfRange(argument, `a Uint8Array with ${need} bytes from offset ${at} on`, bytes);
  }
  return at;
}

/**
 * How many bytes there are from `offset` on, 0 when it lies behind the end: for decoders, to which too few are
 * malformed input and no wrong argument. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for an offset that is none.
 */
export function bytesLeft(argument: string, bytes: unknown, offset: unknown): number {
  const { length } = checkBytes(argument, bytes);
  return Math.max(0, length - checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER));
}
