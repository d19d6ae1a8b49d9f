import { ArgumentRangeError, ArgumentTypeError } from './errors.ts';

/** `value` as an integer from `min` to `max`; ERR_INVALID_ARG_TYPE or ERR_OUT_OF_RANGE otherwise. */
export function checkInteger(argument: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw new ArgumentTypeError(argument, 'a number', value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ArgumentRangeError(argument, `an integer from ${min} to ${max}`, value);
  }
  return value;
}

/** `value` as a string; ERR_INVALID_ARG_TYPE otherwise. */
export function checkString(argument: string, value: unknown): string {
  if (typeof value !== 'string') throw new ArgumentTypeError(argument, 'a string', value);
  return value;
}

/** Is it a Uint8Array, of whichever realm? (`instanceof` fails for one made in another.) */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/** `value` as a Uint8Array (a Buffer is one); ERR_INVALID_ARG_TYPE otherwise. */
export function checkBytes(argument: string, value: unknown): Uint8Array {
  if (!isBytes(value)) throw new ArgumentTypeError(argument, 'a Uint8Array', value);
  return value;
}

/** `value` as an object; ERR_INVALID_ARG_TYPE otherwise. */
export function checkObject(argument: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw new ArgumentTypeError(argument, 'an object', value);
}

/** Refuses a buffer, offset and length that do not fit one another. */
export function checkRange(buffer: Uint8Array, offset: number, length: number): void {
  checkBytes('buffer', buffer);
  checkInteger('offset', offset, 0, buffer.length);
  checkInteger('length', length, 0, buffer.length - offset);
}

/** Refuses a buffer without `size` bytes from `offset` on. */
export function checkRoom(buffer: Uint8Array, offset: number, size: number): void {
  checkBytes('buffer', buffer);
  checkInteger('offset', offset, 0, buffer.length);
  if (buffer.length - offset < size) {
    throw new ArgumentRangeError(
      'buffer',
      `${size} bytes or longer from offset ${offset}`,
      buffer.length - offset,
    );
  }
}
