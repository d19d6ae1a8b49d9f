/*
 * Fields at an offset. Callers have checked the length. `big` is the byte order: true for network order and for
 * hosts that are big-endian.
 */

/** An unsigned integer of 1 or 2 bytes; one of 4 comes signed, since as such it fits into what an engine keeps off the heap. */
export function get(b: Uint8Array, at: number, size: number, big: boolean): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = (value << 8) | b[at + (big ? i : size - 1 - i)]!;
  return value;
}

/** Writes an integer of 1 to 4 bytes, and returns the offset behind it. */
export function put(b: Uint8Array, at: number, size: number, value: number, big: boolean): number {
  for (let i = 0; i < size; i++) b[at + (big ? size - 1 - i : i)] = value >>> (8 * i);
  return at + size;
}

/** 32 bits in network order, signed: `get` for loops that are hot. */
export function word(b: Uint8Array, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}
