import { MalformedPacketError } from './errors.ts';

class ArgumentTypeError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_TYPE';
}

class ArgumentValueError extends TypeError {
  readonly code = 'ERR_INVALID_ARG_VALUE';
}

class ArgumentRangeError extends RangeError {
  readonly code = 'ERR_OUT_OF_RANGE';
}

/** A Uint8Array of whichever realm: `instanceof` alone fails for one made in another. */
const isBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array ||
  (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]');

const show = (value: unknown): string =>
  isBytes(value) ? `${value.length} bytes` : typeof value === 'object' ? 'an object' : String(value);

export const invalidType = (name: string, takes: string, got: unknown): TypeError =>
  new ArgumentTypeError(`The "${name}" argument takes ${takes}, got ${got === null ? 'null' : typeof got}`);

export const invalidValue = (name: string, takes: string, got: unknown): TypeError =>
  new ArgumentValueError(`The "${name}" argument takes ${takes}, got ${show(got)}`);

export const outOfRange = (name: string, takes: string, got: unknown): RangeError =>
  new ArgumentRangeError(`The "${name}" argument takes ${takes}, got ${show(got)}`);

/** An unsigned integer of `bits` bits, or the typed error. */
export function checkUint(name: string, value: unknown, bits: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  const max = 2 ** bits - 1;
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw outOfRange(name, `an integer from 0 to ${max}`, value);
  }
  return value;
}

/** A Uint8Array, of exactly `length` bytes where one is given, or the typed error. */
export function checkBytes(name: string, value: unknown, length?: number): Uint8Array {
  if (!isBytes(value)) throw invalidType(name, 'a Uint8Array', value);
  if (length !== undefined && value.length !== length) throw invalidValue(name, `${length} bytes`, value);
  return value;
}

/** The offset at which `need` bytes fit into `into`, or the typed error. */
export function checkRoom(into: unknown, offset: unknown, need: number): number {
  const bytes = checkBytes('into', into);
  if (typeof offset !== 'number') throw invalidType('offset', 'a number', offset);
  if (!Number.isInteger(offset) || offset < 0 || offset > bytes.length) {
    throw outOfRange('offset', `an integer from 0 to ${bytes.length}`, offset);
  }
  if (bytes.length - offset < need) {
    throw outOfRange('into', `a Uint8Array with ${need} bytes at offset ${offset}`, bytes);
  }
  return offset;
}

/** The offset at which `need` bytes of `header` can be read from `bytes`, or the typed error. */
export function checkReadable(header: string, bytes: unknown, offset: unknown, need: number): number {
  const data = checkBytes('bytes', bytes);
  if (typeof offset !== 'number') throw invalidType('offset', 'a number', offset);
  if (!Number.isInteger(offset) || offset < 0) throw outOfRange('offset', 'an integer of at least 0', offset);
  const have = Math.max(0, data.length - offset);
  if (have < need) throw new MalformedPacketError(header, offset, `${need} bytes`, `${have}`);
  return offset;
}
