/** UDP over IPv6, and over IPv4 by mapped addresses: ipv6(7). */
import type { Control } from '../cmsg/control.ts';
import type { ControlMessage } from '../cmsg/header.ts';
import { tos } from '../cmsg/ip.ts';
import { packetInfo6, trafficClass } from '../cmsg/ipv6.ts';
import { constants as c } from '../constants.ts';
import type { Socket } from '../socket.ts';
import type { Arrival, PathMtuDiscovery, Source, UdpFamily } from './family.ts';
import { discovery, inet } from './inet.ts';

/** Where `struct sockaddr_in6` has its address. */
const SIN6_ADDR = 8;

/** `struct in6_pktinfo`, the `int` of IPV6_TCLASS, the byte of IP_TOS. */
const LENGTHS: readonly number[] = [20, 4, 1];

/** Whether IPv4 comes in too, under mapped addresses. */
const isDual = (socket: Socket): boolean => socket.getsockopt(c.IPPROTO_IPV6, c.IPV6_V6ONLY) === 0;

export const inet6: UdpFamily = {
  lengths: LENGTHS,
  loopback: loopback(),
  tellTrafficClass(socket: Socket): void {
    socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_RECVTCLASS, 1);
    if (isDual(socket)) inet.tellTrafficClass(socket);
  },
  // IPv4 datagrams are told of in the same form.
  tellArrival: (socket: Socket) => socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_RECVPKTINFO, 1),
  // Each family heeds its own and passes over the other's.
  classMessages: (value: number): ControlMessage[] => [trafficClass(value), tos(value)],
  sourceMessage({ local, interfaceIndex }: Source): ControlMessage {
    return packetInfo6({ interfaceIndex, local: local?.length === 4 ? mapped(local) : local });
  },
  trafficClassOf: (socket: Socket) => socket.getsockopt(c.IPPROTO_IPV6, c.IPV6_TCLASS),
  arrivalOf(control: Control): Arrival | undefined {
    if (control.kind !== 'packet-info' || control.version !== 6) return undefined;
    const { interfaceIndex, destination } = control;
    const group = destination[0] === 0xff;
    const linkLocal = destination[0] === 0xfe && ((destination[1] as number) & 0xc0) === 0x80;
    const source: Source = {};
    if (!group) source.local = destination;
    if (group || linkLocal) source.interfaceIndex = interfaceIndex;
    return { interfaceIndex, destination, source };
  },
  setPathMtuDiscovery(socket: Socket, mode: PathMtuDiscovery): void {
    socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_MTU_DISCOVER, discovery(mode));
    const whole = mode === 'do' || mode === 'probe' || mode === 'interface';
    socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_DONTFRAG, whole ? 1 : 0);
    if (isDual(socket)) inet.setPathMtuDiscovery(socket, mode);
  },
  pathMtu(socket: Socket): number {
    const peer = socket.getpeername();
    return isMapped(peer) ? inet.pathMtu(socket) : socket.getsockopt(c.IPPROTO_IPV6, c.IPV6_MTU);
  },
};

/** Whether a `struct sockaddr_in6` has an IPv4 address, RFC 4291 section 2.5.5.2. */
function isMapped(sockaddr: Uint8Array): boolean {
  for (let at = 0; at < 12; at++) {
    if (sockaddr[SIN6_ADDR + at] !== (at < 10 ? 0 : 0xff)) return false;
  }
  return true;
}

function mapped(ipv4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  bytes.set(ipv4, 12);
  return bytes;
}

/** `struct sockaddr_in6` of ::1, any port. */
function loopback(): Uint8Array {
  const bytes = new Uint8Array(28);
  new Uint16Array(bytes.buffer, 0, 1)[0] = c.AF_INET6;
  bytes[SIN6_ADDR + 15] = 1;
  return bytes;
}
