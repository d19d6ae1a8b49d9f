/**
 * The frames of ISO 15765-2 (N_PDU): what the first bytes of a CAN frame say (N_PCI), and how they are written. Pure, over the
 * data of frames, classic or FD.
 */
import { outOfRange } from '@sockeye/addr/check';

/** The kinds of frames, in the high nibble. */
const SINGLE = 0x00;
const FIRST = 0x10;
const CONSECUTIVE = 0x20;
const FLOW = 0x30;

/** Flow status of a flow control frame. */
export const CONTINUE = 0;
export const WAIT = 1;
export const OVERFLOW = 2;

/** Lengths above this take the escape, 32 bits (ISO 15765-2, 9.6.3.1). */
const LONGEST_12_BITS = 4095;
/** The longest message that a first frame can announce. */
export const LONGEST: number = 2 ** 32 - 1;
const CLASSIC = 8;
/** Padding that CAN FD makes necessary where none is asked for: as the kernel's, and ISO 15765-2's advice. */
const DEFAULT_PADDING = 0xcc;

/** What a frame says; `at` is where its part of the message begins. */
export type Pci =
  | { readonly kind: 'single'; readonly at: number; readonly length: number }
  | { readonly kind: 'first'; readonly at: number; readonly length: number }
  | { readonly kind: 'consecutive'; readonly at: number; readonly sequence: number }
  | {
      readonly kind: 'flow';
      /** CONTINUE, WAIT, OVERFLOW; 3 to 15 are reserved. -1: the frame is too short. */
      readonly status: number;
      readonly blockSize: number;
      /** The byte; {@link decodeStMin} makes milliseconds of it. */
      readonly stMin: number;
      /** Where padding begins. */
      readonly at: number;
    };

/** How frames are laid out. */
export interface Layout {
  /** The byte in front of N_PCI: the target address of extended, the address extension of mixed addressing. */
  readonly address: number | undefined;
  /** The longest frame to send, TX_DL: 8, 12, 16, 20, 24, 32, 48 or 64 bytes. */
  readonly txDl: number;
  /** What fills frames up; undefined: they are as short as can be. */
  readonly padding: number | undefined;
}

/** The shortest CAN FD frame, of 8 bytes or more, that has room for so many. */
export function paddedLength(length: number): number {
  if (length <= 8) return 8;
  if (length <= 24) return (length + 3) & ~3;
  return length <= 32 ? 32 : length <= 48 ? 48 : 64;
}

/** The longest message that fits into a single frame. */
export function singleFrameRoom({ address, txDl }: Pick<Layout, 'address' | 'txDl'>): number {
  return txDl - (txDl > CLASSIC ? 2 : 1) - (address === undefined ? 0 : 1);
}

/**
 * What the data of a frame says, behind `prefix` bytes of address (0 or 1); undefined for what ISO 15765-2 has a receiver
 * ignore: reserved kinds, lengths that cannot be, first frames that are not full.
 */
export function decodePci(data: Uint8Array, prefix: 0 | 1): Pci | undefined {
  const first = data[prefix];
  if (first === undefined) return undefined;
  const low = first & 0x0f;
  switch (first & 0xf0) {
    case SINGLE:
      return decodeSingle(data, prefix, low);
    case FIRST:
      return decodeFirst(data, prefix, low);
    case CONSECUTIVE:
      return data.length < prefix + 2 ? undefined : { kind: 'consecutive', at: prefix + 1, sequence: low };
    case FLOW: {
      const blockSize = data[prefix + 1];
      const stMin = data[prefix + 2];
      const at = prefix + 3;
      if (blockSize === undefined || stMin === undefined) {
        return { kind: 'flow', status: -1, blockSize: 0, stMin: 0, at };
      }
      return { kind: 'flow', status: low, blockSize, stMin, at };
    }
    default:
      return undefined;
  }
}

function decodeSingle(data: Uint8Array, prefix: 0 | 1, low: number): Pci | undefined {
  const long = data.length > CLASSIC;
  // A frame of more than 8 bytes has the escape, and the length behind it.
  if (long && low !== 0) return undefined;
  const length = long ? (data[prefix + 1] ?? 0) : low;
  const at = prefix + (long ? 2 : 1);
  return length === 0 || length > data.length - at ? undefined : { kind: 'single', at, length };
}

function decodeFirst(data: Uint8Array, prefix: 0 | 1, low: number): Pci | undefined {
  // It fills its frame: the receiver knows TX_DL by that.
  if (data.length < CLASSIC || data.length !== paddedLength(data.length)) return undefined;
  const length = (low << 8) | (data[prefix + 1] as number);
  if (length !== 0) {
    // What would have fitted into a single frame comes in no first one.
    const room = data.length - prefix - (data.length > CLASSIC ? 2 : 1);
    return length <= room ? undefined : { kind: 'first', at: prefix + 2, length };
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const escaped = view.getUint32(prefix + 2);
  return escaped <= LONGEST_12_BITS ? undefined : { kind: 'first', at: prefix + 6, length: escaped };
}

/** A frame with room for `content` bytes behind the address, padded as the layout says. */
function frame(layout: Layout, content: number): Uint8Array {
  const { address, padding } = layout;
  const used = content + (address === undefined ? 0 : 1);
  const length = padding === undefined && used <= CLASSIC ? used : paddedLength(used);
  const data = new Uint8Array(length);
  if (length > used) data.fill(padding ?? DEFAULT_PADDING, used);
  if (address !== undefined) data[0] = address;
  return data;
}

/** A single frame, of a message that has room in one: 1 to {@link singleFrameRoom} bytes. */
export function encodeSingle(layout: Layout, message: Uint8Array): Uint8Array {
  const prefix = layout.address === undefined ? 0 : 1;
  const { length } = message;
  // What fits into a classic frame goes without the escape, also where frames are longer.
  const at = prefix + (length <= CLASSIC - 1 - prefix ? 1 : 2);
  const data = frame(layout, at - prefix + length);
  if (at === prefix + 1) data[prefix] = SINGLE | length;
  else {
    data[prefix] = SINGLE;
    data[prefix + 1] = length;
  }
  data.set(message, at);
  return data;
}

/** A first frame, and how many bytes of the message are in it. */
export function encodeFirst(layout: Layout, message: Uint8Array): [data: Uint8Array, taken: number] {
  const prefix = layout.address === undefined ? 0 : 1;
  const { length } = message;
  const data = frame({ ...layout, padding: 0 }, layout.txDl - prefix);
  let at = prefix + 2;
  if (length <= LONGEST_12_BITS) {
    data[prefix] = FIRST | (length >>> 8);
    data[prefix + 1] = length;
  } else {
    data[prefix] = FIRST;
    new DataView(data.buffer).setUint32(at, length);
    at += 4;
  }
  data.set(message.subarray(0, data.length - at), at);
  return [data, data.length - at];
}

/** A consecutive frame with what follows from `offset` on, and how many bytes those are. */
export function encodeConsecutive(
  layout: Layout,
  message: Uint8Array,
  offset: number,
  sequence: number,
): [data: Uint8Array, taken: number] {
  const prefix = layout.address === undefined ? 0 : 1;
  const taken = Math.min(message.length - offset, layout.txDl - prefix - 1);
  const data = frame(layout, 1 + taken);
  data[prefix] = CONSECUTIVE | (sequence & 0x0f);
  // For seven bytes a view and set() would cost more than they do.
  for (let at = 0; at < taken; at++) data[prefix + 1 + at] = message[offset + at] as number;
  return [data, taken];
}

/** A flow control frame; `stMin` is the byte. */
export function encodeFlow(layout: Layout, status: number, blockSize: number, stMin: number): Uint8Array {
  const prefix = layout.address === undefined ? 0 : 1;
  const data = frame(layout, 3);
  data[prefix] = FLOW | status;
  data[prefix + 1] = blockSize;
  data[prefix + 2] = stMin;
  return data;
}

/** Milliseconds that a byte STmin means; what is reserved means the longest, 127 (ISO 15765-2, 9.6.5.5). */
export function decodeStMin(byte: number): number {
  if (byte <= 0x7f) return byte;
  return byte >= 0xf1 && byte <= 0xf9 ? (byte - 0xf0) / 10 : 127;
}

/**
 * The byte STmin for milliseconds: 0 to 127, or 0.1 to 0.9 in tenths.
 * @throws ERR_OUT_OF_RANGE for what no byte means.
 */
export function encodeStMin(name: string, milliseconds: number): number {
  if (Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds <= 127) return milliseconds;
  const tenths = Math.round(milliseconds * 10);
  if (tenths >= 1 && tenths <= 9 && Math.abs(milliseconds * 10 - tenths) < 1e-9) return 0xf0 + tenths;
  throw outOfRange(name, 'whole milliseconds from 0 to 127, or 0.1 to 0.9 in tenths', milliseconds);
}

/** Which padding a receiver refuses: CAN_ISOTP_CHK_PAD_LEN, CAN_ISOTP_CHK_PAD_DATA (linux/can/isotp.h). */
export interface PaddingCheck {
  readonly length: boolean;
  readonly content: boolean;
  /** What is expected; undefined: frames are to be as short as can be. */
  readonly padding: number | undefined;
}

/** Whether a frame's padding, from `at` on, is as it has to be; the kernel's rules. */
export function paddingIsRight(data: Uint8Array, at: number, check: PaddingCheck): boolean {
  if (!check.length && !check.content) return true;
  if (check.padding === undefined) {
    // Without padding there is no content to compare with.
    return check.length && data.length === (data.length <= CLASSIC ? at : paddedLength(at));
  }
  if (check.length && data.length !== paddedLength(data.length)) return false;
  return !check.content || data.subarray(at).every((byte) => byte === check.padding);
}
