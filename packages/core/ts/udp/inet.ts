/** UDP over IPv4: ip(7). */
import type { Control } from '../cmsg/control.ts';
import type { ControlMessage } from '../cmsg/header.ts';
import { packetInfo, tos } from '../cmsg/ip.ts';
import { constants as c } from '../constants.ts';
import type { Socket } from '../socket.ts';
import type { Arrival, PathMtuDiscovery, Source, UdpFamily } from './family.ts';

/** `struct in_pktinfo`, and the byte of IP_TOS. */
const LENGTHS: readonly number[] = [12, 1];

/** `IP_PMTUDISC_…` by name; IPv6's are the same numbers. */
export function discovery(mode: PathMtuDiscovery): number {
  return {
    want: c.IP_PMTUDISC_WANT,
    dont: c.IP_PMTUDISC_DONT,
    do: c.IP_PMTUDISC_DO,
    probe: c.IP_PMTUDISC_PROBE,
    interface: c.IP_PMTUDISC_INTERFACE,
    omit: c.IP_PMTUDISC_OMIT,
  }[mode];
}

export const inet: UdpFamily = {
  lengths: LENGTHS,
  loopback: loopback(),
  tellTrafficClass: (socket: Socket) => socket.setsockopt(c.IPPROTO_IP, c.IP_RECVTOS, 1),
  tellArrival: (socket: Socket) => socket.setsockopt(c.IPPROTO_IP, c.IP_PKTINFO, 1),
  classMessages: (trafficClass: number): ControlMessage[] => [tos(trafficClass)],
  sourceMessage: (source: Source) => packetInfo(source),
  trafficClassOf: (socket: Socket) => socket.getsockopt(c.IPPROTO_IP, c.IP_TOS),
  arrivalOf(control: Control): Arrival | undefined {
    if (control.kind !== 'packet-info' || control.version !== 4) return undefined;
    const { interfaceIndex, local, destination } = control;
    return { interfaceIndex, destination, source: { local } };
  },
  setPathMtuDiscovery: (socket: Socket, mode: PathMtuDiscovery) =>
    socket.setsockopt(c.IPPROTO_IP, c.IP_MTU_DISCOVER, discovery(mode)),
  pathMtu: (socket: Socket) => socket.getsockopt(c.IPPROTO_IP, c.IP_MTU),
};

/** `struct sockaddr_in` of 127.0.0.1, any port. */
function loopback(): Uint8Array {
  const bytes = new Uint8Array(16);
  new Uint16Array(bytes.buffer, 0, 1)[0] = c.AF_INET;
  bytes.set([127, 0, 0, 1], 4);
  return bytes;
}
