import { checkBytes, checkRoom, checkUint } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;
const ADDRESS_LENGTH = 6;
const TAG_LENGTH = 4;

/** Length of an Ethernet header without tags. */
export const ETHERNET_HEADER_LENGTH = 14;

/** A type field up to this value is an IEEE 802.3 payload length instead. */
export const MAX_802_3_LENGTH = 1500;

/**
 * The EtherTypes that this package has codecs for, and those of VLAN tags (IEEE 802 numbers;
 * linux/if_ether.h).
 */
export const etherTypes: {
  readonly IPV4: 0x0800;
  readonly ARP: 0x0806;
  readonly TRANSPARENT_BRIDGING: 0x6558;
  readonly REVERSE_ARP: 0x8035;
  readonly VLAN: 0x8100;
  readonly IPV6: 0x86dd;
  readonly PPP: 0x880b;
  readonly MPLS: 0x8847;
  readonly MPLS_MULTICAST: 0x8848;
  readonly PPPOE_DISCOVERY: 0x8863;
  readonly PPPOE_SESSION: 0x8864;
  readonly PROVIDER_VLAN: 0x88a8;
  readonly QINQ: 0x9100;
} = {
  IPV4: 0x0800,
  ARP: 0x0806,
  TRANSPARENT_BRIDGING: 0x6558,
  REVERSE_ARP: 0x8035,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  PPP: 0x880b,
  MPLS: 0x8847,
  MPLS_MULTICAST: 0x8848,
  PPPOE_DISCOVERY: 0x8863,
  PPPOE_SESSION: 0x8864,
  PROVIDER_VLAN: 0x88a8,
  QINQ: 0x9100,
};

/** An IEEE 802.1Q tag. */
export interface VlanTag {
  /** The tag's EtherType: 0x8100, 0x88a8 or 0x9100. */
  readonly protocol: number;
  /** PCP, 0 to 7. */
  readonly priority: number;
  /** DEI (formerly CFI). */
  readonly dropEligible: boolean;
  /** VLAN identifier, 0 to 4095. */
  readonly id: number;
}

export interface EthernetHeader {
  /** 6 bytes. */
  readonly destination: Uint8Array;
  /** 6 bytes. */
  readonly source: Uint8Array;
  /** Outermost first. */
  readonly tags: readonly VlanTag[];
  /**
   * What the payload is; up to 1500 it is the payload's length instead (IEEE 802.3, an LLC header follows).
   */
  readonly etherType: number;
}

const isTag = (type: number): boolean =>
  type === etherTypes.VLAN || type === etherTypes.PROVIDER_VLAN || type === etherTypes.QINQ;

/**
 * An Ethernet header (IEEE 802.3) with its VLAN tags. The payload's padding is cut off only where an 802.3 length
 * says how long it is.
 */
export class EthernetView extends HeaderView implements EthernetHeader {
  override readonly kind: 'ethernet' = 'ethernet';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('Ethernet', bytes, offset, end, ETHERNET_HEADER_LENGTH);
    let at = offset + TYPE;
    let type = readU16(bytes, at);
    while (isTag(type)) {
      if (end - at < TAG_LENGTH + 2)
        throw new MalformedPacketError('VLAN tag', at, '6 bytes or more', end - at);
      at += TAG_LENGTH;
      type = readU16(bytes, at);
    }
    const start = at + 2;
    this.place.set(bytes, offset, start - offset, type <= MAX_802_3_LENGTH ? start + type : end, end);
    return this;
  }

  get destination(): Uint8Array {
    return this.place.bytes.subarray(
      this.place.offset + DESTINATION,
      this.place.offset + DESTINATION + ADDRESS_LENGTH,
    );
  }

  get source(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + SOURCE, this.place.offset + SOURCE + ADDRESS_LENGTH);
  }

  /** How many tags there are. */
  get tagCount(): number {
    return (this.headerLength - ETHERNET_HEADER_LENGTH) / TAG_LENGTH;
  }

  /** The tag's control information, 16 bits: priority, drop eligible, identifier; 0 where there is no such tag. */
  tagControl(index: number): number {
    const { tagCount } = this;
    return index < tagCount
      ? readU16(this.place.bytes, this.place.offset + TYPE + TAG_LENGTH * checkTag(index) + 2)
      : 0;
  }

  /** An array of objects, made at each call; {@link tagControl} allocates nothing. */
  get tags(): readonly VlanTag[] {
    return Array.from({ length: this.tagCount }, (_, index) => {
      const control = this.tagControl(index);
      return {
        protocol: readU16(this.place.bytes, this.place.offset + TYPE + TAG_LENGTH * index),
        priority: control >>> 13,
        dropEligible: (control & 0x1000) !== 0,
        id: control & 0xfff,
      };
    });
  }

  get etherType(): number {
    return readU16(this.place.bytes, this.place.payloadOffset - 2);
  }
}

const checkTag = (index: number): number => checkUint('index', index, 16);

/** Length in bytes of the header that {@link encodeEthernet} writes. */
export function ethernetHeaderLength(header: Pick<EthernetHeader, 'tags'>): number {
  return ETHERNET_HEADER_LENGTH + header.tags.length * TAG_LENGTH;
}

/**
 * Writes an Ethernet header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for an address that
 * is not 6 bytes.
 */
export function encodeEthernet(header: EthernetHeader, into: Uint8Array, offset = 0): number {
  const { tags } = header;
  const destination = checkBytes('destination', header.destination, ADDRESS_LENGTH);
  const source = checkBytes('source', header.source, ADDRESS_LENGTH);
  const length = ethernetHeaderLength({ tags });
  checkRoom('into', into, offset, length);
  into.set(destination, offset + DESTINATION);
  into.set(source, offset + SOURCE);
  let at = offset + TYPE;
  for (const tag of tags) {
    writeU16(into, at, checkUint('tag.protocol', tag.protocol, 16));
    const priority = checkUint('tag.priority', tag.priority, 3);
    const id = checkUint('tag.id', tag.id, 12);
    writeU16(into, at + 2, (priority << 13) | (tag.dropEligible ? 0x1000 : 0) | id);
    at += TAG_LENGTH;
  }
  writeU16(into, at, checkUint('etherType', header.etherType, 16));
  return length;
}
