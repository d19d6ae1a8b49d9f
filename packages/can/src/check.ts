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

/** An integer from 0 to `max`, or the typed error. */
export function checkUint(name: string, value: unknown, max: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw outOfRange(name, `an integer from 0 to ${max}`, value);
  }
  return value;
}

export function checkBytes(name: string, value: unknown): Uint8Array {
  if (!isBytes(value)) throw invalidType(name, 'a Uint8Array', value);
  return value;
}

/** The offset at which `need` bytes fit into `bytes`, or the typed error. */
export function checkRoom(name: string, bytes: unknown, offset: unknown, need: number): number {
  const length = checkBytes(name, bytes).length;
  const at = checkUint('offset', offset, length);
  if (length - at < need) throw outOfRange(name, `a Uint8Array with ${need} bytes at offset ${at}`, bytes);
  return at;
}
