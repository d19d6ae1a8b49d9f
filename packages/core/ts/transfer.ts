import { type Address, AddressBuffer, sockaddr, storage } from './address.ts';
import type { Flags, Range, ReceivedFrom, SyncOptions } from './arguments.ts';
import { checkSize, explained, MOST, odd, part, partly, patience, refuse, whole } from './arguments.ts';
import { BAD_ARGUMENT, native, REST } from './binding.ts';
import { Endpoint } from './endpoint.ts';
import { Gather } from './gather.ts';
import { atOnce } from './handle.ts';
import { keep, room, start } from './pool.ts';
import { AGAIN, NO_BUFFERS, READABLE, STAYS, type WaitOptions, WRITABLE } from './wait.ts';

/** What the native part writes addresses into; read before the next call. */
const scratch: AddressBuffer = new AddressBuffer();
const scratchWhole: Uint8Array = storage(scratch);

// As bindings of their own the engine takes them for constants; as properties of `native` each call would look them up.
const { recv, recvfrom, send, sendto, sendmsg } = native;

/** Bytes and single messages in and out: the hot path. */
export class Transfer extends Endpoint {
  /** Up to `size` bytes, or one message cut to that: recv(2). Empty at the end of a stream. */
  async recv(size: number, options?: WaitOptions & Flags): Promise<Buffer> {
    checkSize(size);
    const { flags } = part(options);
    let data: Buffer | undefined;
    const attempt = (): number => {
      const space = room(size);
      const { slot, generation } = this.handle;
      const count = recv(slot, generation, space, start(space), size, flags);
      if (count >= 0) data = keep(space, Math.min(count, size));
      return count;
    };
    await this.handle.run(READABLE, attempt, 'recv', options);
    return data as Buffer;
  }

  /** As {@link recv}, blocking this thread. */
  recvSync(size: number, options?: SyncOptions & Flags): Buffer {
    checkSize(size);
    const { slot, generation } = this.handle;
    const space = room(size);
    const at = start(space);
    if (options === undefined) {
      // The shortest call first, as in recvIntoSync.
      const count = recv(slot, generation, space, at, size);
      if (count !== AGAIN) return keep(space, Math.min(this.handle.done(count, 'recv'), size));
    }
    const { flags } = part(options);
    const { timeout, interruptible } = patience(options);
    const count = native.recvSync(slot, generation, space, at, size, flags, timeout, interruptible);
    return keep(space, Math.min(this.handle.done(count, 'recv'), size));
  }

  /** Receives into `buffer` and says how many bytes: recv(2). 0 at the end of a stream. */
  recvInto(buffer: Uint8Array, options?: WaitOptions & Flags & Range): Promise<number> {
    if (options === undefined) return this.handle.run(READABLE, () => this.tryRecvInto(buffer), 'recv');
    return this.#inPart(READABLE, 'recv', options, (flags, offset, length) =>
      this.tryRecvInto(buffer, flags, offset, length),
    );
  }

  /** The Promise form of a call on a part of a buffer. Not async: one Promise is made, not two. */
  #inPart(
    direction: number,
    syscall: string,
    options: (WaitOptions & Flags & Range) | undefined,
    call: (flags: number, offset: number, length: number) => number,
  ): Promise<number> {
    try {
      const { flags, offset, length } = part(options);
      return this.handle.run(direction, () => call(flags, offset, length), syscall, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As {@link recvInto}, blocking this thread. */
  recvIntoSync(buffer: Uint8Array, options?: SyncOptions & Flags & Range): number {
    if (options === undefined) {
      // The shortest call first: mostly it is all there is to do.
      const count = recv(this.handle.slot, this.handle.generation, buffer);
      if (count > 0) return count;
      // An error is told once: asking again would wait instead.
      if (count !== AGAIN) return this.handle.moved(count, 'recv', 'buffer', buffer, 0, REST);
    }
    const { flags, offset, length } = part(options);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const count = native.recvSync(slot, generation, buffer, offset, length, flags, timeout, interruptible);
    return count > 0 ? count : this.handle.moved(count, 'recv', 'buffer', buffer, offset, length);
  }

  /** Receives into `buffer` if something is there: the count, or `-errno`. Allocates nothing. */
  tryRecvInto(buffer: Uint8Array, flags = 0, offset = 0, length: number = REST): number {
    const { slot, generation } = this.handle;
    let count: number;
    if (flags === 0 && offset === 0 && length === REST) count = recv(slot, generation, buffer);
    else {
      if (odd(flags, offset, length)) refuse(flags, offset, length);
      count = recv(slot, generation, buffer, offset, length, flags);
    }
    return count > 0 ? count : explained(count, 'buffer', buffer, offset, length);
  }

  /** As {@link recv}, with the sender's address: recvfrom(2). */
  async recvFrom(size: number, options?: WaitOptions & Flags): Promise<ReceivedFrom> {
    checkSize(size);
    const { flags } = part(options);
    let message: ReceivedFrom | undefined;
    const attempt = (): number => {
      const { slot, generation } = this.handle;
      const space = room(size);
      const count = recvfrom(slot, generation, space, start(space), size, flags, scratchWhole);
      if (count >= 0) message = { data: keep(space, Math.min(count, size)), address: scratch.copy() };
      return count;
    };
    await this.handle.run(READABLE, attempt, 'recvfrom', options);
    return message as ReceivedFrom;
  }

  /** As {@link recvFrom}, blocking this thread. */
  recvFromSync(size: number, options?: SyncOptions & Flags): ReceivedFrom {
    checkSize(size);
    const { flags } = part(options);
    const space = room(size);
    const count = this.#recvFromSync(space, scratchWhole, flags, start(space), size, options);
    return {
      data: keep(space, Math.min(this.handle.done(count, 'recvfrom'), size)),
      address: scratch.copy(),
    };
  }

  /** As {@link recvInto}; the sender's address goes into `address`. recvfrom(2). */
  recvFromInto(
    buffer: Uint8Array,
    address: AddressBuffer,
    options?: WaitOptions & Flags & Range,
  ): Promise<number> {
    return this.#inPart(READABLE, 'recvfrom', options, (flags, offset, length) =>
      this.tryRecvFromInto(buffer, address, flags, offset, length),
    );
  }

  /** As {@link recvFromInto}, blocking this thread. */
  recvFromIntoSync(
    buffer: Uint8Array,
    address: AddressBuffer,
    options?: SyncOptions & Flags & Range,
  ): number {
    const { flags, offset, length } = part(options);
    const count = this.#recvFromSync(buffer, storage(address), flags, offset, length, options);
    return count > 0 ? count : this.handle.moved(count, 'recvfrom', 'buffer', buffer, offset, length);
  }

  /** Receives into `buffer` and `address` if something is there: the count, or `-errno`. Allocates nothing. */
  tryRecvFromInto(
    buffer: Uint8Array,
    address: AddressBuffer,
    flags = 0,
    offset = 0,
    length: number = REST,
  ): number {
    if (odd(flags, offset, length)) refuse(flags, offset, length);
    const whole = storage(address);
    const { slot, generation } = this.handle;
    const count = recvfrom(slot, generation, buffer, offset, length, flags, whole);
    return count > 0 ? count : explained(count, 'buffer', buffer, offset, length);
  }

  #recvFromSync(
    buffer: Uint8Array,
    whole: Uint8Array,
    flags: number,
    offset: number,
    length: number,
    options: SyncOptions | undefined,
  ): number {
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const call = native.recvfromSync;
    return call(slot, generation, buffer, offset, length, flags, timeout, interruptible, whole);
  }

  /** Sends and says how many bytes the kernel took, which on a stream may be fewer than given: send(2). */
  send(data: Uint8Array, options?: WaitOptions & Flags & Range): Promise<number> {
    if (options === undefined) return this.handle.run(WRITABLE, () => this.trySend(data), 'send');
    return this.#inPart(WRITABLE, 'send', options, (flags, offset, length) =>
      this.trySend(data, flags, offset, length),
    );
  }

  /** As {@link send}, blocking this thread. */
  sendSync(data: Uint8Array, options?: SyncOptions & Flags & Range): number {
    if (options === undefined) {
      const count = send(this.handle.slot, this.handle.generation, data);
      if (count > 0) return count;
      if (count !== AGAIN && count !== NO_BUFFERS) {
        return this.handle.moved(count, 'send', 'data', data, 0, REST);
      }
    }
    const { flags, offset, length } = part(options);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const count = native.sendSync(slot, generation, data, offset, length, flags, timeout, interruptible);
    return count > 0 ? count : this.handle.moved(count, 'send', 'data', data, offset, length);
  }

  /** Sends if there is room: the count, or `-errno`. Allocates nothing. */
  trySend(data: Uint8Array, flags = 0, offset = 0, length: number = REST): number {
    const { slot, generation } = this.handle;
    let count: number;
    if (flags === 0 && offset === 0 && length === REST) count = send(slot, generation, data);
    else {
      if (odd(flags, offset, length)) refuse(flags, offset, length);
      count = send(slot, generation, data, offset, length, flags);
    }
    return count > 0 ? count : explained(count, 'data', data, offset, length);
  }

  /** As {@link send}, to an address: sendto(2). */
  async sendTo(data: Uint8Array, address: Address, options?: WaitOptions & Flags & Range): Promise<number> {
    const to = sockaddr(address);
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.trySendTo(data, to, flags, offset, length);
    return this.handle.run(WRITABLE, attempt, 'sendto', options, to);
  }

  /** As {@link sendTo}, blocking this thread. */
  sendToSync(data: Uint8Array, address: Address, options?: SyncOptions & Flags & Range): number {
    const to = sockaddr(address);
    const size = to.byteLength;
    const { flags, offset, length } = part(options);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const call = native.sendtoSync;
    const count = call(slot, generation, data, offset, length, flags, timeout, interruptible, to, size);
    return count > 0 ? count : this.handle.moved(count, 'sendto', 'data', data, offset, length, to);
  }

  /** Sends to an address if there is room: the count, or `-errno`. With bytes or an AddressBuffer it allocates nothing. */
  trySendTo(data: Uint8Array, address: Address, flags = 0, offset = 0, length: number = REST): number {
    if (odd(flags, offset, length)) refuse(flags, offset, length);
    const own = address instanceof AddressBuffer;
    const to = own ? address.bytes : sockaddr(address);
    const size = own ? address.length : to.byteLength;
    const { slot, generation } = this.handle;
    const count = sendto(slot, generation, data, offset, length, flags, to, size);
    // Of the two that may be bad, the address is looked at first.
    if (count === BAD_ARGUMENT) sockaddr(address);
    return count > 0 ? count : explained(count, 'data', data, offset, length);
  }

  /**
   * Sends everything, in as many calls as it takes: send(2), or of several buffers in order, sendmsg(2). Other sends on this
   * socket wait behind it, so a stream's bytes stay in order. When it fails, the error's `bytesSent` says how many bytes the
   * kernel had taken.
   *
   * @param options `offset` and `length` are for a single buffer
   */
  async sendAll(
    data: Uint8Array | readonly Uint8Array[],
    options?: WaitOptions & Flags & Range,
  ): Promise<void> {
    if (Array.isArray(data)) return this.#gather(data, options);
    await this.#sendWhole(data as Uint8Array, options);
  }

  async #gather(data: readonly Uint8Array[], options: (WaitOptions & Flags) | undefined): Promise<void> {
    const { flags } = part(options);
    const gather = new Gather(data);
    const most = atOnce(options);
    const attempt = (): number => {
      for (const until = gather.sent + most; !gather.done; ) {
        if (gather.sent >= until) return STAYS;
        const { slot, generation } = this.handle;
        const result = sendmsg(slot, generation, gather.rest(), flags);
        if (result < 0) return result;
        gather.took(result);
      }
      return 0;
    };
    try {
      await this.handle.run(WRITABLE, attempt, 'sendmsg', options);
    } catch (error) {
      throw partly(error, gather.sent);
    }
  }

  async #sendWhole(data: Uint8Array, options: (WaitOptions & Flags & Range) | undefined): Promise<void> {
    const { flags, offset, end } = whole(data, options);
    let at = offset;
    const most = atOnce(options);
    const attempt = (): number => {
      const until = at + most;
      do {
        if (at >= until) return STAYS;
        const result = this.trySend(data, flags, at, Math.min(end - at, MOST));
        if (result < 0) return result;
        at += result;
      } while (at < end);
      return 0;
    };
    try {
      await this.handle.run(WRITABLE, attempt, 'send', options);
    } catch (error) {
      throw partly(error, at - offset);
    }
  }

  /** As {@link sendAll}, blocking this thread; the timeout is for the whole. */
  sendAllSync(data: Uint8Array | readonly Uint8Array[], options?: SyncOptions & Flags & Range): void {
    if (Array.isArray(data)) this.#gatherSync(data, options);
    else this.#sendWholeSync(data as Uint8Array, options);
  }

  #gatherSync(data: readonly Uint8Array[], options: (SyncOptions & Flags) | undefined): void {
    const { flags } = part(options);
    const { timeout, interruptible } = patience(options);
    const deadline = performance.now() + timeout;
    const gather = new Gather(data);
    while (!gather.done) {
      const left = timeout < 0 ? timeout : Math.max(0, deadline - performance.now());
      const { slot, generation } = this.handle;
      const result = native.sendmsgSync(slot, generation, gather.rest(), flags, left, interruptible);
      if (result < 0) throw partly(this.handle.error(result, 'sendmsg'), gather.sent);
      gather.took(result);
    }
  }

  #sendWholeSync(data: Uint8Array, options: (SyncOptions & Flags & Range) | undefined): void {
    const { flags, offset, end } = whole(data, options);
    const { timeout, interruptible } = patience(options);
    const deadline = performance.now() + timeout;
    let at = offset;
    try {
      do {
        const left = timeout < 0 ? undefined : Math.max(0, deadline - performance.now());
        at += this.sendSync(data, {
          flags,
          offset: at,
          length: Math.min(end - at, MOST),
          timeout: left,
          interruptible,
        });
      } while (at < end);
    } catch (error) {
      throw partly(error, at - offset);
    }
  }
}
