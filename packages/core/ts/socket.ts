import { type Address, AddressBuffer, sockaddr, storage } from './address.ts';
import { BAD_ARGUMENT, native, REST } from './binding.ts';
import { checkInt, checkInteger, checkOptions } from './check.ts';
import { errnos } from './constants.ts';
import { Endpoint } from './endpoint.ts';
import { systemError } from './errors.ts';
import { Handle } from './handle.ts';
import { hint } from './hints/index.ts';
import type { AcceptOptions, Flags, Kind, Known, Range, ReceivedFrom, SyncOptions } from './options.ts';
import {
  checkKind,
  checkSize,
  explained,
  MOST,
  odd,
  part,
  partly,
  patience,
  refuse,
  whole,
} from './options.ts';
import { keep, room, start } from './pool.ts';
import { AGAIN, READABLE, type WaitOptions, WRITABLE } from './wait.ts';

/** What the native part writes numbers and addresses into; read before the next call. */
const out: Int32Array = new Int32Array(4);
const scratch: AddressBuffer = new AddressBuffer();
const scratchWhole: Uint8Array = storage(scratch);

// As bindings of their own the engine takes them for constants; as properties of `native` each call would look them up.
const { recv, recvfrom, send, sendto } = native;

/**
 * A socket of any family, type and protocol that the kernel knows; socket(7).
 *
 * Calls that can wait come in three forms: a Promise (`recvInto`), blocking this thread (`recvIntoSync`), and not waiting
 * at all (`tryRecvInto`, which returns `-errno` and allocates nothing). What fails in the kernel is a {@link SocketError};
 * after `close()` every call fails with EBADF, and those that waited fail with ECANCELED. Arguments of the wrong type or
 * range are refused with `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` before any system call.
 */
export class Socket extends Endpoint {
  /** Not for callers: {@link Socket.create}, {@link Socket.socketpair} and {@link Socket.fromFd} make sockets. */
  private constructor(handle: Handle) {
    if (!(handle instanceof Handle)) {
      const words = 'Socket has no constructor: use Socket.create(family, type, protocol)';
      throw Object.assign(new TypeError(words), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    }
    super(handle);
  }

  /** The socket whose slot and generation stand in `out`. */
  static #made(kind: Kind, at = 0): Socket {
    return new Socket(new Handle(out[at] as number, out[at + 1] as number, kind));
  }

  /**
   * A new socket, close-on-exec and non-blocking: socket(2).
   *
   * @throws SocketError EAFNOSUPPORT, EPROTONOSUPPORT, EPERM, EMFILE …, saying what mends it where that is known
   */
  static create(family: number, type: number, protocol = 0): Socket {
    const kind = checkKind(family, type, protocol);
    const result = native.socket(family, type, protocol, out);
    if (result < 0) throw systemError(result, 'socket', hint(result, { syscall: 'socket', ...kind }));
    return Socket.#made(kind);
  }

  /** Two sockets that are connected to each other, close-on-exec and non-blocking: socketpair(2). */
  static socketpair(family: number, type: number, protocol = 0): [Socket, Socket] {
    const kind = checkKind(family, type, protocol);
    const result = native.socketpair(family, type, protocol, out);
    if (result < 0) throw systemError(result, 'socketpair', hint(result, { syscall: 'socketpair', ...kind }));
    return [Socket.#made(kind, 0), Socket.#made(kind, 2)];
  }

  /**
   * Takes over a descriptor, which this socket closes from now on. No flag of it is changed before the first wait.
   *
   * @param known what is known of it; the kernel is asked for the rest
   * @throws SocketError EBADF when it is not open, ENOTSOCK when it is no socket, EBUSY when another Socket owns it
   */
  static fromFd(fd: number, known?: Known): Socket {
    const { family, type, protocol } = checkOptions(known);
    for (const [name, value] of Object.entries({ family, type, protocol })) {
      if (value !== undefined) checkInt(`known.${name}`, value);
    }
    const result = native.fromFd(checkInteger('fd', fd, 0, 0x7fffffff), out);
    if (result < 0) {
      const busy =
        result === -errnos.EBUSY ? 'another Socket owns this descriptor: use its dup()' : undefined;
      throw systemError(result, 'fromFd', busy);
    }
    const found = new Int32Array(3);
    native.describe(out[0] as number, out[1] as number, found);
    const [foundFamily = 0, foundType = 0, foundProtocol = 0] = found;
    return Socket.#made({
      family: family ?? foundFamily,
      type: type ?? foundType,
      protocol: protocol ?? foundProtocol,
    });
  }

  /** The next connection, close-on-exec and non-blocking: accept4(2). */
  async accept(options?: WaitOptions & AcceptOptions): Promise<Socket> {
    const address = checkOptions(options).address;
    let accepted: Socket | undefined;
    const attempt = (): number => {
      const result = this.tryAccept(address);
      if (typeof result === 'number') return result;
      accepted = result;
      return 0;
    };
    await this.handle.run(READABLE, attempt, 'accept', options);
    return accepted as Socket;
  }

  /** As {@link accept}, blocking this thread. */
  acceptSync(options?: SyncOptions & AcceptOptions): Socket {
    const { address } = checkOptions(options);
    const whole = address === undefined ? undefined : storage(address);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    this.handle.done(native.acceptSync(slot, generation, out, timeout, interruptible, whole), 'accept');
    return Socket.#made(this.handle);
  }

  /** The next connection if one is there, else `-errno`. */
  tryAccept(address?: AddressBuffer): Socket | number {
    const whole = address === undefined ? undefined : storage(address);
    const result = native.accept(this.handle.slot, this.handle.generation, out, whole);
    return result < 0 ? result : Socket.#made(this.handle);
  }

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
    const { flags } = part(options);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const space = room(size);
    const at = start(space);
    const count = native.recvSync(slot, generation, space, at, size, flags, timeout, interruptible);
    return keep(space, Math.min(this.handle.done(count, 'recv'), size));
  }

  /** Receives into `buffer` and says how many bytes: recv(2). 0 at the end of a stream. */
  async recvInto(buffer: Uint8Array, options?: WaitOptions & Flags & Range): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.tryRecvInto(buffer, flags, offset, length);
    return this.handle.run(READABLE, attempt, 'recv', options);
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
  async recvFromInto(
    buffer: Uint8Array,
    address: AddressBuffer,
    options?: WaitOptions & Flags & Range,
  ): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.tryRecvFromInto(buffer, address, flags, offset, length);
    return this.handle.run(READABLE, attempt, 'recvfrom', options);
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
  async send(data: Uint8Array, options?: WaitOptions & Flags & Range): Promise<number> {
    const { flags, offset, length } = part(options);
    const attempt = (): number => this.trySend(data, flags, offset, length);
    return this.handle.run(WRITABLE, attempt, 'send', options);
  }

  /** As {@link send}, blocking this thread. */
  sendSync(data: Uint8Array, options?: SyncOptions & Flags & Range): number {
    if (options === undefined) {
      const count = send(this.handle.slot, this.handle.generation, data);
      if (count > 0) return count;
      if (count !== AGAIN) return this.handle.moved(count, 'send', 'data', data, 0, REST);
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
   * Sends everything, in as many calls as it takes: send(2). Other sends on this socket wait behind it, so a stream's
   * bytes stay in order. When it fails, the error's `bytesSent` says how many bytes the kernel had taken.
   */
  async sendAll(data: Uint8Array, options?: WaitOptions & Flags & Range): Promise<void> {
    const { flags, offset, end } = whole(data, options);
    let at = offset;
    const attempt = (): number => {
      do {
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
  sendAllSync(data: Uint8Array, options?: SyncOptions & Flags & Range): void {
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

  /** Gives the descriptor to the caller, open, and forgets it. Calls that wait fail with ECANCELED. */
  detach(): number {
    const { slot, generation } = this.forget();
    return this.handle.done(native.detach(slot, generation), 'detach');
  }

  /** A second Socket with a descriptor of its own for the same open socket: fcntl(2) F_DUPFD_CLOEXEC. */
  dup(): Socket {
    const { slot, generation } = this.handle;
    this.handle.done(native.dup(slot, generation, out), 'fcntl');
    return Socket.#made(this.handle);
  }
}
