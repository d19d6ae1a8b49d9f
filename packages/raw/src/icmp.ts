import { checkRoom, checkUint } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkReadable } from './readable.ts';

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

export const ICMP_HEADER_LENGTH = 8;

/** ICMP types (RFC 792, IANA "ICMP Type Numbers"). */
export const icmpTypes: {
  readonly ECHO_REPLY: 0;
  readonly DESTINATION_UNREACHABLE: 3;
  readonly REDIRECT: 5;
  readonly ECHO_REQUEST: 8;
  readonly TIME_EXCEEDED: 11;
  readonly PARAMETER_PROBLEM: 12;
} = {
  ECHO_REPLY: 0,
  DESTINATION_UNREACHABLE: 3,
  REDIRECT: 5,
  ECHO_REQUEST: 8,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
};

/** ICMPv6 types (RFC 4443; neighbour discovery: RFC 4861). */
export const icmpv6Types: {
  readonly DESTINATION_UNREACHABLE: 1;
  readonly PACKET_TOO_BIG: 2;
  readonly TIME_EXCEEDED: 3;
  readonly PARAMETER_PROBLEM: 4;
  readonly ECHO_REQUEST: 128;
  readonly ECHO_REPLY: 129;
  readonly ROUTER_SOLICITATION: 133;
  readonly ROUTER_ADVERTISEMENT: 134;
  readonly NEIGHBOR_SOLICITATION: 135;
  readonly NEIGHBOR_ADVERTISEMENT: 136;
  readonly REDIRECT: 137;
} = {
  DESTINATION_UNREACHABLE: 1,
  PACKET_TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOR_SOLICITATION: 135,
  NEIGHBOR_ADVERTISEMENT: 136,
  REDIRECT: 137,
};

/** The eight bytes that every ICMP (RFC 792) and ICMPv6 (RFC 4443) message starts with. */
export interface IcmpHeader {
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  /**
   * The second four bytes as one number: echo identifier and sequence, MTU, pointer, gateway, as the type
   * says.
   */
  readonly rest: number;
}

export interface DecodedIcmp extends IcmpHeader {
  readonly headerLength: number;
  /** A view: an echo's data; the packet that an error is about; options. */
  readonly payload: Uint8Array;
}

/**
 * Reads an ICMP or ICMPv6 message from `offset` of `bytes`; the payload is a view. The checksum is not
 * judged: see `internetChecksum` (ICMP) and `transportChecksum` (ICMPv6).
 * @throws MalformedPacketError where there are fewer than 8 bytes.
 */
export function decodeIcmp(bytes: Uint8Array, offset = 0): DecodedIcmp {
  checkReadable('ICMP', bytes, offset, ICMP_HEADER_LENGTH);
  return {
    type: bytes[offset + TYPE]!,
    code: bytes[offset + CODE]!,
    checksum: readU16(bytes, offset + CHECKSUM),
    rest: readU32(bytes, offset + REST),
    headerLength: ICMP_HEADER_LENGTH,
    payload: bytes.subarray(offset + ICMP_HEADER_LENGTH),
  };
}

/**
 * What {@link encodeIcmp} takes; what is left out is 0, the checksum to be filled in when the message is
 * whole.
 */
export type IcmpFields = Pick<IcmpHeader, 'type'> & Partial<IcmpHeader>;

/**
 * Writes the first 8 bytes of an ICMP or ICMPv6 message into `into` at `offset`; `fillIcmpChecksum` or
 * `fillTransportChecksum` completes it once the payload stands. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeIcmp(header: IcmpFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, ICMP_HEADER_LENGTH);
  into[offset + TYPE] = checkUint('type', header.type, 8);
  into[offset + CODE] = checkUint('code', header.code ?? 0, 8);
  writeU16(into, offset + CHECKSUM, checkUint('checksum', header.checksum ?? 0, 16));
  writeU32(into, offset + REST, checkUint('rest', header.rest ?? 0, 32));
  return ICMP_HEADER_LENGTH;
}

/** Identifier and sequence number of an echo, 16 bits each. */
export interface IcmpEcho {
  readonly identifier: number;
  readonly sequence: number;
}

/** What `rest` says in an echo request or reply. */
export function decodeEcho(rest: number): IcmpEcho {
  checkUint('rest', rest, 32);
  return { identifier: rest >>> 16, sequence: rest & 0xffff };
}

/**
 * The `rest` of an echo request or reply.
 * @throws ERR_OUT_OF_RANGE when a number does not fit into 16 bits.
 */
export function encodeEcho(echo: IcmpEcho): number {
  const identifier = checkUint('identifier', echo.identifier, 16);
  return ((identifier << 16) | checkUint('sequence', echo.sequence, 16)) >>> 0;
}
