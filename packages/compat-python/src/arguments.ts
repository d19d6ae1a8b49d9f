/** Arguments as Python's C functions take them, refused with Python's words. */
import { OverflowError, typeError, UnicodeEncodeError, ValueError } from './errors.ts';
import { types } from './runtime.ts';

/** What Python calls a bytes-like object: a Buffer, any view, an ArrayBuffer. */
export type BytesLike = ArrayBufferView | ArrayBufferLike;

/** The name that Python has for the type of a value. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  // JavaScript cannot tell 1 from 1.0: whoever must, says Object(1).
  if (value instanceof Number) return 'float';
  if (typeof value === 'function') return 'function';
  if (Array.isArray(value)) return 'tuple';
  if (value instanceof Uint8Array) return 'bytes';
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return name === 'Object' || typeof name !== 'string' ? 'dict' : name;
}

/** The same, as the argument parser words it. */
export function noneOrType(value: unknown): string {
  return value === undefined || value === null ? 'None' : typeName(value);
}

const LONG_LIMIT = 2n ** 63n;
const ULONG_LIMIT = 2n ** 64n;

/** The number next to it, on the same side of what C's longs hold. */
function near(value: bigint): number {
  const number = Number(value);
  if (value < -LONG_LIMIT) return Math.min(number, -(2 ** 63) - 2048);
  if (value < LONG_LIMIT) return Math.min(number, 2 ** 63 - 1024);
  return value < ULONG_LIMIT ? Math.min(number, 2 ** 64 - 2048) : number;
}

/** A whole number: integers, true and false, bigints. JavaScript cannot tell 1 from 1.0. */
export function toInteger(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'bigint') return near(value);
  throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}

const LONG_MAX = 2 ** 63;
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** A C long. */
export function toLong(value: unknown): number {
  const number = toInteger(value);
  if (number >= LONG_MAX || number < -LONG_MAX) {
    throw new OverflowError('Python int too large to convert to C long');
  }
  return number;
}

/** A C int; `socket()` words its overflow in a way of its own. */
export function toInt(value: unknown, overflow?: string): number {
  const number = overflow === undefined ? toLong(value) : toInteger(value);
  if (number > INT_MAX) throw new OverflowError(overflow ?? 'signed integer is greater than maximum');
  if (number < INT_MIN) throw new OverflowError(overflow ?? 'signed integer is less than minimum');
  return number;
}

/** A C unsigned int, which Python masks. */
export function toUint32(value: unknown): number {
  return Number(BigInt.asUintN(32, typeof value === 'bigint' ? value : BigInt(toInteger(value))));
}

/** The most bytes that the kernel moves in one call: read(2). */
const MOST = 0x7ffff000;

/** A C ssize_t. */
export function toSsize(value: unknown): number {
  const number = toInteger(value);
  if (number >= LONG_MAX || number < -LONG_MAX) {
    throw new OverflowError('Python int too large to convert to C ssize_t');
  }
  return number;
}

/** How many bytes are asked for. Python looks at the other arguments before it refuses a size below 0. */
export function toSize(number: number, negative: string): number {
  if (number < 0) throw new ValueError(negative);
  return Math.min(number, MOST);
}

function viewed(value: unknown): Uint8Array | undefined {
  if (!isView(value)) return undefined;
  try {
    // A view of memory that is gone has no length: it must not pass for an empty one.
    if (value.byteLength === 0 && types().isTypedArray(value)) value.values();
    if (types().isUint8Array(value)) return value;
    if (types().isAnyArrayBuffer(value)) return new Uint8Array(value);
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  } catch {
    throw new ValueError('the memory of the buffer was transferred away or shrunk');
  }
}

/** Whether it is a bytes-like object. */
export function isView(value: unknown): value is BytesLike {
  return ArrayBuffer.isView(value) || types().isAnyArrayBuffer(value);
}

/** Bytes to read from. */
export function toBytes(value: unknown): Uint8Array {
  // What most callers give, without the questions below.
  if (value instanceof Uint8Array && value.length > 0) return value;
  const bytes = viewed(value);
  if (bytes === undefined) throw typeError(`a bytes-like object is required, not '${typeName(value)}'`);
  return bytes;
}

/** Bytes to write into. */
export function toWritable(value: unknown, caller: string): Uint8Array {
  if (value instanceof Uint8Array && value.length > 0) return value;
  const bytes = viewed(value);
  if (bytes !== undefined) return bytes;
  throw typeError(`${caller}() argument 1 must be read-write bytes-like object, not ${noneOrType(value)}`);
}

/** The bytes of text. Throws UnicodeEncodeError for lone surrogates, whatever they stand for. */
export function encodeUtf8(text: string): Uint8Array {
  const at = /\p{Surrogate}/u.test(text) ? [...text].findIndex((one) => /\p{Surrogate}/u.test(one)) : -1;
  if (at >= 0) throw new UnicodeEncodeError('utf-8', text, at, at + 1, 'surrogates not allowed');
  return Buffer.from(text);
}

/** A string for C, without NUL. */
export function toText(value: unknown, caller: string, position: number): string {
  if (typeof value !== 'string') {
    throw typeError(`${caller}() argument ${position} must be str, not ${noneOrType(value)}`);
  }
  encodeUtf8(value);
  if (value.includes('\0')) throw new ValueError('embedded null character');
  return value;
}
