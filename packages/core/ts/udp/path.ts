/** Datagrams and the path's MTU: ip(7) IP_MTU_DISCOVER, IP_MTU; ipv6(7); RFC 1191, RFC 8201. */
import type { Address } from '../address.ts';
import { wrongValue } from '../check.ts';
import { Socket } from '../socket.ts';
import { checkDatagrams, needed } from './families.ts';
import type { PathMtuDiscovery } from './family.ts';

const MODES: readonly PathMtuDiscovery[] = ['want', 'dont', 'do', 'probe', 'interface', 'omit'];

/**
 * Says what becomes of datagrams that are longer than the path's MTU; `'do'` is "don't fragment", and sending one that is too long
 * fails with EMSGSIZE. On an IPv6 socket that takes IPv4 too it holds for both.
 *
 * @throws ERR_INVALID_ARG_VALUE; ENOTSUP unless the socket is AF_INET or AF_INET6; SocketError
 */
export function setPathMtuDiscovery(socket: Socket, mode: PathMtuDiscovery): void {
  const family = needed(checkDatagrams(socket), 'path MTU discovery');
  if (!MODES.includes(mode)) throw wrongValue('mode', MODES.map((name) => `'${name}'`).join(', '), mode);
  family.setPathMtuDiscovery(socket, mode);
}

/**
 * The MTU of the path to an address as the kernel knows it, in bytes, with the headers: IP_MTU, IPV6_MTU. A datagram's payload is
 * 28 bytes shorter over IPv4, 48 over IPv6. After an EMSGSIZE it says what fits.
 *
 * @param address whom the path leads to: whom the socket is connected to unless given
 * @throws ENOTSUP unless the socket is AF_INET or AF_INET6; SocketError ENOTCONN without an address and a connection, ENETUNREACH …
 */
export function pathMtu(socket: Socket, address?: Address): number {
  const family = needed(checkDatagrams(socket), 'path MTU');
  if (address === undefined) {
    socket.getpeername();
    return family.pathMtu(socket);
  }
  const other = Socket.create(socket.family, socket.type, socket.protocol);
  try {
    other.connectSync(address);
    return family.pathMtu(other);
  } finally {
    other.close();
  }
}
