/** The module's other ways to a socket object, and to a descriptor. */
import { Socket as Core, constants, errnos } from '@sockeye/core';
import type { ReturnedInet, ReturnedInet6 } from './address/family.ts';
import type { Address } from './address/registry.ts';
import { toInt, toLong, typeName } from './arguments.ts';
import { asPython, ExceptionGroup, OSError, systemError, typeError, ValueError } from './errors.ts';
import { duplicate, owner } from './open.ts';
import { shown } from './repr.ts';
import { getaddrinfo } from './resolver.ts';
import { fs } from './runtime.ts';
import { bind, type Signature, takesOne } from './signature.ts';
import { elsewhere } from './socket/endpoint.ts';
import { PythonSocket } from './socket/python-socket.ts';
import { socket } from './socket/socket.ts';
import type { Timeout } from './timeouts.ts';

const SOCKETPAIR: Signature = { name: 'socketpair', parameters: ['family', 'type', 'proto'] };
const FROMFD: Signature = { name: 'fromfd', parameters: ['fd', 'family', 'type', 'proto'], required: 3 };
const CREATE_CONNECTION: Signature = {
  name: 'create_connection',
  parameters: ['address', 'timeout', 'source_address', 'all_errors'],
  required: 1,
  positional: 3,
};
const CREATE_SERVER: Signature = {
  name: 'create_server',
  parameters: ['address', 'family', 'backlog', 'reuse_port', 'dualstack_ipv6'],
  required: 1,
  positional: 1,
};
const HAS_DUALSTACK: Signature = { name: 'has_dualstack_ipv6', parameters: [] };

/**
 * Two sockets that are connected to each other: socketpair(2). AF_UNIX and SOCK_STREAM unless given; keyword arguments
 * as an object.
 */
export function socketpair(
  family?: number | null,
  type?: number,
  proto?: number,
): [PythonSocket, PythonSocket];
export function socketpair(keywords: {
  family?: number | null;
  type?: number;
  proto?: number;
}): [PythonSocket, PythonSocket];
export function socketpair(...args: unknown[]): [PythonSocket, PythonSocket] {
  const [family, type = constants.SOCK_STREAM, proto = 0] = bind(SOCKETPAIR, args);
  // Python's own default is None.
  const [domain, kind, protocol] = [toInt(family ?? constants.AF_UNIX), toInt(type), toInt(proto)];
  const nonblocking = (kind & (constants.SOCK_NONBLOCK ?? 0)) !== 0;
  const flags = (constants.SOCK_NONBLOCK ?? 0) | (constants.SOCK_CLOEXEC ?? 0);
  const made = asPython(() => Core.socketpair(domain, kind & ~flags, protocol));
  const pair = made.map((core) => new PythonSocket(-1, -1, -1, core)) as [PythonSocket, PythonSocket];
  for (const end of pair) end.settimeout(nonblocking ? 0 : end.gettimeout());
  return pair;
}

/**
 * A socket object from a duplicate of a descriptor, which stays its owner's. No flag of the socket is changed.
 *
 * @throws OSError EBADF, ENOTSOCK
 */
export function fromfd(fd: number, family: number, type: number, proto?: number): PythonSocket;
export function fromfd(...args: unknown[]): PythonSocket {
  const [fd, family, type, proto = 0] = bind(FROMFD, args);
  const number = dup(toInt(fd));
  try {
    return socket(family as number, type as number, proto as number, number);
  } catch (error) {
    // The copy is nobody's then.
    fs().closeSync(number);
    throw error;
  }
}

/**
 * Another descriptor for the same open file or socket, which cannot be inherited: fcntl(2) F_DUPFD_CLOEXEC.
 *
 * @throws OSError EBADF, EMFILE
 */
export function dup(...args: [fd: number]): number {
  takesOne('_socket.dup', args);
  return asPython(() => duplicate(toLong(args[0]) | 0).detach());
}

/** Closes a descriptor, whoever has it: close(2). A socket object that had it is told EBADF at its next call. */
export function close(...args: [fd: number]): void {
  takesOne('_socket.close', args);
  const fd = toLong(args[0]) | 0;
  const core = owner(fd);
  if (core !== undefined) {
    asPython(() => core.close());
    return;
  }
  if (fd < 0) throw systemError(errnos.EBADF);
  try {
    fs().closeSync(fd);
  } catch (error) {
    const { errno } = error as { errno?: number };
    throw errno === undefined ? error : systemError(-errno, error);
  }
}

/** There on Windows only: throws TypeError. */
export function fromshare(_info: Uint8Array): never {
  throw elsewhere('fromshare()');
}

/** Keyword arguments of {@link create_connection}. */
export interface ConnectionKeywords {
  timeout?: Timeout;
  source_address?: Address | null;
  /** Raise an ExceptionGroup with what each address raised; otherwise the last one's error. */
  all_errors?: boolean;
}

/** Two values of what a caller gave for a tuple. */
function unpack(address: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(address)) throw typeError(`cannot unpack non-iterable ${typeName(address)} object`);
  const { length } = address;
  if (length < 2) throw new ValueError(`not enough values to unpack (expected 2, got ${length})`);
  if (length > 2) throw new ValueError('too many values to unpack (expected 2)');
  return [address[0], address[1]];
}

/**
 * A TCP connection to the first address of a host that takes one.
 *
 * @param address `[host, port]`
 * @param timeout seconds, null for none; the default timeout unless given
 * @param source_address what to bind to first
 */
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  timeout?: Timeout,
  source_address?: Address | null,
  keywords?: { all_errors?: boolean },
): PythonSocket;
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  keywords: ConnectionKeywords,
): PythonSocket;
export function create_connection(...args: unknown[]): PythonSocket {
  const [address, timeout, source_address, all_errors] = bind(CREATE_CONNECTION, args);
  const [host, port] = unpack(address) as [string | null, string | number];
  const errors: unknown[] = [];
  for (const [family, type, proto, , to] of getaddrinfo(host, port, 0, constants.SOCK_STREAM)) {
    let made: PythonSocket | undefined;
    try {
      made = socket(family, type, proto);
      if (timeout !== undefined) made.settimeout(timeout as Timeout);
      if (source_address) made.bind(source_address as Address);
      made.connect(to);
      return made;
    } catch (error) {
      made?.close();
      if (!(error instanceof OSError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length === 0) throw new OSError('getaddrinfo returns an empty list');
  if (all_errors) throw new ExceptionGroup('create_connection failed', errors);
  throw errors.at(-1);
}

/** Whether a socket can take connections over IPv4 and IPv6: ipv6(7) IPV6_V6ONLY. */
export function has_dualstack_ipv6(...surplus: never[]): boolean {
  bind(HAS_DUALSTACK, surplus);
  let probe: PythonSocket | undefined;
  try {
    probe = socket(constants.AF_INET6, constants.SOCK_STREAM);
    probe.setsockopt(constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, 0);
    return true;
  } catch (error) {
    if (error instanceof OSError) return false;
    throw error;
  } finally {
    probe?.close();
  }
}

/** Keyword arguments of {@link create_server}. */
export interface ServerKeywords {
  /** AF_INET unless given, or AF_INET6. */
  family?: number;
  /** How many may wait to be accepted; null for a reasonable number. */
  backlog?: number | null;
  /** SO_REUSEPORT: others may listen at the same address. */
  reuse_port?: boolean;
  /** With AF_INET6: IPv4 as well. */
  dualstack_ipv6?: boolean;
}

/**
 * A TCP socket that is bound, with SO_REUSEADDR, and listens.
 *
 * @param address `[host, port]`
 * @throws OSError, whose words name the address when it cannot be bound; ValueError for dual stack where there is none
 */
export function create_server(
  address: ReturnedInet | ReturnedInet6 | readonly [host: string, port: number],
  keywords?: ServerKeywords,
): PythonSocket;
export function create_server(...args: unknown[]): PythonSocket {
  const [address, given, backlog, reuse_port, dualstack_ipv6] = bind(CREATE_SERVER, args);
  const family = given === undefined ? constants.AF_INET : toInt(given);
  if (dualstack_ipv6) {
    if (!has_dualstack_ipv6()) throw new ValueError('dualstack_ipv6 not supported on this platform');
    if (family !== constants.AF_INET6) throw new ValueError('dualstack_ipv6 requires AF_INET6 family');
  }
  const made = socket(family, constants.SOCK_STREAM);
  const { SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT, IPPROTO_IPV6, IPV6_V6ONLY } = constants;
  try {
    try {
      made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    } catch (error) {
      // Families that have no ports have no such option either.
      if (!(error instanceof OSError)) throw error;
    }
    if (reuse_port) made.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    if (family === constants.AF_INET6) made.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, dualstack_ipv6 ? 0 : 1);
    bindNaming(made, address);
    if (backlog === undefined || backlog === null) made.listen();
    else made.listen(backlog as number);
    return made;
  } catch (error) {
    made.close();
    throw error;
  }
}

function bindNaming(made: PythonSocket, address: unknown): void {
  try {
    made.bind(address as Address);
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    const words = `${error.strerror ?? 'None'} (while attempting to bind on address ${shown(address)})`;
    throw Object.assign(new OSError(error.errno, words), { cause: error.cause });
  }
}
