/** Messages with control data: recvmsg(2), sendmsg(2), cmsg(3). */
import { constants, errnos, MessageBuffer } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import type { Address } from '../address/registry.ts';
import { type BytesLike, isView, toBytes, toInt, toSize, toSsize, typeName } from '../arguments.ts';
import { OverflowError, plainError, systemError, typeError, ValueError } from '../errors.ts';
import { bind, type Signature, takes } from '../signature.ts';
import { Transfer } from './transfer.ts';

/** A control message: `(cmsg_level, cmsg_type, cmsg_data)`. */
export type Ancillary = [cmsg_level: number, cmsg_type: number, cmsg_data: Buffer];

/** What a caller gives for one. */
export type AncillaryLike = readonly [cmsg_level: number, cmsg_type: number, cmsg_data: BytesLike];

const INT_MAX = 0x7fffffff;
/** More room than the kernel fills, and the most that core takes: net.core.optmem_max is far below. */
const MOST_CONTROL = 1 << 20;
/** IOV_MAX: sendmsg(2). */
const MOST_BUFFERS = 1024;
/** `sizeof(struct cmsghdr)` of 64-bit Linux, and what CMSG_ALIGN rounds up to. */
const HEADER = 16;
const ALIGNMENT = 8;

/**
 * The bytes of a control message of `length` bytes, without the padding behind it: cmsg(3).
 *
 * @throws OverflowError below 0, and where an int has no room for it
 */
export function CMSG_LEN(...args: [length: number]): number {
  takes('CMSG_LEN', args, 1, 1);
  const bytes = toSsize(args[0]);
  if (bytes < 0 || bytes > INT_MAX - HEADER) throw new OverflowError('CMSG_LEN() argument out of range');
  return HEADER + bytes;
}

/** The same with padding: what to give `recvmsg` for each message. Throws OverflowError as {@link CMSG_LEN}. */
export function CMSG_SPACE(...args: [length: number]): number {
  takes('CMSG_SPACE', args, 1, 1);
  const bytes = toSsize(args[0]);
  // Python leaves room for a whole alignment, needed or not.
  if (bytes < 0 || bytes > INT_MAX - HEADER - ALIGNMENT) {
    throw new OverflowError('CMSG_SPACE() argument out of range');
  }
  return HEADER + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Room for control data. */
function toRoom(value: unknown): number {
  const room = toSsize(value);
  if (room < 0 || room > INT_MAX) throw new ValueError('invalid ancillary data buffer length');
  return Math.min(room, MOST_CONTROL);
}

/** What an iterable gives, strings and bytes too, whose items are then refused. */
function items(value: unknown, words: string): unknown[] {
  const iterable = typeof value === 'string' || (typeof value === 'object' && value !== null);
  if (!iterable || !(Symbol.iterator in Object(value))) throw typeError(words);
  return [...(value as Iterable<unknown>)];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

interface Came {
  readonly control: Iterable<{ level: number; type: number; data: Uint8Array }>;
  readonly descriptors: Iterable<{ detach(): number }>;
}

/** Control messages as Python has them: descriptors are numbers, and the receiver's from now on. */
function ancillary({ control, descriptors }: Came): Ancillary[] {
  for (const descriptor of descriptors) descriptor.detach();
  return Array.from(control, ({ level, type, data }) => [level, type, asBuffer(data)]);
}

const ITEM = '[sendmsg() ancillary data items]() argument must be';

function controlOf(value: unknown): { level: number; type: number; data: Uint8Array }[] {
  return items(value, 'sendmsg() argument 2 must be an iterable').map((item) => {
    const sequence = Array.isArray(item) || typeof item === 'string' || isView(item);
    if (!sequence) throw typeError(`${ITEM} 3-item sequence, not ${typeName(item)}`);
    const parts: readonly unknown[] = [...(item as Iterable<unknown>)];
    if (parts.length !== 3) throw typeError(`${ITEM} sequence of length 3, not ${parts.length}`);
    return { level: toInt(parts[0]), type: toInt(parts[1]), data: toBytes(parts[2]) };
  });
}

const AFALG: Signature = {
  name: 'sendmsg_afalg',
  parameters: ['msg', 'op', 'iv', 'assoclen', 'flags'],
  positional: 1,
  native: true,
};

/** Keyword arguments of `sendmsg_afalg`. */
export interface AfalgKeywords {
  /** `ALG_OP_ENCRYPT`, `ALG_OP_DECRYPT`. */
  op: number;
  iv?: BytesLike;
  assoclen?: number;
  flags?: number;
}

export class Messages extends Transfer {
  /**
   * Up to `bufsize` bytes and up to `ancbufsize` bytes of control data: recvmsg(2). Descriptors that come (SCM_RIGHTS) are
   * numbers in `cmsg_data`, close-on-exec, and the caller's to close.
   */
  recvmsg<A extends RetAddress = RetAddress>(
    bufsize: number,
    ancbufsize?: number,
    flags?: number,
  ): [data: Buffer, ancdata: Ancillary[], msg_flags: number, address: A];
  recvmsg(
    ...args: readonly unknown[]
  ): [data: Buffer, ancdata: Ancillary[], msg_flags: number, address: RetAddress] {
    takes('recvmsg', args, 1, 3);
    const { held } = this;
    const [bufsize, ancbufsize = 0, given = 0] = args;
    const [size, room, flags] = [toSsize(bufsize), toSsize(ancbufsize), toInt(given)];
    if (size < 0) throw new ValueError('negative buffer size in recvmsg()');
    const control = toRoom(room);
    try {
      const options = { ...held.options(flags), control };
      const message = held.core.recvMsgSync(toSize(size, ''), options);
      return [message.data, ancillary(message), message.flags, held.from(message.address)];
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** As `recvmsg`, into several buffers in order. */
  recvmsg_into<A extends RetAddress = RetAddress>(
    buffers: Iterable<BytesLike>,
    ancbufsize?: number,
    flags?: number,
  ): [nbytes: number, ancdata: Ancillary[], msg_flags: number, address: A];
  recvmsg_into(
    ...args: readonly unknown[]
  ): [nbytes: number, ancdata: Ancillary[], msg_flags: number, address: RetAddress] {
    takes('recvmsg_into', args, 1, 3);
    const { held } = this;
    const [, ancbufsize = 0, given = 0] = args;
    const [room, flags] = [toSsize(ancbufsize), toInt(given)];
    const words = 'recvmsg_into() argument 1 must be an iterable';
    const views = items(args[0], words).map((item) => {
      if (!isView(item)) throw typeError(`${words} of single-segment read-write buffers`);
      return toBytes(item);
    });
    const control = toRoom(room);
    if (views.length > MOST_BUFFERS) throw systemError(errnos.EMSGSIZE);
    const message = new MessageBuffer({ control });
    try {
      const count = held.core.recvMsgIntoSync(views, message, held.options(flags));
      const came = { control: message.control(), descriptors: message.descriptors() };
      return [count, ancillary(came), message.flags, held.from(message.address.view())];
    } catch (error) {
      throw held.failed(error);
    }
  }

  /**
   * Sends several buffers as one, with control data: sendmsg(2). Says how many bytes the kernel took.
   *
   * @param ancdata `(cmsg_level, cmsg_type, cmsg_data)` each
   */
  sendmsg(
    buffers: Iterable<BytesLike>,
    ancdata?: Iterable<AncillaryLike>,
    flags?: number,
    address?: Address | null,
  ): number;
  sendmsg(...args: readonly unknown[]): number {
    takes('sendmsg', args, 1, 4);
    const { held } = this;
    const flags = toInt(args[2] === undefined ? 0 : args[2]);
    const address = args[3] === undefined || args[3] === null ? undefined : this.address(args[3], 'sendmsg');
    const views = items(args[0], 'sendmsg() argument 1 must be an iterable').map((item) => toBytes(item));
    const control = args[1] === undefined ? undefined : controlOf(args[1]);
    if (views.length > MOST_BUFFERS) throw systemError(errnos.EMSGSIZE);
    try {
      return held.core.sendMsgSync(views, { ...held.options(flags), address, control });
    } catch (error) {
      throw held.failed(error);
    }
  }

  /**
   * Sends to an operation of the kernel's cryptography, with what it is to do: AF_ALG, the kernel's crypto/userspace-if.rst.
   *
   * @throws OSError on a socket of another family; TypeError without `op`
   */
  sendmsg_afalg(msg: Iterable<BytesLike> | undefined, keywords: AfalgKeywords): number;
  sendmsg_afalg(keywords: AfalgKeywords): number;
  sendmsg_afalg(...args: readonly unknown[]): number {
    const { held } = this;
    if (held.family !== constants.AF_ALG) throw plainError('algset is only supported for AF_ALG');
    const [msg, op, iv, assoclen, flags = 0] = bind(AFALG, args);
    const [doing, length] = [int(2, op), int(4, assoclen)];
    const control = [{ level: constants.SOL_ALG, type: constants.ALG_SET_OP, data: operation(doing) }];
    const vector = iv === undefined ? undefined : toBytes(iv);
    if (length !== undefined) control.push(associated(length));
    if (vector !== undefined) {
      const data = Buffer.concat([integer(vector.length), vector]);
      control.push({ level: constants.SOL_ALG, type: constants.ALG_SET_IV, data });
    }
    const words = 'sendmsg() argument 1 must be an iterable';
    const views = msg === undefined || msg === null ? [] : items(msg, words).map((item) => toBytes(item));
    try {
      return held.core.sendMsgSync(views, { ...held.options(flags), control });
    } catch (error) {
      throw held.failed(error);
    }
  }
}

function integer(value: number): Buffer {
  return Buffer.from(new Uint8Array(Uint32Array.of(value).buffer));
}

/** What the argument parser takes for a Python int: a number that is none has been refused by then. */
function int(position: number, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'bigint' && typeof value !== 'boolean' && !Number.isInteger(value)) {
    throw typeError(`sendmsg_afalg() argument ${position} must be int, not ${typeName(value)}`);
  }
  return Number(value);
}

function operation(op: number | undefined): Buffer {
  const known = op ?? -1;
  if (known < 0 || known > INT_MAX) throw typeError("Invalid or missing argument 'op'");
  return integer(known);
}

function associated(assoclen: number): { level: number; type: number; data: Buffer } {
  if (assoclen < 0) throw typeError('assoclen must be positive');
  const data = integer(toInt(assoclen, 'Python int too large to convert to C int'));
  return { level: constants.SOL_ALG, type: constants.ALG_SET_AEAD_ASSOCLEN, data };
}
