/** The module's other ways to a socket object. */
import { Socket as Core, constants } from '@sockeye/core';
import type { Address } from './address/index.ts';
import { positional, toInt } from './arguments.ts';
import { asPython, OSError, ValueError } from './errors.ts';
import { duplicate } from './open.ts';
import { PythonSocket } from './python-socket.ts';
import { getaddrinfo } from './resolver.ts';
import { socket } from './socket.ts';
import type { Timeout } from './timeouts.ts';

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
  const [family, type = constants.SOCK_STREAM, proto = 0] = positional(
    'socketpair',
    ['family', 'type', 'proto'],
    args,
  );
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
 * @throws OSError EBADF, ENOTSOCK; EBUSY when a Socket of `@sockeye/core` that is not this module's owns it
 */
export function fromfd(fd: number, family: number, type: number, proto = 0): PythonSocket {
  const copy = duplicate(toInt(fd));
  const number = copy.detach();
  try {
    return socket(family, type, proto, number);
  } catch (error) {
    // The copy is nobody's then.
    Core.fromFd(number).close();
    throw error;
  }
}

/** Keyword arguments of {@link create_connection}. */
export interface ConnectionKeywords {
  timeout?: Timeout;
  source_address?: Address | null;
  /** Raise an AggregateError (Python's ExceptionGroup) with what each address raised; otherwise the last one's error. */
  all_errors?: boolean;
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
): PythonSocket;
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  keywords: ConnectionKeywords,
): PythonSocket;
export function create_connection(...args: unknown[]): PythonSocket {
  const parameters = ['address', 'timeout', 'source_address', 'all_errors'];
  const [address, timeout, source_address, all_errors] = positional('create_connection', parameters, args);
  if (!Array.isArray(address) || address.length !== 2) {
    throw new ValueError('create_connection() takes an address of two elements (host, port)');
  }
  const [host, port] = address as [string | null, string | number];
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
  if (all_errors === true) throw new AggregateError(errors, 'create_connection failed');
  throw errors.at(-1);
}
