import { type Address, type AddressBuffer, sockaddr, storage } from './address.ts';
import type { AcceptOptions, Kind, Known, SyncOptions, Ticket } from './arguments.ts';
import { checkKind, checkKnown, checkTicket, patience } from './arguments.ts';
import { native } from './binding.ts';
import { checkInteger, checkOptions } from './check.ts';
import { type FirstData, finishConnect, firstData, remaining } from './connect.ts';
import { constants, errnos } from './constants.ts';
import { type Descriptor, isDescriptor } from './descriptor.ts';
import { systemError } from './errors.ts';
import { accepted as acceptedChannel, hasConnected, opened } from './events.ts';
import { Files } from './files.ts';
import { Handle, waiting } from './handle.ts';
import { hint } from './hints/index.ts';
import { makeIn, type NamespaceOptions, namespaceOf } from './netns.ts';
import { READABLE, type WaitOptions } from './wait.ts';

/** What the native part writes numbers into; read before the next call. */
const out: Int32Array = new Int32Array(4);

/**
 * A socket of any family, type and protocol that the kernel knows; socket(7).
 *
 * Calls that can wait come in three forms: a Promise (`recvInto`), blocking this thread (`recvIntoSync`), and not waiting
 * at all (`tryRecvInto`, which returns `-errno` and allocates nothing). What fails in the kernel is a {@link SocketError};
 * after `close()` every call fails with EBADF, and those that waited fail with ECANCELED. Arguments of the wrong type or
 * range are refused with `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` before any system call.
 */
export class Socket extends Files {
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
    const socket = new Socket(new Handle(out[at] as number, out[at + 1] as number, kind));
    if (opened.hasSubscribers) opened.publish({ socket });
    return socket;
  }

  /** The connection that stands in `out`. */
  #accepted(): Socket {
    const socket = Socket.#made(this.handle);
    if (acceptedChannel.hasSubscribers) acceptedChannel.publish({ listener: this, socket });
    return socket;
  }

  /**
   * A new socket, close-on-exec and non-blocking: socket(2).
   *
   * @param options `netns` opens it in another network namespace, where it stays: setns(2) by a thread that lives for this
   *   call, so that none of Node.js's own moves
   * @throws SocketError EAFNOSUPPORT, EPROTONOSUPPORT, EPERM, EMFILE …, saying what mends it where that is known
   */
  static create(family: number, type: number, protocol = 0, options?: NamespaceOptions): Socket {
    const kind = checkKind(family, type, protocol);
    const netns = options === undefined ? undefined : namespaceOf(options, kind);
    const result =
      netns === undefined ? native.socket(family, type, protocol, out) : makeIn(netns, 'socketIn', kind, out);
    if (result < 0) throw systemError(result, 'socket', hint(result, { syscall: 'socket', ...kind }));
    return Socket.#made(kind);
  }

  /** Two sockets that are connected to each other, close-on-exec and non-blocking: socketpair(2). Options as in `create`. */
  static socketpair(
    family: number,
    type: number,
    protocol = 0,
    options?: NamespaceOptions,
  ): [Socket, Socket] {
    const kind = checkKind(family, type, protocol);
    const netns = options === undefined ? undefined : namespaceOf(options, kind);
    const result =
      netns === undefined
        ? native.socketpair(family, type, protocol, out)
        : makeIn(netns, 'socketpairIn', kind, out);
    if (result < 0) throw systemError(result, 'socketpair', hint(result, { syscall: 'socketpair', ...kind }));
    return [Socket.#made(kind, 0), Socket.#made(kind, 2)];
  }

  /**
   * Takes over a descriptor, which this socket closes from now on: a number, or one that came with a message. No flag of it
   * is changed before the first wait.
   *
   * @param known what is known of it; the kernel is asked for the rest
   * @throws SocketError EBADF when it is not open, ENOTSOCK when it is no socket, EBUSY when another Socket owns it
   */
  static fromFd(fd: number | Descriptor, known?: Known): Socket {
    checkKnown(known);
    if (isDescriptor(fd)) out.set(placeOf(fd));
    else adopt(fd);
    const [slot = 0, generation = 0] = out;
    const found = new Int32Array(3);
    const described = native.describe(slot, generation, found);
    if (isDescriptor(fd)) {
      // One that is no socket stays the caller's.
      if (described < 0) throw systemError(described, 'fromFd');
      fd.release();
    }
    return Socket.#made(foundKind(found, known));
  }

  /**
   * A socket that somebody else owns and keeps, by a descriptor of our own: fcntl(2) F_DUPFD_CLOEXEC.
   *
   * @param known what is known of it; the kernel is asked for the rest
   * @throws SocketError EBADF when it is not open, ENOTSOCK when it is no socket, EMFILE
   */
  static dupFd(fd: number, known?: Known): Socket {
    checkKnown(known);
    const result = native.dupFd(checkInteger('fd', fd, 0, 0x7fffffff), out);
    if (result < 0) throw systemError(result, 'fcntl');
    const found = new Int32Array(3);
    native.describe(out[0] as number, out[1] as number, found);
    return Socket.#made(foundKind(found, known));
  }

  /**
   * The socket that another thread of this process, or this one, gave away with {@link handOver}. It is this thread's from
   * now on, and of all that try only the first has it.
   *
   * @throws SocketError EBADF when the ticket was taken or is none, when its giver ended, and when something else closed
   *   the descriptor
   */
  static takeOver(ticket: Ticket): Socket {
    const { slot, generation, ...kind } = checkTicket(ticket);
    const result = native.takeOver(slot, generation, out);
    const words = 'the ticket was taken already, was never given, or its giver has ended';
    if (result < 0) throw systemError(result, 'takeOver', words);
    return Socket.#made(kind);
  }

  /**
   * Connects, or for datagrams chooses the peer: connect(2).
   *
   * @param options with `data`, its bytes are sent first, all of them: along with the first segment where TCP's fast open
   *   allows (tcp(7) MSG_FASTOPEN: net.ipv4.tcp_fastopen, and a cookie of the server's), otherwise once connected
   */
  override async connect(address: Address, options?: WaitOptions & FirstData): Promise<void> {
    const data = firstData(options);
    if (data === undefined) return super.connect(address, options);
    // All is checked before anything is on its way.
    waiting(options, 'connect');
    const left = remaining(options?.timeout);
    const to = sockaddr(address);
    const sent = this.#sendFirst(data, to);
    if (sent < 0 && sent !== -errnos.EINPROGRESS) await super.connect(to, options);
    else {
      await finishConnect(this.handle, to, options);
      hasConnected(this, to);
    }
    const offset = Math.max(0, sent);
    if (offset < data.length) await this.sendAll(data, { offset, timeout: left(), signal: options?.signal });
  }

  /** As {@link connect}, blocking this thread. */
  override connectSync(address: Address, options?: SyncOptions & FirstData): void {
    const data = firstData(options);
    if (data === undefined) {
      super.connectSync(address, options);
      return;
    }
    patience(options);
    const left = remaining(options?.timeout);
    const to = sockaddr(address);
    const sent = this.#sendFirst(data, to);
    if (sent < 0 && sent !== -errnos.EINPROGRESS) super.connectSync(to, options);
    else this.#finishConnectSync(to, options);
    const offset = Math.max(0, sent);
    if (offset < data.length) {
      this.sendAllSync(data, { offset, timeout: left(), interruptible: options?.interruptible });
    }
  }

  /** Fast open, of streams: datagrams take no notice of the flag, and would be sent without a peer. */
  #sendFirst(data: Uint8Array, to: Uint8Array): number {
    if (this.type !== constants.SOCK_STREAM) return -errnos.EOPNOTSUPP;
    return this.trySendTo(data, to, constants.MSG_FASTOPEN);
  }

  #finishConnectSync(to: Uint8Array, options: SyncOptions | undefined): void {
    const { slot, generation } = this.handle;
    const { timeout, interruptible } = options ?? {};
    this.waitSync({ write: true, timeout, interruptible });
    this.handle.done(native.connected(slot, generation), 'connect', to);
    // Until it is asked once more, Linux takes the connection for one under way: a second connect would succeed.
    native.connect(slot, generation, to);
    hasConnected(this, to);
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
    return this.#accepted();
  }

  /** The next connection if one is there, else `-errno`. */
  tryAccept(address?: AddressBuffer): Socket | number {
    const whole = address === undefined ? undefined : storage(address);
    const result = native.accept(this.handle.slot, this.handle.generation, out, whole);
    return result < 0 ? result : this.#accepted();
  }

  /**
   * The next connections, as many as are there, at least one: accept4(2) until none is left. A failure after the first one
   * (EMFILE) is the next call's.
   *
   * @param most how many at most; 64 unless given
   */
  async acceptBatch(most = 64, options?: WaitOptions): Promise<Socket[]> {
    checkInteger('most', most, 1, 0x7fffffff);
    let accepted: Socket[] = [];
    const attempt = (): number => {
      const result = this.tryAcceptBatch(most);
      if (typeof result === 'number') return result;
      accepted = result;
      return 0;
    };
    await this.handle.run(READABLE, attempt, 'accept', options);
    return accepted;
  }

  /** As {@link acceptBatch}, blocking this thread. */
  acceptBatchSync(most = 64, options?: SyncOptions): Socket[] {
    checkInteger('most', most, 1, 0x7fffffff);
    const accepted = [this.acceptSync(options)];
    const more = most > 1 ? this.tryAcceptBatch(most - 1) : 0;
    return typeof more === 'number' ? accepted : accepted.concat(more);
  }

  /** The next connections if there are any, else `-errno`. */
  tryAcceptBatch(most = 64): Socket[] | number {
    checkInteger('most', most, 1, 0x7fffffff);
    const accepted: Socket[] = [];
    while (accepted.length < most) {
      const result = this.tryAccept();
      if (typeof result !== 'number') accepted.push(result);
      else if (accepted.length === 0) return result;
      else break;
    }
    return accepted;
  }

  /** Gives the descriptor to the caller, open, and forgets it. Calls that wait fail with ECANCELED. */
  detach(): number {
    const { slot, generation } = this.forget();
    return this.#given(native.detach(slot, generation), slot, generation, 'detach');
  }

  /**
   * Gives the socket to another thread of this process: the ticket is plain data for `postMessage`, and
   * {@link Socket.takeOver} makes a Socket of it there. No descriptor number travels. Calls that wait fail with ECANCELED,
   * later ones with EBADF. Until somebody takes it, the descriptor stays this thread's and closes when this thread ends.
   */
  handOver(): Ticket {
    const { family, type, protocol } = this;
    const { foreign } = this.handle;
    const { slot, generation } = this.forget();
    const next = this.#given(native.handOver(slot, generation), slot, generation, 'handOver');
    return { slot, generation: next, family, type, protocol, ...(foreign ? { foreign } : {}) };
  }

  /** What could not be given away, since something else had closed it, is let go of: its slot, and what watched it. */
  #given(result: number, slot: number, generation: number, syscall: string): number {
    if (result < 0) native.close(slot, generation);
    return this.handle.done(result, syscall);
  }

  /** A second Socket with a descriptor of its own for the same open socket: fcntl(2) F_DUPFD_CLOEXEC. */
  dup(): Socket {
    const { slot, generation } = this.handle;
    this.handle.done(native.dup(slot, generation, out), 'fcntl');
    return Socket.#made(this.handle);
  }
}

/** What the kernel found, unless the caller knows better. */
function foundKind(found: Int32Array, known: Known = {}): Kind {
  const [family = 0, type = 0, protocol = 0] = found;
  return {
    family: known.family ?? family,
    type: known.type ?? type,
    protocol: known.protocol ?? protocol,
  };
}

/** Slot and generation of a descriptor that the table has. */
function placeOf(descriptor: Descriptor): [number, number] {
  const { slot, generation } = descriptor.place;
  return [slot, generation];
}

/** Has the table own a descriptor from outside; `out` says where. */
function adopt(fd: number): void {
  const result = native.fromFd(checkInteger('fd', fd, 0, 0x7fffffff), out);
  if (result === -errnos.EBUSY) {
    throw systemError(result, 'fromFd', 'another Socket owns this descriptor: use its dup()');
  }
  if (result < 0) throw systemError(result, 'fromFd');
}
