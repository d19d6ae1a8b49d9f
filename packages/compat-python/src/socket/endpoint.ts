/** The socket object, all but moving bytes. */
import { Socket as Core, constants, errnos } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import { type Address, toSockaddr } from '../address/registry.ts';
import { type BytesLike, noneOrType, toBytes, toInt, toInteger, toLong, toUint32 } from '../arguments.ts';
import { asPython, plainError, systemError, typeError, ValueError } from '../errors.ts';
import { owner, share } from '../open.ts';
import { bind, type Signature, takes, takesNone, takesOne, takesSelf } from '../signature.ts';
import { defaultTimeout, type Timeout, toTimeout } from '../timeouts.ts';
import { Held, type Kind, unwatch, watch } from './held.ts';

/** `setsockopt` and the like take no larger buffer, says Python. */
const OPTION_MAX = 1024;
/** Python's own choice where the caller makes none, and the header allows it. */
const BACKLOG = 128;
/** `sizeof(uint64_t)`. */
const WIDE = 8;
/** Type flags that are no type. */
const TYPE_FLAGS = (constants.SOCK_NONBLOCK ?? 0) | (constants.SOCK_CLOEXEC ?? 0);

const SOCKET: Signature = {
  name: 'socket.__init__',
  parameters: ['family', 'type', 'proto', 'fileno'],
  method: true,
};

/** What an endpoint holds, for the calls of this package that are beside the class. */
export let heldOf: (socket: Endpoint) => Held;

export class Endpoint {
  static {
    heldOf = (socket) => socket.held;
  }

  /** @internal */
  protected readonly held: Held;

  /** As Python's: family AF_INET, type SOCK_STREAM, proto 0 unless given; of a `fileno`, what it is. */
  constructor(...args: readonly unknown[]) {
    const given = bind(SOCKET, args);
    const fileno = given[3] ?? null;
    if (fileno instanceof Core) {
      // How this package itself passes on what it accepted or duplicated.
      this.held = new Held(fileno, {
        family: fileno.family,
        type: fileno.type,
        proto: fileno.protocol,
      });
      watch(this, this.held);
      this.#start(false, true);
      return;
    }
    const overflow = 'Python int too large to convert to C int';
    const [family, type, proto] = [0, 1, 2].map((at) =>
      toInt(given[at] === undefined ? -1 : given[at], overflow),
    ) as [number, number, number];
    const nonblocking = type !== -1 && (type & (constants.SOCK_NONBLOCK ?? 0)) !== 0;
    const kind = type === -1 ? -1 : type & ~TYPE_FLAGS;
    this.held = asPython(() =>
      fileno === null
        ? made({
            // Where there is no native part there is no AF_INET either: core says so, at the call.
            family: family === -1 ? (constants.AF_INET ?? -1) : family,
            type: kind === -1 ? (constants.SOCK_STREAM ?? -1) : kind,
            proto: proto === -1 ? 0 : proto,
          })
        : adopted(fileno, { family, type: kind, proto }),
    );
    watch(this, this.held);
    this.#start(nonblocking, fileno !== null);
  }

  /** The timeout that a new socket has, and O_NONBLOCK as it says; that of a foreign descriptor stays where none is due. */
  #start(nonblocking: boolean, foreign: boolean): void {
    const timeout = nonblocking ? 0 : defaultTimeout();
    this.held.setTimeout(timeout);
    if (!foreign || (timeout !== null && !nonblocking)) this.held.setFlag();
  }

  /** `AF_…`. */
  get family(): number {
    return this.held.family;
  }

  /** `SOCK_…`, without SOCK_NONBLOCK and SOCK_CLOEXEC. */
  get type(): number {
    return this.held.type;
  }

  /** `IPPROTO_…`, `CAN_…`: as it was given. */
  get proto(): number {
    return this.held.proto;
  }

  /** Seconds, null for none: as `gettimeout()`. */
  get timeout(): Timeout {
    return this.held.timeout;
  }

  /** Gives the socket its own address: bind(2). */
  bind(address: Address, ...surplus: never[]): void {
    takesOne('socket.bind', [address, ...surplus]);
    const to = this.address(address, 'bind');
    asPython(() => this.held.core.bind(to));
  }

  /** Lets others connect: listen(2). `backlog` is how many may wait, 128 unless given. */
  listen(backlog: number = Math.min(constants.SOMAXCONN, BACKLOG), ...surplus: never[]): void {
    if (surplus.length > 0) takes('listen', [backlog, ...surplus], 0, 1);
    const most = Math.max(toInt(backlog), 0);
    asPython(() => this.held.core.listen(most));
  }

  /** Seconds that calls wait before they raise TimeoutError, fractions allowed; null waits for ever, 0 not at all. */
  settimeout(value: Timeout, ...surplus: never[]): void {
    takesOne('socket.settimeout', [value, ...surplus]);
    this.held.setTimeout(toTimeout(value));
    this.held.setFlag();
  }

  /** The timeout in seconds, or null. */
  gettimeout(...surplus: never[]): Timeout {
    takesNone('socket.gettimeout', surplus);
    return this.held.timeout;
  }

  /** `true` is `settimeout(null)`, `false` is `settimeout(0)`. */
  setblocking(flag: boolean | number, ...surplus: never[]): void {
    takesOne('socket.setblocking', [flag, ...surplus]);
    // Python takes anything that is an integer.
    this.settimeout(toLong(flag) !== 0 ? null : 0);
  }

  /** Whether calls wait at all: the timeout is not 0. */
  getblocking(...surplus: never[]): boolean {
    takesNone('socket.getblocking', surplus);
    return this.held.timeout !== 0;
  }

  /** An option as the C int that most are, or with `buflen` as up to that many bytes (1 to 1024): getsockopt(2). */
  getsockopt(level: number, optname: number): number;
  getsockopt(level: number, optname: number, buflen: number): Buffer;
  getsockopt(...args: readonly unknown[]): number | Buffer {
    takes('getsockopt', args, 2, 3);
    const [at, name, length] = [toInt(args[0]), toInt(args[1]), toInt(args[2] === undefined ? 0 : args[2])];
    if (length < 0 || length > OPTION_MAX) throw plainError('getsockopt buflen out of range');
    const { core, family } = this.held;
    // VM sockets have integers of 64 bits, and Python knows.
    if (family === constants.AF_VSOCK) {
      if (length !== 0) throw plainError('getsockopt string buffer not allowed');
      const value = new Uint8Array(WIDE);
      value.set(asPython(() => core.getsockopt(at, name, WIDE)));
      return Number(new BigUint64Array(value.buffer)[0]);
    }
    return asPython(() => (length === 0 ? core.getsockopt(at, name) : core.getsockopt(at, name, length)));
  }

  /**
   * Sets an option: a C int, bytes as its manual page lays them out, or with null a length alone, as ALG_SET_AEAD_AUTHSIZE
   * takes it. setsockopt(2).
   */
  setsockopt(level: number, optname: number, value: number | boolean | BytesLike): void;
  setsockopt(level: number, optname: number, value: null, optlen: number): void;
  setsockopt(...args: readonly unknown[]): void {
    if (args.length === 4 && args[2] === null && isInteger(args[3]) && isInt(args[0]) && isInt(args[1])) {
      this.#setLength(toInt(args[0]), toInt(args[1]), toUint32(args[3]));
      return;
    }
    takes('setsockopt', args, 3, 3);
    const [at, name] = [toInt(args[0]), toInt(args[1])];
    let option: number | Uint8Array;
    try {
      option = this.held.family === constants.AF_VSOCK ? wide(args[2]) : toInt(args[2]);
    } catch (error) {
      // Nor do they take bytes.
      if (this.held.family === constants.AF_VSOCK) throw error;
      option = toBytes(args[2]);
    }
    asPython(() => this.held.core.setsockopt(at, name, option));
  }

  /** An option without a value, which only AF_ALG's are: others read it, and the kernel says EFAULT. */
  #setLength(level: number, name: number, length: number): void {
    const reads = level !== constants.SOL_ALG && length > 0;
    if (reads && !this.held.core.closed) throw systemError(errnos.EFAULT);
    asPython(() => this.held.core.setsockopt(level, name, new Uint8Array(Math.min(length, OPTION_MAX))));
  }

  /** Ends one or both directions: shutdown(2). `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. */
  shutdown(how: number, ...surplus: never[]): void {
    takesOne('socket.shutdown', [how, ...surplus]);
    const direction = toInt(how, 'Python int too large to convert to C int');
    asPython(() => this.held.core.shutdown(direction));
  }

  /** Closes the socket, when the last file on it is closed; twice is fine. Later calls raise EBADF. */
  close(...surplus: never[]): void {
    takesSelf('socket.close', surplus);
    const { held } = this;
    held.closing = true;
    if (held.files > 0) return;
    unwatch(held);
    held.close();
  }

  /** Gives the descriptor to the caller, open; -1 when the socket is closed. */
  detach(...surplus: never[]): number {
    takesSelf('socket.detach', surplus);
    this.held.closing = true;
    unwatch(this.held);
    return this.held.detach();
  }

  /** The descriptor; -1 when the socket is closed. */
  fileno(...surplus: never[]): number {
    takesNone('socket.fileno', surplus);
    return this.held.fd;
  }

  /** The socket's own address: getsockname(2). */
  getsockname<A extends RetAddress = RetAddress>(...surplus: never[]): A {
    takesNone('socket.getsockname', surplus);
    return this.held.getsockname() as A;
  }

  /** The peer's address: getpeername(2). Throws OSError ENOTCONN. */
  getpeername<A extends RetAddress = RetAddress>(...surplus: never[]): A {
    takesNone('socket.getpeername', surplus);
    return this.held.getpeername() as A;
  }

  /** What Python's repr() shows. */
  toString(): string {
    const { name } = this.constructor;
    return this.held.repr(name === 'socket' ? 'socket.socket' : name);
  }

  /** Python's `with`: `using s = socket.socket()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  protected address(address: unknown, caller: string): Uint8Array {
    const { family, proto, fd } = this.held;
    return toSockaddr(address, { caller, family, proto, closed: fd < 0 });
  }
}

Object.defineProperty(Endpoint.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Endpoint): string {
    return this.toString();
  },
});

/** An integer of 64 bits, which Python masks. */
function wide(value: unknown): Uint8Array {
  if (!isInteger(value)) throw typeError(`setsockopt() argument 3 must be int, not ${noneOrType(value)}`);
  const number = typeof value === 'bigint' ? value : BigInt(toInteger(value));
  return new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, number)).buffer);
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || typeof value === 'boolean' || typeof value === 'bigint';
}

function isInt(value: unknown): boolean {
  return isInteger(value) && Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31;
}

function made({ family, type, proto }: Kind): Held {
  return new Held(Core.create(family, type, proto), { family, type, proto });
}

/** Of a number: what it is, unless the caller knows better. One that an object here has is shared with that. */
function adopted(fileno: unknown, kind: Kind): Held {
  const fd = toLong(fileno);
  if (fd < 0) throw new ValueError('negative file descriptor');
  const known: { family?: number; type?: number; protocol?: number } = {};
  if (kind.family !== -1) known.family = kind.family;
  if (kind.type !== -1) known.type = kind.type;
  if (kind.proto !== -1) known.protocol = kind.proto;
  const shared = owner(toInt(fd));
  const core = shared ?? Core.fromFd(toInt(fd), known);
  try {
    // By this CPython learns the family; some, as AF_ALG, have no addresses and refuse.
    if (kind.family === -1) core.getsockname();
  } catch (error) {
    // The number stays the caller's.
    if (shared === undefined) core.detach();
    throw error;
  }
  if (shared !== undefined) share(shared);
  const { family = core.family, type = core.type } = known;
  const { protocol: proto = shared === undefined ? core.protocol : protocolOf(shared) } = known;
  return new Held(core, { family, type, proto });
}

/** What the kernel has, and not what somebody made the socket with, 0 for the family's own say: socket(7), SO_PROTOCOL. */
function protocolOf(core: Core): number {
  return core.getsockopt(constants.SOL_SOCKET, constants.SO_PROTOCOL);
}

/** The words of a method that other platforms have. */
export function elsewhere(what: string): Error {
  return Object.assign(typeError(`${what} is there on Windows only`), { code: 'ENOTSUP' });
}
