import { checkBytes, checkRoom, checkUint } from '@sockeye/addr/check';
import { readU16, writeU16 } from './network-order.ts';
import { checkReadable } from './readable.ts';

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
  readonly VLAN: 0x8100;
  readonly IPV6: 0x86dd;
  readonly PROVIDER_VLAN: 0x88a8;
  readonly QINQ: 0x9100;
} = { IPV4: 0x0800, ARP: 0x0806, VLAN: 0x8100, IPV6: 0x86dd, PROVIDER_VLAN: 0x88a8, QINQ: 0x9100 };

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

export interface DecodedEthernet extends EthernetHeader {
  /** Tags included. */
  readonly headerLength: number;
  /** A view. Padding is cut off only where an 802.3 length says how long the payload is. */
  readonly payload: Uint8Array;
}

const isTag = (type: number): boolean =>
  type === etherTypes.VLAN || type === etherTypes.PROVIDER_VLAN || type === etherTypes.QINQ;

/**
 * Reads an Ethernet header with its VLAN tags from `offset` of `bytes`; addresses and payload are views.
 * @throws MalformedPacketError where the bytes end before the header does.
 */
export function decodeEthernet(bytes: Uint8Array, offset = 0): DecodedEthernet {
  checkReadable('Ethernet', bytes, offset, ETHERNET_HEADER_LENGTH);
  const tags: VlanTag[] = [];
  let at = offset + TYPE;
  let etherType = readU16(bytes, at);
  while (isTag(etherType)) {
    checkReadable('VLAN tag', bytes, at, TAG_LENGTH + 2);
    const control = readU16(bytes, at + 2);
    tags.push({
      protocol: etherType,
      priority: control >>> 13,
      dropEligible: (control & 0x1000) !== 0,
      id: control & 0xfff,
    });
    at += TAG_LENGTH;
    etherType = readU16(bytes, at);
  }
  const start = at + 2;
  const end = etherType <= MAX_802_3_LENGTH ? Math.min(start + etherType, bytes.length) : bytes.length;
  return {
    destination: bytes.subarray(offset + DESTINATION, offset + DESTINATION + ADDRESS_LENGTH),
    source: bytes.subarray(offset + SOURCE, offset + SOURCE + ADDRESS_LENGTH),
    tags,
    etherType,
    headerLength: start - offset,
    payload: bytes.subarray(start, end),
  };
}

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
  const destination = checkBytes('destination', header.destination, ADDRESS_LENGTH);
  const source = checkBytes('source', header.source, ADDRESS_LENGTH);
  const length = ethernetHeaderLength(header);
  checkRoom('into', into, offset, length);
  into.set(destination, offset + DESTINATION);
  into.set(source, offset + SOURCE);
  let at = offset + TYPE;
  for (const tag of header.tags) {
    writeU16(into, at, checkUint('tag.protocol', tag.protocol, 16));
    const priority = checkUint('tag.priority', tag.priority, 3);
    const id = checkUint('tag.id', tag.id, 12);
    writeU16(into, at + 2, (priority << 13) | (tag.dropEligible ? 0x1000 : 0) | id);
    at += TAG_LENGTH;
  }
  writeU16(into, at, checkUint('etherType', header.etherType, 16));
  return length;
}
