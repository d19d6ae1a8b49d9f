/** Bytes in and out of an in-memory socket: what `transfer.ts` is to a Socket. */
import { type Address, type AddressBuffer, sockaddr, storage } from '../address.ts';
import type { Flags, Range, ReceivedFrom, SyncOptions } from '../arguments.ts';
import { checkSize, odd, part, partly, refuse, whole } from '../arguments.ts';
import { REST } from '../binding.ts';
import { checkRange } from '../check.ts';
import { constants } from '../constants.ts';
import { Gather } from '../gather.ts';
import { AGAIN, READABLE, type WaitOptions, WRITABLE } from '../wait.ts';
import { MemoryEndpoint, tell } from './endpoint.ts';
import { Came, NONE } from './piece.ts';

type Options = WaitOptions & Flags & Range;
type Blocking = SyncOptions & Flags & Range;

/** The part of a buffer that a call is for. */
function view(name: string, buffer: Uint8Array, flags: number, offset: number, length: number): Uint8Array {
  if (odd(flags, offset, length)) refuse(flags, offset, length);
  checkRange(name, buffer, offset, length === REST ? undefined : length);
  return buffer.subarray(offset, length === REST ? undefined : offset + length);
}

export class MemoryTransfer extends MemoryEndpoint {
  /** One receive, and what came beside the bytes. */
  protected take(buffers: readonly Uint8Array[], flags: number, came: Came = new Came()): number {
    const count = this.on((station) => station.receive(buffers, flags, came));
    if (count > 0 && !(flags & constants.MSG_PEEK)) {
      this.calls.counters.bytesIn += count;
      this.calls.counters.messagesIn += 1;
    }
    return count;
  }

  protected put(
    parts: readonly Uint8Array[],
    flags: number,
    to: Uint8Array | undefined,
    control: Uint8Array = NONE,
  ): number {
    const count = this.on((station) => station.send(parts, flags, to, control));
    if (count > 0) {
      this.calls.counters.bytesOut += count;
      this.calls.counters.messagesOut += 1;
    }
    return count;
  }

  async recv(size: number, options?: WaitOptions & Flags): Promise<Buffer> {
    checkSize(size);
    const { flags } = part(options);
    let data = Buffer.alloc(0);
    const attempt = (): number => this.#into(size, flags, new Came(), (came) => (data = came));
    await this.calls.run(READABLE, attempt, 'recv', options);
    return data;
  }

  recvSync(size: number, options?: SyncOptions & Flags): Buffer {
    checkSize(size);
    const { flags } = part(options);
    const buffer = Buffer.alloc(size);
    const count = this.#fillSync(buffer, flags, 'recv', options);
    return buffer.subarray(0, Math.min(count, size));
  }

  /** A receive into a Buffer of its own, which is given on where something came. */
  #into(size: number, flags: number, came: Came, keep: (data: Buffer<ArrayBuffer>) => void): number {
    // Only as much as is there: a megabyte's room for every try would be dear.
    const there = this.station?.readable ?? 0;
    const buffer = Buffer.alloc(Math.min(size, Math.max(there, 1)));
    const count = this.take([buffer], flags, came);
    if (count >= 0) keep(buffer.subarray(0, Math.min(count, size)));
    return count;
  }

  /** MSG_WAITALL fills the buffer, on streams. */
  #fillSync(buffer: Uint8Array, flags: number, syscall: string, options: SyncOptions | undefined): number {
    const { MSG_WAITALL, MSG_PEEK, MSG_DONTWAIT, SOCK_STREAM } = constants;
    const fills = flags & MSG_WAITALL && !(flags & (MSG_PEEK | MSG_DONTWAIT)) && this.type === SOCK_STREAM;
    let done = 0;
    const attempt = (): number => {
      for (;;) {
        const count = this.take([buffer.subarray(done)], flags);
        if (!fills) return count;
        if (count > 0) done += count;
        if (count === 0 || done === buffer.length) return done;
        if (count < 0) return count === AGAIN || done === 0 ? count : done;
      }
    };
    try {
      return this.calls.block(READABLE, attempt, syscall, { ...options, flags });
    } catch (error) {
      if (done > 0) return done;
      throw error;
    }
  }

  async recvInto(buffer: Uint8Array, options?: Options): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.tryRecvInto(buffer, flags, offset, length);
    return this.calls.run(READABLE, attempt, 'recv', options);
  }

  recvIntoSync(buffer: Uint8Array, options?: Blocking): number {
    const { flags, offset, length } = part(options);
    return this.#fillSync(view('buffer', buffer, flags, offset, length), flags, 'recv', options);
  }

  tryRecvInto(buffer: Uint8Array, flags = 0, offset = 0, length: number = REST): number {
    return this.take([view('buffer', buffer, flags, offset, length)], flags);
  }

  async recvFrom(size: number, options?: WaitOptions & Flags): Promise<ReceivedFrom> {
    checkSize(size);
    const { flags } = part(options);
    let received: ReceivedFrom = { data: Buffer.alloc(0), address: NONE };
    const attempt = (): number => {
      const came = new Came();
      return this.#into(size, flags, came, (data) => {
        received = { data, address: came.address.slice() };
      });
    };
    await this.calls.run(READABLE, attempt, 'recvfrom', options);
    return received;
  }

  recvFromSync(size: number, options?: SyncOptions & Flags): ReceivedFrom {
    checkSize(size);
    const { flags } = part(options);
    let received: ReceivedFrom = { data: Buffer.alloc(0), address: NONE };
    const attempt = (): number => {
      const came = new Came();
      return this.#into(size, flags, came, (data) => {
        received = { data, address: came.address.slice() };
      });
    };
    this.calls.block(READABLE, attempt, 'recvfrom', options);
    return received;
  }

  async recvFromInto(buffer: Uint8Array, address: AddressBuffer, options?: Options): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.tryRecvFromInto(buffer, address, flags, offset, length);
    return this.calls.run(READABLE, attempt, 'recvfrom', options);
  }

  recvFromIntoSync(buffer: Uint8Array, address: AddressBuffer, options?: Blocking): number {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.tryRecvFromInto(buffer, address, flags, offset, length);
    return this.calls.block(READABLE, attempt, 'recvfrom', options);
  }

  tryRecvFromInto(
    buffer: Uint8Array,
    address: AddressBuffer,
    flags = 0,
    offset = 0,
    length: number = REST,
  ): number {
    const room = view('buffer', buffer, flags, offset, length);
    storage(address);
    const came = new Came();
    const count = this.take([room], flags, came);
    if (count >= 0) tell(came.address, address);
    return count;
  }

  async send(data: Uint8Array, options?: Options): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.trySend(data, flags, offset, length);
    return this.calls.run(WRITABLE, attempt, 'send', options);
  }

  sendSync(data: Uint8Array, options?: Blocking): number {
    const { flags, offset, length } = part(options);
    // As the kernel's: one that blocks sends all of it, unless something ends it.
    if (this.type === constants.SOCK_STREAM && !(flags & constants.MSG_DONTWAIT)) {
      const bytes = view('data', data, flags, offset, length);
      let sent = 0;
      const attempt = (): number => {
        do {
          const result = this.trySend(bytes, flags, sent);
          if (result < 0) return result === AGAIN || sent === 0 ? result : sent;
          sent += result;
        } while (sent < bytes.length);
        return sent;
      };
      try {
        return this.calls.block(WRITABLE, attempt, 'send', options);
      } catch (error) {
        if (sent > 0) return sent;
        throw error;
      }
    }
    const attempt = (): number => this.trySend(data, flags, offset, length);
    return this.calls.block(WRITABLE, attempt, 'send', options);
  }

  trySend(data: Uint8Array, flags = 0, offset = 0, length: number = REST): number {
    return this.put([view('data', data, flags, offset, length)], flags, undefined);
  }

  async sendTo(data: Uint8Array, address: Address, options?: Options): Promise<number> {
    const to = sockaddr(address);
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.trySendTo(data, to, flags, offset, length);
    return this.calls.run(WRITABLE, attempt, 'sendto', options);
  }

  sendToSync(data: Uint8Array, address: Address, options?: Blocking): number {
    const to = sockaddr(address);
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.trySendTo(data, to, flags, offset, length);
    return this.calls.block(WRITABLE, attempt, 'sendto', options);
  }

  trySendTo(data: Uint8Array, address: Address, flags = 0, offset = 0, length: number = REST): number {
    const to = sockaddr(address);
    return this.put([view('data', data, flags, offset, length)], flags, to);
  }

  async sendAll(data: Uint8Array | readonly Uint8Array[], options?: Options): Promise<void> {
    const all = this.#all(data, options);
    try {
      await this.calls.run(WRITABLE, all.attempt, all.syscall, options);
    } catch (error) {
      throw partly(error, all.sent());
    }
  }

  sendAllSync(data: Uint8Array | readonly Uint8Array[], options?: Blocking): void {
    const all = this.#all(data, options);
    try {
      this.calls.block(WRITABLE, all.attempt, all.syscall, options);
    } catch (error) {
      throw partly(error, all.sent());
    }
  }

  /** Sends as much as there is room for, until all is sent. */
  #all(
    data: Uint8Array | readonly Uint8Array[],
    options: (Flags & Range) | undefined,
  ): { attempt: () => number; syscall: string; sent: () => number } {
    if (Array.isArray(data)) {
      const { flags } = part(options);
      const gather = new Gather(data);
      const attempt = (): number => {
        while (!gather.done) {
          const result = this.put(gather.rest(), flags, undefined);
          if (result < 0) return result;
          gather.took(result);
        }
        return 0;
      };
      return { attempt, syscall: 'sendmsg', sent: () => gather.sent };
    }
    const { flags, offset, end } = whole(data as Uint8Array, options);
    let at = offset;
    const attempt = (): number => {
      do {
        const result = this.trySend(data as Uint8Array, flags, at, end - at);
        if (result < 0) return result;
        at += result;
      } while (at < end);
      return 0;
    };
    return { attempt, syscall: 'send', sent: () => at - offset };
  }
}
