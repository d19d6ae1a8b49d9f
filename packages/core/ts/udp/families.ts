import { wrongValue } from '../check.ts';
import { constants } from '../constants.ts';
import type { Socket } from '../socket.ts';
import type { UdpFamily } from './family.ts';
import { inet } from './inet.ts';
import { inet6 } from './inet6.ts';

const FAMILIES: ReadonlyMap<number, UdpFamily> = new Map([
  [constants.AF_INET, inet],
  [constants.AF_INET6, inet6],
]);

/** A family's leaf; undefined where datagrams have neither classes nor interfaces, as in AF_UNIX. */
export function familyOf(socket: Socket): UdpFamily | undefined {
  return FAMILIES.get(socket.family);
}

/** A family's leaf. Throws ENOTSUP where there is none. */
export function needed(socket: Socket, what: string): UdpFamily {
  const family = familyOf(socket);
  if (family !== undefined) return family;
  const words = `sockets of address family ${socket.family} have no ${what}: it takes AF_INET or AF_INET6`;
  throw Object.assign(new Error(words), { code: 'ENOTSUP' });
}

/** A datagram socket of any family. */
export function checkDatagrams(socket: unknown): Socket {
  // Another copy of this module (CommonJS beside ES modules) has a class of its own, so it is known by what it can do.
  const given = socket as Partial<Socket> | null | undefined;
  if (typeof given?.trySendMsg !== 'function' || given.type !== constants.SOCK_DGRAM) {
    throw wrongValue('socket', 'a Socket of the type SOCK_DGRAM', socket);
  }
  return socket as Socket;
}
