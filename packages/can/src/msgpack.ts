/** The few forms of MessagePack that a CAN message takes (the specification of msgpack.org, version 5). Pure. */
import { MalformedFrameError } from './errors.ts';

/** A value of these forms. */
export type Packed = null | boolean | number | string | Uint8Array | Packed[] | { [key: string]: Packed };

/** A number that is to be written as a float, be it whole or not. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const BIN8 = 0xc4;
const FLOAT64 = 0xcb;
const UINT8 = 0xcc;
const UINT16 = 0xcd;
const UINT32 = 0xce;
const STR8 = 0xd9;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Writes a map; whole numbers are not negative and below 2^32, text and bytes shorter than 256. */
export function packMap(
  map: Readonly<Record<string, null | boolean | number | string | Float | Uint8Array>>,
): Uint8Array {
  const bytes: number[] = [];
  const text = (value: string): void => {
    const encoded = encoder.encode(value);
    if (encoded.length < 32) bytes.push(0xa0 | encoded.length);
    else bytes.push(STR8, encoded.length);
    bytes.push(...encoded);
  };
  const entries = Object.entries(map);
  bytes.push(0x80 | entries.length);
  for (const [key, value] of entries) {
    text(key);
    if (value === null) bytes.push(NIL);
    else if (typeof value === 'boolean') bytes.push(value ? TRUE : FALSE);
    else if (typeof value === 'string') text(value);
    else if (value instanceof Float) {
      const float = new DataView(new ArrayBuffer(8));
      float.setFloat64(0, value.value);
      bytes.push(FLOAT64, ...new Uint8Array(float.buffer));
    } else if (typeof value !== 'number') bytes.push(BIN8, value.length, ...value);
    else if (value < 0x80) bytes.push(value);
    else if (value < 0x100) bytes.push(UINT8, value);
    else if (value < 0x10000) bytes.push(UINT16, value >>> 8, value & 0xff);
    else bytes.push(UINT32, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** Deeper than any message is. */
const DEEPEST = 8;

/**
 * Reads one value, which must be all there is. Numbers beyond 2^53 lose their last bits.
 * @throws MalformedFrameError with the offset of what is missing or is of no such form.
 */
export function unpack(bytes: Uint8Array): Packed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const fail = (expected: string, where = at): MalformedFrameError =>
    new MalformedFrameError('message', where, expected, bytes[where]);
  const take = (count: number): number => {
    if (bytes.length - at < count) throw fail(`${count} bytes more`, bytes.length);
    at += count;
    return at - count;
  };
  /** Big-endian, of 1, 2 or 4 bytes. */
  const uint = (size: number): number => {
    const from = take(size);
    return size === 1 ? view.getUint8(from) : size === 2 ? view.getUint16(from) : view.getUint32(from);
  };
  const text = (length: number): string => {
    const from = take(length);
    try {
      return decoder.decode(bytes.subarray(from, at));
    } catch {
      throw fail('UTF-8', from);
    }
  };
  const raw = (length: number): Uint8Array => {
    const from = take(length);
    // Of a Buffer, slice() would be a view.
    return new Uint8Array(bytes.subarray(from, at));
  };
  const list = (count: number, depth: number): Packed[] => {
    const values: Packed[] = [];
    for (let n = 0; n < count; n++) values.push(value(depth + 1));
    return values;
  };
  const map = (count: number, depth: number): { [key: string]: Packed } => {
    const values: { [key: string]: Packed } = Object.create(null);
    for (let n = 0; n < count; n++) {
      const where = at;
      const key = value(depth + 1);
      if (typeof key !== 'string') throw fail('a name', where);
      values[key] = value(depth + 1);
    }
    return values;
  };
  const value = (depth: number): Packed => {
    if (depth > DEEPEST) throw fail('no more than 8 values in each other');
    const where = take(1);
    const form = bytes[where]!;
    if (form < 0x80) return form;
    if (form < 0x90) return map(form & 0x0f, depth);
    if (form < 0xa0) return list(form & 0x0f, depth);
    if (form < 0xc0) return text(form & 0x1f);
    if (form >= 0xe0) return form - 0x100;
    switch (form) {
      case NIL:
        return null;
      case FALSE:
      case TRUE:
        return form === TRUE;
      case BIN8:
      case BIN8 + 1:
      case BIN8 + 2:
        return raw(uint(1 << (form - BIN8)));
      case 0xca:
        return view.getFloat32(take(4));
      case FLOAT64:
        return view.getFloat64(take(8));
      case UINT8:
      case UINT16:
      case UINT32:
        return uint(1 << (form - UINT8));
      case 0xcf:
        return Number(view.getBigUint64(take(8)));
      case 0xd0:
        return view.getInt8(take(1));
      case 0xd1:
        return view.getInt16(take(2));
      case 0xd2:
        return view.getInt32(take(4));
      case 0xd3:
        return Number(view.getBigInt64(take(8)));
      case STR8:
      case STR8 + 1:
      case STR8 + 2:
        return text(uint(1 << (form - STR8)));
      case 0xdc:
      case 0xdd:
        return list(uint(form === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return map(uint(form === 0xde ? 2 : 4), depth);
      default:
        throw fail('a value of a known form', where);
    }
  };
  const whole = value(0);
  if (at !== bytes.length) throw fail('the end');
  return whole;
}
