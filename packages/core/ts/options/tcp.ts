/** Options of TCP that streams pass on; tcp(7). */
import { constants, errnos } from '../constants.ts';
import { SocketError } from '../errors.ts';
import type { Socket } from '../socket.ts';

const { IPPROTO_TCP, TCP_KEEPIDLE, TCP_NODELAY } = constants;

/** What sockets say that know no TCP: Unix and other ones. */
const UNKNOWN = new Set([-errnos.EOPNOTSUPP, -errnos.ENOPROTOOPT, -errnos.EINVAL]);

/** TCP_NODELAY, where the socket has it; whether it has. */
export function setNoDelay(socket: Socket, enable: boolean): boolean {
  return set(socket, TCP_NODELAY, enable ? 1 : 0);
}

/** TCP_KEEPIDLE in seconds, where the socket has it; whether it has. */
export function setKeepIdle(socket: Socket, seconds: number): boolean {
  return set(socket, TCP_KEEPIDLE, seconds);
}

function set(socket: Socket, name: number, value: number): boolean {
  try {
    socket.setsockopt(IPPROTO_TCP, name, value);
    return true;
  } catch (error) {
    if (error instanceof SocketError && UNKNOWN.has(error.errno ?? 0)) return false;
    throw error;
  }
}
