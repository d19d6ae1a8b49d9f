import { formatIPv4, formatIPv6, formatMac } from '@sockeye/addr';
import { type ArpView, arpOperations } from './arp.ts';
import { dissect, dissectPayload } from './dissect.ts';
import type { Dissection } from './dissection.ts';
import { etherTypes, MAX_802_3_LENGTH } from './ethernet.ts';
import { type IcmpMessageView, icmpTypes } from './icmp.ts';
import { icmpv6Types } from './icmpv6.ts';
import type { Ipv4View } from './ipv4.ts';
import type { Ipv6View } from './ipv6.ts';
import type { Layer, LayerKind } from './layer.ts';
import { type TcpView, tcpFlags } from './tcp.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

/** Names of IP protocols (IANA, "Protocol Numbers"). */
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

/** What a refused header is called. */
const KIND_NAMES: Readonly<Partial<Record<LayerKind, string>>> = {
  ethernet: 'Ethernet',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  arp: 'ARP',
};

/**
 * One line about a frame, without an end-of-line: `127.0.0.1:50007 > 127.0.0.1:41234 TCP [SYN] seq 1 win 65495 len 0`.
 * Lengths are of the payload, in bytes. It never throws for what is in the bytes: what cannot be read is said to be
 * malformed. `linkType` is as in `dissect`, Ethernet unless given.
 * @throws ERR_INVALID_ARG_TYPE when `frame` is not a Uint8Array, ERR_OUT_OF_RANGE.
 */
export function describeFrame(frame: Uint8Array, linkType = 1): string {
  return describeDissection(dissect(frame, linkType));
}

/**
 * One line about what a frame of type `etherType` carries, as {@link describeFrame}: for cooked packets,
 * whose link-layer header the kernel took off.
 * @throws ERR_INVALID_ARG_TYPE when `payload` is not a Uint8Array, ERR_OUT_OF_RANGE.
 */
export function describePayload(etherType: number, payload: Uint8Array): string {
  const dissection = dissectPayload(payload, etherType);
  return dissection.layers.length === 0 && dissection.error === undefined
    ? `${typeText(etherType)} len ${payload.length}`
    : describeDissection(dissection);
}

const typeText = (type: number): string => `type 0x${type.toString(16).padStart(4, '0')}`;

type IpView = Ipv4View | Ipv6View;

const isIp = (layer: Layer): layer is IpView => layer.kind === 'ipv4' || layer.kind === 'ipv6';

/** One line about what `dissect` found, as {@link describeFrame}: of a tunnel's packets the innermost. */
export function describeDissection(dissection: Dissection): string {
  const { layers, error } = dissection;
  const vlans = (dissection.ethernet?.tags ?? []).map(({ id }) => `vlan ${id} `).join('');
  const at = layers.findLastIndex((layer) => isIp(layer) || layer.kind === 'arp');
  const layer = layers[at];
  if (layer === undefined || (at === layers.length - 1 && error !== undefined && !isIp(layer))) {
    return `${vlans}${describeLink(dissection)}`;
  }
  if (layer.kind === 'arp') return `${vlans}${describeArp(layer)}`;
  return isIp(layer) ? `${vlans}${describeIp(layer, layers[at + 1], dissection)}` : vlans;
}

/** What has no IP header. */
function describeLink(dissection: Dissection): string {
  const { error, ethernet, layers, protocol, bytes } = dissection;
  if (error !== undefined) return `${refusedName(dissection)} malformed (${error.message})`;
  const last = layers.at(-1);
  if (ethernet === undefined || last === undefined) {
    return last === undefined
      ? `link type ${protocol ?? 0} len ${bytes.length}`
      : `${last.kind} len ${last.payloadEnd - last.payloadOffset}`;
  }
  const { etherType, source, destination } = ethernet;
  const type = etherType <= MAX_802_3_LENGTH ? '802.3' : typeText(etherType);
  const length = ethernet.payloadEnd - ethernet.payloadOffset;
  return `${formatMac(source)} > ${formatMac(destination)} ${type} len ${length}`;
}

/** The header that `error` is about, where it has a codec that is told apart from its parts. */
function refusedName({ layers, error, ethernet }: Dissection): string {
  if (layers.length === 0)
    return error?.header === 'VLAN tag' ? 'Ethernet' : (error?.header.split(' ')[0] ?? '');
  const next = ethernet?.etherType;
  const name =
    next === etherTypes.IPV4
      ? 'ipv4'
      : next === etherTypes.IPV6
        ? 'ipv6'
        : next === etherTypes.ARP
          ? 'arp'
          : undefined;
  return (name && KIND_NAMES[name]) ?? error?.header ?? '';
}

const protocolName = (protocol: number): string => PROTOCOL_NAMES[protocol] ?? `protocol ${protocol}`;

function describeIp(ip: IpView, upper: Layer | undefined, { error }: Dissection): string {
  const format = ip.kind === 'ipv4' ? formatIPv4 : formatIPv6;
  const source = format(ip.source);
  const destination = format(ip.destination);
  const { protocol, identification, fragmentOffset } = ip;
  const length = ip.payloadEnd - ip.payloadOffset;
  const plain = `${source} > ${destination} ${protocolName(protocol)}`;
  if (fragmentOffset > 0)
    return `${plain} fragment id ${identification} offset ${fragmentOffset} len ${length}`;
  const first = ip.moreFragments ? ` first fragment id ${identification}` : '';
  if (upper === undefined && error !== undefined) return `${plain} malformed (${error.message})${first}`;
  return `${describeUpper(upper, source, destination, plain, length)}${first}`;
}

function describeUpper(
  upper: Layer | undefined,
  source: string,
  destination: string,
  plain: string,
  length: number,
): string {
  switch (upper?.kind) {
    case 'tcp':
      return `${ports(source, destination, upper)} ${describeTcp(upper)}`;
    case 'udp':
      return `${ports(source, destination, upper)} UDP len ${upper.payloadEnd - upper.payloadOffset}`;
    case 'icmp':
      return `${plain} ${describeIcmp(upper, ICMP_NAMES)}`;
    case 'icmpv6':
      return `${plain} ${describeIcmp(upper, ICMPV6_NAMES)}`;
    default:
      return `${plain} len ${length}`;
  }
}

const withPort = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

const ports = (
  source: string,
  destination: string,
  header: { readonly sourcePort: number; readonly destinationPort: number },
): string => `${withPort(source, header.sourcePort)} > ${withPort(destination, header.destinationPort)}`;

function describeTcp(tcp: TcpView): string {
  const flags = FLAG_NAMES.filter(([, bit]) => (tcp.flags & bit) !== 0).map(([name]) => name);
  const ack = (tcp.flags & tcpFlags.ACK) !== 0 ? ` ack ${tcp.acknowledgment}` : '';
  const length = tcp.payloadEnd - tcp.payloadOffset;
  return `TCP [${flags.join(' ')}] seq ${tcp.sequence}${ack} win ${tcp.window} len ${length}`;
}

function describeIcmp(message: IcmpMessageView, names: ReadonlyMap<number, string>): string {
  const name = names.get(message.type);
  const length = `len ${message.payloadEnd - message.payloadOffset}`;
  if (name === undefined) return `type ${message.type} code ${message.code} ${length}`;
  if (!name.startsWith('echo')) return `${name} code ${message.code} ${length}`;
  return `${name} id ${message.identifier} seq ${message.sequence} ${length}`;
}

function describeArp(arp: ArpView): string {
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
