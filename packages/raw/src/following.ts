/** What a header says of what follows it: another header, or why there is none that can be told. */

import { etherTypes, MAX_802_3_LENGTH } from './ethernet.ts';
import { GENEVE_PORT } from './geneve.ts';
import type { Layer, LayerKind, StopReason } from './layer.ts';
import { isMld } from './mld.ts';
import { isNdp } from './ndp.ts';
import { readU16 } from './network-order.ts';
import { pppoeCodes, pppProtocols } from './pppoe.ts';
import { vxlanPorts } from './vxlan.ts';

type Following = LayerKind | StopReason;

const KINDS: { readonly [Kind in LayerKind]: true } = {
  arp: true,
  dhcp: true,
  dns: true,
  esp: true,
  ethernet: true,
  geneve: true,
  gre: true,
  icmp: true,
  icmpv6: true,
  igmp: true,
  ipv4: true,
  ipv6: true,
  llc: true,
  loopback: true,
  mld: true,
  mpls: true,
  ndp: true,
  ppp: true,
  pppoe: true,
  sctp: true,
  sll: true,
  sll2: true,
  tcp: true,
  udp: true,
  vxlan: true,
};

/** Whether it is a header, and no reason to stop. */
export const isLayerKind = (following: Following): following is LayerKind => following in KINDS;

/** What an EtherType names. */
export function byEtherType(type: number): Following {
  switch (type) {
    case etherTypes.IPV4:
      return 'ipv4';
    case etherTypes.IPV6:
      return 'ipv6';
    case etherTypes.ARP:
    case etherTypes.REVERSE_ARP:
      return 'arp';
    case etherTypes.MPLS:
    case etherTypes.MPLS_MULTICAST:
      return 'mpls';
    case etherTypes.PPPOE_DISCOVERY:
    case etherTypes.PPPOE_SESSION:
      return 'pppoe';
    case etherTypes.TRANSPARENT_BRIDGING:
      return 'ethernet';
    case etherTypes.PPP:
      return 'ppp';
    default:
      return 'unknown';
  }
}

/** What an IP protocol number names (IANA, "Protocol Numbers"). */
export function byIpProtocol(protocol: number): Following {
  switch (protocol) {
    case 1:
      return 'icmp';
    case 2:
      return 'igmp';
    case 4:
      return 'ipv4';
    case 6:
      return 'tcp';
    case 17:
      return 'udp';
    case 41:
      return 'ipv6';
    case 47:
      return 'gre';
    case 50:
      return 'esp';
    case 58:
      return 'icmpv6';
    case 59:
      return 'complete';
    case 132:
      return 'sctp';
    case 137:
      return 'mpls';
    default:
      return 'unknown';
  }
}

const DNS_PORTS: ReadonlySet<number> = new Set([53, 5353, 5355]);
const DHCP_PORTS: ReadonlySet<number> = new Set([67, 68]);

function byUdpPorts(source: number, destination: number): Following {
  if (destination === vxlanPorts.ASSIGNED || destination === vxlanPorts.LINUX) return 'vxlan';
  if (destination === GENEVE_PORT) return 'geneve';
  if (DNS_PORTS.has(destination) || DNS_PORTS.has(source)) return 'dns';
  if (DHCP_PORTS.has(destination) || DHCP_PORTS.has(source)) return 'dhcp';
  return 'payload';
}

/** What an IP packet's first bits say, where nothing else does. */
const byVersion = (layer: Layer): Following => {
  const version = layer.payloadOffset < layer.payloadEnd ? layer.bytes[layer.payloadOffset]! >>> 4 : 0;
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : 'unknown';
};

/** What follows a layer; `around` is the one that it is in. */
export function following(layer: Layer, around: Layer | undefined): Following {
  switch (layer.kind) {
    case 'ethernet':
      return behindEthernet(layer.etherType, layer);
    case 'llc':
      // SNAP with an organisation of zero, and Cisco's of bridged Ethernet, names EtherTypes.
      if (layer.snap)
        return layer.oui === 0 || layer.oui === 0xf8 ? byEtherType(layer.protocolId ?? 0) : 'unknown';
      return layer.dsap === 0x06 && layer.ssap === 0x06 && layer.control === 3 ? 'ipv4' : 'unknown';
    case 'loopback':
      return byFamily(layer.family);
    case 'sll':
    case 'sll2':
      return layer.protocol === 4 ? 'llc' : layer.protocol === 1 ? 'unknown' : byEtherType(layer.protocol);
    case 'ipv4':
    case 'ipv6':
      return layer.fragmentOffset > 0 ? 'fragment' : byIpProtocol(layer.protocol);
    case 'gre':
    case 'geneve':
      return byEtherType(layer.protocol);
    case 'esp':
      return 'encrypted';
    case 'mpls':
      return byVersion(layer);
    case 'vxlan':
      return 'ethernet';
    case 'ppp':
      return behindPpp(layer.protocol);
    case 'pppoe':
      return layer.code === pppoeCodes.SESSION ? 'ppp' : 'complete';
    case 'udp':
      if (isFragmented(around)) return 'fragment';
      return isEmpty(layer) ? 'complete' : byUdpPorts(layer.sourcePort, layer.destinationPort);
    case 'tcp':
      if (isFragmented(around)) return 'fragment';
      return isEmpty(layer) ? 'complete' : behindTcp(layer);
    case 'icmp':
      return isEmpty(layer) ? 'complete' : layer.isError ? 'quoted' : 'payload';
    case 'icmpv6':
      if (isNdp(layer.type)) return 'ndp';
      if (isMld(layer.type)) return 'mld';
      return isEmpty(layer) ? 'complete' : layer.isError ? 'quoted' : 'payload';
    default:
      return 'complete';
  }
}

function behindEthernet(type: number, layer: Layer): Following {
  if (type > MAX_802_3_LENGTH) return byEtherType(type);
  // Novell's frames have no LLC header: their own starts with an unused checksum.
  const start = layer.payloadOffset;
  const novell = layer.payloadEnd - start >= 2 && readU16(layer.bytes, start) === 0xffff;
  return novell ? 'unknown' : 'llc';
}

/** IPv6 as Linux, NetBSD and OpenBSD, FreeBSD, macOS number it. */
const AF_INET6: ReadonlySet<number> = new Set([10, 24, 28, 30]);

const byFamily = (family: number): Following =>
  family === 2 ? 'ipv4' : AF_INET6.has(family) ? 'ipv6' : 'unknown';

function behindPpp(protocol: number): Following {
  switch (protocol) {
    case pppProtocols.IPV4:
      return 'ipv4';
    case pppProtocols.IPV6:
      return 'ipv6';
    case pppProtocols.MPLS:
      return 'mpls';
    default:
      return 'unknown';
  }
}

/** Whether the IP packet around it is the first fragment of a datagram. */
const isFragmented = (around: Layer | undefined): boolean =>
  (around?.kind === 'ipv4' || around?.kind === 'ipv6') && around.moreFragments;

const isEmpty = (layer: Layer): boolean => layer.payloadOffset >= layer.payloadEnd;

/** DNS over TCP, where the segment holds exactly one message. */
function behindTcp(layer: Extract<Layer, { readonly kind: 'tcp' }>): Following {
  if (layer.sourcePort !== 53 && layer.destinationPort !== 53) return 'payload';
  const { payloadOffset: start, payloadEnd: end } = layer;
  return end - start > 14 && readU16(layer.bytes, start) === end - start - 2 ? 'dns' : 'payload';
}

/** Where in the bytes it starts. */
export function startOf(next: Following, layer: Layer): number {
  // These are ICMPv6 messages themselves, seen as what they are.
  if (next === 'ndp' || next === 'mld') return layer.offset;
  // Behind the message's length.
  return layer.kind === 'tcp' && next === 'dns' ? layer.payloadOffset + 2 : layer.payloadOffset;
}

/** The number by which a layer names what it carries. */
export function protocolOf(layer: Layer): number | undefined {
  switch (layer.kind) {
    case 'ethernet':
      return layer.etherType;
    case 'llc':
      return layer.protocolId ?? layer.dsap;
    case 'loopback':
      return layer.family;
    case 'sll':
    case 'sll2':
    case 'ipv4':
    case 'ipv6':
    case 'gre':
    case 'geneve':
    case 'ppp':
      return layer.protocol;
    default:
      return undefined;
  }
}
