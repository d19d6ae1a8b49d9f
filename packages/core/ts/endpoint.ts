import { type Address, AddressBuffer, sockaddr, storage } from './address.ts';
import { checkOption, type Kind, patience, type SyncOptions } from './arguments.ts';
import { native } from './binding.ts';
import { checkBytes, checkInt, checkInteger, wrongType } from './check.ts';
import { connect } from './connect.ts';
import { constants, errnos } from './constants.ts';
import type { Counters } from './counters.ts';
import { Descriptor } from './descriptor.ts';
import { droppedSockets, place } from './dropped.ts';
import { systemError } from './errors.ts';
import { closed, hasConnected } from './events.ts';
import type { Handle } from './handle.ts';
import { type Directions, pollEvents, type Ready, ready } from './ready.ts';
import { ANSWER, MAKE, type OptionForms, PROGRAM } from './sockopt.ts';
import type { WaitOptions } from './wait.ts';

/** What the native part writes numbers and addresses into; read before the next call. */
const out: Int32Array = new Int32Array(1);
const outBytes: Uint8Array = new Uint8Array(out.buffer);
/** Below the least `int` are failures of the call that reads one, by so much. */
const INT_MIN = -0x80000000;
const BELOW: number = 2 ** 32;
/** Slot and generation of a descriptor that an option made. */
const made: Int32Array = new Int32Array(2);
const scratch: AddressBuffer = new AddressBuffer();
const scratchWhole: Uint8Array = storage(scratch);

/** `struct linger` { 1, 0 }. */
const NO_LINGER: Uint8Array = new Uint8Array(Int32Array.of(1, 0).buffer);

/** What an endpoint holds, for the adapters beside it that move its bytes; not for callers. */
export let handleOf: (endpoint: Endpoint) => Handle;

/** An open socket, and all that is done to it but moving bytes, which its one subclass does. */
export class Endpoint implements Kind {
  static {
    handleOf = (endpoint) => endpoint.handle;
  }

  /** @internal */
  protected readonly handle: Handle;

  protected constructor(handle: Handle) {
    this.handle = handle;
    handle.socket = this;
    const { slot, generation } = handle;
    droppedSockets.register(handle, place(slot, generation), handle);
  }

  /** `constants.AF_…`. */
  get family(): number {
    return this.handle.family;
  }

  /** `constants.SOCK_…`. */
  get type(): number {
    return this.handle.type;
  }

  /** `constants.IPPROTO_…` or the family's own, as it was given: 0 for the family's default. */
  get protocol(): number {
    return this.handle.protocol;
  }

  /** The descriptor; -1 when closed or given away. */
  get fd(): number {
    return this.handle.fd;
  }

  /** Whether the socket was closed or given away. */
  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Whether O_NONBLOCK is clear: fcntl(2). All descriptors of the socket share it, so it says how others wait who have
   * one; the calls of this class wait as their names say.
   */
  get blocking(): boolean {
    const { slot, generation } = this.handle;
    return this.handle.done(native.isBlocking(slot, generation), 'fcntl') === 1;
  }

  set blocking(blocking: boolean) {
    if (typeof blocking !== 'boolean') throw wrongType('blocking', 'a boolean', blocking);
    const { slot, generation } = this.handle;
    this.handle.done(native.setBlocking(slot, generation, blocking), 'fcntl');
  }

  /** Gives the socket its own address: bind(2). */
  bind(address: Address): void {
    const bytes = sockaddr(address);
    const { slot, generation } = this.handle;
    this.handle.done(native.bind(slot, generation, bytes), 'bind', bytes);
  }

  /** Lets others connect: listen(2). `backlog` is how many may wait to be accepted. */
  listen(backlog: number = constants.SOMAXCONN): void {
    checkInt('backlog', backlog);
    const { slot, generation } = this.handle;
    this.handle.done(native.listen(slot, generation, backlog), 'listen');
  }

  /** Connects, or for datagrams chooses the peer: connect(2). */
  async connect(address: Address, options?: WaitOptions): Promise<void> {
    const bytes = sockaddr(address);
    await connect(this.handle, bytes, options);
    hasConnected(this, bytes);
  }

  /** As {@link connect}, blocking this thread. */
  connectSync(address: Address, options?: SyncOptions): void {
    const bytes = sockaddr(address);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    this.handle.done(native.connectSync(slot, generation, bytes, timeout, interruptible), 'connect', bytes);
    hasConnected(this, bytes);
  }

  /** Starts to connect: 0, `-EINPROGRESS` or another `-errno`. */
  tryConnect(address: Address): number {
    return native.connect(this.handle.slot, this.handle.generation, sockaddr(address));
  }

  /**
   * Waits until the socket is ready, for callers who make the call themselves: poll(2), on the event loop. The call may
   * still say EAGAIN, since others may have been quicker.
   *
   * @param options what to wait for, of `read`, `write` and `exceptional` at least one; a hang-up or an error always counts
   * @throws SocketError ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when the socket is closed meanwhile, EBADF
   */
  async wait(options: WaitOptions & Directions): Promise<Ready> {
    const events = pollEvents(options);
    return ready(await this.handle.look(events, options), events);
  }

  /** As {@link wait}, blocking this thread: ppoll(2). */
  waitSync(options: SyncOptions & Directions): Ready {
    const events = pollEvents(options);
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.handle;
    const stands = native.pollSync(slot, generation, events, timeout, interruptible);
    return ready(this.handle.done(stands, 'poll'), events);
  }

  /**
   * Which of `events` (`constants.POLLIN`, `POLLOUT`, `POLLPRI` …) stand now, with POLLERR and POLLHUP; 0 for none, or
   * `-errno`: poll(2). Allocates nothing.
   */
  tryWait(events: number): number {
    checkInteger('events', events, 0, 0x7fff);
    return native.poll(this.handle.slot, this.handle.generation, events);
  }

  /** Has waits on this socket keep the event loop alive, as they do from the beginning. */
  ref(): this {
    this.handle.referenced = true;
    return this;
  }

  /** Lets the process end although calls wait on this socket; their timeouts too do not hold it. */
  unref(): this {
    this.handle.referenced = false;
    return this;
  }

  /** Whether waits on this socket keep the event loop alive. */
  hasRef(): boolean {
    return this.handle.referenced;
  }

  /**
   * What has happened so far, a copy: bytes and messages, in every form; and waits, of the Promise forms. It stays when the socket
   * is closed.
   */
  get counters(): Counters {
    return this.handle.counters;
  }

  /** Ends one or both directions: shutdown(2). `how` is `constants.SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`. */
  shutdown(how: number): void {
    checkInt('how', how);
    const { slot, generation } = this.handle;
    this.handle.done(native.shutdown(slot, generation, how), 'shutdown');
  }

  /** The socket's own address, a sockaddr: getsockname(2). */
  getsockname(): Uint8Array {
    const { slot, generation } = this.handle;
    this.handle.done(native.getsockname(slot, generation, scratchWhole), 'getsockname');
    return scratch.copy();
  }

  /** The peer's address, a sockaddr: getpeername(2). */
  getpeername(): Uint8Array {
    const { slot, generation } = this.handle;
    this.handle.done(native.getpeername(slot, generation, scratchWhole), 'getpeername');
    return scratch.copy();
  }

  /**
   * An option: the C `int` that most are, or up to `length` bytes as its manual page lays them out. getsockopt(2).
   *
   * @param level `constants.SOL_SOCKET`, `IPPROTO_TCP`, …
   * @param name `constants.SO_…`, `TCP_…`, …
   */
  getsockopt(level: number, name: number): number;
  getsockopt(level: number, name: number, length: number): Buffer;
  getsockopt(level: number, name: number, length?: number): number | Buffer {
    checkInt('level', level);
    checkInt('name', name);
    const { slot, generation } = this.handle;
    if (length === undefined) {
      const value = native.getsockoptInt(slot, generation, level, name);
      return value < INT_MIN ? this.handle.done(value + BELOW, 'getsockopt') : value;
    }
    const value = Buffer.alloc(checkInteger('length', length, 0, 1 << 20));
    const written = native.getsockoptBytes(slot, generation, level, name, value);
    return value.subarray(0, this.handle.done(written, 'getsockopt'));
  }

  /** Sets an option: a C `int` (unsigned ones too), or bytes as its manual page lays them out. setsockopt(2). */
  setsockopt(level: number, name: number, value: number | Uint8Array): void {
    checkInt('level', level);
    checkInt('name', name);
    const { slot, generation } = this.handle;
    const result =
      typeof value === 'object'
        ? native.setsockoptBytes(slot, generation, level, name, checkBytes('value', value))
        : native.setsockoptInt(slot, generation, level, name, checkOption(value));
    this.handle.done(result, 'setsockopt');
  }

  static {
    // What `@sockeye/core/options` needs beside getsockopt and setsockopt, and knows how to use: see sockopt.ts.
    const forms: OptionForms & ThisType<Endpoint> = {
      [ANSWER](level, name, value) {
        const { slot, generation } = this.handle;
        return this.handle.done(native.getsockoptBytes(slot, generation, level, name, value), 'getsockopt');
      },
      [MAKE](level, name) {
        const { slot, generation } = this.handle;
        this.handle.done(native.getsockoptDescriptor(slot, generation, level, name, made), 'getsockopt');
        return new Descriptor(made[0] as number, made[1] as number);
      },
      [PROGRAM](level, name, program) {
        const { slot, generation } = this.handle;
        this.handle.done(native.setsockoptProgram(slot, generation, level, name, program), 'setsockopt');
      },
    };
    Object.assign(Endpoint.prototype, forms);
  }

  /**
   * What ioctl(2) says of the socket: an `int`, or bytes that are read and written in place. Requests are known by number, with
   * the size of their argument: FIONREAD (SIOCINQ), SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, SIOCGSTAMP and its kin, SIOCGIF… and
   * SIOCSIF… with a `struct ifreq`; tcp(7), udp(7), netdevice(7).
   *
   * @returns without an argument the integer that the kernel wrote, else what ioctl returned
   * @throws SocketError EOPNOTSUPP for a request that is not known, EINVAL when the argument is too short for it
   */
  ioctl(request: number, argument?: Uint8Array): number {
    checkInteger('request', request, 0, 0xffffffff);
    if (argument !== undefined) checkBytes('argument', argument);
    const { slot, generation } = this.handle;
    const result = native.ioctl(slot, generation, request, argument ?? outBytes);
    if (result === -errnos.EOPNOTSUPP) {
      const words = 'this request is not among those whose argument has a size that is known';
      throw systemError(result, 'ioctl', words);
    }
    this.handle.done(result, 'ioctl');
    return argument === undefined ? (out[0] as number) : result;
  }

  /** Whether the next byte of a stream is the one that urgent data came with: sockatmark(3). */
  atMark(): boolean {
    return this.ioctl(constants.SIOCATMARK) !== 0;
  }

  /**
   * Closes a connection so that the peer is told it was reset, and what was not sent yet is thrown away: SO_LINGER with no time,
   * then close(2); socket(7).
   */
  reset(): void {
    this.setsockopt(constants.SOL_SOCKET, constants.SO_LINGER, NO_LINGER);
    this.close();
  }

  /**
   * Closes the descriptor: close(2). Calls that wait fail with ECANCELED, later ones with EBADF; closing twice is fine.
   *
   * @throws SocketError EBADF when something else had closed the descriptor; whoever has its number now keeps it
   */
  close(): void {
    if (this.closed) return;
    const { slot, generation, fd } = this.forget();
    const result = native.close(slot, generation);
    const words = `something else in this process had closed descriptor ${fd}`;
    if (result < 0) throw systemError(result, 'close', words);
  }

  /**
   * Refuses calls from now on, fails those that wait, and says what was held.
   * @internal
   */
  protected forget(): { slot: number; generation: number; fd: number } {
    const { slot, generation, fd } = this.handle;
    droppedSockets.unregister(this.handle);
    this.handle.leave();
    if (closed.hasSubscribers) closed.publish({ socket: this, counters: this.counters });
    return { slot, generation, fd };
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** What console.log shows of a socket. */
Object.defineProperty(Endpoint.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Endpoint): string {
    const { fd, family, type, protocol } = this;
    return `Socket { fd: ${fd}, family: ${family}, type: ${type}, protocol: ${protocol} }`;
  },
});
