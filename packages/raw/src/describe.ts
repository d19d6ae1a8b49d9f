import { formatIPv4, formatIPv6, formatMac } from '@sockeye/addr';
import { checkBytes } from '@sockeye/addr/check';
import { arpOperations, type DecodedArp, decodeArp } from './arp.ts';
import { MalformedPacketError } from './errors.ts';
import { decodeEthernet, etherTypes, MAX_802_3_LENGTH } from './ethernet.ts';
import { type DecodedIcmp, decodeEcho, decodeIcmp, icmpTypes, icmpv6Types } from './icmp.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';
import { decodeTcp, tcpFlags } from './tcp.ts';
import { decodeUdp } from './udp.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

/** IP protocols that have no codec here but a name (IANA, "Protocol Numbers"). */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  [ICMP]: 'ICMP',
  2: 'IGMP',
  4: 'IPIP',
  [TCP]: 'TCP',
  [UDP]: 'UDP',
  41: 'IPv6',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  [ICMPV6]: 'ICMPv6',
  59: 'nothing',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
};

const words = (types: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(types).map(([name, number]) => [number, name.toLowerCase().replaceAll('_', ' ')]));

const ICMP_NAMES = words(icmpTypes);
const ICMPV6_NAMES = words(icmpv6Types);
const FLAG_NAMES = Object.entries(tcpFlags);

interface Endpoints {
  readonly source: string;
  readonly destination: string;
}

/**
 * One line about an Ethernet frame, without an end-of-line: `127.0.0.1:50007 > 127.0.0.1:41234 TCP [SYN] seq
 * 1 win 65495 len 0`. Lengths are of the payload, in bytes. It never throws for what is in the bytes: what
 * cannot be read is said to be malformed.
 * @throws ERR_INVALID_ARG_TYPE when `frame` is not a Uint8Array.
 */
export function describeFrame(frame: Uint8Array): string {
  return orMalformed('Ethernet', () => {
    const { source, destination, tags, etherType, payload } = decodeEthernet(frame);
    const vlans = tags.map(({ id }) => `vlan ${id} `).join('');
    if (hasCodec(etherType)) return `${vlans}${describePayload(etherType, payload)}`;
    const type =
      etherType <= MAX_802_3_LENGTH ? '802.3' : `type 0x${etherType.toString(16).padStart(4, '0')}`;
    return `${vlans}${formatMac(source)} > ${formatMac(destination)} ${type} len ${payload.length}`;
  });
}

const hasCodec = (etherType: number): boolean =>
  etherType === etherTypes.IPV4 || etherType === etherTypes.IPV6 || etherType === etherTypes.ARP;

/**
 * One line about what a frame of type `etherType` carries, as {@link describeFrame}: for cooked packets,
 * whose link-layer header the kernel took off.
 * @throws ERR_INVALID_ARG_TYPE when `payload` is not a Uint8Array.
 */
export function describePayload(etherType: number, payload: Uint8Array): string {
  checkBytes('payload', payload);
  switch (etherType) {
    case etherTypes.IPV4:
      return orMalformed('IPv4', () => describeIpv4(payload));
    case etherTypes.IPV6:
      return orMalformed('IPv6', () => describeIpv6(payload));
    case etherTypes.ARP:
      return orMalformed('ARP', () => describeArp(decodeArp(payload)));
    default:
      return `type 0x${etherType.toString(16).padStart(4, '0')} len ${payload.length}`;
  }
}

function orMalformed(what: string, describe: () => string): string {
  try {
    return describe();
  } catch (error) {
    if (error instanceof MalformedPacketError) return `${what} malformed (${error.message})`;
    throw error;
  }
}

function describeIpv4(bytes: Uint8Array): string {
  const { source, destination, protocol, payload, fragmentOffset, moreFragments, identification } =
    decodeIpv4(bytes);
  const between = { source: formatIPv4(source), destination: formatIPv4(destination) };
  if (fragmentOffset > 0) {
    return describeFragment(between, protocol, identification, fragmentOffset, payload.length);
  }
  return (
    describeTransport(between, protocol, payload) +
    (moreFragments ? ` first fragment id ${identification}` : '')
  );
}

function describeIpv6(bytes: Uint8Array): string {
  const { source, destination, protocol, payload, fragment } = decodeIpv6(bytes);
  const between = { source: formatIPv6(source), destination: formatIPv6(destination) };
  if (fragment !== undefined && fragment.offset > 0) {
    return describeFragment(between, protocol, fragment.identification, fragment.offset, payload.length);
  }
  return (
    describeTransport(between, protocol, payload) +
    (fragment?.more ? ` first fragment id ${fragment.identification}` : '')
  );
}

const protocolName = (protocol: number): string => PROTOCOL_NAMES[protocol] ?? `protocol ${protocol}`;

function describeFragment(
  { source, destination }: Endpoints,
  protocol: number,
  identification: number,
  offset: number,
  length: number,
): string {
  const name = protocolName(protocol);
  return `${source} > ${destination} ${name} fragment id ${identification} offset ${offset} len ${length}`;
}

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

const ports = (
  { source, destination }: Endpoints,
  header: { sourcePort: number; destinationPort: number },
): string => `${withPort(source, header.sourcePort)} > ${withPort(destination, header.destinationPort)}`;

function describeTransport(between: Endpoints, protocol: number, payload: Uint8Array): string {
  const plain = `${between.source} > ${between.destination} ${protocolName(protocol)}`;
  try {
    switch (protocol) {
      case TCP:
        return describeTcp(between, payload);
      case UDP: {
        const udp = decodeUdp(payload);
        return `${ports(between, udp)} UDP len ${udp.payload.length}`;
      }
      case ICMP:
        return `${plain} ${describeIcmp(decodeIcmp(payload), ICMP_NAMES)}`;
      case ICMPV6:
        return `${plain} ${describeIcmp(decodeIcmp(payload), ICMPV6_NAMES)}`;
      default:
        return `${plain} len ${payload.length}`;
    }
  } catch (error) {
    if (error instanceof MalformedPacketError) return `${plain} malformed (${error.message})`;
    throw error;
  }
}

function describeTcp(between: Endpoints, segment: Uint8Array): string {
  const tcp = decodeTcp(segment);
  const flags = FLAG_NAMES.filter(([, bit]) => (tcp.flags & bit) !== 0).map(([name]) => name);
  const ack = (tcp.flags & tcpFlags.ACK) !== 0 ? ` ack ${tcp.acknowledgment}` : '';
  const head = `${ports(between, tcp)} TCP [${flags.join(' ')}]`;
  return `${head} seq ${tcp.sequence}${ack} win ${tcp.window} len ${tcp.payload.length}`;
}

function describeIcmp(message: DecodedIcmp, names: ReadonlyMap<number, string>): string {
  const name = names.get(message.type);
  const length = `len ${message.payload.length}`;
  if (name === undefined) return `type ${message.type} code ${message.code} ${length}`;
  if (!name.startsWith('echo')) return `${name} code ${message.code} ${length}`;
  const { identifier, sequence } = decodeEcho(message.rest);
  return `${name} id ${identifier} seq ${sequence} ${length}`;
}

function describeArp(arp: DecodedArp): string {
  const isIpv4 = arp.protocolType === etherTypes.IPV4 && arp.senderProtocol.length === 4;
  if (!isIpv4) return `ARP operation ${arp.operation} protocol 0x${arp.protocolType.toString(16)}`;
  const sender = formatIPv4(arp.senderProtocol);
  const target = formatIPv4(arp.targetProtocol);
  switch (arp.operation) {
    case arpOperations.REQUEST:
      return `ARP who has ${target} tell ${sender}`;
    case arpOperations.REPLY:
      return `ARP ${sender} is at ${hardware(arp.senderHardware)}`;
    default:
      return `ARP operation ${arp.operation} ${sender} > ${target}`;
  }
}

/** ARP's length field goes up to 255; no hardware address is that long. */
const hardware = (address: Uint8Array): string =>
  address.length <= 32 ? formatMac(address) : `${address.length} bytes`;
