/** The descriptors behind Node.js's own objects, which keep them in `_handle`. */
import { Socket as DgramSocket } from 'node:dgram';
import { Socket as NetSocket, Server } from 'node:net';
import { wrongType, wrongValue } from '../check.ts';
import { SocketError } from '../errors.ts';

/** What of Node.js's has a socket's descriptor. */
export type NodeSocket = NetSocket | Server | DgramSocket;

/** A property of something that may have none. */
export function inside(value: unknown, name: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** A dgram.Socket's handle; the property `_handle` would warn of its deprecation. */
function dgramHandle(socket: DgramSocket): unknown {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  return symbol === undefined ? undefined : inside(Reflect.get(socket, symbol), 'handle');
}

/** Refuses what is none of Node.js's sockets. */
export function checkNodeSocket(socket: unknown): NodeSocket {
  if (socket instanceof NetSocket || socket instanceof Server || socket instanceof DgramSocket) return socket;
  throw wrongType('nodeSocket', 'a net.Socket, a net.Server or a dgram.Socket', socket);
}

/**
 * The number of the descriptor behind a `net.Socket`, `net.Server` or `dgram.Socket`, which stays Node.js's: good as long
 * as the object is open, and best looked up anew for each use.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for anything else; ERR_INVALID_ARG_VALUE when it has none: destroyed, not
 *   connected, not listening or not bound yet; SocketError ENOTSUP where the runtime or the platform shows none (Windows,
 *   a worker of node:cluster)
 */
export function fdOf(nodeSocket: NodeSocket): number {
  const socket = checkNodeSocket(nodeSocket);
  const handle = socket instanceof DgramSocket ? dgramHandle(socket) : inside(socket, '_handle');
  const fd = inside(handle, 'fd');
  if (typeof fd === 'number' && fd >= 0) return fd;
  if (handle === null || typeof fd === 'number' || gone(socket)) {
    const takes = 'open, and connected, listening or bound: it has no descriptor';
    throw wrongValue('nodeSocket', takes, socket);
  }
  const words = 'this object shows no descriptor on this runtime and platform; Node.js on Unix has them';
  throw new SocketError(words, { code: 'ENOTSUP', syscall: 'fdOf' });
}

/** Whether it is known to be closed, or not open yet, by its public face. */
function gone(socket: NodeSocket): boolean {
  if (socket instanceof NetSocket) return socket.destroyed || socket.pending;
  if (socket instanceof Server) return !socket.listening;
  try {
    socket.address();
    return false;
  } catch {
    return true;
  }
}
