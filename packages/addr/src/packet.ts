import { putU16be, putU16le, putU32le, u16be, u16le, u32le } from './bytes.ts';
import { checkInteger, checkObject, checkRoom, checkString } from './check.ts';
import { type Codec, sockaddrOf } from './codec.ts';
import { DecodeError, ParseError } from './errors.ts';
import { expectFamily, type Platform, structOf, writeHeader } from './layout.ts';
import { formatMac, MAX_HARDWARE_ADDRESS, scanMac } from './mac.ts';
import { isBytes } from './shown.ts';
import {
  type FormatOptions,
  interfaceText,
  MAX_IFINDEX,
  type ParseOptions,
  readInterface,
  readNumber,
  readOptions,
} from './text.ts';

/** The fields of a packet address; what is left out is 0 or empty. */
export interface PacketFields {
  /** Interface index, 0 for any. */
  readonly ifindex?: number | undefined;
  /** Ethernet protocol (ETH_P_…) as a number, 0x0800 for IPv4; it travels in network order. */
  readonly protocol?: number | undefined;
  /** ARPHRD_… of the interface; the kernel fills it in. */
  readonly hatype?: number | undefined;
  /** PACKET_HOST, PACKET_BROADCAST, …; the kernel fills it in. */
  readonly pkttype?: number | undefined;
  /** Hardware address: `02:00:00:00:00:01` or up to 32 bytes. */
  readonly address?: string | Uint8Array | undefined;
}

/** AF_PACKET, struct sockaddr_ll: packet(7), linux/if_packet.h. Linux only. */
export class PacketAddress {
  readonly family: 'packet' = 'packet';
  readonly ifindex: number;
  readonly protocol: number;
  readonly hatype: number;
  readonly pkttype: number;
  /** Lower-case hex pairs joined by ':', empty for none; `parseMac` gives the bytes. */
  readonly address: string;

  constructor(fields: PacketFields = {}) {
    checkObject('fields', fields);
    const { address = '' } = fields;
    this.ifindex = checkInteger('ifindex', fields.ifindex ?? 0, 0, MAX_IFINDEX);
    this.protocol = checkInteger('protocol', fields.protocol ?? 0, 0, 0xffff);
    this.hatype = checkInteger('hatype', fields.hatype ?? 0, 0, 0xffff);
    this.pkttype = checkInteger('pkttype', fields.pkttype ?? 0, 0, 0xff);
    this.address = formatMac(isBytes(address) ? address : scanAddress('address', address));
    Object.freeze(this);
  }

  /** The sockaddr for `platform`, in a new array. Throws ENOTSUP on other platforms than Linux. */
  toSockaddr(platform: Platform): Uint8Array {
    return sockaddrOf(codec, this, platform);
  }

  toString(): string {
    return format(this);
  }
}

/** A packet socket's address. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (ParseError), ERR_OUT_OF_RANGE. */
export function packet(fields: PacketFields): PacketAddress {
  return new PacketAddress(fields);
}

const PREFIX = 'packet:';

/**
 * Reads `packet:2`, `packet:2:0x0800`, `packet:2:0x0800/pkttype=4/hatype=1/address=02:00:00:00:00:01`.
 * A name in place of the index needs `ifNameToIndex`. Throws ParseError.
 */
export function parse(text: string, options?: ParseOptions): PacketAddress {
  checkString('text', text);
  if (!text.startsWith(PREFIX)) throw new ParseError('text', text, 0, `'${PREFIX}'`);
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  const colon = text.indexOf(':', PREFIX.length);
  const stop = colon < 0 || colon > end ? end : colon;
  const protocol = stop === end ? 0 : readNumber('text', text, stop + 1, end, 0xffff, 'a protocol');
  let pkttype = 0;
  let hatype = 0;
  let address: Uint8Array = new Uint8Array(0);
  readOptions('text', text, end, ['pkttype', 'hatype', 'address'], (key, from, to) => {
    if (key === 'pkttype') pkttype = readNumber('text', text, from, to, 0xff, 'a packet type');
    else if (key === 'hatype') hatype = readNumber('text', text, from, to, 0xffff, 'a hardware type');
    else address = scanMac('text', text, from, to);
  });
  const ifindex = readInterface('text', text, PREFIX.length, stop, MAX_IFINDEX, options);
  return new PacketAddress({ ifindex, protocol, hatype, pkttype, address });
}

/** Writes the forms that `parse` reads, without what is 0 or empty. */
export function format(value: PacketAddress, options?: FormatOptions): string {
  const { ifindex, protocol, hatype, pkttype, address } = checkValue(value);
  let text = `${PREFIX}${interfaceText(ifindex, options)}`;
  if (protocol !== 0) text += `:0x${protocol.toString(16).padStart(4, '0')}`;
  if (pkttype !== 0) text += `/pkttype=${pkttype}`;
  if (hatype !== 0) text += `/hatype=${hatype}`;
  if (address.length > 0) text += `/address=${formatMac(address)}`;
  return text;
}

/** Bytes that `encode` will write: struct sockaddr_ll, or more for a hardware address above eight bytes. */
export function size(value: PacketAddress, platform: Platform): number {
  const struct = structOf('packet', platform);
  return Math.max(struct.size, struct.addr + checkValue(value).address.length);
}

/**
 * Writes the sockaddr at `offset` and returns its length. Nothing is written when it throws: ENOTSUP on other
 * platforms than Linux, ERR_OUT_OF_RANGE when `buffer` is too short, as the constructor for what a plain object holds.
 */
export function encode(value: PacketAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  const struct = structOf('packet', platform);
  const { ifindex, protocol, hatype, pkttype, address } = checkValue(value);
  const total = Math.max(struct.size, struct.addr + address.length);
  checkRoom('buffer', buffer, offset, total);
  writeHeader(buffer, offset, total, platform, 'packet');
  putU16be(buffer, offset + struct.protocol, protocol);
  putU32le(buffer, offset + struct.ifindex, ifindex);
  putU16le(buffer, offset + struct.hatype, hatype);
  buffer[offset + struct.pkttype] = pkttype;
  buffer[offset + struct.halen] = address.length;
  buffer.set(address, offset + struct.addr);
  return total;
}

/**
 * Reads the sockaddr of `length` bytes at `offset`; the kernel's may end right behind the hardware address.
 * Throws DecodeError, ENOTSUP on other platforms than Linux.
 */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
): PacketAddress {
  const struct = structOf('packet', platform);
  expectFamily(buffer, offset, length, platform, 'packet', struct.addr);
  const ifindex = u32le(buffer, offset + struct.ifindex);
  if (ifindex > MAX_IFINDEX) {
    throw new DecodeError(offset + struct.ifindex, 'an interface index of 0 or more', ifindex | 0);
  }
  const halen = buffer[offset + struct.halen]!;
  const most = Math.min(length - struct.addr, MAX_HARDWARE_ADDRESS);
  if (halen > most) {
    throw new DecodeError(offset + struct.halen, `a hardware address of ${most} bytes or fewer`, halen);
  }
  return new PacketAddress({
    ifindex,
    protocol: u16be(buffer, offset + struct.protocol),
    hatype: u16le(buffer, offset + struct.hatype),
    pkttype: buffer[offset + struct.pkttype]!,
    address: buffer.subarray(offset + struct.addr, offset + struct.addr + halen),
  });
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<PacketAddress> = { parse, format, size, encode, decode };

function scanAddress(argument: string, address: string): Uint8Array {
  return scanMac(argument, checkString(argument, address), 0, address.length);
}

function checkValue(value: PacketAddress): {
  ifindex: number;
  protocol: number;
  hatype: number;
  pkttype: number;
  address: Uint8Array;
} {
  checkObject('value', value);
  return {
    ifindex: checkInteger('value.ifindex', value.ifindex, 0, MAX_IFINDEX),
    protocol: checkInteger('value.protocol', value.protocol, 0, 0xffff),
    hatype: checkInteger('value.hatype', value.hatype, 0, 0xffff),
    pkttype: checkInteger('value.pkttype', value.pkttype, 0, 0xff),
    address: scanAddress('value.address', value.address),
  };
}
