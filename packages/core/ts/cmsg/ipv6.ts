/**
 * Control messages of IPv6, level SOL_IPV6: ipv6(7), RFC 3542. The older ones of RFC 2292, `IPV6_2292…`, give the same
 * kinds.
 */
import { checkInteger, checkOptions, wrongType } from '../check.ts';
import { checkLength, copied, type Decoder, decoder, message } from './codec.ts';
import { type ExtendedError, errorDecoder, type ZeroCopyCompletion } from './error.ts';
import { intBytes, readInt, readNetUint, readUint, writeInt, writeNetUint } from './fields.ts';
import type { ControlMessage } from './header.ts';
import { type FragmentSize, type OriginalDestination, SOCKADDR_LEAST } from './ip.ts';

/** IPV6_PKTINFO: `struct in6_pktinfo`, received after IPV6_RECVPKTINFO. */
export interface PacketInfo6 {
  readonly kind: 'packet-info';
  readonly version: 6;
  /** The interface that the packet came in by. */
  readonly interfaceIndex: number;
  /** Where the packet was sent to, a group perhaps. 16 bytes, a view. */
  readonly destination: Uint8Array;
}

/** IPV6_HOPLIMIT: received after IPV6_RECVHOPLIMIT. */
export interface HopLimit {
  readonly kind: 'hop-limit';
  /** 0 to 255; -1, when sent, is the socket's own. */
  readonly hopLimit: number;
}

/** IPV6_TCLASS: received after IPV6_RECVTCLASS. */
export interface TrafficClass {
  readonly kind: 'traffic-class';
  /** The whole byte, RFC 2474; -1, when sent, is the socket's own. */
  readonly trafficClass: number;
  /** Its upper six bits, the differentiated services code point. */
  readonly dscp: number;
  /** Its lower two bits, RFC 3168: 0 not capable, 1 and 2 capable, 3 congestion experienced. */
  readonly ecn: number;
}

/** IPV6_FLOWINFO: received after the option of that name. */
export interface FlowInfo {
  readonly kind: 'flow-info';
  /** Traffic class (bits 20 to 27) and flow label (the lower 20), RFC 8200. */
  readonly flowInfo: number;
}

/** Which extension header: IPV6_HOPOPTS, IPV6_DSTOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR. */
export type ExtensionHeaderKind =
  | 'hop-by-hop-options'
  | 'destination-options'
  | 'routing-destination-options'
  | 'routing-header';

/**
 * An extension header, received after IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS (both kinds of destination options),
 * IPV6_RECVRTHDR.
 */
export interface ExtensionHeader<K extends ExtensionHeaderKind = ExtensionHeaderKind> {
  readonly kind: K;
  /** The whole header, from its next-header byte on, RFC 8200. A view. */
  readonly data: Uint8Array;
}

/** IPV6_DONTFRAG: sent. */
export interface DontFragment {
  readonly kind: 'dont-fragment';
  readonly enabled: boolean;
}

/**
 * IPV6_PATHMTU: `struct ip6_mtuinfo`, received after IPV6_RECVPATHMTU, with no data, when a datagram was too big for
 * the path.
 */
export interface PathMtu {
  readonly kind: 'path-mtu';
  /** The destination, a `sockaddr_in6`, a view. */
  readonly address: Uint8Array;
  /** Bytes. */
  readonly mtu: number;
}

export type Ipv6Control =
  | PacketInfo6
  | HopLimit
  | TrafficClass
  | FlowInfo
  | ExtensionHeader<'hop-by-hop-options'>
  | ExtensionHeader<'destination-options'>
  | ExtensionHeader<'routing-destination-options'>
  | ExtensionHeader<'routing-header'>
  | DontFragment
  | PathMtu
  | OriginalDestination
  | FragmentSize
  | ExtendedError
  | ZeroCopyCompletion;

/** `struct in6_pktinfo`. */
const ADDR = 0;
const IFINDEX = 16;
const PKTINFO_SIZE = 20;
const ADDRESS_SIZE = 16;
/** `struct ip6_mtuinfo`. */
const MTU_ADDR = 0;
const MTU = 28;
const MTUINFO_SIZE = 32;
/** Bits of traffic class and flow label. */
const FLOWINFO_MOST = 0x0fffffff;

function info(type: 'IPV6_PKTINFO' | 'IPV6_2292PKTINFO'): Decoder<PacketInfo6> {
  return decoder('packet-info', 'SOL_IPV6', type, PKTINFO_SIZE, (data) => ({
    kind: 'packet-info',
    version: 6,
    interfaceIndex: readUint(data, IFINDEX),
    destination: data.subarray(ADDR, ADDR + ADDRESS_SIZE),
  }));
}

function hops(type: 'IPV6_HOPLIMIT' | 'IPV6_2292HOPLIMIT'): Decoder<HopLimit> {
  return decoder('hop-limit', 'SOL_IPV6', type, 4, (data) => ({
    kind: 'hop-limit',
    hopLimit: readInt(data, 0),
  }));
}

function header<K extends ExtensionHeaderKind>(
  kind: K,
  type:
    | 'IPV6_HOPOPTS'
    | 'IPV6_DSTOPTS'
    | 'IPV6_RTHDRDSTOPTS'
    | 'IPV6_RTHDR'
    | 'IPV6_2292HOPOPTS'
    | 'IPV6_2292DSTOPTS'
    | 'IPV6_2292RTHDR',
): Decoder<ExtensionHeader<K>> {
  return decoder(kind, 'SOL_IPV6', type, 0, (data) => ({ kind, data }));
}

export const ipv6Decoders: readonly Decoder<Ipv6Control>[] = [
  info('IPV6_PKTINFO'),
  info('IPV6_2292PKTINFO'),
  hops('IPV6_HOPLIMIT'),
  hops('IPV6_2292HOPLIMIT'),
  decoder<TrafficClass>('traffic-class', 'SOL_IPV6', 'IPV6_TCLASS', 4, (data) => {
    const trafficClass = readInt(data, 0);
    return { kind: 'traffic-class', trafficClass, dscp: (trafficClass >> 2) & 0x3f, ecn: trafficClass & 3 };
  }),
  decoder<FlowInfo>('flow-info', 'SOL_IPV6', 'IPV6_FLOWINFO', 4, (data) => ({
    kind: 'flow-info',
    flowInfo: readNetUint(data, 0),
  })),
  header('hop-by-hop-options', 'IPV6_HOPOPTS'),
  header('hop-by-hop-options', 'IPV6_2292HOPOPTS'),
  header('destination-options', 'IPV6_DSTOPTS'),
  header('destination-options', 'IPV6_2292DSTOPTS'),
  header('routing-destination-options', 'IPV6_RTHDRDSTOPTS'),
  header('routing-header', 'IPV6_RTHDR'),
  header('routing-header', 'IPV6_2292RTHDR'),
  decoder<DontFragment>('dont-fragment', 'SOL_IPV6', 'IPV6_DONTFRAG', 4, (data) => ({
    kind: 'dont-fragment',
    enabled: readInt(data, 0) !== 0,
  })),
  decoder<PathMtu>('path-mtu', 'SOL_IPV6', 'IPV6_PATHMTU', MTUINFO_SIZE, (data) => ({
    kind: 'path-mtu',
    address: data.subarray(MTU_ADDR, MTU),
    mtu: readUint(data, MTU),
  })),
  decoder<OriginalDestination>(
    'original-destination',
    'SOL_IPV6',
    'IPV6_ORIGDSTADDR',
    SOCKADDR_LEAST,
    (data) => ({
      kind: 'original-destination',
      address: data,
    }),
  ),
  decoder<FragmentSize>('fragment-size', 'SOL_IPV6', 'IPV6_RECVFRAGSIZE', 4, (data) => ({
    kind: 'fragment-size',
    size: readInt(data, 0),
  })),
  errorDecoder('SOL_IPV6', 'IPV6_RECVERR'),
];

/**
 * IPV6_PKTINFO: sends by an interface, from an address, or both. To answer from where a packet was sent to, give the
 * received message's `destination` as `local` (no group is an address to send from) and its `interfaceIndex`.
 *
 * @param options.interfaceIndex 0, the default, leaves it to the routes; link-local addresses need it
 * @param options.local 16 bytes, an address of this host; the kernel chooses unless given
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function packetInfo6(options: {
  interfaceIndex?: number | undefined;
  local?: Uint8Array | undefined;
}): ControlMessage {
  const { interfaceIndex = 0, local } = checkOptions(options);
  const data = new Uint8Array(PKTINFO_SIZE);
  writeInt(data, IFINDEX, checkInteger('options.interfaceIndex', interfaceIndex, 0, 0x7fffffff));
  if (local !== undefined) data.set(checkLength('options.local', local, ADDRESS_SIZE), ADDR);
  return message('SOL_IPV6', 'IPV6_PKTINFO', data);
}

/**
 * IPV6_HOPLIMIT: the packet's hop limit, 0 to 255; -1 for the socket's own. Throws ERR_INVALID_ARG_TYPE,
 * ERR_OUT_OF_RANGE.
 */
export function hopLimit(hopLimit: number): ControlMessage {
  return message('SOL_IPV6', 'IPV6_HOPLIMIT', intBytes(checkInteger('hopLimit', hopLimit, -1, 255)));
}

/**
 * IPV6_TCLASS: the packet's traffic class, 0 to 255, `dscp << 2 | ecn`; -1 for the socket's own.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function trafficClass(trafficClass: number): ControlMessage {
  return message('SOL_IPV6', 'IPV6_TCLASS', intBytes(checkInteger('trafficClass', trafficClass, -1, 255)));
}

/**
 * IPV6_FLOWINFO: traffic class (bits 20 to 27) and flow label (the lower 20). Where IPV6_FLOWINFO_SEND is on, the label
 * has to be leased.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function flowInfo(flowInfo: number): ControlMessage {
  const data = new Uint8Array(4);
  writeNetUint(data, 0, checkInteger('flowInfo', flowInfo, 0, FLOWINFO_MOST));
  return message('SOL_IPV6', 'IPV6_FLOWINFO', data);
}

/** IPV6_DONTFRAG: EMSGSIZE instead of fragments, or not, for this packet. Throws ERR_INVALID_ARG_TYPE. */
export function dontFragment(enabled: boolean): ControlMessage {
  if (typeof enabled !== 'boolean') throw wrongType('enabled', 'a boolean', enabled);
  return message('SOL_IPV6', 'IPV6_DONTFRAG', intBytes(enabled ? 1 : 0));
}

/** IPV6_HOPOPTS: the whole header, RFC 8200, copied; takes CAP_NET_RAW. Throws ERR_INVALID_ARG_TYPE. */
export function hopByHopOptions(header: Uint8Array): ControlMessage {
  return message('SOL_IPV6', 'IPV6_HOPOPTS', copied('header', header));
}

/** IPV6_DSTOPTS: the whole header, RFC 8200, copied; takes CAP_NET_RAW. Throws ERR_INVALID_ARG_TYPE. */
export function destinationOptions(header: Uint8Array): ControlMessage {
  return message('SOL_IPV6', 'IPV6_DSTOPTS', copied('header', header));
}

/**
 * IPV6_RTHDRDSTOPTS: destination options in front of a routing header, copied; takes CAP_NET_RAW. Throws
 * ERR_INVALID_ARG_TYPE.
 */
export function routingDestinationOptions(header: Uint8Array): ControlMessage {
  return message('SOL_IPV6', 'IPV6_RTHDRDSTOPTS', copied('header', header));
}

/** IPV6_RTHDR: the whole routing header, RFC 8200, copied. Throws ERR_INVALID_ARG_TYPE. */
export function routingHeader(header: Uint8Array): ControlMessage {
  return message('SOL_IPV6', 'IPV6_RTHDR', copied('header', header));
}
