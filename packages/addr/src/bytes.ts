/*
 * Fields at an offset. Callers have checked the length. `big` is the byte order: true for network order and for
 * hosts that are big-endian.
 */

export function u16(b: Uint8Array, at: number, big: boolean): number {
  return big ? (b[at]! << 8) | b[at + 1]! : b[at]! | (b[at + 1]! << 8);
}

export function u32(b: Uint8Array, at: number, big: boolean): number {
  return i32(b, at, big) >>> 0;
}

/** The same, signed: it fits into what an engine keeps off the heap. */
export function i32(b: Uint8Array, at: number, big: boolean): number {
  return big ? word(b, at) : b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24);
}

/** 32 bits in network order, signed. */
export function word(b: Uint8Array, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

export function putU16(b: Uint8Array, at: number, value: number, big: boolean): void {
  b[big ? at + 1 : at] = value;
  b[big ? at : at + 1] = value >>> 8;
}

export function putU32(b: Uint8Array, at: number, value: number, big: boolean): void {
  putU16(b, big ? at + 2 : at, value, big);
  putU16(b, big ? at : at + 2, value >>> 16, big);
}
