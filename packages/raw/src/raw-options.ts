import { checkInteger, wrongType, wrongValue } from '@sockeye/addr/check';
import { constants, type Socket } from '@sockeye/core';
import {
  icmp6Filter,
  icmpFilter,
  ipHeaderIncluded,
  ipMtuDiscover,
  ipReceiveErrors,
  ipReceivePacketInfo,
  ipReceiveTos,
  ipReceiveTtl,
  ipv6Checksum,
  ipv6HeaderIncluded,
  ipv6MtuDiscover,
  ipv6ReceiveDestinationOptions,
  ipv6ReceiveErrors,
  ipv6ReceiveHopLimit,
  ipv6ReceiveHopOptions,
  ipv6ReceivePacketInfo,
  ipv6ReceiveRoutingHeader,
  ipv6ReceiveTrafficClass,
  type PathMtuDiscovery,
  timestampNanoseconds,
} from '@sockeye/core/options';

/** How a raw socket is set up, beside what it is. */
export interface RawWishes {
  /** What is sent begins with its IP header (IP_HDRINCL; IPV6_HDRINCL, 4.5). Default: with protocol 255 alone. */
  readonly headerIncluded?: boolean | undefined;
  /** Of ICMP and ICMPv6: the types that are received, and no others (ICMP_FILTER, ICMPV6_FILTER). IPv4: 0 to 31. */
  readonly icmpTypes?: readonly number[] | undefined;
  /**
   * IPv6: where in what is sent the kernel writes the checksum, an even number of bytes; it checks what comes by it too, and
   * drops what is wrong (IPV6_CHECKSUM). Of ICMPv6 it does so anyway.
   */
  readonly checksumOffset?: number | undefined;
  /** Whether errors are kept for `recvError`: of ICMP messages about what was sent (IP_RECVERR, IPV6_RECVERR). Default false. */
  readonly errors?: boolean | undefined;
  /** Whether packets bring when they came. Default false. */
  readonly timestamps?: boolean | undefined;
  /** IPv6: whether packets bring their extension headers. Default false. */
  readonly extensionHeaders?: boolean | undefined;
  /** Whether what is sent may be cut up, and whether what is known of the path counts (IP_MTU_DISCOVER). Default: as the system has it. */
  readonly mtuDiscovery?: PathMtuDiscovery | undefined;
}

/** The types among `count` that are not among `types`. */
function others(types: readonly number[], count: number): number[] {
  if (!Array.isArray(types)) throw wrongType('icmpTypes', 'an array of ICMP types', types);
  const wanted = new Set(types.map((one, at) => checkInteger(`icmpTypes[${at}]`, one, 0, count - 1)));
  return Array.from({ length: count }, (_, one) => one).filter((one) => !wanted.has(one));
}

/** Sets a raw socket up. Throws what makes no sense for its family, and what the kernel says. */
export function setUpRaw(
  socket: Socket,
  family: 'inet' | 'inet6',
  mode: 'raw' | 'datagram',
  protocol: number,
  wishes: RawWishes,
): void {
  const six = family === 'inet6';
  const { headerIncluded, icmpTypes, checksumOffset, mtuDiscovery } = wishes;
  if (headerIncluded !== undefined) {
    if (mode !== 'raw') throw wrongValue('headerIncluded', 'undefined for datagrams', headerIncluded);
    (six ? ipv6HeaderIncluded : ipHeaderIncluded).set(socket, headerIncluded);
  }
  if (icmpTypes !== undefined) {
    const icmp = six ? constants.IPPROTO_ICMPV6 : constants.IPPROTO_ICMP;
    if (mode !== 'raw' || protocol !== icmp) {
      throw wrongValue('icmpTypes', `undefined but for raw sockets of the protocol ${icmp}`, icmpTypes);
    }
    if (six) icmp6Filter.set(socket, others(icmpTypes, 256));
    else icmpFilter.set(socket, others(icmpTypes, 32));
  }
  if (checksumOffset !== undefined) {
    if (!six || mode !== 'raw') {
      throw wrongValue('checksumOffset', 'undefined but for raw sockets of IPv6', checksumOffset);
    }
    ipv6Checksum.set(socket, checksumOffset);
  }
  if (wishes.extensionHeaders) {
    if (!six) throw wrongValue('extensionHeaders', 'undefined for IPv4', true);
    for (const each of [ipv6ReceiveHopOptions, ipv6ReceiveDestinationOptions, ipv6ReceiveRoutingHeader]) {
      each.set(socket, true);
    }
  }
  const told = six
    ? [ipv6ReceivePacketInfo, ipv6ReceiveHopLimit, ipv6ReceiveTrafficClass]
    : [ipReceivePacketInfo, ipReceiveTtl, ipReceiveTos];
  for (const each of told) each.set(socket, true);
  if (wishes.errors) (six ? ipv6ReceiveErrors : ipReceiveErrors).set(socket, true);
  if (mtuDiscovery !== undefined) (six ? ipv6MtuDiscover : ipMtuDiscover).set(socket, mtuDiscovery);
  if (wishes.timestamps) timestampNanoseconds.set(socket, true);
}
