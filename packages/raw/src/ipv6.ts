import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkReadable } from './readable.ts';

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/** Length of an IPv6 header without extension headers. */
export const IPV6_HEADER_LENGTH = 40;

const FRAGMENT_LENGTH = 8;

/**
 * The extension headers that are walked (IANA, "IPv6 Extension Header Types"). ESP is not: what follows is
 * encrypted.
 */
export const ipv6ExtensionTypes: {
  readonly HOP_BY_HOP: 0;
  readonly ROUTING: 43;
  readonly FRAGMENT: 44;
  readonly AUTHENTICATION: 51;
  readonly DESTINATION: 60;
  readonly MOBILITY: 135;
  readonly HIP: 139;
  readonly SHIM6: 140;
} = {
  HOP_BY_HOP: 0,
  ROUTING: 43,
  FRAGMENT: 44,
  AUTHENTICATION: 51,
  DESTINATION: 60,
  MOBILITY: 135,
  HIP: 139,
  SHIM6: 140,
};

const EXTENSIONS: ReadonlySet<number> = new Set(Object.values(ipv6ExtensionTypes));

export interface Ipv6Extension {
  /** Its number, which the header before it carries as "next header". */
  readonly type: number;
  /** The whole header; its first byte is the next header's number, its length a multiple of 8 (4 for AH). */
  readonly bytes: Uint8Array;
}

/** What a fragment header says (RFC 8200, section 4.5). */
export interface Ipv6Fragment {
  /** In bytes. */
  readonly offset: number;
  readonly more: boolean;
  readonly identification: number;
}

/** An IPv6 header (RFC 8200) with its extension headers. */
export interface Ipv6Header {
  readonly trafficClass: number;
  readonly flowLabel: number;
  /** Extension headers and payload in bytes, as the field says; 0 on jumbograms. */
  readonly payloadLength: number;
  readonly hopLimit: number;
  /** 16 bytes. */
  readonly source: Uint8Array;
  /** 16 bytes. */
  readonly destination: Uint8Array;
  /** In the order in which they stand. */
  readonly extensions: readonly Ipv6Extension[];
  /** What follows the last extension header: an upper-layer protocol, 50 (ESP) or 59 (nothing). */
  readonly protocol: number;
}

export interface DecodedIpv6 extends Ipv6Header {
  /** Set when there is a fragment header. At an offset above 0 the payload is not the start of `protocol`. */
  readonly fragment: Ipv6Fragment | undefined;
  /** Extension headers included. */
  readonly headerLength: number;
  /** A view of what `payloadLength` says, or of what there is of it. */
  readonly payload: Uint8Array;
  /** Whether `bytes` end before the packet does. */
  readonly truncated: boolean;
}

function extensionLength(type: number, lengthField: number): number {
  if (type === ipv6ExtensionTypes.FRAGMENT) return FRAGMENT_LENGTH;
  // RFC 4302, section 2.2: AH counts 32-bit words, minus 2. All others count 8 bytes, without the first 8.
  if (type === ipv6ExtensionTypes.AUTHENTICATION) return (lengthField + 2) * 4;
  return (lengthField + 1) * 8;
}

/**
 * Reads an IPv6 header and walks its chain of extension headers; addresses, extensions and payload are views.
 * The walk stops behind the header of a fragment that is not the first, since what follows is not a header.
 * @throws MalformedPacketError when the version is not 6, or when an extension header runs past the packet or
 * the bytes.
 */
export function decodeIpv6(bytes: Uint8Array, offset = 0): DecodedIpv6 {
  checkReadable('IPv6', bytes, offset, IPV6_HEADER_LENGTH);
  const first = readU32(bytes, offset);
  if (first >>> 28 !== 6) throw new MalformedPacketError('IPv6', offset, 'version 6', first >>> 28);
  const payloadLength = readU16(bytes, offset + PAYLOAD_LENGTH);
  // RFC 2675: a jumbogram's length is in a hop-by-hop option; Linux also leaves 0 on BIG TCP segments.
  const end = payloadLength === 0 ? bytes.length : offset + IPV6_HEADER_LENGTH + payloadLength;
  const within = bytes.subarray(0, Math.min(end, bytes.length));
  const extensions: Ipv6Extension[] = [];
  let fragment: Ipv6Fragment | undefined;
  let protocol = bytes[offset + NEXT_HEADER]!;
  let at = offset + IPV6_HEADER_LENGTH;
  while (EXTENSIONS.has(protocol) && !(fragment !== undefined && fragment.offset > 0)) {
    checkReadable('IPv6 extension header', within, at, 8);
    const length = extensionLength(protocol, within[at + 1]!);
    checkReadable('IPv6 extension header', within, at, length);
    if (protocol === ipv6ExtensionTypes.FRAGMENT) {
      const field = readU16(within, at + 2);
      fragment = { offset: field & 0xfff8, more: (field & 1) !== 0, identification: readU32(within, at + 4) };
    }
    extensions.push({ type: protocol, bytes: within.subarray(at, at + length) });
    protocol = within[at]!;
    at += length;
  }
  return {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    payloadLength,
    hopLimit: bytes[offset + HOP_LIMIT]!,
    source: bytes.subarray(offset + SOURCE, offset + SOURCE + 16),
    destination: bytes.subarray(offset + DESTINATION, offset + DESTINATION + 16),
    extensions,
    protocol,
    fragment,
    headerLength: at - offset,
    payload: within.subarray(at),
    truncated: end > bytes.length,
  };
}

/** What {@link encodeIpv6} takes: addresses, protocol and payload length; the rest has the usual values. */
export type Ipv6Fields = Pick<Ipv6Header, 'source' | 'destination' | 'protocol' | 'payloadLength'> &
  Partial<Ipv6Header>;

/** Length in bytes of the header and the extension headers that {@link encodeIpv6} writes. */
export function ipv6HeaderLength(header: Pick<Partial<Ipv6Header>, 'extensions'>): number {
  return (header.extensions ?? []).reduce((sum, { bytes }) => sum + bytes.length, IPV6_HEADER_LENGTH);
}

/**
 * Writes an IPv6 header and its extension headers into `into` at `offset`. The chain of "next header" numbers
 * is written from `extensions` and `protocol`, over the first byte of each extension. `payloadLength` counts
 * the extension headers too. Defaults: hop limit 64, all else 0. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for addresses that
 * are not 16 bytes and extension headers whose length is not what they say.
 */
export function encodeIpv6(header: Ipv6Fields, into: Uint8Array, offset = 0): number {
  const source = checkBytes('source', header.source, 16);
  const destination = checkBytes('destination', header.destination, 16);
  const extensions = header.extensions ?? [];
  for (const { type, bytes } of extensions) {
    checkUint('extension.type', type, 8);
    checkBytes('extension.bytes', bytes);
    if (bytes.length < 8 || bytes.length !== extensionLength(type, bytes[1]!)) {
      throw wrongValue('extension.bytes', 'as many bytes as its length field says', bytes);
    }
  }
  const length = ipv6HeaderLength(header);
  checkRoom('into', into, offset, length);
  const trafficClass = checkUint('trafficClass', header.trafficClass ?? 0, 8);
  const flowLabel = checkUint('flowLabel', header.flowLabel ?? 0, 20);
  const protocol = checkUint('protocol', header.protocol, 8);
  writeU32(into, offset, ((6 << 28) | (trafficClass << 20) | flowLabel) >>> 0);
  writeU16(into, offset + PAYLOAD_LENGTH, checkUint('payloadLength', header.payloadLength, 16));
  into[offset + HOP_LIMIT] = checkUint('hopLimit', header.hopLimit ?? 64, 8);
  into.set(source, offset + SOURCE);
  into.set(destination, offset + DESTINATION);
  let link = offset + NEXT_HEADER;
  let at = offset + IPV6_HEADER_LENGTH;
  for (const { type, bytes } of extensions) {
    into.set(bytes, at);
    into[link] = type;
    link = at;
    at += bytes.length;
  }
  into[link] = protocol;
  return length;
}
