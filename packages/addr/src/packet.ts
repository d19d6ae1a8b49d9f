import { checkString } from './check.ts';
import type { Codec } from './codec.ts';
import { DecodeError } from './errors.ts';
import { ifindex, type Kind, octets, ordered, scanIfindex, uint } from './kinds.ts';
import { formatMac, MAX_HARDWARE_ADDRESS, scanMac } from './mac.ts';
import { isBytes } from './shown.ts';
import {
  decodeOf,
  encodeOf,
  formatOf,
  parseOf,
  type StructAddress,
  type StructClass,
  type StructCodec,
  sizeOf,
  structClass,
  structCodec,
} from './struct.ts';
import { failAt } from './text.ts';

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

/** `sll_addr`, which may be longer than the eight bytes that it declares, with `sll_halen` before it. */
const hardwareAddress: Kind = {
  .../* @__PURE__ */ octets(0, '', scanMac, formatMac, (bytes) => bytes),
  check: (argument, value) =>
    formatMac(
      isBytes(value) ? value : scanMac(checkString(argument, value), failAt(argument, value as string)),
    ),
  get(b, at, _big, end) {
    const length = b[at - 1]!;
    const most = Math.min(end - at, MAX_HARDWARE_ADDRESS);
    if (length > most) throw new DecodeError(at - 1, `a hardware address of ${most} bytes or fewer`, length);
    return formatMac(b.subarray(at, at + length));
  },
  put(b, at, value) {
    const bytes = scanMac(value as string, failAt('value', value as string));
    b[at - 1] = bytes.length;
    b.set(bytes, at);
    return at + bytes.length;
  },
};

/** AF_PACKET, struct sockaddr_ll: packet(7), linux/if_packet.h. Linux only. */
export interface PacketAddress extends StructAddress<'packet'> {
  readonly ifindex: number;
  readonly protocol: number;
  readonly hatype: number;
  readonly pkttype: number;
  /** Lower-case hex pairs joined by ':', empty for none; `parseMac` gives the bytes. */
  readonly address: string;
}

/** The class of its values. */
export const PacketAddress: StructClass<PacketAddress, PacketFields> = /* @__PURE__ */ structClass<
  PacketAddress,
  PacketFields
>(
  'packet',
  {
    ifindex: { ...ifindex, none: 0 },
    protocol: {
      ...ordered(uint(2, 0), true),
      show: (value) => `0x${(value as number).toString(16).padStart(4, '0')}`,
    },
    pkttype: uint(1, 0),
    hatype: uint(2, 0),
    address: hardwareAddress,
  },
  1,
  {
    // linux/if_packet.h, struct sockaddr_ll; kernels may end right behind the hardware address
    linux: [17, 20, 4, 2, 10, 8, 12],
  },
  { bare: 'protocol', minimum: 12 },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<PacketAddress> = /* @__PURE__ */ structCodec(PacketAddress, scanIfindex);

/** A packet socket's address. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (ParseError), ERR_OUT_OF_RANGE. */
export function packet(fields: PacketFields): PacketAddress {
  return new PacketAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<PacketAddress>['parse'] = /* @__PURE__ */ parseOf(PacketAddress, scanIfindex);

/** Writes the form that `parse` reads. */
export const format: Codec<PacketAddress>['format'] = /* @__PURE__ */ formatOf(PacketAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<PacketAddress>['size'] = /* @__PURE__ */ sizeOf(PacketAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<PacketAddress>['encode'] = /* @__PURE__ */ encodeOf(PacketAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<PacketAddress>['decode'] = /* @__PURE__ */ decodeOf(PacketAddress);
