import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { internetChecksum } from './checksum.ts';
import { MalformedPacketError } from './errors.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const VERSION_AND_LENGTH = 0;
const TYPE_OF_SERVICE = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_AND_OFFSET = 6;
const TIME_TO_LIVE = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;

/** Length of an IPv4 header without options. */
export const IPV4_HEADER_LENGTH = 20;
const MAX_OPTIONS_LENGTH = 40;
const NO_OPTIONS = new Uint8Array(0);

/** An IPv4 header (RFC 791). */
export interface Ipv4Header {
  /** The whole byte: DSCP in the upper six bits, ECN in the lower two. */
  readonly typeOfService: number;
  /** Header and payload in bytes, as the field says; 0 on segments larger than it can hold (BIG TCP). */
  readonly totalLength: number;
  readonly identification: number;
  /** The reserved bit, which is 0 but for RFC 3514 and damaged packets. */
  readonly reserved: boolean;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset: number;
  readonly timeToLive: number;
  readonly protocol: number;
  /** 4 bytes. */
  readonly source: Uint8Array;
  /** 4 bytes. */
  readonly destination: Uint8Array;
  /** As they are: a multiple of 4 bytes, at most 40. See `decodeIpv4Options`. */
  readonly options: Uint8Array;
}

/**
 * An IPv4 header; its payload is what `totalLength` says, so that link-layer padding is left out. The checksum is
 * not judged: `internetChecksum(bytes, 0, offset, offset + headerLength)` is 0 when it is right.
 */
export class Ipv4View extends HeaderView implements Ipv4Header {
  override readonly kind: 'ipv4' = 'ipv4';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('IPv4', bytes, offset, end, IPV4_HEADER_LENGTH);
    const first = bytes[offset + VERSION_AND_LENGTH]!;
    if (first >>> 4 !== 4) throw new MalformedPacketError('IPv4', offset, 'version 4', first >>> 4);
    const headerLength = (first & 0xf) * 4;
    if (headerLength < IPV4_HEADER_LENGTH) {
      throw new MalformedPacketError('IPv4', offset, 'a header length of at least 20', headerLength);
    }
    checkPlace('IPv4', bytes, offset, end, headerLength);
    const totalLength = readU16(bytes, offset + TOTAL_LENGTH);
    if (totalLength !== 0 && totalLength < headerLength) {
      const expected = `a total length of at least ${headerLength}`;
      throw new MalformedPacketError('IPv4', offset + TOTAL_LENGTH, expected, totalLength);
    }
    this.place.set(bytes, offset, headerLength, totalLength === 0 ? end : offset + totalLength, end);
    return this;
  }

  get typeOfService(): number {
    return this.place.bytes[this.place.offset + TYPE_OF_SERVICE]!;
  }

  get totalLength(): number {
    return readU16(this.place.bytes, this.place.offset + TOTAL_LENGTH);
  }

  get identification(): number {
    return readU16(this.place.bytes, this.place.offset + IDENTIFICATION);
  }

  get reserved(): boolean {
    return (this.place.bytes[this.place.offset + FLAGS_AND_OFFSET]! & 0x80) !== 0;
  }

  get dontFragment(): boolean {
    return (this.place.bytes[this.place.offset + FLAGS_AND_OFFSET]! & 0x40) !== 0;
  }

  get moreFragments(): boolean {
    return (this.place.bytes[this.place.offset + FLAGS_AND_OFFSET]! & 0x20) !== 0;
  }

  get fragmentOffset(): number {
    return (readU16(this.place.bytes, this.place.offset + FLAGS_AND_OFFSET) & 0x1fff) * 8;
  }

  get timeToLive(): number {
    return this.place.bytes[this.place.offset + TIME_TO_LIVE]!;
  }

  get protocol(): number {
    return this.place.bytes[this.place.offset + PROTOCOL]!;
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get source(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + SOURCE, this.place.offset + SOURCE + 4);
  }

  get destination(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + DESTINATION, this.place.offset + DESTINATION + 4);
  }

  get options(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + IPV4_HEADER_LENGTH, this.place.payloadOffset);
  }
}

/** What {@link encodeIpv4} takes: addresses, protocol and total length; the rest has the usual values. */
export type Ipv4Fields = Pick<Ipv4Header, 'source' | 'destination' | 'protocol' | 'totalLength'> &
  Partial<Ipv4Header> & {
    /** Computed from the header when left out. */
    readonly checksum?: number | undefined;
  };

/**
 * Writes an IPv4 header into `into` at `offset`, its checksum computed unless one is given. Defaults: time to
 * live 64, all else 0, no options. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for addresses that
 * are not 4 bytes, options that are not a multiple of 4 bytes up to 40 and fragment offsets that are not a
 * multiple of 8.
 */
export function encodeIpv4(header: Ipv4Fields, into: Uint8Array, offset = 0): number {
  const source = checkBytes('source', header.source, 4);
  const destination = checkBytes('destination', header.destination, 4);
  const options = checkBytes('options', header.options ?? NO_OPTIONS);
  if (options.length % 4 !== 0 || options.length > MAX_OPTIONS_LENGTH) {
    throw wrongValue('options', `a multiple of 4 bytes, at most ${MAX_OPTIONS_LENGTH}`, options);
  }
  const length = IPV4_HEADER_LENGTH + options.length;
  checkRoom('into', into, offset, length);
  const fragmentOffset = checkUint('fragmentOffset', header.fragmentOffset ?? 0, 16);
  if (fragmentOffset % 8 !== 0) throw wrongValue('fragmentOffset', 'a multiple of 8', fragmentOffset);
  into[offset + VERSION_AND_LENGTH] = 0x40 | (length / 4);
  into[offset + TYPE_OF_SERVICE] = checkUint('typeOfService', header.typeOfService ?? 0, 8);
  writeU16(into, offset + TOTAL_LENGTH, checkUint('totalLength', header.totalLength, 16));
  writeU16(into, offset + IDENTIFICATION, checkUint('identification', header.identification ?? 0, 16));
  const flags =
    (header.reserved ? 0x8000 : 0) | (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0);
  writeU16(into, offset + FLAGS_AND_OFFSET, flags | (fragmentOffset / 8));
  into[offset + TIME_TO_LIVE] = checkUint('timeToLive', header.timeToLive ?? 64, 8);
  into[offset + PROTOCOL] = checkUint('protocol', header.protocol, 8);
  into.set(source, offset + SOURCE);
  into.set(destination, offset + DESTINATION);
  into.set(options, offset + IPV4_HEADER_LENGTH);
  writeU16(into, offset + CHECKSUM, 0);
  const checksum = header.checksum ?? internetChecksum(into, 0, offset, offset + length);
  writeU16(into, offset + CHECKSUM, checkUint('checksum', checksum, 16));
  return length;
}
