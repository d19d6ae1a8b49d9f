/** C structs as tables of fields, each with its type and where it stands; integers are in the machine's byte order. */
import { checkInteger } from '../check.ts';
import { ANSWER, formsOf, type HasOptions } from '../sockopt.ts';
import { type Codec, checkObject, checkUint64, type Reader } from './codec.ts';

/** The integers that fields are. */
type FieldType = 'u8' | 'u16' | 'u32' | 'i32' | 'u64';

/** A field: its type and its offset. */
export type Field = readonly [type: FieldType, at: number];
export type Fields = { readonly [name: string]: Field };

/** What a struct is in TypeScript: numbers, and bigints for what has 64 bits. */
export type Values<F extends Fields> = { -readonly [N in keyof F]: F[N][0] extends 'u64' ? bigint : number };

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const SIZES: { readonly [type in FieldType]: number } = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 };

/** What can be written to each type: least and most. */
const RANGES: { readonly [type in FieldType]: readonly [number, number] } = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffffffff],
  i32: [-0x80000000, 0x7fffffff],
  u64: [0, 0],
};

/** A view of bytes for fields. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A field, or undefined when the bytes end before it does: an older kernel has a shorter struct. */
function readField(view: DataView, [type, at]: Field): number | bigint | undefined {
  if (at + SIZES[type] > view.byteLength) return undefined;
  switch (type) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, LITTLE_ENDIAN);
    case 'u32':
      return view.getUint32(at, LITTLE_ENDIAN);
    case 'i32':
      return view.getInt32(at, LITTLE_ENDIAN);
    case 'u64':
      return view.getBigUint64(at, LITTLE_ENDIAN);
  }
}

/** Writes a field, whose value is checked; `argument` is its name. */
export function writeField(view: DataView, [type, at]: Field, argument: string, value: unknown): void {
  if (type === 'u64') {
    view.setBigUint64(at, checkUint64(argument, value), LITTLE_ENDIAN);
    return;
  }
  const [least, most] = RANGES[type];
  const number = checkInteger(argument, value, least, most);
  if (type === 'u8') view.setUint8(at, number);
  else if (type === 'u16') view.setUint16(at, number, LITTLE_ENDIAN);
  else view.setUint32(at, number >>> 0, LITTLE_ENDIAN);
}

/** All fields of the bytes; those beyond their end are undefined. */
export function decode<F extends Fields>(fields: F, bytes: Uint8Array): Values<F> {
  const view = viewOf(bytes);
  const values: { [name: string]: number | bigint | undefined } = {};
  for (const name in fields) values[name] = readField(view, fields[name] as Field);
  return values as Values<F>;
}

/** Bytes of a struct; fields that `values` lacks are 0. */
export function encode<F extends Fields>(
  fields: F,
  size: number,
  argument: string,
  values: Partial<{ [N in keyof F]: number | bigint | undefined }>,
): Uint8Array {
  checkObject(argument, values);
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  for (const name in fields) {
    const value = values[name];
    if (value !== undefined) writeField(view, fields[name] as Field, `${argument}.${name}`, value);
  }
  return bytes;
}

/** What the kernel answers to a struct of `size` bytes: as many as it wrote. `asked` is what it is asked with. */
export function answer(
  socket: HasOptions,
  level: number,
  name: number,
  size: number,
  asked?: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(size);
  if (asked !== undefined) bytes.set(asked);
  return bytes.subarray(0, formsOf(socket)[ANSWER](level, name, bytes));
}

/** An option that is a struct to read. */
export function structReader<T>(type: string, size: number, make: (bytes: Uint8Array) => T): Reader<T> {
  return { type, get: (socket, level, name) => make(answer(socket, level, name, size)) };
}

/** An option that is a struct. */
export function struct<T, S = T>(
  type: string,
  size: number,
  make: (bytes: Uint8Array) => T,
  lay: (value: S) => Uint8Array,
): Codec<T, S> {
  return {
    ...structReader(type, size, make),
    set: (socket, level, name, value) => socket.setsockopt(level, name, lay(value)),
  };
}

/** An option that is a struct of integers alone. Setting it, fields that are left out are 0. */
export function plain<F extends Fields>(
  type: string,
  size: number,
  fields: F,
): Codec<Values<F>, Partial<{ [N in keyof F]: number | bigint | undefined }>> {
  return struct(
    type,
    size,
    (bytes) => decode(fields, bytes),
    (value: Partial<{ [N in keyof F]: number | bigint | undefined }>) => encode(fields, size, 'value', value),
  );
}
