/**
 * Python's `struct` module: C structs as bytes. Values are numbers, bigints beyond 2⁵³, booleans, and Buffers for `c`, `s` and
 * `p`; a tuple is an array.
 */
import { type BytesLike, toBytes, toInteger, toWritable, typeName } from './arguments.ts';
import { typeError } from './errors.ts';
import { StructError } from './struct/error.ts';
import { type Layout, parse } from './struct/format.ts';
import { read, readText, type Value, write, writeText } from './struct/values.ts';

export { StructError as error } from './struct/error.ts';
export type { Value } from './struct/values.ts';

/** What is packed: of floats, a number that must be one says `Object(1)`, though nothing here asks. */
export type Packable = number | bigint | boolean | Uint8Array;

function fill(layout: Layout, target: Uint8Array, values: readonly unknown[]): void {
  const { items, littleEndian } = layout;
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  target.fill(0, 0, layout.size);
  let next = 0;
  for (const item of items) {
    if (item.code === 'x') continue;
    if (item.code === 's' || item.code === 'p') {
      writeText(target, item.offset, item, values[next]);
      next += 1;
      continue;
    }
    for (let index = 0; index < item.count; index++, next++) {
      write(view, item.offset + index * item.size, item, values[next], littleEndian);
    }
  }
}

function taken({ items, littleEndian, size }: Layout, source: Uint8Array): Value[] {
  const view = new DataView(source.buffer, source.byteOffset, size);
  const values: Value[] = [];
  for (const item of items) {
    if (item.code === 'x') continue;
    if (item.code === 's' || item.code === 'p') {
      values.push(readText(source, item.offset, item));
      continue;
    }
    for (let index = 0; index < item.count; index++) {
      values.push(read(view, item.offset + index * item.size, item, littleEndian));
    }
  }
  return values;
}

function checkCount(caller: string, wanted: number, got: number): void {
  if (wanted !== got) throw new StructError(`${caller} expected ${wanted} items for packing (got ${got})`);
}

interface Place {
  readonly caller: string;
  readonly doing: string;
  readonly short: string;
}

const PACKING: Place = { caller: 'pack_into', doing: 'packing', short: 'no space to pack' };
const UNPACKING: Place = { caller: 'unpack_from', doing: 'unpacking', short: 'not enough data to unpack' };

/** Where an offset is in a buffer; from its end where it is negative. */
function locate(given: unknown, size: number, length: number, { caller, doing, short }: Place): number {
  const offset = toInteger(given);
  if (offset < 0) {
    if (offset + size > 0) throw new StructError(`${short} ${size} bytes at offset ${offset}`);
    if (offset + length < 0) {
      throw new StructError(`offset ${offset} out of range for ${length}-byte buffer`);
    }
  }
  const at = offset < 0 ? offset + length : offset;
  if (length - at < size) {
    throw new StructError(
      `${caller} requires a buffer of at least ${at + size} bytes for ${doing} ${size} bytes at offset ${at}` +
        ` (actual buffer size is ${length})`,
    );
  }
  return at;
}

/** A format that was read once, for many uses. */
export class Struct {
  readonly #layout: Layout;

  /**
   * @param format as Python's: `'=IB3x8s'`; text, or bytes of it
   * @throws struct.error for what is no format
   */
  constructor(format: string | Uint8Array) {
    this.#layout = parse(format);
  }

  /** As it was given. */
  get format(): string {
    return this.#layout.format;
  }

  /** Bytes of the struct. */
  get size(): number {
    return this.#layout.size;
  }

  /** The bytes of these values. Throws struct.error for a wrong number of them, and for one that does not fit. */
  pack(...values: readonly Packable[]): Buffer {
    checkCount('pack', this.#layout.values, values.length);
    const made = Buffer.alloc(this.#layout.size);
    fill(this.#layout, made, values);
    return made;
  }

  /** Writes the values into a buffer; a negative offset is from its end. Throws struct.error where there is no room. */
  pack_into(buffer: BytesLike, offset: number, ...values: readonly Packable[]): void;
  pack_into(...args: readonly unknown[]): void {
    if (args.length === 0) throw new StructError('pack_into expected buffer argument');
    if (args.length === 1) throw new StructError('pack_into expected offset argument');
    const [buffer, offset, ...values] = args;
    checkCount('pack_into', this.#layout.values, values.length);
    const target = writable(buffer);
    const at = locate(offset, this.#layout.size, target.length, PACKING);
    fill(this.#layout, target.subarray(at), values);
  }

  /** The values of exactly this many bytes. Throws struct.error for another number. */
  unpack(buffer: BytesLike): Value[] {
    const { size } = this.#layout;
    const source = toBytes(buffer);
    if (source.length !== size) throw new StructError(`unpack requires a buffer of ${size} bytes`);
    return taken(this.#layout, source);
  }

  /** The values at an offset of a buffer, from its end where that is negative. Throws struct.error where it is too short. */
  unpack_from(buffer: BytesLike, offset = 0): Value[] {
    const source = toBytes(buffer);
    const at = locate(offset, this.#layout.size, source.length, UNPACKING);
    return taken(this.#layout, source.subarray(at));
  }

  /** The values of each struct in a buffer of several. Throws struct.error where bytes would be left over. */
  iter_unpack(buffer: BytesLike): IterableIterator<Value[]> {
    const { size } = this.#layout;
    if (size === 0) throw new StructError('cannot iteratively unpack with a struct of length 0');
    const source = toBytes(buffer);
    if (source.length % size !== 0) {
      throw new StructError(`iterative unpacking requires a buffer of a multiple of ${size} bytes`);
    }
    return each(this.#layout, source);
  }
}

function* each(layout: Layout, source: Uint8Array): Generator<Value[], undefined, undefined> {
  for (let at = 0; at < source.length; at += layout.size) yield taken(layout, source.subarray(at));
  return undefined;
}

function writable(value: unknown): Uint8Array {
  try {
    return toWritable(value, 'pack_into');
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw typeError(`argument must be read-write bytes-like object, not ${typeName(value)}`);
  }
}

/** As many formats as Python keeps read. */
const KEPT = 100;
const known = new Map<string | Uint8Array, Struct>();

function structOf(format: string | Uint8Array): Struct {
  const kept = known.get(format);
  if (kept !== undefined) return kept;
  const made = new Struct(format);
  if (typeof format === 'string') {
    if (known.size >= KEPT) known.clear();
    known.set(format, made);
  }
  return made;
}

/** Bytes of a struct of this format, padding included. Throws struct.error for what is no format. */
export function calcsize(format: string | Uint8Array): number {
  return structOf(format).size;
}

/** The bytes of these values: {@link Struct.pack}. */
export function pack(format: string | Uint8Array, ...values: readonly Packable[]): Buffer;
export function pack(...args: readonly unknown[]): Buffer {
  if (args.length === 0) throw typeError('missing format argument');
  const [format, ...values] = args;
  return structOf(format as string).pack(...(values as Packable[]));
}

/** Writes the values into a buffer: {@link Struct.pack_into}. */
export function pack_into(
  format: string | Uint8Array,
  buffer: BytesLike,
  offset: number,
  ...values: readonly Packable[]
): void;
export function pack_into(...args: readonly unknown[]): void {
  if (args.length === 0) throw typeError('missing format argument');
  const [format, ...rest] = args as [string, BytesLike, number, ...Packable[]];
  structOf(format).pack_into(...rest);
}

/** The values of exactly this many bytes: {@link Struct.unpack}. */
export function unpack(format: string | Uint8Array, buffer: BytesLike): Value[] {
  return structOf(format).unpack(buffer);
}

/** The values at an offset of a buffer: {@link Struct.unpack_from}. */
export function unpack_from(format: string | Uint8Array, buffer: BytesLike, offset = 0): Value[] {
  return structOf(format).unpack_from(buffer, offset);
}

/** The values of each struct in a buffer of several: {@link Struct.iter_unpack}. */
export function iter_unpack(format: string | Uint8Array, buffer: BytesLike): IterableIterator<Value[]> {
  return structOf(format).iter_unpack(buffer);
}
