import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const HARDWARE_TYPE = 0;
const PROTOCOL_TYPE = 2;
const HARDWARE_LENGTH = 4;
const PROTOCOL_LENGTH = 5;
const OPERATION = 6;
const ADDRESSES = 8;

/** ARP over Ethernet for IPv4 is this long. */
export const ARP_IPV4_LENGTH = 28;

/** Operations (RFC 826, RFC 903). */
export const arpOperations: {
  readonly REQUEST: 1;
  readonly REPLY: 2;
  readonly REVERSE_REQUEST: 3;
  readonly REVERSE_REPLY: 4;
} = { REQUEST: 1, REPLY: 2, REVERSE_REQUEST: 3, REVERSE_REPLY: 4 };

/**
 * An ARP packet (RFC 826). The two hardware addresses are of one length, and so are the two protocol
 * addresses.
 */
export interface ArpPacket {
  /** 1 is Ethernet (net/if_arp.h, ARPHRD_). */
  readonly hardwareType: number;
  /** An EtherType; 0x0800 is IPv4. */
  readonly protocolType: number;
  readonly operation: number;
  readonly senderHardware: Uint8Array;
  readonly senderProtocol: Uint8Array;
  readonly targetHardware: Uint8Array;
  readonly targetProtocol: Uint8Array;
}

/** An ARP packet; it carries nothing. */
export class ArpView extends HeaderView implements ArpPacket {
  override readonly kind: 'arp' = 'arp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('ARP', bytes, offset, end, ADDRESSES);
    const length = arpLength(bytes[offset + HARDWARE_LENGTH]!, bytes[offset + PROTOCOL_LENGTH]!);
    checkPlace('ARP', bytes, offset, end, length);
    this.place.set(bytes, offset, length, offset + length, end);
    return this;
  }

  get hardwareType(): number {
    return readU16(this.place.bytes, this.place.offset + HARDWARE_TYPE);
  }

  get protocolType(): number {
    return readU16(this.place.bytes, this.place.offset + PROTOCOL_TYPE);
  }

  get operation(): number {
    return readU16(this.place.bytes, this.place.offset + OPERATION);
  }

  get senderHardware(): Uint8Array {
    return this.#address(0, 0, this.place.bytes[this.place.offset + HARDWARE_LENGTH]!);
  }

  get senderProtocol(): Uint8Array {
    return this.#address(1, 0, this.place.bytes[this.place.offset + PROTOCOL_LENGTH]!);
  }

  get targetHardware(): Uint8Array {
    return this.#address(1, 1, this.place.bytes[this.place.offset + HARDWARE_LENGTH]!);
  }

  get targetProtocol(): Uint8Array {
    return this.#address(2, 1, this.place.bytes[this.place.offset + PROTOCOL_LENGTH]!);
  }

  /** The address behind so many hardware and protocol addresses. */
  #address(hardware: number, protocol: number, length: number): Uint8Array {
    const { bytes, offset } = this.place;
    const before = hardware * bytes[offset + HARDWARE_LENGTH]! + protocol * bytes[offset + PROTOCOL_LENGTH]!;
    const start = offset + ADDRESSES + before;
    return bytes.subarray(start, start + length);
  }
}

const arpLength = (hardware: number, protocol: number): number => ADDRESSES + 2 * hardware + 2 * protocol;

/**
 * Writes an ARP packet into `into` at `offset`. Returns the bytes written.
 * @throws ERR_INVALID_ARG_VALUE when the addresses of one kind differ in length, ERR_OUT_OF_RANGE when a
 * field or the packet does not fit.
 */
export function encodeArp(packet: ArpPacket, into: Uint8Array, offset = 0): number {
  const hardware = checkBytes('senderHardware', packet.senderHardware);
  const protocol = checkBytes('senderProtocol', packet.senderProtocol);
  if (hardware.length > 255) throw wrongValue('senderHardware', 'at most 255 bytes', hardware);
  if (protocol.length > 255) throw wrongValue('senderProtocol', 'at most 255 bytes', protocol);
  checkBytes('targetHardware', packet.targetHardware, hardware.length);
  checkBytes('targetProtocol', packet.targetProtocol, protocol.length);
  const length = arpLength(hardware.length, protocol.length);
  checkRoom('into', into, offset, length);
  writeU16(into, offset + HARDWARE_TYPE, checkUint('hardwareType', packet.hardwareType, 16));
  writeU16(into, offset + PROTOCOL_TYPE, checkUint('protocolType', packet.protocolType, 16));
  into[offset + HARDWARE_LENGTH] = hardware.length;
  into[offset + PROTOCOL_LENGTH] = protocol.length;
  writeU16(into, offset + OPERATION, checkUint('operation', packet.operation, 16));
  let at = offset + ADDRESSES;
  for (const field of [hardware, protocol, packet.targetHardware, packet.targetProtocol]) {
    into.set(field, at);
    at += field.length;
  }
  return length;
}
