import type { Codec } from './codec.ts';
import { ifindex, scanIfindex } from './kinds.ts';
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

/** The fields of a raw CAN address; what is left out is an error. */
export interface CanFields {
  /** Interface index, 0 for all CAN interfaces. */
  readonly ifindex: number;
}

/** AF_CAN, struct sockaddr_can: the kernel's networking/can.rst. Linux only. The address of raw CAN and of the broadcast
 * manager: the interface alone. Bytes with more behind the index are an ISO-TP or J1939 address, which this refuses to
 * take for one of these unless the option `protocol` tells it so. */
export interface CanAddress extends StructAddress<'can'> {
  readonly ifindex: number;
}

/** The class of its values. */
export const CanAddress: StructClass<CanAddress, CanFields> = /* @__PURE__ */ structClass<
  CanAddress,
  CanFields
>(
  'can',
  { ifindex },
  1,
  {
    // linux/can.h, struct sockaddr_can; raw CAN needs and gives CAN_REQUIRED_SIZE(struct sockaddr_can, can_ifindex)
    linux: [29, 24, 4],
  },
  {
    minimum: 8,
    // CAN_RAW and CAN_BCM
    takes: (_struct, protocol, buffer, offset, length) =>
      protocol === undefined
        ? buffer.subarray(offset + 8, offset + length).every((byte) => byte === 0)
        : protocol === 1 || protocol === 2,
  },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanAddress> = /* @__PURE__ */ structCodec(CanAddress, scanIfindex);

/** A raw CAN address. `ifindex` 0 is all CAN interfaces. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function can(ifindex: number): CanAddress {
  return new CanAddress({ ifindex });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<CanAddress>['parse'] = /* @__PURE__ */ parseOf(CanAddress, scanIfindex);

/** Writes the form that `parse` reads. */
export const format: Codec<CanAddress>['format'] = /* @__PURE__ */ formatOf(CanAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<CanAddress>['size'] = /* @__PURE__ */ sizeOf(CanAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<CanAddress>['encode'] = /* @__PURE__ */ encodeOf(CanAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<CanAddress>['decode'] = /* @__PURE__ */ decodeOf(CanAddress);
