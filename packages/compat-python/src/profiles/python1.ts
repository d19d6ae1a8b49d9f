/**
 * Python 1's `socket`: Unix and internet sockets that block, under the names of its manual's section 5.7. Bytes are Buffers.
 */
import type { RetAddress } from '../address/family.ts';
import { inetFamily } from '../address/inet.ts';
import { register } from '../address/registry.ts';
import { unixFamily } from '../address/unix.ts';
import { fromfd as whole } from '../creation.ts';
import { PythonSocket } from '../socket/python-socket.ts';
import { type Subset, type SubsetClass, subset } from './subset.ts';

register(inetFamily, unixFamily);

export { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from '../constants.ts';
export { OSError as error } from '../errors.ts';
export { gethostbyname, getservbyname } from '../names.ts';

type Method =
  | 'bind'
  | 'close'
  | 'connect'
  | 'fileno'
  | 'getpeername'
  | 'getsockname'
  | 'getsockopt'
  | 'listen'
  | 'makefile'
  | 'recv'
  | 'recvfrom'
  | 'send'
  | 'sendto'
  | 'setsockopt'
  | 'shutdown';

/** A socket with the methods that Python 1 has. */
export interface Python1Socket extends Pick<PythonSocket, Method> {
  /** The next connection: a socket, and the peer's address. */
  accept<A extends RetAddress = RetAddress>(): [conn: Python1Socket, address: A];
}

const made: Subset<PythonSocket, Python1Socket> = /* @__PURE__ */ subset<PythonSocket, Python1Socket>(
  PythonSocket,
  [
    'accept',
    'bind',
    'close',
    'connect',
    'fileno',
    'getpeername',
    'getsockname',
    'getsockopt',
    'listen',
    'makefile',
    'recv',
    'recvfrom',
    'send',
    'sendto',
    'setsockopt',
    'shutdown',
  ],
);

/** Makes a socket: `socket(family, type, proto)`, the last of which may be left out. Throws {@link error}. */
export const socket: SubsetClass<Python1Socket> = made.socket;
/** The type of a socket object. */
export type socket = Python1Socket;

/** A socket from a duplicate of a descriptor. Throws {@link error}. */
export function fromfd(fd: number, family: number, type: number, proto?: number): Python1Socket {
  return made.wrap(whole(fd, family, type, proto));
}
