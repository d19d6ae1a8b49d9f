/** Messages and batches in and out of an in-memory socket: what `messages.ts` is to a Socket. */
import { types } from 'node:util';
import { type Address, sockaddr } from '../address.ts';
import { checkSize, type Flags, type SyncOptions, someOf } from '../arguments.ts';
import { Batch, type BatchesOptions, memoryOf } from '../batch.ts';
import { checkBuffers, checkBytes, checkInt, checkInteger, checkOptions, wrongType } from '../check.ts';
import { type ControlMessage, writeControl } from '../cmsg/header.ts';
import { constants, errnos } from '../constants.ts';
import { systemError } from '../errors.ts';
import {
  checkRoom,
  type Envelope,
  envelopeFor,
  envelopeOf,
  Message,
  type MessageBuffer,
} from '../message.ts';
import type { Along, Buffers, Control, ControlRoom } from '../messages.ts';
import { READABLE, type WaitOptions, WRITABLE } from '../wait.ts';
import { Came, NONE } from './piece.ts';
import { MemoryTransfer } from './transfer.ts';

/** `sizeof(struct sockaddr_storage)`. */
const STORAGE = 128;

function flagsOf(options: Flags | undefined): number {
  const { flags } = checkOptions(options);
  return flags === undefined ? 0 : checkInt('flags', flags);
}

function list(name: string, buffers: Buffers): readonly Uint8Array[] {
  checkBuffers(name, buffers);
  return types.isUint8Array(buffers) ? [buffers] : buffers;
}

function controlBytes(control: Control | undefined): Uint8Array {
  if (control === undefined) return NONE;
  if (types.isUint8Array(control)) return new Uint8Array(checkBytes('control', control));
  const given: unknown = control;
  if (given === null || typeof given !== 'object' || !(Symbol.iterator in given)) {
    throw wrongType('control', 'a Uint8Array, or an iterable of { level, type, data }', given);
  }
  return writeControl(control as Iterable<ControlMessage>);
}

/** Control data cut to the room for them, as recvmsg(2) does. */
function cut(came: Came, room: number): Uint8Array {
  if (came.control.length <= room) return came.control;
  came.flags |= constants.MSG_CTRUNC;
  return came.control.subarray(0, room);
}

export class MemoryMessages extends MemoryTransfer {
  async recvMsg(size: number, options?: WaitOptions & Flags & ControlRoom): Promise<Message> {
    checkSize(size);
    const flags = flagsOf(options);
    const room = checkRoom(options?.control);
    let message: Message | undefined;
    const attempt = (): number => this.#message(size, room, flags, (came) => (message = came));
    await this.calls.run(READABLE, attempt, 'recvmsg', options);
    return message as Message;
  }

  recvMsgSync(size: number, options?: SyncOptions & Flags & ControlRoom): Message {
    checkSize(size);
    const flags = flagsOf(options);
    const room = checkRoom(options?.control);
    let message: Message | undefined;
    const attempt = (): number => this.#message(size, room, flags, (came) => (message = came));
    this.calls.block(READABLE, attempt, 'recvmsg', options);
    return message as Message;
  }

  #message(size: number, room: number, flags: number, keep: (message: Message) => void): number {
    const buffer = Buffer.alloc(Math.min(size, this.station?.readable ?? 0));
    const envelope = envelopeFor(room);
    const count = this.#receive([buffer], envelope, flags);
    if (count >= 0) keep(new Message(buffer.subarray(0, Math.min(count, size)), envelope));
    return count;
  }

  #receive(buffers: readonly Uint8Array[], envelope: Envelope, flags: number): number {
    const came = new Came();
    const count = this.take(buffers, flags, came);
    if (count < 0) return count;
    const control = cut(came, envelope.asked);
    envelope.fill(came.flags, came.address, control);
    envelope.received();
    return count;
  }

  async recvMsgInto(
    buffers: Buffers,
    message: MessageBuffer,
    options?: WaitOptions & Flags,
  ): Promise<number> {
    const flags = flagsOf(options);
    const attempt = (): number => this.tryRecvMsgInto(buffers, message, flags);
    return this.calls.run(READABLE, attempt, 'recvmsg', options);
  }

  recvMsgIntoSync(buffers: Buffers, message: MessageBuffer, options?: SyncOptions & Flags): number {
    const flags = flagsOf(options);
    const attempt = (): number => this.tryRecvMsgInto(buffers, message, flags);
    return this.calls.block(READABLE, attempt, 'recvmsg', options);
  }

  tryRecvMsgInto(buffers: Buffers, message: MessageBuffer, flags = 0): number {
    const envelope = envelopeOf(message);
    return this.#receive(list('buffers', buffers), envelope, checkInt('flags', flags));
  }

  async sendMsg(data: Buffers, options?: WaitOptions & Flags & Along): Promise<number> {
    const flags = flagsOf(options);
    const { address, control } = options ?? {};
    const to = address === undefined ? undefined : sockaddr(address);
    const bytes = controlBytes(control);
    const attempt = (): number => this.trySendMsg(data, to, bytes, flags);
    return this.calls.run(WRITABLE, attempt, 'sendmsg', options);
  }

  sendMsgSync(data: Buffers, options?: SyncOptions & Flags & Along): number {
    const flags = flagsOf(options);
    const { address, control } = options ?? {};
    const to = address === undefined ? undefined : sockaddr(address);
    const bytes = controlBytes(control);
    const attempt = (): number => this.trySendMsg(data, to, bytes, flags);
    return this.calls.block(WRITABLE, attempt, 'sendmsg', options);
  }

  trySendMsg(data: Buffers, address?: Address, control?: Control, flags = 0): number {
    const to = address === undefined ? undefined : sockaddr(address);
    const bytes = controlBytes(control);
    return this.put(list('data', data), checkInt('flags', flags), to, bytes);
  }

  async recvBatch(batch: Batch, options?: WaitOptions & Flags): Promise<number> {
    const flags = flagsOf(options);
    const attempt = (): number => this.tryRecvBatch(batch, flags);
    return this.calls.run(READABLE, attempt, 'recvmmsg', options);
  }

  recvBatchSync(batch: Batch, options?: SyncOptions & Flags): number {
    const flags = flagsOf(options);
    const attempt = (): number => this.tryRecvBatch(batch, flags);
    return this.calls.block(READABLE, attempt, 'recvmmsg', options);
  }

  tryRecvBatch(batch: Batch, flags = 0): number {
    const memory = this.#batch(batch, 'recvmmsg');
    checkInt('flags', flags);
    let count = 0;
    while (count < batch.capacity) {
      const came = new Came();
      const at = count * batch.size;
      const result = this.take([batch.payload.subarray(at, at + batch.size)], flags, came);
      if (result < 0 && count === 0) return result;
      if (result < 0) break;
      this.#note(batch, count, result, came);
      count += 1;
      // A peek would see the same again, the end of sequenced packets too.
      const ended = this.type === constants.SOCK_SEQPACKET && result === 0;
      if (flags & constants.MSG_PEEK || ended) break;
    }
    memory.received(count);
    return count;
  }

  #note(batch: Batch, index: number, length: number, came: Came): void {
    const control = cut(came, batch.controlRoom);
    batch.lengths[index] = length;
    batch.flags[index] = came.flags;
    batch.timestamps[index] = 0n;
    const hasAddresses = batch.addresses.length > 0;
    batch.addressLengths[index] = hasAddresses ? came.address.length : 0;
    if (hasAddresses) batch.addresses.set(came.address, index * STORAGE);
    batch.controlLengths[index] = control.length;
    batch.control.set(control, index * batch.controlRoom);
  }

  async *batches(options: BatchesOptions & WaitOptions & Flags): AsyncGenerator<Batch, void, undefined> {
    const { inFlight = 2 } = checkOptions(options);
    const length = checkInteger('inFlight', inFlight, 1, 1024);
    const ring = Array.from({ length }, () => new Batch(options));
    for (let index = 0; ; index = (index + 1) % ring.length) {
      const batch = ring[index] as Batch;
      await this.recvBatch(batch, options);
      yield batch;
    }
  }

  async sendBatch(batch: Batch, options?: WaitOptions & Flags): Promise<number> {
    const all = this.#whole(batch, flagsOf(options));
    try {
      return await this.calls.run(WRITABLE, all.attempt, 'sendmmsg', options);
    } catch (error) {
      throw someOf(error, all.sent());
    }
  }

  sendBatchSync(batch: Batch, options?: SyncOptions & Flags): number {
    const all = this.#whole(batch, flagsOf(options));
    try {
      return this.calls.block(WRITABLE, all.attempt, 'sendmmsg', options);
    } catch (error) {
      throw someOf(error, all.sent());
    }
  }

  #whole(batch: Batch, flags: number): { attempt: () => number; sent: () => number } {
    let sent = 0;
    const attempt = (): number => {
      while (sent < batch.length) {
        const result = this.trySendBatch(batch, flags, sent);
        if (result < 0) return result;
        sent += result;
      }
      return sent;
    };
    return { attempt, sent: () => sent };
  }

  trySendBatch(batch: Batch, flags = 0, from = 0): number {
    this.#batch(batch, 'sendmmsg');
    checkInteger('from', from, 0, batch.length);
    checkInt('flags', flags);
    let sent = 0;
    for (let index = from; index < batch.length; index++) {
      const at = index * batch.controlRoom;
      const control = batch.control.slice(at, at + (batch.controlLengths[index] as number));
      const address = batch.address(index);
      const to = address.length > 0 ? address : undefined;
      const result = this.put([batch.data(index)], flags, to, control);
      if (result < 0) return sent > 0 ? sent : result;
      sent += 1;
    }
    return sent;
  }

  #batch(batch: Batch, syscall: string): ReturnType<typeof memoryOf> {
    const memory = memoryOf(batch);
    if (this.type === constants.SOCK_STREAM) {
      throw systemError(-errnos.EOPNOTSUPP, syscall, 'a stream has no messages');
    }
    return memory;
  }
}
