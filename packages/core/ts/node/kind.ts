/** What a Socket is by the kernel's word, and which of Node.js's classes can have it. */
import { wrongType, wrongValue } from '../check.ts';
import { constants as c, errnos } from '../constants.ts';
import type { SocketError } from '../errors.ts';
import type { Socket } from '../socket.ts';

/** What of a Socket's is used here: one of the package's other copy (CommonJS, ES module) has it as well. */
const used = ['getsockopt', 'setsockopt', 'getsockname', 'getpeername', 'tryRecvInto', 'dup', 'close'];

/** Refuses what is no open Socket. */
export function checkSocket(socket: Socket): Socket {
  const is = typeof socket === 'object' && socket !== null && 'closed' in socket;
  if (!is || used.some((name) => typeof Reflect.get(socket, name) !== 'function'))
    throw wrongType('socket', 'a Socket of @sockeye/core', socket);
  if (socket.closed) throw wrongValue('socket', 'open', socket);
  return socket;
}

/** Family, type and protocol, not as somebody said but as it is: getsockopt(2) SO_DOMAIN, SO_TYPE, SO_PROTOCOL. */
function asked(socket: Socket): { family: number; type: number; protocol: number } {
  const ask = (name: number): number => socket.getsockopt(c.SOL_SOCKET, name);
  return { family: ask(c.SO_DOMAIN), type: ask(c.SO_TYPE), protocol: ask(c.SO_PROTOCOL) };
}

const internet = (family: number): boolean => family === c.AF_INET || family === c.AF_INET6;

/** Refuses all but TCP and Unix streams. Multipath TCP is TCP to whoever reads and writes. */
export function checkStream(socket: Socket): void {
  const { family, type, protocol } = asked(socket);
  const tcp = internet(family) && (protocol === c.IPPROTO_TCP || protocol === c.IPPROTO_MPTCP);
  if (type === c.SOCK_STREAM && (tcp || family === c.AF_UNIX)) return;
  throw wrongValue('socket', 'a TCP or a Unix stream socket, which is all that node:net knows', socket);
}

/** Whether it is `'udp4'` or `'udp6'`; refuses all but UDP. */
export function checkUdp(socket: Socket): 'udp4' | 'udp6' {
  const { family, type, protocol } = asked(socket);
  if (internet(family) && type === c.SOCK_DGRAM && protocol === c.IPPROTO_UDP)
    return family === c.AF_INET ? 'udp4' : 'udp6';
  throw wrongValue('socket', 'a UDP socket, which is all that node:dgram knows', socket);
}

/** Whether it listens: getsockopt(2) SO_ACCEPTCONN. */
export const listens = (socket: Socket): boolean => socket.getsockopt(c.SOL_SOCKET, c.SO_ACCEPTCONN) === 1;

/** Whether it has a peer: getpeername(2). */
export function hasPeer(socket: Socket): boolean {
  try {
    socket.getpeername();
    return true;
  } catch (error) {
    if ((error as SocketError).code === 'ENOTCONN') return false;
    throw error;
  }
}

/** Whether it has a port of its own, where a `sockaddr_in` and a `sockaddr_in6` have it: getsockname(2). */
export function hasPort(socket: Socket): boolean {
  const [, , high, low] = socket.getsockname();
  return high !== 0 || low !== 0;
}

/**
 * How a connection stands: `true`, `false` where there never was one, and where the peer broke it off, the error that it
 * left, which the kernel tells once. A broken connection has no peer's name, yet what came before may still be read.
 */
export function connection(socket: Socket): boolean | number {
  if (hasPeer(socket)) return true;
  const result = socket.tryRecvInto(new Uint8Array(1), c.MSG_PEEK | c.MSG_DONTWAIT);
  if (result === -errnos.ENOTCONN || result === -errnos.EINVAL) return false;
  return result >= 0 || result === -errnos.EAGAIN ? true : result;
}
