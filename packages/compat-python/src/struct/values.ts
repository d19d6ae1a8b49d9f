/** Values of Python's struct module, to and from bytes. */
import { OverflowError } from '../errors.ts';
import { StructError } from './error.ts';
import type { Item } from './format.ts';

/** What is packed and unpacked. Integers beyond 2⁵³ are bigints. */
export type Value = number | bigint | boolean | Buffer;

interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

const SIGNED = 'bhilqn';
const INTEGERS = 'bBhHiIlLqQnNP';

function rangeOf(code: string, size: number): Range {
  const bits = BigInt(size * 8);
  if (SIGNED.includes(code)) return { least: -(1n << (bits - 1n)), most: (1n << (bits - 1n)) - 1n };
  return { least: 0n, most: (1n << bits) - 1n };
}

const C_LONG: Range = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** What C calls these types, in the words of the machine's own. */
const C_NAMES: Readonly<Record<string, string>> = { b: 'byte', B: 'ubyte', h: 'short', H: 'ushort' };

function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new StructError('required argument is not an integer');
}

/** Python goes by way of C's long, whose range has words of its own. */
function checkRange(value: bigint, { code, size, native }: Item): void {
  const { least, most } = rangeOf(code, size);
  if (value >= least && value <= most) return;
  const small = size < 8;
  const unsignedLong = code === 'I' || code === 'L' || (code === 'H' && !native);
  if (!small || (unsignedLong && (value < 0n || value >= 2n ** 64n))) throw range(code, native);
  if (!unsignedLong && (value < C_LONG.least || value > C_LONG.most)) {
    throw new StructError('argument out of range');
  }
  const name = C_NAMES[code];
  const what = name !== undefined && (native || size === 1) ? name : `'${code}'`;
  throw new StructError(`${what} format requires ${least} <= number <= ${most}`);
}

function range(code: string, native: boolean): StructError {
  const whole = !native && 'qQ'.includes(code);
  return new StructError(whole ? 'int too large to convert' : 'argument out of range');
}

function integer(value: unknown, item: Item): bigint {
  const number = toBigInt(value);
  if (item.code === 'P') {
    if (number >= 2n ** 64n || number < -(2n ** 63n)) throw new StructError('int too large to convert');
    return number;
  }
  checkRange(number, item);
  return number;
}

function float(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Number) return Number(value);
  if (typeof value === 'bigint' && Number.isFinite(Number(value))) return Number(value);
  throw new StructError('required argument is not a float');
}

const HALF_INFINITE = 65520;
const SINGLE_INFINITE = 2 ** 128 - 2 ** 103;

/** IEEE 754 binary16, ties to even. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (size >= HALF_INFINITE) throw new OverflowError('float too large to pack with e format');
  // One unit of the last place: 2⁻²⁴ for what is below the normal ones.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const exact = exponentOf(size, exponent);
  const units = even(size / 2 ** (exact - 10));
  return sign + (size < 2 ** -14 ? units : ((exact + 14) << 10) + units);
}

/** The exponent, where the logarithm was rounded over a power of two. */
function exponentOf(size: number, guess: number): number {
  if (guess === -14 && size < 2 ** -14) return -14;
  if (size < 2 ** guess) return guess - 1;
  return size >= 2 ** (guess + 1) ? guess + 1 : guess;
}

function even(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

function fromHalf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function truth(value: unknown): boolean {
  // Python's empty things are false.
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  return Boolean(value);
}

function bytes(value: unknown, code: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new StructError(`argument for '${code}' must be a bytes object`);
}

/** Writes one value at `at`. Throws StructError for one that the item does not take. */
export function write(view: DataView, at: number, item: Item, value: unknown, little: boolean): void {
  const { code, size, native } = item;
  if (INTEGERS.includes(code)) {
    const number = integer(value, item);
    if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, number), little);
    else if (size === 4) view.setUint32(at, Number(BigInt.asUintN(32, number)), little);
    else if (size === 2) view.setUint16(at, Number(BigInt.asUintN(16, number)), little);
    else view.setUint8(at, Number(BigInt.asUintN(8, number)));
    return;
  }
  switch (code) {
    case '?':
      view.setUint8(at, truth(value) ? 1 : 0);
      return;
    case 'c':
      if (!(value instanceof Uint8Array) || value.length !== 1) {
        throw new StructError('char format requires a bytes object of length 1');
      }
      view.setUint8(at, value[0] as number);
      return;
    case 'e':
      view.setUint16(at, toHalf(float(value)), little);
      return;
    case 'f': {
      const number = float(value);
      // C's cast on this machine gives infinity, Python's own packing refuses.
      if (!native && Number.isFinite(number) && Math.abs(number) >= SINGLE_INFINITE) {
        throw new OverflowError('float too large to pack with f format');
      }
      view.setFloat32(at, number, little);
      return;
    }
    default:
      view.setFloat64(at, float(value), little);
  }
}

/** Writes the one value of `s` or `p`, cut or padded with zeros to the item's length. */
export function writeText(target: Uint8Array, at: number, { code, count }: Item, value: unknown): void {
  const data = bytes(value, code);
  if (code === 's') {
    target.set(data.subarray(0, count), at);
    return;
  }
  // Pascal's: the length comes first, in one byte.
  if (count === 0) return;
  const length = Math.min(data.length, count - 1);
  target[at] = Math.min(length, 0xff);
  target.set(data.subarray(0, length), at + 1);
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The value at `at`. */
export function read(view: DataView, at: number, { code, size }: Item, little: boolean): Value {
  if (INTEGERS.includes(code)) {
    const signed = SIGNED.includes(code);
    if (size === 8) return plain(signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little));
    if (size === 4) return signed ? view.getInt32(at, little) : view.getUint32(at, little);
    if (size === 2) return signed ? view.getInt16(at, little) : view.getUint16(at, little);
    return signed ? view.getInt8(at) : view.getUint8(at);
  }
  switch (code) {
    case '?':
      return view.getUint8(at) !== 0;
    case 'c':
      return Buffer.from([view.getUint8(at)]);
    case 'e':
      return fromHalf(view.getUint16(at, little));
    case 'f':
      return view.getFloat32(at, little);
    default:
      return view.getFloat64(at, little);
  }
}

/** The one value of `s` or `p`: a copy. */
export function readText(source: Uint8Array, at: number, { code, count }: Item): Buffer {
  if (code === 's') return Buffer.from(source.subarray(at, at + count));
  if (count === 0) return Buffer.alloc(0);
  const length = Math.min(source[at] as number, count - 1);
  return Buffer.from(source.subarray(at + 1, at + 1 + length));
}
