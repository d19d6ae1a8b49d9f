import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { icmpv6Types } from './icmpv6.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import type { OptionLayout } from './options.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const TYPE = 0;
const CHECKSUM = 2;
const REST = 4;
const TARGET = 8;
const DESTINATION = 24;
const REACHABLE = 8;
const RETRANSMIT = 12;

/** The length of each message before its options (RFC 4861, section 4). */
const LENGTHS: Readonly<Record<number, number>> = {
  [icmpv6Types.ROUTER_SOLICITATION]: 8,
  [icmpv6Types.ROUTER_ADVERTISEMENT]: 16,
  [icmpv6Types.NEIGHBOR_SOLICITATION]: 24,
  [icmpv6Types.NEIGHBOR_ADVERTISEMENT]: 24,
  [icmpv6Types.REDIRECT]: 40,
};

/** Whether an ICMPv6 message of this type is neighbour discovery. */
export const isNdp = (type: number): boolean => type >= 133 && type <= 137;

/** Options (RFC 4861, RFC 6106; IANA "IPv6 Neighbor Discovery Option Formats"). */
export const ndpOptions: {
  readonly SOURCE_LINK_LAYER_ADDRESS: 1;
  readonly TARGET_LINK_LAYER_ADDRESS: 2;
  readonly PREFIX_INFORMATION: 3;
  readonly REDIRECTED_HEADER: 4;
  readonly MTU: 5;
  readonly RECURSIVE_DNS_SERVER: 25;
  readonly DNS_SEARCH_LIST: 31;
} = {
  SOURCE_LINK_LAYER_ADDRESS: 1,
  TARGET_LINK_LAYER_ADDRESS: 2,
  PREFIX_INFORMATION: 3,
  REDIRECTED_HEADER: 4,
  MTU: 5,
  RECURSIVE_DNS_SERVER: 25,
  DNS_SEARCH_LIST: 31,
};

/** How neighbour discovery's options are laid out, for an `OptionCursor` over the payload of an {@link NdpView}. */
export const ndpOptionLayout: OptionLayout = { name: 'NDP option', pad: -1, end: -1, counts: 2, unit: 8 };

/** A neighbour discovery message (RFC 4861) without its options; which fields it has, its type says. */
export interface NdpMessage {
  /** 133 to 137, see `icmpv6Types`. */
  readonly type: number;
  readonly checksum: number;
  /** Router advertisement: hop limit to use, 0 for none said. */
  readonly hopLimit?: number | undefined;
  /**
   * The byte of flags: a router advertisement's (0x80 managed, 0x40 other), a neighbour advertisement's (0x80
   * router, 0x40 solicited, 0x20 override).
   */
  readonly flags?: number | undefined;
  /** Router advertisement: seconds for which it is a default router. */
  readonly routerLifetime?: number | undefined;
  /** Router advertisement: milliseconds. */
  readonly reachableTime?: number | undefined;
  /** Router advertisement: milliseconds. */
  readonly retransmitTimer?: number | undefined;
  /** Neighbour solicitation and advertisement, redirect: 16 bytes. */
  readonly target?: Uint8Array | undefined;
  /** Redirect: 16 bytes. */
  readonly destination?: Uint8Array | undefined;
}

/**
 * Neighbour discovery in an ICMPv6 message; the payload are its options, see {@link ndpOptionLayout}. Fields that the type has not are undefined.
 */
export class NdpView extends HeaderView implements NdpMessage {
  override readonly kind: 'ndp' = 'ndp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('NDP', bytes, offset, end, 8);
    const type = bytes[offset]!;
    const length = LENGTHS[type];
    if (length === undefined) throw new MalformedPacketError('NDP', offset, 'a type from 133 to 137', type);
    checkPlace('NDP', bytes, offset, end, length);
    this.place.set(bytes, offset, length, end, end);
    return this;
  }

  get type(): number {
    return this.place.bytes[this.place.offset + TYPE]!;
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get hopLimit(): number | undefined {
    return this.#advertises ? this.place.bytes[this.place.offset + REST] : undefined;
  }

  get flags(): number | undefined {
    if (this.#advertises) return this.place.bytes[this.place.offset + REST + 1];
    return this.type === icmpv6Types.NEIGHBOR_ADVERTISEMENT
      ? this.place.bytes[this.place.offset + REST]
      : undefined;
  }

  get routerLifetime(): number | undefined {
    return this.#advertises ? readU16(this.place.bytes, this.place.offset + REST + 2) : undefined;
  }

  get reachableTime(): number | undefined {
    return this.#advertises ? readU32(this.place.bytes, this.place.offset + REACHABLE) : undefined;
  }

  get retransmitTimer(): number | undefined {
    return this.#advertises ? readU32(this.place.bytes, this.place.offset + RETRANSMIT) : undefined;
  }

  get target(): Uint8Array | undefined {
    return this.headerLength >= 24 ? this.#address(TARGET) : undefined;
  }

  get destination(): Uint8Array | undefined {
    return this.headerLength === 40 ? this.#address(DESTINATION) : undefined;
  }

  get #advertises(): boolean {
    return this.type === icmpv6Types.ROUTER_ADVERTISEMENT;
  }

  #address(at: number): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + at, this.place.offset + at + 16);
  }
}

/** What {@link encodeNdp} takes; numbers left out are 0, the checksum to be filled in by `fillTransportChecksum`. */
export type NdpFields = Pick<NdpMessage, 'type'> & Partial<NdpMessage>;

/**
 * Writes a neighbour discovery message up to its options into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the message does not fit, ERR_INVALID_ARG_VALUE for another type, and for
 * addresses that are not 16 bytes.
 */
export function encodeNdp(message: NdpFields, into: Uint8Array, offset = 0): number {
  const type = checkUint('type', message.type, 8);
  const length = LENGTHS[type];
  if (length === undefined) throw wrongValue('type', 'from 133 to 137', type);
  const target = length >= 24 ? checkBytes('target', message.target, 16) : undefined;
  const destination = length === 40 ? checkBytes('destination', message.destination, 16) : undefined;
  checkRoom('into', into, offset, length);
  into.fill(0, offset, offset + length);
  into[offset + TYPE] = type;
  writeU16(into, offset + CHECKSUM, checkUint('checksum', message.checksum ?? 0, 16));
  const flags = checkUint('flags', message.flags ?? 0, 8);
  if (type === icmpv6Types.ROUTER_ADVERTISEMENT) {
    into[offset + REST] = checkUint('hopLimit', message.hopLimit ?? 0, 8);
    into[offset + REST + 1] = flags;
    writeU16(into, offset + REST + 2, checkUint('routerLifetime', message.routerLifetime ?? 0, 16));
    writeU32(into, offset + REACHABLE, checkUint('reachableTime', message.reachableTime ?? 0, 32));
    writeU32(into, offset + RETRANSMIT, checkUint('retransmitTimer', message.retransmitTimer ?? 0, 32));
  } else if (type === icmpv6Types.NEIGHBOR_ADVERTISEMENT) {
    into[offset + REST] = flags;
  }
  if (target !== undefined) into.set(target, offset + TARGET);
  if (destination !== undefined) into.set(destination, offset + DESTINATION);
  return length;
}

/**
 * Writes an option, padded with zeros to a multiple of 8 bytes, into `into` at `offset`: a link-layer address is its
 * own data; the layouts of the others are those of their RFCs from the third byte on. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when it does not fit, ERR_INVALID_ARG_VALUE for data of more than 2038 bytes.
 */
export function encodeNdpOption(kind: number, data: Uint8Array, into: Uint8Array, offset = 0): number {
  checkUint('kind', kind, 8);
  const length = Math.ceil((checkBytes('data', data).length + 2) / 8) * 8;
  if (length > 2040) throw wrongValue('data', 'at most 2038 bytes', data);
  checkRoom('into', into, offset, length);
  into.fill(0, offset, offset + length);
  into[offset] = kind;
  into[offset + 1] = length / 8;
  into.set(data, offset + 2);
  return length;
}
