import { checkInteger, checkObject } from '@sockeye/addr/check';
import { encodeIpv4, type Ipv4View } from './ipv4.ts';
import { extensionLength, type Ipv6View } from './ipv6.ts';
import { writeU16 } from './network-order.ts';
import { checkTime } from './time.ts';

/** The largest datagram that a length field can tell of. */
const MAX_LENGTH = 65_535;
/** What a fragment takes beside its bytes, about: many small ones are no way around the bound. */
const OVERHEAD = 128;
const IPV6_FIXED = 40;
const IPV6_PAYLOAD_LENGTH = 4;
const IPV6_NEXT_HEADER = 6;

export interface IpReassemblerOptions {
  /** Milliseconds that a datagram's fragments are kept from the first of them on. Default 30,000, as Linux has it. */
  readonly timeout?: number | undefined;
  /** Bytes that all fragments may take, 128 for each beside its own; the oldest datagrams go. Default 4 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * What became of a packet:
 * - `whole`: it is no fragment;
 * - `held`: others are missing;
 * - `complete`: with it the datagram is whole, `packet`, which has the first fragment's header without the traces of
 *   fragmentation;
 * - `dropped`: its datagram never will be: it overlaps another (RFC 5722, RFC 8200, section 4.5; Linux does the same for
 *   IPv4), its length cannot be, or it is cut off.
 */
export type FragmentOutcome =
  | { readonly status: 'whole' }
  | { readonly status: 'held' }
  | { readonly status: 'complete'; readonly packet: Uint8Array }
  | { readonly status: 'dropped'; readonly why: 'overlap' | 'length' | 'truncated' };

interface Fragment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Datagram {
  readonly started: number;
  /** In order, none over another. */
  readonly fragments: Fragment[];
  /** The first fragment's header, ready for the whole. */
  header: Uint8Array | undefined;
  /** Where the last fragment ends; undefined as long as it is missing. */
  length: number | undefined;
  have: number;
  cost: number;
  /** Fragments that still come are dropped too. */
  spoilt: 'overlap' | 'length' | undefined;
}

const WHOLE: FragmentOutcome = { status: 'whole' };
const HELD: FragmentOutcome = { status: 'held' };

/** What became of datagrams, counted. */
export interface IpReassemblyCounts {
  readonly completed: number;
  /** For an overlap or a length that cannot be. */
  readonly dropped: number;
  /** Not whole within the time. */
  readonly timedOut: number;
  /** Not whole when the memory was needed. */
  readonly evicted: number;
}

/**
 * Puts the fragments of IPv4 and IPv6 together, of any number of datagrams at once, in bounded memory and time. A fragment
 * that is an exact copy of one that is there is passed over; any other overlap spoils its datagram.
 */
export class IpReassembler {
  readonly #timeout: number;
  readonly #maxBytes: number;
  readonly #datagrams: Map<string, Datagram> = new Map();
  #bytes = 0;
  readonly #counts = { completed: 0, dropped: 0, timedOut: 0, evicted: 0 };

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
  constructor(options: IpReassemblerOptions = {}) {
    checkObject('options', options);
    this.#timeout = checkInteger('timeout', options.timeout ?? 30_000, 1, Number.MAX_SAFE_INTEGER);
    this.#maxBytes = checkInteger('maxBytes', options.maxBytes ?? 1 << 22, 1, Number.MAX_SAFE_INTEGER);
  }

  /** Bytes that the fragments take, as `maxBytes` counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Datagrams of which some is there. */
  get pending(): number {
    return this.#datagrams.size;
  }

  get counts(): IpReassemblyCounts {
    return { ...this.#counts };
  }

  /**
   * Takes a packet; what it needs of it, it copies. `now` is in milliseconds of any clock that does not go back: that of
   * a capture's time stamps, or `performance.now()`.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for a time that is none.
   */
  push(ip: Ipv4View | Ipv6View, now: number): FragmentOutcome {
    const time = checkTime(now);
    this.#expire(time);
    const { fragmentOffset: offset, moreFragments: more } = ip;
    const marked = ip.kind === 'ipv6' && ip.hasFragment;
    if (!more && offset === 0 && !marked) return WHOLE;
    if (ip.truncated) return { status: 'dropped', why: 'truncated' };
    const bytes = ip.bytes.subarray(ip.payloadOffset, ip.payloadEnd);
    // RFC 6946: a fragment that is all of its datagram has nothing to do with others of that identification.
    if (!more && offset === 0) return this.#whole(headerOf(ip), [{ offset, bytes }], bytes.length);
    const key = keyOf(ip);
    const datagram = this.#datagrams.get(key) ?? this.#begin(key, time);
    if (datagram.spoilt !== undefined) return { status: 'dropped', why: datagram.spoilt };
    const end = offset + bytes.length;
    if ((more && (bytes.length % 8 !== 0 || bytes.length === 0)) || end > MAX_LENGTH) {
      return this.#spoil(datagram, 'length');
    }
    if (isBeyond(datagram, end, more)) return this.#spoil(datagram, 'length');
    const place = placeOf(datagram.fragments, offset);
    const before = datagram.fragments[place - 1];
    const after = datagram.fragments[place];
    if (after !== undefined && after.offset === offset && equal(after.bytes, bytes)) return HELD;
    const overlaps = before !== undefined && before.offset + before.bytes.length > offset;
    if (overlaps || (after !== undefined && after.offset < end)) return this.#spoil(datagram, 'overlap');
    datagram.fragments.splice(place, 0, { offset, bytes: bytes.slice() });
    datagram.have += bytes.length;
    if (!more) datagram.length = end;
    if (offset === 0) datagram.header = headerOf(ip);
    const cost = OVERHEAD + bytes.length + (offset === 0 ? (datagram.header?.length ?? 0) : 0);
    datagram.cost += cost;
    this.#bytes += cost;
    if (datagram.have === datagram.length && datagram.header !== undefined) {
      this.#forget(key, datagram);
      return this.#whole(datagram.header, datagram.fragments, datagram.have);
    }
    this.#shrink();
    return HELD;
  }

  /**
   * Forgets the datagrams whose time is over; `push` does it too.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for a time that is none.
   */
  expire(now: number): void {
    this.#expire(checkTime(now));
  }

  #expire(now: number): void {
    for (const [key, datagram] of this.#datagrams) {
      if (now - datagram.started < this.#timeout) break;
      this.#forget(key, datagram);
      if (datagram.spoilt === undefined) this.#counts.timedOut += 1;
    }
  }

  #begin(key: string, started: number): Datagram {
    const datagram: Datagram = {
      started,
      fragments: [],
      header: undefined,
      length: undefined,
      have: 0,
      cost: OVERHEAD,
      spoilt: undefined,
    };
    this.#datagrams.set(key, datagram);
    this.#bytes += OVERHEAD;
    return datagram;
  }

  /** Lets the bytes go, and remembers until the time is over that no more of them are wanted. */
  #spoil(datagram: Datagram, why: 'overlap' | 'length'): FragmentOutcome {
    datagram.spoilt = why;
    datagram.fragments.length = 0;
    datagram.header = undefined;
    this.#bytes -= datagram.cost - OVERHEAD;
    datagram.cost = OVERHEAD;
    this.#counts.dropped += 1;
    this.#shrink();
    return { status: 'dropped', why };
  }

  #forget(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key);
    this.#bytes -= datagram.cost;
  }

  #shrink(): void {
    for (const [key, datagram] of this.#datagrams) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(key, datagram);
      if (datagram.spoilt === undefined) this.#counts.evicted += 1;
    }
  }

  #whole(header: Uint8Array, fragments: readonly Fragment[], length: number): FragmentOutcome {
    const packet = new Uint8Array(header.length + length);
    const total = header[0]! >>> 4 === 4 ? packet.length : packet.length - IPV6_FIXED;
    if (total > MAX_LENGTH) {
      this.#counts.dropped += 1;
      return { status: 'dropped', why: 'length' };
    }
    packet.set(header);
    for (const { offset, bytes } of fragments) packet.set(bytes, header.length + offset);
    finish(packet, header.length);
    this.#counts.completed += 1;
    return { status: 'complete', packet };
  }
}

/** Whether a fragment that ends there contradicts what is known of the datagram's end. */
function isBeyond({ fragments, length }: Datagram, end: number, more: boolean): boolean {
  if (length !== undefined && (more ? end > length : end !== length)) return true;
  const last = fragments.at(-1);
  return !more && last !== undefined && last.offset + last.bytes.length > end;
}

/** The index of the first fragment that starts at `offset` or behind it. */
function placeOf(fragments: readonly Fragment[], offset: number): number {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fragments[middle]!.offset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);

/** RFC 791: addresses, protocol and identification; RFC 8200: the same without the protocol. */
function keyOf(ip: Ipv4View | Ipv6View): string {
  const addresses = `${String.fromCharCode(...ip.source)}${String.fromCharCode(...ip.destination)}`;
  return `${addresses}${ip.identification}/${ip.kind === 'ipv4' ? ip.protocol : ''}`;
}

/** The header as the whole datagram has it, but for its length. */
function headerOf(ip: Ipv4View | Ipv6View): Uint8Array {
  const header = ip.bytes.slice(ip.offset, ip.payloadOffset);
  if (ip.kind === 'ipv4') return header;
  // The fragment header goes, and so does what is behind it: its next header is the fragments' own (RFC 8200, 4.5).
  const at = ip.fragmentHeaderOffset - ip.offset;
  const without = new Uint8Array(header.length - 8);
  without.set(header.subarray(0, at));
  without.set(header.subarray(at + 8), at);
  without[linkTo(header, at)] = header[at]!;
  return without;
}

/** Where the number of the extension header at `at` stands: in the header before it. */
function linkTo(header: Uint8Array, at: number): number {
  let link = IPV6_NEXT_HEADER;
  let next = IPV6_FIXED;
  while (next < at) {
    const type = header[link]!;
    const field = header[next + 1]!;
    link = next;
    next += extensionLength(type, field);
  }
  return link;
}

/** Writes the lengths, and what of IPv4's header follows from them. */
function finish(packet: Uint8Array, headerLength: number): void {
  if (packet[0]! >>> 4 === 6) {
    writeU16(packet, IPV6_PAYLOAD_LENGTH, packet.length - IPV6_FIXED);
    return;
  }
  const view = {
    typeOfService: packet[1]!,
    totalLength: packet.length,
    identification: (packet[4]! << 8) | packet[5]!,
    reserved: (packet[6]! & 0x80) !== 0,
    dontFragment: (packet[6]! & 0x40) !== 0,
    timeToLive: packet[8]!,
    protocol: packet[9]!,
    source: packet.slice(12, 16),
    destination: packet.slice(16, 20),
    options: packet.slice(20, headerLength),
  };
  encodeIpv4(view, packet);
}
