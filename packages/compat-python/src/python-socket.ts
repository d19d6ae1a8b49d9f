/** Python's socket object over core's Socket. It blocks the thread, as Python does; see README.md on when that is right. */
import { inspect } from 'node:util';
import { AddressBuffer, Socket as Core, constants, errnos, type SyncOptions } from '@sockeye/core';
import type { RetAddress } from './address/family.ts';
import { type Address, fromSockaddr, toSockaddr } from './address/index.ts';
import {
  type BytesLike,
  positional,
  takesOne,
  toBytes,
  toInt,
  toLong,
  toSize,
  toWritable,
} from './arguments.ts';
import { asPython, plainError, pythonError, systemError, typeError, ValueError } from './errors.ts';
import { remember } from './open.ts';
import { repr } from './repr.ts';
import { getdefaulttimeout, type Timeout, toTimeout } from './timeouts.ts';

/** `setsockopt` and the like take no larger buffer, says Python. */
const OPTION_MAX = 1024;
/** Python's own choice where the caller makes none, and the header allows it. */
const BACKLOG = 128;
/** The longest wait that core takes, in milliseconds: longer ones have no end. */
const LONGEST = 0x7fffffff;

/** What every wait of a socket with this timeout is told. */
function patience(timeout: Timeout): SyncOptions | undefined {
  if (timeout === null || timeout * 1000 > LONGEST) return undefined;
  return { timeout: timeout * 1000 };
}

const AT_ONCE = (constants.MSG_DONTWAIT ?? 0) | (constants.MSG_ERRQUEUE ?? 0);

const HEEDED_WHEN_BLOCKING = (constants.MSG_WAITALL ?? 0) | (constants.MSG_DONTWAIT ?? 0);

/** Type flags that are no type. */
const TYPE_FLAGS = (constants.SOCK_NONBLOCK ?? 0) | (constants.SOCK_CLOEXEC ?? 0);

/** A socket object: what `socket()` makes. */
export class PythonSocket {
  readonly #core: Core;
  #timeout: Timeout = null;
  /** Undefined where there is no end to waiting: core's shortest way. */
  #patience: SyncOptions | undefined;

  /** As Python's: family AF_INET, type SOCK_STREAM, proto 0 unless given; of a `fileno`, what it is. */
  constructor(...args: readonly unknown[]) {
    const given = positional('socket', ['family', 'type', 'proto', 'fileno'], args);
    const fileno = given[3] ?? null;
    if (fileno instanceof Core) {
      // How this package itself passes on what it accepted or duplicated.
      this.#core = fileno;
      this.#start(false, true);
      return;
    }
    const overflow = 'Python int too large to convert to C int';
    const [family, type, proto] = [0, 1, 2].map((at) => toInt(given[at] ?? -1, overflow)) as [
      number,
      number,
      number,
    ];
    const nonblocking = type !== -1 && (type & (constants.SOCK_NONBLOCK ?? 0)) !== 0;
    const kind = type === -1 ? -1 : type & ~TYPE_FLAGS;
    this.#core = asPython(() =>
      fileno === null
        ? Core.create(
            // Where there is no native part there is no AF_INET either: core says so, at the call.
            family === -1 ? (constants.AF_INET ?? -1) : family,
            kind === -1 ? (constants.SOCK_STREAM ?? -1) : kind,
            proto === -1 ? 0 : proto,
          )
        : adopt(fileno, family, kind, proto),
    );
    this.#start(nonblocking, fileno !== null);
  }

  /** The timeout that a new socket has, and O_NONBLOCK as it says; that of a foreign descriptor stays where none is due. */
  #start(nonblocking: boolean, foreign: boolean): void {
    remember(this.#core.fd, this.#core);
    const timeout = nonblocking ? 0 : getdefaulttimeout();
    this.#setTimeout(timeout);
    if (!foreign || (timeout !== null && !nonblocking)) this.#setFlag();
  }

  #setTimeout(timeout: Timeout): void {
    this.#timeout = timeout;
    this.#patience = patience(timeout);
  }

  #setFlag(): void {
    try {
      this.#core.blocking = this.#timeout === null;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** `AF_…`. */
  get family(): number {
    return this.#core.family;
  }

  /** `SOCK_…`, without SOCK_NONBLOCK and SOCK_CLOEXEC. */
  get type(): number {
    return this.#core.type;
  }

  /** `IPPROTO_…`, `CAN_…`: as it was given. */
  get proto(): number {
    return this.#core.protocol;
  }

  /** Seconds, null for none: as `gettimeout()`. */
  get timeout(): Timeout {
    return this.#timeout;
  }

  /** Gives the socket its own address: bind(2). */
  bind(address: Address, ...none: never[]): void {
    takesOne('bind', 1 + none.length);
    const to = this.#address(address, 'bind');
    asPython(() => this.#core.bind(to));
  }

  /** Lets others connect: listen(2). `backlog` is how many may wait, 128 unless given. */
  listen(backlog: number = Math.min(constants.SOMAXCONN, BACKLOG)): void {
    const most = Math.max(toInt(backlog), 0);
    asPython(() => this.#core.listen(most));
  }

  /** The next connection: a socket, and the peer's address. The socket blocks unless there is a default timeout. */
  accept<A extends RetAddress = RetAddress>(): [conn: PythonSocket, address: A] {
    const from = new AddressBuffer();
    let core: Core;
    try {
      core = this.#core.acceptSync({ ...this.#patience, address: from });
    } catch (error) {
      throw this.#failed(error);
    }
    const conn = new PythonSocket(-1, -1, -1, core);
    conn.#setFlag();
    return [conn, fromSockaddr(from.view()) as A];
  }

  /**
   * Connects, or for datagrams chooses the peer: connect(2).
   *
   * @throws OSError: ConnectionRefusedError, TimeoutError, BlockingIOError (EINPROGRESS) on a socket that does not wait
   */
  connect(address: Address, ...none: never[]): void {
    takesOne('connect', 1 + none.length);
    const to = this.#address(address, 'connect');
    try {
      const errno = this.#connect(to);
      if (errno !== 0) throw systemError(errno);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** As `connect`, but what the kernel says is returned: 0, or a positive error number. */
  connect_ex(address: Address, ...none: never[]): number {
    takesOne('connect_ex', 1 + none.length);
    const to = this.#address(address, 'connect_ex');
    try {
      return this.#connect(to);
    } catch (error) {
      const { errno, code } = error as { errno?: number; code?: string };
      if (code === 'ERR_SOCKET_TIMEOUT') return errnos.EAGAIN;
      if (errno === undefined) throw error;
      return -errno;
    }
  }

  /** 0 or a positive error number; on a socket that waits, core throws. */
  #connect(to: Uint8Array): number {
    // Python does not wait for room in the backlog of a Unix socket, which is what core would do.
    const once = this.#timeout === 0 || (this.#timeout !== null && this.family === constants.AF_UNIX);
    if (once) return -this.#core.tryConnect(to);
    this.#core.connectSync(to, this.#patience);
    return 0;
  }

  /**
   * Up to `bufsize` bytes, or one message cut to that: recv(2). Empty at the end of a stream.
   *
   * @throws TimeoutError, BlockingIOError, ConnectionResetError, …
   */
  recv(bufsize: number, flags = 0): Buffer {
    const size = toSize(bufsize, 'negative buffersize in recv');
    const options = this.#options(flags);
    if (size === 0) return Buffer.alloc(0);
    try {
      return this.#core.recvSync(size, options);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Receives into `buffer`, up to `nbytes` of it where that is not 0, and says how many bytes came: recv(2). */
  recv_into(buffer: BytesLike, nbytes = 0, flags = 0): number {
    const view = toWritable(buffer, 'recv_into');
    const length = toSize(nbytes, 'negative buffersize in recv_into') || view.length;
    if (length > view.length) throw new ValueError('buffer too small for requested bytes');
    const options = this.#options(flags);
    if (length === 0) return 0;
    try {
      return this.#core.recvIntoSync(view, length === view.length ? options : { ...options, length });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** As `recv`, with the sender's address, which is null on a connected stream: recvfrom(2). */
  recvfrom<A extends RetAddress = RetAddress>(bufsize: number, flags = 0): [data: Buffer, address: A] {
    const size = toSize(bufsize, 'negative buffersize in recvfrom');
    try {
      const { data, address } = this.#core.recvFromSync(size, this.#options(flags));
      return [data, fromSockaddr(address) as A];
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** As `recv_into`, with the sender's address: recvfrom(2). */
  recvfrom_into<A extends RetAddress = RetAddress>(
    buffer: BytesLike,
    nbytes = 0,
    flags = 0,
  ): [nbytes: number, address: A] {
    const view = toWritable(buffer, 'recvfrom_into');
    const length = toSize(nbytes, 'negative buffersize in recvfrom_into') || view.length;
    if (length > view.length) throw new ValueError('nbytes is greater than the length of the buffer');
    const from = new AddressBuffer();
    try {
      const count = this.#core.recvFromIntoSync(view, from, { ...this.#options(flags), length });
      return [count, fromSockaddr(from.view()) as A];
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Sends, and says how many bytes the kernel took, which on a stream may be fewer than given: send(2). */
  send(data: BytesLike, flags = 0): number {
    const bytes = toBytes(data);
    try {
      return this.#core.sendSync(bytes, this.#options(flags));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Sends everything, in as many calls as it takes; the timeout is for the whole: send(2). */
  sendall(data: BytesLike, flags = 0): void {
    const bytes = toBytes(data);
    try {
      this.#core.sendAllSync(bytes, this.#options(flags));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Sends to an address: sendto(2). The flags stand before it where there are any. */
  sendto(data: BytesLike, address: Address): number;
  sendto(data: BytesLike, flags: number, address: Address): number;
  sendto(...args: unknown[]): number {
    if (args.length < 2 || args.length > 3) {
      throw typeError(`sendto() takes 2 or 3 arguments (${args.length} given)`);
    }
    const bytes = toBytes(args[0]);
    const options = this.#options(args.length === 3 ? args[1] : 0);
    const to = this.#address(args.at(-1), 'sendto');
    try {
      return this.#core.sendToSync(bytes, to, options);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Seconds that calls wait before they raise TimeoutError, fractions allowed; null waits for ever, 0 not at all. */
  settimeout(value: Timeout): void {
    this.#setTimeout(toTimeout(value));
    this.#setFlag();
  }

  /** The timeout in seconds, or null. */
  gettimeout(): Timeout {
    return this.#timeout;
  }

  /** `true` is `settimeout(null)`, `false` is `settimeout(0)`. */
  setblocking(flag: boolean): void {
    this.settimeout(flag ? null : 0);
  }

  /** Whether calls wait at all: the timeout is not 0. */
  getblocking(): boolean {
    return this.#timeout !== 0;
  }

  /** An option as the C int that most are, or with `buflen` as up to that many bytes (1 to 1024): getsockopt(2). */
  getsockopt(level: number, optname: number): number;
  getsockopt(level: number, optname: number, buflen: number): Buffer;
  getsockopt(level: number, optname: number, buflen = 0): number | Buffer {
    const [at, name, length] = [toInt(level), toInt(optname), toInt(buflen)];
    if (length < 0 || length > OPTION_MAX) throw plainError('getsockopt buflen out of range');
    return asPython(() =>
      length === 0 ? this.#core.getsockopt(at, name) : this.#core.getsockopt(at, name, length),
    );
  }

  /** Sets an option: a C int, or bytes as its manual page lays them out. setsockopt(2). */
  setsockopt(level: number, optname: number, value: number | boolean | BytesLike): void {
    const [at, name] = [toInt(level), toInt(optname)];
    let option: number | Uint8Array;
    try {
      option = toInt(value);
    } catch {
      option = toBytes(value);
    }
    asPython(() => this.#core.setsockopt(at, name, option));
  }

  /** Ends one or both directions: shutdown(2). `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. */
  shutdown(how: number): void {
    const direction = toInt(how);
    asPython(() => this.#core.shutdown(direction));
  }

  /** Closes the socket; twice is fine. Later calls raise EBADF. */
  close(): void {
    asPython(() => this.#core.close());
  }

  /** Gives the descriptor to the caller, open; -1 when the socket is closed. */
  detach(): number {
    return this.#core.closed ? -1 : asPython(() => this.#core.detach());
  }

  /** Another socket object with a descriptor of its own for the same socket; it cannot be inherited. */
  dup(): this {
    const core = asPython(() => this.#core.dup());
    const copy = new (this.constructor as new (...args: unknown[]) => this)(-1, -1, -1, core);
    copy.settimeout(this.#timeout);
    return copy;
  }

  /** The descriptor; -1 when the socket is closed. */
  fileno(): number {
    return this.#core.fd;
  }

  /** The socket's own address: getsockname(2). */
  getsockname<A extends RetAddress = RetAddress>(): A {
    return fromSockaddr(asPython(() => this.#core.getsockname())) as A;
  }

  /** The peer's address: getpeername(2). Throws OSError ENOTCONN. */
  getpeername<A extends RetAddress = RetAddress>(): A {
    return fromSockaddr(asPython(() => this.#core.getpeername())) as A;
  }

  /** What Python's repr() shows. */
  toString(): string {
    return repr(this);
  }

  /** Python's `with`: `using s = socket.socket()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #address(address: unknown, caller: string): Uint8Array {
    return toSockaddr(address, { caller, family: this.family, proto: this.proto });
  }

  #options(flags: unknown): (SyncOptions & { flags?: number }) | undefined {
    if (flags === 0) return this.#patience;
    const number = toInt(flags);
    // The kernel does not wait with these, whatever the socket does.
    if (this.#timeout === null && (number & AT_ONCE) !== 0) return { timeout: 0, flags: number };
    // With a timeout Python's descriptor does not block, so the kernel heeds no MSG_WAITALL; and Python waits by poll(2)
    // and asks again, so that MSG_DONTWAIT changes nothing.
    return { ...this.#patience, flags: this.#timeout === null ? number : number & ~HEEDED_WHEN_BLOCKING };
  }

  #failed(error: unknown): unknown {
    return pythonError(error, this.#timeout !== null && this.#timeout !== 0);
  }
}

function adopt(fileno: unknown, family: number, type: number, protocol: number): Core {
  const fd = toLong(fileno);
  if (fd < 0) throw new ValueError('negative file descriptor');
  const known: { family?: number; type?: number; protocol?: number } = {};
  if (family !== -1) known.family = family;
  if (type !== -1) known.type = type;
  if (protocol !== -1) known.protocol = protocol;
  return Core.fromFd(toInt(fd), known);
}

Object.defineProperty(PythonSocket.prototype, inspect.custom, {
  value(this: PythonSocket): string {
    return repr(this);
  },
});
