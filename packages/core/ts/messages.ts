/** Messages with addresses, control data and descriptors, one at a time and in batches. */
import { type Address, sockaddr } from './address.ts';
import { checkSize, type Flags, patience, type SyncOptions, someOf } from './arguments.ts';
import { Batch, type BatchesOptions, memoryOf } from './batch.ts';
import { BAD_ARGUMENT, native } from './binding.ts';
import {
  checkBuffers,
  checkBytes,
  checkInt,
  checkInteger,
  checkOptions,
  isUint8Array,
  wrongType,
} from './check.ts';
import { closeOnExec } from './cmsg/close-on-exec.ts';
import { type ControlMessage, writeControl } from './cmsg/header.ts';
import { constants, errnos } from './constants.ts';
import { refuseEndless, SURELY } from './control-limit.ts';
import { systemError } from './errors.ts';
import { checkRoom, envelopeFor, envelopeOf, Message, type MessageBuffer } from './message.ts';
import { keep, room, start } from './pool.ts';
import { Transfer } from './transfer.ts';
import { READABLE, type WaitOptions, WRITABLE } from './wait.ts';

const { recvmsg, sendmsg, recvmmsg, sendmmsg } = native;

/** One buffer, or several that are filled or sent in order. */
export type Buffers = Uint8Array | readonly Uint8Array[];

/** Control data: bytes laid out as cmsg(3) says, or messages, which are laid out anew whenever the call is tried. */
export type Control = Uint8Array | Iterable<ControlMessage>;

/** Room for control data in a call that makes a message. */
export interface ControlRoom {
  /** Bytes, 0 unless given: `controlSpace()` of `@sockeye/core/cmsg` counts them. */
  control?: number | undefined;
}

/** What goes with the bytes of a message. */
export interface Along {
  /** The receiver; whom the socket is connected to unless given. */
  address?: Address | undefined;
  control?: Control | undefined;
}

function controlBytes(control: Control | undefined): Uint8Array | undefined {
  if (control === undefined) return undefined;
  return isUint8Array(control) ? checkBytes('control', control) : writeControl(iterable(control));
}

export class Messages extends Transfer {
  /**
   * A message of up to `size` bytes, with its address, control data and descriptors: recvmsg(2).
   *
   * @param options `control`: bytes of room for control data; `flags`; `timeout`; `signal`
   */
  async recvMsg(size: number, options?: WaitOptions & Flags & ControlRoom): Promise<Message> {
    checkSize(size);
    const flags = flagsOf(options);
    const space = checkRoom(options?.control);
    let message: Message | undefined;
    const attempt = (): number => {
      const made = this.#receive(size, space, (buffer, envelope) => {
        const { slot, generation } = this.handle;
        return recvmsg(slot, generation, buffer, envelope, flags | closeOnExec(this.handle.family));
      });
      if (typeof made === 'number') return made;
      message = made;
      return 0;
    };
    await this.handle.run(READABLE, attempt, 'recvmsg', options);
    return message as Message;
  }

  /** As {@link recvMsg}, blocking this thread. */
  recvMsgSync(size: number, options?: SyncOptions & Flags & ControlRoom): Message {
    checkSize(size);
    const flags = flagsOf(options) | closeOnExec(this.handle.family);
    const space = checkRoom(options?.control);
    const { timeout, interruptible } = patience(options);
    const made = this.#receive(size, space, (buffer, envelope) => {
      const { slot, generation } = this.handle;
      return native.recvmsgSync(slot, generation, buffer, envelope, flags, timeout, interruptible);
    });
    if (typeof made === 'number') throw this.handle.error(made, 'recvmsg');
    return made;
  }

  #receive(
    size: number,
    space: number,
    call: (buffer: Uint8Array, envelope: Uint8Array) => number,
  ): Message | number {
    const buffer = room(size);
    const at = start(buffer);
    const envelope = envelopeFor(space);
    const count = call(buffer.subarray(at, at + size), envelope.whole);
    if (count < 0) return count;
    envelope.received();
    return new Message(keep(buffer, Math.min(count, size)), envelope);
  }

  /**
   * Receives into one buffer, or into several in order, and says how many bytes; what comes beside them is in `message`.
   * recvmsg(2). With MSG_TRUNC the count is the message's whole length.
   */
  recvMsgInto(buffers: Buffers, message: MessageBuffer, options?: WaitOptions & Flags): Promise<number> {
    return this.#awaited('recvmsg', options, (flags) => this.tryRecvMsgInto(buffers, message, flags));
  }

  /** The Promise form of a call that receives. Not async: one Promise is made, not two. */
  #awaited(
    syscall: string,
    options: (WaitOptions & Flags) | undefined,
    call: (flags: number) => number,
  ): Promise<number> {
    try {
      const flags = flagsOf(options);
      return this.handle.run(READABLE, () => call(flags), syscall, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link recvMsgInto}, blocking this thread. */
  recvMsgIntoSync(buffers: Buffers, message: MessageBuffer, options?: SyncOptions & Flags): number {
    const flags = flagsOf(options) | closeOnExec(this.handle.family);
    const envelope = envelopeOf(message);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const call = native.recvmsgSync;
    const count = call(slot, generation, buffers, envelope.whole, flags, timeout, interruptible);
    if (count >= 0) envelope.received();
    return this.handle.done(meant(count, 'buffers', buffers), 'recvmsg');
  }

  /** As {@link recvMsgInto}, if a message is there: the count, or `-errno`. Allocates nothing. */
  tryRecvMsgInto(buffers: Buffers, message: MessageBuffer, flags = 0): number {
    const envelope = envelopeOf(message);
    const { slot, generation } = this.handle;
    const count = recvmsg(
      slot,
      generation,
      buffers,
      envelope.whole,
      checkInt('flags', flags) | closeOnExec(this.handle.family),
    );
    if (count >= 0) envelope.received();
    return count > 0 ? count : meant(count, 'buffers', buffers);
  }

  /**
   * Sends bytes from one buffer, or from several as one message, with an address and control data, and says how many bytes the
   * kernel took, which on a stream may be fewer than given: sendmsg(2).
   */
  sendMsg(data: Buffers, options?: WaitOptions & Flags & Along): Promise<number> {
    try {
      const flags = flagsOf(options);
      const { address, control } = options ?? {};
      const to = address === undefined ? undefined : sockaddr(address);
      // An iterator gives its messages once.
      const given = control === undefined || isUint8Array(control) ? control : [...iterable(control)];
      const attempt = (): number => {
        const bytes = controlBytes(given);
        if (bytes !== undefined) refuseEndless(bytes.length, 'sendmsg');
        return this.trySendMsg(data, to, bytes, flags);
      };
      return this.handle.run(WRITABLE, attempt, 'sendmsg', options, to);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link sendMsg}, blocking this thread. */
  sendMsgSync(data: Buffers, options?: SyncOptions & Flags & Along): number {
    const flags = flagsOf(options);
    const { timeout, interruptible } = patience(options);
    const { address, control } = options ?? {};
    const to = address === undefined ? undefined : sockaddr(address);
    const bytes = controlBytes(control);
    if (bytes !== undefined) refuseEndless(bytes.length, 'sendmsg');
    const { slot, generation } = this.handle;
    const count = native.sendmsgSync(
      slot,
      generation,
      data,
      flags,
      timeout,
      interruptible,
      to,
      to?.length,
      bytes,
      bytes?.length,
    );
    return this.handle.done(meant(count, 'data', data), 'sendmsg', to);
  }

  /** As {@link sendMsg}, if there is room: the count, or `-errno`. */
  trySendMsg(data: Buffers, address?: Address, control?: Control, flags = 0): number {
    const { slot, generation } = this.handle;
    let count: number;
    if (address === undefined && control === undefined && flags === 0) {
      count = sendmsg(slot, generation, data);
    } else {
      const to = address === undefined ? undefined : sockaddr(address);
      const bytes = controlBytes(control);
      checkInt('flags', flags);
      count = sendmsg(slot, generation, data, flags, to, to?.length, bytes, bytes?.length);
    }
    return count > 0 ? count : meant(count, 'data', data);
  }

  /**
   * Receives as many messages as are there, at least one and at most as many as the batch has room for, and says how many:
   * recvmmsg(2). What the batch held before is gone, and views of it throw.
   *
   * @throws SocketError EOPNOTSUPP on a stream, which has no messages
   */
  recvBatch(batch: Batch, options?: WaitOptions & Flags): Promise<number> {
    return this.#awaited('recvmmsg', options, (flags) => this.tryRecvBatch(batch, flags));
  }

  /** As {@link recvBatch}, blocking this thread until there is one message. */
  recvBatchSync(batch: Batch, options?: SyncOptions & Flags): number {
    const memory = this.#batch(batch, 'recvmmsg');
    const flags = flagsOf(options) | closeOnExec(this.handle.family);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const { capacity } = batch;
    const call = native.recvmmsgSync;
    const count = call(slot, generation, memory.whole, capacity, flags, timeout, interruptible);
    if (count >= 0) memory.received(count);
    return this.handle.done(count, 'recvmmsg');
  }

  /** As {@link recvBatch}, if messages are there: how many, or `-errno`. Allocates nothing. */
  tryRecvBatch(batch: Batch, flags = 0): number {
    const memory = this.#batch(batch, 'recvmmsg');
    const { slot, generation } = this.handle;
    const all = checkInt('flags', flags) | closeOnExec(this.handle.family);
    const count = recvmmsg(slot, generation, memory.whole, memory.capacity, all);
    if (count >= 0) memory.received(count);
    return count;
  }

  /**
   * Batches of messages, as they come: `for await (const batch of socket.batches({ messages: 64, size: 2048 }))`. Of `inFlight`
   * batches (2 unless given) each is used again when that many further ones were asked for, so as many can be worked on
   * at once; views of one that is used again throw. Nothing is read ahead, so nothing is lost when the loop ends.
   */
  async *batches(options: BatchesOptions & WaitOptions & Flags): AsyncGenerator<Batch, void, undefined> {
    const { inFlight = 2 } = checkOptions(options);
    const ring = Array.from(
      { length: checkInteger('inFlight', inFlight, 1, 1024) },
      () => new Batch(options),
    );
    for (let turn = 0; ; turn = (turn + 1) % ring.length) {
      const batch = ring[turn] as Batch;
      await this.recvBatch(batch, options);
      yield batch;
    }
  }

  /**
   * Sends all messages of a batch, in as many calls as it takes, and says how many: sendmmsg(2). When it fails, the error's
   * `messagesSent` says how many the kernel had taken.
   *
   * @throws SocketError EOPNOTSUPP on a stream, which has no messages
   */
  async sendBatch(batch: Batch, options?: WaitOptions & Flags): Promise<number> {
    const flags = flagsOf(options);
    refuseLongControl(batch);
    let sent = 0;
    const attempt = (): number => {
      while (sent < batch.length) {
        const result = this.trySendBatch(batch, flags, sent);
        if (result < 0) return result;
        sent += result;
      }
      return sent;
    };
    try {
      return await this.handle.run(WRITABLE, attempt, 'sendmmsg', options);
    } catch (error) {
      throw someOf(error, sent);
    }
  }

  /** As {@link sendBatch}, blocking this thread; the timeout is for the whole. */
  sendBatchSync(batch: Batch, options?: SyncOptions & Flags): number {
    const memory = this.#batch(batch, 'sendmmsg');
    refuseLongControl(batch);
    const flags = flagsOf(options);
    const { timeout, interruptible } = patience(options);
    const end = performance.now() + timeout;
    let sent = 0;
    while (sent < batch.length) {
      const left = timeout < 0 ? timeout : Math.max(0, end - performance.now());
      const { slot, generation } = this.handle;
      const call = native.sendmmsgSync;
      const rest = batch.length - sent;
      let result = call(slot, generation, memory.whole, sent, rest, flags, left, interruptible);
      if (refusesMany(result, rest))
        result = call(slot, generation, memory.whole, sent, 1, flags, left, interruptible);
      if (result < 0) throw someOf(this.handle.error(result, 'sendmmsg'), sent);
      sent += result;
    }
    return sent;
  }

  /** Sends messages of a batch from number `from` on, as many as there is room for: how many, or `-errno`. Allocates nothing. */
  trySendBatch(batch: Batch, flags = 0, from = 0): number {
    const memory = this.#batch(batch, 'sendmmsg');
    if (from >= batch.length || from >>> 0 !== from) checkInteger('from', from, 0, batch.length);
    const { slot, generation } = this.handle;
    const rest = batch.length - from;
    const result = sendmmsg(slot, generation, memory.whole, from, rest, checkInt('flags', flags));
    return refusesMany(result, rest) ? sendmmsg(slot, generation, memory.whole, from, 1, flags) : result;
  }

  #batch(batch: Batch, syscall: string): ReturnType<typeof memoryOf> {
    const memory = memoryOf(batch);
    if (this.type === constants.SOCK_STREAM) {
      throw systemError(
        -errnos.EOPNOTSUPP,
        syscall,
        'a stream has no messages: use sendMsg with several buffers, or recvInto',
      );
    }
    return memory;
  }
}

/**
 * Whether the first of several messages was refused as it is where the family knows nothing of MSG_BATCH, the kernel's own flag
 * on all but the last (RDS, QRTR): it is then tried alone, which says so again where that was not why.
 */
const refusesMany = (result: number, count: number): boolean =>
  count > 1 && (result === -errnos.EOPNOTSUPP || result === -errnos.EINVAL);

function refuseLongControl(batch: Batch): void {
  memoryOf(batch);
  if (batch.controlRoom <= SURELY) return;
  for (const length of batch.controlLengths.subarray(0, batch.length)) refuseEndless(length, 'sendmmsg');
}

/** The flags among a call's options. */
function flagsOf(options: Flags | undefined): number {
  const { flags } = checkOptions(options);
  return flags === undefined ? 0 : checkInt('flags', flags);
}

/** A native result; where it says that an argument was bad, the error that names it. */
function meant(result: number, name: string, buffers: Buffers): number {
  // A count of 0 is looked at too: a buffer may be empty because its memory is gone.
  if (result === 0 || result === BAD_ARGUMENT) checkBuffers(name, buffers);
  if (result === BAD_ARGUMENT) throw wrongType(name, 'plain Uint8Arrays', buffers);
  return result;
}

function iterable(control: Iterable<ControlMessage>): Iterable<ControlMessage> {
  const given: unknown = control;
  if (given !== null && typeof given === 'object' && Symbol.iterator in given) return control;
  throw wrongType('control', 'a Uint8Array, or an iterable of { level, type, data }', given);
}
