/**
 * Python's `socket` as vendors of embedded platforms document it: TCP and UDP over IP, and no more, in names as in code. No
 * other family is known: its addresses are a "bad family".
 */
import { AddressBuffer, type Socket as Core, constants } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import { inet6Family, inetFamily } from '../address/inet.ts';
import { register } from '../address/registry.ts';
import { takesSelf } from '../signature.ts';
import { Transfer } from '../socket/transfer.ts';
import { type Subset, type SubsetClass, subset } from './subset.ts';

register(inetFamily, inet6Family);

// Not from the module of all constants, which a bundler would take whole.
/** The Internet: IPv4. */
export const AF_INET: number = constants.AF_INET;
/** Datagrams: UDP. */
export const SOCK_DGRAM: number = constants.SOCK_DGRAM;
/** Connections: TCP. */
export const SOCK_STREAM: number = constants.SOCK_STREAM;

export { inet_aton, inet_ntoa } from '../inet.ts';
export { getaddrinfo } from '../resolver.ts';

/** What else a socket needs that waits for connections. */
class Accepting extends Transfer {
  accept(...surplus: never[]): [conn: Accepting, address: RetAddress] {
    takesSelf('socket.accept', surplus);
    const { held } = this;
    const from = new AddressBuffer();
    let core: Core;
    try {
      core = held.core.acceptSync({ ...held.patience, address: from });
    } catch (error) {
      throw held.failed(error);
    }
    const conn = new Accepting(-1, -1, -1, core);
    conn.held.setFlag();
    return [conn, held.from(from.view())];
  }
}

// What Python's repr() goes by.
Object.defineProperty(Accepting, 'name', { value: 'socket' });

type Method =
  | 'bind'
  | 'close'
  | 'connect'
  | 'listen'
  | 'recv'
  | 'recvfrom'
  | 'recv_into'
  | 'recvfrom_into'
  | 'send'
  | 'sendall'
  | 'sendto'
  | 'shutdown';

/** A socket with the methods that the manual lists. */
export interface EmbeddedSocket extends Pick<Transfer, Method> {
  /** The next connection: a socket, and the peer's address. */
  accept<A extends RetAddress = RetAddress>(): [conn: EmbeddedSocket, address: A];
}

const made: Subset<Accepting, EmbeddedSocket> = /* @__PURE__ */ subset<Accepting, EmbeddedSocket>(Accepting, [
  'accept',
  'bind',
  'close',
  'connect',
  'listen',
  'recv',
  'recvfrom',
  'recv_into',
  'recvfrom_into',
  'send',
  'sendall',
  'sendto',
  'shutdown',
]);

/** Makes a socket: AF_INET and SOCK_STREAM unless given. Throws OSError. */
export const socket: SubsetClass<EmbeddedSocket> = made.socket;
/** The type of a socket object. */
export type socket = EmbeddedSocket;
/** The class of socket objects: {@link socket}. */
export const SocketType: SubsetClass<EmbeddedSocket> = made.socket;
