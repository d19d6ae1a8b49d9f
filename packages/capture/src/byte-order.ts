/** Reads numbers in the order of the file that is read, at offsets which the caller has checked. */
export interface ByteOrder {
  readonly bigEndian: boolean;
  u16(bytes: Uint8Array, at: number): number;
  u32(bytes: Uint8Array, at: number): number;
}

export const BIG: ByteOrder = {
  bigEndian: true,
  u16: (bytes, at) => (bytes[at]! << 8) | bytes[at + 1]!,
  u32: (bytes, at) =>
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0,
};

export const LITTLE: ByteOrder = {
  bigEndian: false,
  u16: (bytes, at) => (bytes[at + 1]! << 8) | bytes[at]!,
  u32: (bytes, at) =>
    ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0,
};
