/**
 * Messages to and from the broadcast manager: struct bcm_msg_head of linux/can/bcm.h and the frames behind it; the kernel's
 * networking/can.rst. Pure: bytes in, values out. Of 64-bit Linux, where a `long` has eight bytes, in the machine's byte order.
 */
import {
  bytesLeft,
  checkInteger,
  checkObject,
  checkRoom,
  checkUint,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import { MalformedFrameError } from './errors.ts';
import { decodeFdFrame, type FdFrame, type FdFrameFields } from './fd.ts';
import { type ClassicFrame, type ClassicFrameFields, decodeClassicFrame, encodeFrame } from './frame.ts';
import { CAN_MTU, CANFD_MTU, readHostU32, writeHostU32 } from './layout.ts';

/** What a message asks for or tells: `opcode`. */
export const TX_SETUP = 1;
export const TX_DELETE = 2;
export const TX_READ = 3;
export const TX_SEND = 4;
export const RX_SETUP = 5;
export const RX_DELETE = 6;
export const RX_READ = 7;
export const TX_STATUS = 8;
export const TX_EXPIRED = 9;
export const RX_STATUS = 10;
export const RX_TIMEOUT = 11;
export const RX_CHANGED = 12;

/** Bits of `flags`. */
export const SETTIMER = 0x0001;
export const STARTTIMER = 0x0002;
export const TX_COUNTEVT = 0x0004;
export const TX_ANNOUNCE = 0x0008;
export const TX_CP_CAN_ID = 0x0010;
export const RX_FILTER_ID = 0x0020;
export const RX_CHECK_DLC = 0x0040;
export const RX_NO_AUTOTIMER = 0x0080;
export const RX_ANNOUNCE_RESUME = 0x0100;
export const TX_RESET_MULTI_IDX = 0x0200;
export const RX_RTR_FRAME = 0x0400;
export const CAN_FD_FRAME = 0x0800;

/** sizeof(struct bcm_msg_head) */
export const BCM_HEAD_SIZE = 56;
/** A transmission has at most so many frames; a receive filter one more, the mask of its multiplexer (net/can/bcm.c). */
export const BCM_MAX_FRAMES = 256;
/** The longest interval that the kernel takes, 400 days and almost a second, in microseconds (net/can/bcm.c). */
export const BCM_MAX_INTERVAL: number = 400 * 24 * 3600 * 1_000_000 + 999_999;

/** Offsets in struct bcm_msg_head. */
const OPCODE = 0;
const FLAGS = 4;
const COUNT = 8;
const IVAL1 = 16;
const IVAL2 = 32;
const CAN_ID = 48;
const NFRAMES = 52;

const MICROSECONDS = 1_000_000;
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A frame that the broadcast manager carries: it has no XL ones. */
export type BcmFrame = ClassicFrame | FdFrame;

/** A frame as it is given to it. */
export type BcmFrameFields = ClassicFrameFields | FdFrameFields;

/** A message of the broadcast manager; names are those of the struct. */
export interface BcmMessage {
  readonly opcode: number;
  readonly flags: number;
  /** Of a transmission: how many frames are still to be sent at the first interval. */
  readonly count: number;
  /** Microseconds: the first interval, or how long a received frame may be absent; 0 for none. */
  readonly ival1: number;
  /** Microseconds: the interval after `count` frames, or the least between two notices; 0 for none. */
  readonly ival2: number;
  /** A whole canid_t. For a transmission it is no more than the name of the job: frames have their own. */
  readonly canId: number;
  /** Classic ones, or all FD with CAN_FD_FRAME. Their data are views. */
  readonly frames: readonly BcmFrame[];
}

/** What {@link encodeBcmMessage} takes: what is left out is 0, or no frames. */
export interface BcmMessageFields {
  readonly opcode: number;
  readonly flags?: number | undefined;
  readonly count?: number | undefined;
  readonly ival1?: number | undefined;
  readonly ival2?: number | undefined;
  readonly canId: number;
  readonly frames?: readonly BcmFrameFields[] | undefined;
}

/** Bytes of a frame behind a head with these flags. */
const frameSize = (flags: number): number => ((flags & CAN_FD_FRAME) === 0 ? CAN_MTU : CANFD_MTU);

/** Bytes that {@link encodeBcmMessage} writes. */
export function bcmMessageSize(message: Pick<BcmMessageFields, 'flags' | 'frames'>): number {
  checkObject('message', message);
  return BCM_HEAD_SIZE + (message.frames?.length ?? 0) * frameSize(message.flags ?? 0);
}

/**
 * Writes a message into `into` at `offset`, and returns its size: 56 bytes and 16 or, with CAN_FD_FRAME, 72 for each frame.
 *
 * @throws ERR_OUT_OF_RANGE when a number or the message does not fit, or there are more than 257 frames; ERR_INVALID_ARG_VALUE
 * for a classic frame with CAN_FD_FRAME or an FD frame without; what `encodeFrame` throws
 */
export function encodeBcmMessage(message: BcmMessageFields, into: Uint8Array, offset = 0): number {
  checkObject('message', message);
  const { frames = [] } = message;
  if (!Array.isArray(frames)) throw wrongType('frames', 'an array', frames);
  if (frames.length > BCM_MAX_FRAMES + 1) {
    throw outOfRange('frames', `at most ${BCM_MAX_FRAMES + 1} frames`, frames.length);
  }
  const flags = checkUint('flags', message.flags ?? 0, 32);
  const head: readonly (readonly [number, number])[] = [
    [OPCODE, checkUint('opcode', message.opcode, 32)],
    [FLAGS, flags],
    [COUNT, checkUint('count', message.count ?? 0, 32)],
    [CAN_ID, checkUint('canId', message.canId, 32)],
    [NFRAMES, frames.length],
  ];
  const ival1 = checkInteger('ival1', message.ival1 ?? 0, 0, BCM_MAX_INTERVAL);
  const ival2 = checkInteger('ival2', message.ival2 ?? 0, 0, BCM_MAX_INTERVAL);
  const size = bcmMessageSize({ flags, frames });
  checkRoom('into', into, offset, size);
  const fd = (flags & CAN_FD_FRAME) !== 0;
  let at = offset + BCM_HEAD_SIZE;
  for (const frame of frames as readonly BcmFrameFields[]) {
    checkBcmFrame(frame);
    if ((frame.fd === true) !== fd) {
      throw wrongValue('frame.fd', fd ? 'true with CAN_FD_FRAME' : 'false without CAN_FD_FRAME', frame.fd);
    }
    at += encodeFrame(frame, into, at);
  }
  into.fill(0, offset, offset + BCM_HEAD_SIZE);
  for (const [field, value] of head) writeHostU32(into, offset + field, value);
  writeInterval(into, offset + IVAL1, ival1);
  writeInterval(into, offset + IVAL2, ival2);
  return size;
}

/** Throws ERR_INVALID_ARG_TYPE for what is no frame, ERR_INVALID_ARG_VALUE for an XL frame. */
export function checkBcmFrame(frame: BcmFrameFields): void {
  checkObject('frame', frame);
  // A caller without types can give one.
  if ((frame.xl as boolean | undefined) === true) {
    throw wrongValue('frame.xl', 'false: the broadcast manager carries classic and FD frames', true);
  }
}

/**
 * Reads a message that is all of `bytes` from `offset` on; data of its frames are views.
 * @throws MalformedFrameError for fewer bytes than the head says or more, and for frames that are none
 */
export function decodeBcmMessage(bytes: Uint8Array, offset = 0): BcmMessage {
  const have = bytesLeft('bytes', bytes, offset);
  if (have < BCM_HEAD_SIZE) {
    throw new MalformedFrameError('bcm_msg_head', offset, `${BCM_HEAD_SIZE} bytes or more`, have);
  }
  const flags = readHostU32(bytes, offset + FLAGS);
  const each = frameSize(flags);
  const count = readHostU32(bytes, offset + NFRAMES);
  const size = BCM_HEAD_SIZE + count * each;
  if (have !== size) {
    throw new MalformedFrameError(
      'bcm_msg_head',
      offset + NFRAMES,
      `${size} bytes for ${count} frames`,
      have,
    );
  }
  const frames: BcmFrame[] = [];
  for (let at = offset + BCM_HEAD_SIZE; at < offset + size; at += each) {
    frames.push(each === CANFD_MTU ? decodeFdFrame(bytes, at) : decodeClassicFrame(bytes, at));
  }
  return {
    opcode: readHostU32(bytes, offset + OPCODE),
    flags,
    count: readHostU32(bytes, offset + COUNT),
    ival1: readInterval(bytes, offset + IVAL1),
    ival2: readInterval(bytes, offset + IVAL2),
    canId: readHostU32(bytes, offset + CAN_ID),
    frames,
  };
}

/** struct bcm_timeval: two longs. */
function writeInterval(bytes: Uint8Array, at: number, microseconds: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setBigInt64(at, BigInt(Math.floor(microseconds / MICROSECONDS)), littleEndian);
  view.setBigInt64(at + 8, BigInt(microseconds % MICROSECONDS), littleEndian);
}

function readInterval(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seconds = view.getBigInt64(at, littleEndian);
  const microseconds = view.getBigInt64(at + 8, littleEndian);
  const all = Number(seconds) * MICROSECONDS + Number(microseconds);
  if (seconds < 0n || microseconds < 0n || !Number.isSafeInteger(all)) {
    throw new MalformedFrameError(
      'bcm_timeval',
      at,
      'an interval from 0 on',
      `${seconds} s ${microseconds} us`,
    );
  }
  return all;
}
