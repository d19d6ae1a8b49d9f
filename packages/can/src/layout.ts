/** Sizes and offsets of linux/can.h; numbers in those structures are in the byte order of the machine. */

/** sizeof(struct can_frame) */
export const CAN_MTU = 16;
/** sizeof(struct canfd_frame) */
export const CANFD_MTU = 72;
/** sizeof(struct canxl_frame), and how much of it comes before the data. */
export const CANXL_MTU = 2060;
export const CANXL_HDR_SIZE = 12;
/** sizeof(struct can_filter) */
export const FILTER_SIZE = 8;

export const CAN_MAX_DLEN = 8;
export const CANFD_MAX_DLEN = 64;
export const CANXL_MIN_DLEN = 1;
export const CANXL_MAX_DLEN = 2048;

/** Offsets in struct can_frame and struct canfd_frame. */
export const CAN_ID = 0;
export const LEN = 4;
export const FD_FLAGS = 5;
export const LEN8_DLC = 7;
export const DATA = 8;

/** Offsets in struct canxl_frame. The lengths of the others stand where its flags do, and never have this bit. */
export const XL_FLAGS = 4;
export const CANXL_XLF = 0x80;
export const XL_SDT = 5;
export const XL_LEN = 6;
export const XL_AF = 8;

export const littleEndian: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export const readHostU32: (bytes: Uint8Array, at: number) => number = littleEndian
  ? (bytes, at) =>
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  : (bytes, at) =>
      ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

export const readHostU16: (bytes: Uint8Array, at: number) => number = littleEndian
  ? (bytes, at) => bytes[at]! | (bytes[at + 1]! << 8)
  : (bytes, at) => (bytes[at]! << 8) | bytes[at + 1]!;

export function writeHostU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at + (littleEndian ? 0 : 1)] = value;
  bytes[at + (littleEndian ? 1 : 0)] = value >>> 8;
}

export const writeHostU32: (bytes: Uint8Array, at: number, value: number) => void = littleEndian
  ? (bytes, at, value) => {
      bytes[at] = value;
      bytes[at + 1] = value >>> 8;
      bytes[at + 2] = value >>> 16;
      bytes[at + 3] = value >>> 24;
    }
  : (bytes, at, value) => {
      bytes[at] = value >>> 24;
      bytes[at + 1] = value >>> 16;
      bytes[at + 2] = value >>> 8;
      bytes[at + 3] = value;
    };
