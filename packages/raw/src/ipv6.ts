import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import type { OptionLayout } from './options.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;

/** Length of an IPv6 header without extension headers. */
export const IPV6_HEADER_LENGTH = 40;

const FRAGMENT_LENGTH = 8;
const NO_EXTENSIONS: readonly Ipv6Extension[] = [];

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

const IS_EXTENSION = new Uint8Array(256);
for (const type of Object.values(ipv6ExtensionTypes)) IS_EXTENSION[type] = 1;

/** Whether an extension header that is walked has this number. */
export const isExtension = (type: number): boolean => IS_EXTENSION[type] === 1;

export interface Ipv6Extension {
  /** Its number, which the header before it carries as "next header". */
  readonly type: number;
  /** The whole header; its first byte is the next header's number, its length a multiple of 8 (4 for AH). */
  readonly bytes: Uint8Array;
}

/** What a fragment header says (RFC 8200, section 4.5). */
export interface Ipv6Fragment {
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
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

/** In bytes, of an extension header of that number and with that length field. */
export function extensionLength(type: number, lengthField: number): number {
  if (type === ipv6ExtensionTypes.FRAGMENT) return FRAGMENT_LENGTH;
  // RFC 4302, section 2.2: AH counts 32-bit words, minus 2. All others count 8 bytes, without the first 8.
  if (type === ipv6ExtensionTypes.AUTHENTICATION) return (lengthField + 2) * 4;
  return (lengthField + 1) * 8;
}

/**
 * An IPv6 header with its chain of extension headers, which `decode` walks; behind the header of a fragment that is
 * not the first it stops, since what follows is not a header, and in any fragment before a second fragment header. The
 * payload is what `payloadLength` says, or the hop-by-hop options' jumbo payload length (RFC 2675) where that is 0.
 */
export class Ipv6View extends HeaderView implements Ipv6Header {
  override readonly kind: 'ipv6' = 'ipv6';
  #protocol = 0;
  #extensions = 0;
  #fragment = 0;

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('IPv6', bytes, offset, end, IPV6_HEADER_LENGTH);
    const version = bytes[offset]! >>> 4;
    if (version !== 6) throw new MalformedPacketError('IPv6', offset, 'version 6', version);
    const first = offset + IPV6_HEADER_LENGTH;
    let protocol = bytes[offset + NEXT_HEADER]!;
    let length = readU16(bytes, offset + PAYLOAD_LENGTH);
    if (length === 0 && protocol === ipv6ExtensionTypes.HOP_BY_HOP) length = jumboLength(bytes, first, end);
    // Linux leaves 0 without that option on BIG TCP segments.
    const claimed = length === 0 ? end : first + length;
    const within = claimed < end ? claimed : end;
    let at = first;
    let count = 0;
    let fragment = 0;
    let partial = false;
    while (isExtension(protocol)) {
      const isFragment = protocol === ipv6ExtensionTypes.FRAGMENT;
      // A fragment of a fragment: the inner header means something once the outer ones are together.
      if (isFragment && partial) break;
      checkPlace('IPv6 extension header', bytes, at, within, 8);
      const size = extensionLength(protocol, bytes[at + 1]!);
      checkPlace('IPv6 extension header', bytes, at, within, size);
      const later = isFragment && (readU16(bytes, at + 2) & 0xfff8) !== 0;
      if (isFragment) {
        fragment = at - offset;
        partial = (readU16(bytes, at + 2) & 0xfff9) !== 0;
      }
      protocol = bytes[at]!;
      at += size;
      count += 1;
      if (later) break;
    }
    this.#protocol = protocol;
    this.#extensions = count;
    this.#fragment = fragment;
    this.place.set(bytes, offset, at - offset, claimed, end);
    return this;
  }

  get trafficClass(): number {
    return (readU16(this.place.bytes, this.place.offset) >>> 4) & 0xff;
  }

  get flowLabel(): number {
    return readU32(this.place.bytes, this.place.offset) & 0xfffff;
  }

  get payloadLength(): number {
    return readU16(this.place.bytes, this.place.offset + PAYLOAD_LENGTH);
  }

  get hopLimit(): number {
    return this.place.bytes[this.place.offset + HOP_LIMIT]!;
  }

  get source(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + SOURCE, this.place.offset + SOURCE + 16);
  }

  get destination(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + DESTINATION, this.place.offset + DESTINATION + 16);
  }

  /** How many extension headers there are. */
  get extensionCount(): number {
    return this.#extensions;
  }

  /** An array of objects, made at each call; {@link Ipv6ExtensionCursor} allocates nothing. */
  get extensions(): readonly Ipv6Extension[] {
    const list: Ipv6Extension[] = [];
    const cursor = new Ipv6ExtensionCursor().start(this);
    while (cursor.next()) list.push({ type: cursor.type, bytes: cursor.data });
    return list;
  }

  get protocol(): number {
    return this.#protocol;
  }

  /** Whether there is a fragment header (RFC 8200, section 4.5). */
  get hasFragment(): boolean {
    return this.#fragment !== 0;
  }

  /**
   * In bytes, a multiple of 8; 0 without a fragment header. Above 0 the payload is not the start of `protocol`.
   */
  get fragmentOffset(): number {
    return this.hasFragment ? readU16(this.place.bytes, this.place.offset + this.#fragment + 2) & 0xfff8 : 0;
  }

  get moreFragments(): boolean {
    return this.hasFragment && (this.place.bytes[this.place.offset + this.#fragment + 3]! & 1) !== 0;
  }

  /** The fragment header's, 32 bits; 0 without one. */
  get identification(): number {
    return this.hasFragment ? readU32(this.place.bytes, this.place.offset + this.#fragment + 4) : 0;
  }

  /** Where in the bytes the last fragment header is; 0 without one. */
  get fragmentHeaderOffset(): number {
    return this.hasFragment ? this.place.offset + this.#fragment : 0;
  }
}

/** The jumbo payload length (RFC 2675) among the hop-by-hop options at `at`; 0 without one. */
function jumboLength(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return 0;
  const stop = at + extensionLength(ipv6ExtensionTypes.HOP_BY_HOP, bytes[at + 1]!);
  let option = at + 2;
  while (option + 1 < stop && option + 1 < end) {
    const type = bytes[option]!;
    if (type === 0xc2 && bytes[option + 1] === 4 && option + 6 <= end) return readU32(bytes, option + 2);
    option += type === 0 ? 1 : 2 + bytes[option + 1]!;
  }
  return 0;
}

/**
 * Goes through the extension headers of an `Ipv6View`, one at a time, without allocating: `while (cursor.next()) …`.
 */
export class Ipv6ExtensionCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #type = 0;
  #offset = 0;
  #length = 0;
  #end = 0;

  /** Starts before the first extension header. */
  start(view: Ipv6View): this {
    this.#bytes = view.bytes;
    this.#offset = view.offset + NEXT_HEADER;
    this.#length = IPV6_HEADER_LENGTH - NEXT_HEADER;
    this.#end = view.payloadOffset;
    return this;
  }

  /** Goes to the next one; false when there is none. */
  next(): boolean {
    const at = this.#offset + this.#length;
    if (at >= this.#end) return false;
    this.#type = this.#bytes[this.#offset]!;
    this.#offset = at;
    this.#length = extensionLength(this.#type, this.#bytes[at + 1]!);
    return true;
  }

  /** Its number. */
  get type(): number {
    return this.#type;
  }

  /** Where in the bytes it starts. */
  get offset(): number {
    return this.#offset;
  }

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** The whole header: a view, made at each call. */
  get data(): Uint8Array {
    return this.#bytes.subarray(this.#offset, this.#offset + this.#length);
  }
}

/** Options of hop-by-hop and destination headers: from the third byte of the header to its end (RFC 8200, section 4.2). */
export const ipv6OptionLayout: OptionLayout = { name: 'IPv6 option', pad: 0, end: -1, counts: 0, unit: 1 };

/**
 * Writes a fragment header (RFC 8200, section 4.5) of 8 bytes into `into` at `offset`, its next header 0, which
 * {@link encodeIpv6} fills in. `fragmentOffset` is in bytes. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for an offset that is no
 * multiple of 8.
 */
export function encodeIpv6Fragment(fragment: Ipv6Fragment, into: Uint8Array, offset = 0): number {
  const at = checkUint('fragmentOffset', fragment.fragmentOffset, 16);
  if (at % 8 !== 0) throw wrongValue('fragmentOffset', 'a multiple of 8', at);
  checkRoom('into', into, offset, FRAGMENT_LENGTH);
  writeU16(into, offset, 0);
  writeU16(into, offset + 2, at | (fragment.moreFragments ? 1 : 0));
  writeU32(into, offset + 4, checkUint('identification', fragment.identification, 32));
  return FRAGMENT_LENGTH;
}

/** What {@link encodeIpv6} takes: addresses, protocol and payload length; the rest has the usual values. */
export type Ipv6Fields = Pick<Ipv6Header, 'source' | 'destination' | 'protocol' | 'payloadLength'> &
  Partial<Ipv6Header>;

/** Length in bytes of the header and the extension headers that {@link encodeIpv6} writes. */
export function ipv6HeaderLength(header: Pick<Partial<Ipv6Header>, 'extensions'>): number {
  return (header.extensions ?? NO_EXTENSIONS).reduce(
    (sum, { bytes }) => sum + bytes.length,
    IPV6_HEADER_LENGTH,
  );
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
  const extensions = header.extensions ?? NO_EXTENSIONS;
  for (const { type, bytes } of extensions) {
    checkUint('extension.type', type, 8);
    checkBytes('extension.bytes', bytes);
    if (bytes.length < 8 || bytes.length !== extensionLength(type, bytes[1]!)) {
      throw wrongValue('extension.bytes', 'as many bytes as its length field says', bytes);
    }
  }
  const length = ipv6HeaderLength({ extensions });
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
