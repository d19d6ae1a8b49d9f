import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const ADDRESS_ROOM = 8;

/** Length of the first version's header. */
export const SLL_HEADER_LENGTH = 16;
/** Length of the second version's header. */
export const SLL2_HEADER_LENGTH = 20;

/** What both versions of Linux's cooked header say (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2: tcpdump.org/linktypes). */
export interface SllHeader {
  /** 0 for us, 1 broadcast, 2 multicast, 3 for another host, 4 sent by us (PACKET_ of linux/if_packet.h). */
  readonly packetType: number;
  /** ARPHRD_ of net/if_arp.h. */
  readonly hardwareType: number;
  /** As the packet says; more than 8 where the address did not fit. */
  readonly addressLength: number;
  /** The sender's, at most 8 bytes. */
  readonly address: Uint8Array;
  /** An EtherType; 1 for an 802.3 frame without LLC, 4 for LLC (ETH_P_ of linux/if_ether.h). */
  readonly protocol: number;
}

/** The first version. */
export class SllView extends HeaderView implements SllHeader {
  override readonly kind: 'sll' = 'sll';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('Linux cooked', bytes, offset, end, SLL_HEADER_LENGTH);
    this.place.set(bytes, offset, SLL_HEADER_LENGTH, end, end);
    return this;
  }

  get packetType(): number {
    return readU16(this.place.bytes, this.place.offset);
  }

  get hardwareType(): number {
    return readU16(this.place.bytes, this.place.offset + 2);
  }

  get addressLength(): number {
    return readU16(this.place.bytes, this.place.offset + 4);
  }

  get address(): Uint8Array {
    const start = this.place.offset + 6;
    return this.place.bytes.subarray(start, start + Math.min(this.addressLength, ADDRESS_ROOM));
  }

  get protocol(): number {
    return readU16(this.place.bytes, this.place.offset + 14);
  }
}

/** The second version has the interface too. */
export interface Sll2Header extends SllHeader {
  readonly ifindex: number;
}

/** The second version. */
export class Sll2View extends HeaderView implements Sll2Header {
  override readonly kind: 'sll2' = 'sll2';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('Linux cooked', bytes, offset, end, SLL2_HEADER_LENGTH);
    this.place.set(bytes, offset, SLL2_HEADER_LENGTH, end, end);
    return this;
  }

  get protocol(): number {
    return readU16(this.place.bytes, this.place.offset);
  }

  get ifindex(): number {
    return readU32(this.place.bytes, this.place.offset + 4);
  }

  get hardwareType(): number {
    return readU16(this.place.bytes, this.place.offset + 8);
  }

  get packetType(): number {
    return this.place.bytes[this.place.offset + 10]!;
  }

  get addressLength(): number {
    return this.place.bytes[this.place.offset + 11]!;
  }

  get address(): Uint8Array {
    const start = this.place.offset + 12;
    return this.place.bytes.subarray(start, start + Math.min(this.addressLength, ADDRESS_ROOM));
  }
}

/** What the writers take: `addressLength` is the address's when it is left out. */
export type SllFields = Omit<SllHeader, 'addressLength'> & Partial<Pick<SllHeader, 'addressLength'>>;

function checkAddress(header: SllFields): Uint8Array {
  const address = checkBytes('address', header.address);
  if (address.length > ADDRESS_ROOM) throw wrongValue('address', 'at most 8 bytes', address);
  return address;
}

/**
 * Writes a header of the first version into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for an address above 8 bytes.
 */
export function encodeSll(header: SllFields, into: Uint8Array, offset = 0): number {
  const address = checkAddress(header);
  checkRoom('into', into, offset, SLL_HEADER_LENGTH);
  into.fill(0, offset, offset + SLL_HEADER_LENGTH);
  writeU16(into, offset, checkUint('packetType', header.packetType, 16));
  writeU16(into, offset + 2, checkUint('hardwareType', header.hardwareType, 16));
  writeU16(into, offset + 4, checkUint('addressLength', header.addressLength ?? address.length, 16));
  into.set(address, offset + 6);
  writeU16(into, offset + 14, checkUint('protocol', header.protocol, 16));
  return SLL_HEADER_LENGTH;
}

/** What {@link encodeSll2} takes. */
export type Sll2Fields = SllFields & Pick<Sll2Header, 'ifindex'>;

/**
 * Writes a header of the second version into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for an address above 8 bytes.
 */
export function encodeSll2(header: Sll2Fields, into: Uint8Array, offset = 0): number {
  const address = checkAddress(header);
  checkRoom('into', into, offset, SLL2_HEADER_LENGTH);
  into.fill(0, offset, offset + SLL2_HEADER_LENGTH);
  writeU16(into, offset, checkUint('protocol', header.protocol, 16));
  writeU32(into, offset + 4, checkUint('ifindex', header.ifindex, 32));
  writeU16(into, offset + 8, checkUint('hardwareType', header.hardwareType, 16));
  into[offset + 10] = checkUint('packetType', header.packetType, 8);
  into[offset + 11] = checkUint('addressLength', header.addressLength ?? address.length, 8);
  into.set(address, offset + 12);
  return SLL2_HEADER_LENGTH;
}
