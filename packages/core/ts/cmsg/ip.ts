/** Control messages of IPv4, level SOL_IP: ip(7). */
import { checkInteger, checkOptions } from '../check.ts';
import { checkLength, copied, type Decoder, decoder, message } from './codec.ts';
import { type ExtendedError, errorDecoder, type ZeroCopyCompletion } from './error.ts';
import { intBytes, readInt, readUint, writeInt } from './fields.ts';
import type { ControlMessage } from './header.ts';
import { type SecurityLabel, securityDecoder } from './socket.ts';

/** IP_PKTINFO: `struct in_pktinfo`, received after the option of that name. */
export interface PacketInfo {
  readonly kind: 'packet-info';
  readonly version: 4;
  /** The interface that the packet came in by. */
  readonly interfaceIndex: number;
  /** `ipi_spec_dst`: this host's address that an answer goes out from. 4 bytes, a view. */
  readonly local: Uint8Array;
  /** `ipi_addr`: where the packet was sent to, a group or a broadcast address perhaps. 4 bytes, a view. */
  readonly destination: Uint8Array;
}

/** IP_TTL: received after IP_RECVTTL. */
export interface Ttl {
  readonly kind: 'ttl';
  /** 0 to 255. */
  readonly ttl: number;
}

/** IP_TOS: received after IP_RECVTOS. */
export interface Tos {
  readonly kind: 'tos';
  /** The whole byte, RFC 2474. */
  readonly tos: number;
  /** Its upper six bits, the differentiated services code point. */
  readonly dscp: number;
  /** Its lower two bits, RFC 3168: 0 not capable, 1 and 2 capable, 3 congestion experienced. */
  readonly ecn: number;
}

/** IP_RECVOPTS, IP_RETOPTS: received after IP_RECVOPTS or IP_RECVRETOPTS. */
export interface IpOptions {
  readonly kind: 'ip-options';
  /** Whether they are made for an answer, IP_RETOPTS: routes turned round. */
  readonly forReturn: boolean;
  /** The header's options, RFC 791. A view. */
  readonly data: Uint8Array;
}

/**
 * IP_ORIGDSTADDR, IPV6_ORIGDSTADDR: received after IP_RECVORIGDSTADDR or IPV6_RECVORIGDSTADDR, for transparent proxies.
 */
export interface OriginalDestination {
  readonly kind: 'original-destination';
  /** A sockaddr, a view. */
  readonly address: Uint8Array;
}

/**
 * IP_RECVFRAGSIZE, IPV6_RECVFRAGSIZE: received after the option of that name, 4.10, on packets that came in fragments.
 */
export interface FragmentSize {
  readonly kind: 'fragment-size';
  /** Bytes of the largest fragment. */
  readonly size: number;
}

/** IP_CHECKSUM: received after the option of that name, 4.0, on UDP. */
export interface Checksum {
  readonly kind: 'checksum';
  /** The ones' complement sum over the payload, unfolded, as the kernel has it. */
  readonly sum: number;
}

/** IP_PROTOCOL: which protocol a packet of a raw socket has, sent, 6.4. */
export interface IpProtocol {
  readonly kind: 'ip-protocol';
  /** `IPPROTO_…`. */
  readonly protocol: number;
}

export type IpControl =
  | PacketInfo
  | Ttl
  | Tos
  | IpOptions
  | OriginalDestination
  | FragmentSize
  | Checksum
  | IpProtocol
  | SecurityLabel
  | ExtendedError
  | ZeroCopyCompletion;

/** `struct in_pktinfo`. */
const IFINDEX = 0;
const SPEC_DST = 4;
const ADDR = 8;
const PKTINFO_SIZE = 12;
const ADDRESS_SIZE = 4;
/** The fewest bytes of a sockaddr: its family. */
export const SOCKADDR_LEAST = 2;

function options(type: 'IP_RECVOPTS' | 'IP_RETOPTS', forReturn: boolean): Decoder<IpOptions> {
  return decoder('ip-options', 'SOL_IP', type, 0, (data) => ({ kind: 'ip-options', forReturn, data }));
}

export const ipDecoders: readonly Decoder<IpControl>[] = [
  decoder<PacketInfo>('packet-info', 'SOL_IP', 'IP_PKTINFO', PKTINFO_SIZE, (data) => ({
    kind: 'packet-info',
    version: 4,
    interfaceIndex: readInt(data, IFINDEX),
    local: data.subarray(SPEC_DST, SPEC_DST + ADDRESS_SIZE),
    destination: data.subarray(ADDR, ADDR + ADDRESS_SIZE),
  })),
  decoder<Ttl>('ttl', 'SOL_IP', 'IP_TTL', 4, (data) => ({ kind: 'ttl', ttl: readInt(data, 0) })),
  // The kernel gives one byte and takes an int.
  decoder<Tos>('tos', 'SOL_IP', 'IP_TOS', 1, (data) => {
    const tos = (data.length >= 4 ? readInt(data, 0) : (data[0] as number)) & 0xff;
    return { kind: 'tos', tos, dscp: tos >> 2, ecn: tos & 3 };
  }),
  options('IP_RECVOPTS', false),
  options('IP_RETOPTS', true),
  decoder<OriginalDestination>(
    'original-destination',
    'SOL_IP',
    'IP_ORIGDSTADDR',
    SOCKADDR_LEAST,
    (data) => ({
      kind: 'original-destination',
      address: data,
    }),
  ),
  decoder<FragmentSize>('fragment-size', 'SOL_IP', 'IP_RECVFRAGSIZE', 4, (data) => ({
    kind: 'fragment-size',
    size: readInt(data, 0),
  })),
  decoder<Checksum>('checksum', 'SOL_IP', 'IP_CHECKSUM', 4, (data) => ({
    kind: 'checksum',
    sum: readUint(data, 0),
  })),
  decoder<IpProtocol>('ip-protocol', 'SOL_IP', 'IP_PROTOCOL', 4, (data) => ({
    kind: 'ip-protocol',
    protocol: readInt(data, 0),
  })),
  securityDecoder('SOL_IP'),
  errorDecoder('SOL_IP', 'IP_RECVERR'),
];

/**
 * IP_PKTINFO: sends by an interface, from an address, or both. To answer from where a packet was sent to, give the
 * received message's `local` and, if it matters, its `interfaceIndex`.
 *
 * @param options.interfaceIndex 0, the default, leaves it to the routes
 * @param options.local 4 bytes, an address of this host; the kernel chooses unless given
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function packetInfo(options: {
  interfaceIndex?: number | undefined;
  local?: Uint8Array | undefined;
}): ControlMessage {
  const { interfaceIndex = 0, local } = checkOptions(options);
  const data = new Uint8Array(PKTINFO_SIZE);
  writeInt(data, IFINDEX, checkInteger('options.interfaceIndex', interfaceIndex, 0, 0x7fffffff));
  if (local !== undefined) data.set(checkLength('options.local', local, ADDRESS_SIZE), SPEC_DST);
  return message('SOL_IP', 'IP_PKTINFO', data);
}

/** IP_TTL: the packet's time to live, 1 to 255. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function ttl(ttl: number): ControlMessage {
  return message('SOL_IP', 'IP_TTL', intBytes(checkInteger('ttl', ttl, 1, 255)));
}

/**
 * IP_TOS: the packet's type of service byte, 0 to 255: six bits of code point and two of ECN, `dscp << 2 | ecn`.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function tos(tos: number): ControlMessage {
  return message('SOL_IP', 'IP_TOS', intBytes(checkInteger('tos', tos, 0, 255)));
}

/** IP_RETOPTS: the header's options, RFC 791, at most 40 bytes, copied. Throws ERR_INVALID_ARG_TYPE. */
export function returnOptions(options: Uint8Array): ControlMessage {
  return message('SOL_IP', 'IP_RETOPTS', copied('options', options));
}

/**
 * IP_PROTOCOL, since 6.4: the protocol of a raw socket's packet, `IPPROTO_…`, 0 to 255. Throws ERR_INVALID_ARG_TYPE,
 * ERR_OUT_OF_RANGE.
 */
export function ipProtocol(protocol: number): ControlMessage {
  return message('SOL_IP', 'IP_PROTOCOL', intBytes(checkInteger('protocol', protocol, 0, 255)));
}
