/** The fields of C structs: integers in the machine's byte order. Whoever reads has looked that the bytes are there. */

/** Whether the machine's byte order is that of x86. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** An `int`. Byte by byte: for one integer no DataView need be made. */
export function readInt(bytes: Uint8Array, at: number): number {
  const a = bytes[at] as number;
  const b = bytes[at + 1] as number;
  const c = bytes[at + 2] as number;
  const d = bytes[at + 3] as number;
  return LITTLE_ENDIAN ? a | (b << 8) | (c << 16) | (d << 24) : (a << 24) | (b << 16) | (c << 8) | d;
}

/** A `__u32`. */
export function readUint(bytes: Uint8Array, at: number): number {
  return readInt(bytes, at) >>> 0;
}

/** A `__be32`, as RFCs number the bits. */
export function readNetUint(bytes: Uint8Array, at: number): number {
  const a = bytes[at] as number;
  const b = bytes[at + 1] as number;
  const c = bytes[at + 2] as number;
  return ((a << 24) | (b << 16) | (c << 8) | (bytes[at + 3] as number)) >>> 0;
}

/** A `__u16`. */
export function readUint16(bytes: Uint8Array, at: number): number {
  const a = bytes[at] as number;
  const b = bytes[at + 1] as number;
  return LITTLE_ENDIAN ? a | (b << 8) : (a << 8) | b;
}

/** A `__u64`. */
export function readUint64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, LITTLE_ENDIAN);
}

/** Two `__s64`, seconds and what is smaller: nanoseconds, for a `timespec` (`unit` 1n) or a `timeval` (1000n). */
export function readTime(bytes: Uint8Array, at: number, unit: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  return view.getBigInt64(0, LITTLE_ENDIAN) * 1_000_000_000n + view.getBigInt64(8, LITTLE_ENDIAN) * unit;
}

/** Writes an `int` or a `__u32`. */
export function writeInt(bytes: Uint8Array, at: number, value: number): void {
  if (LITTLE_ENDIAN) {
    bytes[at] = value;
    bytes[at + 1] = value >> 8;
    bytes[at + 2] = value >> 16;
    bytes[at + 3] = value >> 24;
  } else {
    writeNetUint(bytes, at, value);
  }
}

/** Writes a `__be32`. */
export function writeNetUint(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a `__u16`. */
export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = LITTLE_ENDIAN ? value : value >> 8;
  bytes[at + 1] = LITTLE_ENDIAN ? value >> 8 : value;
}

/** The four bytes of an `int` or a `__u32`. */
export function intBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeInt(bytes, 0, value);
  return bytes;
}

/** The two bytes of a `__u16`. */
export function uint16Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeUint16(bytes, 0, value);
  return bytes;
}

/** The eight bytes of a `__u64`. */
export function uint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, LITTLE_ENDIAN);
  return bytes;
}
