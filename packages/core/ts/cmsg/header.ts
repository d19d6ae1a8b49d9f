/**
 * Control messages as `msg_control` holds them, cmsg(3): a header, the data, padding, again and again. The numbers are
 * those of 64-bit Linux (`struct cmsghdr` in `<linux/socket.h>`), whose integers are in the machine's byte order. Knows
 * no family, and nothing of the native part.
 */
import { checkBytes, checkInt, checkInteger, isUint8Array, wrongType, wrongValue } from '../check.ts';
import { LITTLE_ENDIAN, readInt, readUint, writeInt } from './fields.ts';

/** A control message: what setsockopt(2) would call level and name, and the bytes that they say the meaning of. */
export interface ControlMessage {
  /** `cmsg_level`: `constants.SOL_SOCKET`, `constants.IPPROTO_IP` … */
  readonly level: number;
  /** `cmsg_type`: `constants.SCM_RIGHTS`, `constants.IP_PKTINFO` … */
  readonly type: number;
  /** What stands behind the header, without padding. */
  readonly data: Uint8Array;
}

/** `size_t cmsg_len`: header and data, without padding. */
const LEN = 0;
/** Bytes of `cmsg_len`. */
const LEN_SIZE = 8;
/** `int cmsg_level`. */
const LEVEL = 8;
/** `int cmsg_type`. */
const TYPE = 12;
/** `sizeof(struct cmsghdr)`: where the data begin. */
const HEADER_SIZE = 16;
/** What `CMSG_ALIGN` rounds up to: `sizeof(size_t)`. */
const ALIGNMENT = 8;

/** The most that one message may hold: `cmsg_len` is compared with an `int` on the kernel's side. */
const MOST_DATA = 0x7fffffff - HEADER_SIZE - ALIGNMENT;

/** Which half of `cmsg_len` is the lower. */
const LEN_LOW: number = LITTLE_ENDIAN ? LEN : LEN + LEN_SIZE / 2;
const LEN_HIGH: number = LITTLE_ENDIAN ? LEN + LEN_SIZE / 2 : LEN;

/** Bytes of a message with its padding, `CMSG_SPACE`. Division, since `length` may be near 2^31. */
function space(length: number): number {
  return HEADER_SIZE + Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function isInt(value: unknown): boolean {
  return typeof value === 'number' && value === (value | 0);
}

/** Whether it is bytes whose memory is there; of none it cannot be told so quickly. */
function isFilled(value: unknown): boolean {
  return isUint8Array(value) && value.byteLength > 0;
}

/** As `to.set(from, at)`, which costs more than it copies where little is to be copied. */
function copy(from: Uint8Array, length: number, to: Uint8Array, at: number): void {
  if (length > 32) to.set(from, at);
  else for (let i = 0; i < length; i++) to[at + i] = from[i] as number;
}

/**
 * Bytes of room that messages with data of these lengths take: the sum of `CMSG_SPACE(length)`, cmsg(3). What to give
 * as `control` to a call that receives. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for what is no length in bytes.
 */
export function controlSpace(...lengths: number[]): number {
  let room = 0;
  for (let i = 0; i < lengths.length; i++) {
    room += space(checkInteger(`lengths[${i}]`, lengths[i], 0, MOST_DATA));
  }
  return room;
}

/**
 * One buffer for `msg_control`: the messages in order, each padded with zeros as `CMSG_SPACE` wants. `data` is looked
 * at once per message, so it may be a getter; the bytes are copied, into memory out of Buffer's pool. Throws
 * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE or ERR_INVALID_ARG_VALUE naming the message and its field, and what a getter
 * throws.
 */
export function writeControl(messages: Iterable<ControlMessage>): Uint8Array {
  const given: unknown = messages;
  if (given === null || typeof given !== 'object' || !(Symbol.iterator in given)) {
    throw wrongType('messages', 'an iterable of { level, type, data }', given);
  }
  // Level, type and length of each.
  const numbers: number[] = [];
  const datas: Uint8Array[] = [];
  let room = 0;
  for (const message of messages) {
    const index = datas.length;
    if (message === null || typeof message !== 'object') {
      throw wrongType(`messages[${index}]`, 'an object { level, type, data }', message);
    }
    const { level, type, data } = message;
    if (!isInt(level)) checkInt(`messages[${index}].level`, level);
    if (!isInt(type)) checkInt(`messages[${index}].type`, type);
    if (!isFilled(data)) checkBytes(`messages[${index}].data`, data);
    const { length } = data;
    if (length > MOST_DATA) throw wrongValue(`messages[${index}].data`, `at most ${MOST_DATA} bytes`, data);
    numbers.push(level, type, length);
    datas.push(data);
    room += space(length);
  }
  // Of Node.js's pool: memory of its own would cost four times the rest, and again when the native part asks for it.
  const bytes: Uint8Array = Buffer.allocUnsafe(room);
  let at = 0;
  for (let i = 0, n = 0; i < datas.length; i++, n += 3) {
    const data = datas[i] as Uint8Array;
    const length = numbers[n + 2] as number;
    // A later message's getter may have transferred or resized it.
    if (data.length !== length) throw wrongValue(`messages[${i}].data`, 'left alone meanwhile', data);
    writeInt(bytes, at + LEN_LOW, HEADER_SIZE + length);
    writeInt(bytes, at + LEN_HIGH, 0);
    writeInt(bytes, at + LEVEL, numbers[n] as number);
    writeInt(bytes, at + TYPE, numbers[n + 1] as number);
    copy(data, length, bytes, at + HEADER_SIZE);
    const end = at + space(length);
    for (let pad = at + HEADER_SIZE + length; pad < end; pad++) bytes[pad] = 0;
    at = end;
  }
  return bytes;
}

/**
 * The messages in the first `length` bytes of `msg_control` (`msg_controllen` after recvmsg(2); all of it unless
 * given), in order. Their `data` are views of `bytes`, valid as long as those stay. What the bytes hold never throws: a
 * header that is not whole or gives less than its own size ends the list; a last message that is cut, or says it is
 * longer than what there is, has the bytes that there are. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for the
 * arguments themselves.
 */
export function readControl(bytes: Uint8Array, length?: number): ControlMessage[] {
  checkBytes('bytes', bytes);
  const end = length === undefined ? bytes.length : checkInteger('length', length, 0, bytes.length);
  const { buffer, byteOffset } = bytes;
  const messages: ControlMessage[] = [];
  let at = 0;
  while (end - at >= HEADER_SIZE) {
    const low = readUint(bytes, at + LEN_LOW);
    const high = readInt(bytes, at + LEN_HIGH);
    if (high === 0 && low < HEADER_SIZE) break;
    const there = high === 0 ? Math.min(low, end - at) : end - at;
    messages.push({
      level: readInt(bytes, at + LEVEL),
      type: readInt(bytes, at + TYPE),
      data: new Uint8Array(buffer, byteOffset + at + HEADER_SIZE, there - HEADER_SIZE),
    });
    at += space(there - HEADER_SIZE);
  }
  return messages;
}
