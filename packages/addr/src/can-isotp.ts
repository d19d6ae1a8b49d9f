import { byProtocol, type Codec } from './codec.ts';
import { ifindex, scanIfindex, uint } from './kinds.ts';
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

/** The fields of an ISO-TP address; what is left out is an error. */
export interface CanIsotpFields {
  /** Interface index. */
  readonly ifindex: number;
  /** CAN id to receive, CAN_EFF_FLAG (0x80000000) in it for 29 bits. */
  readonly rxId: number;
  /** CAN id to send. */
  readonly txId: number;
}

const id = uint(4, undefined, true);

/** AF_CAN with CAN_ISOTP, struct sockaddr_can: ISO 15765-2, the kernel's networking/iso15765-2.rst. Linux only. */
export interface CanIsotpAddress extends StructAddress<'can-isotp'> {
  readonly ifindex: number;
  readonly rxId: number;
  readonly txId: number;
}

/** The class of its values. */
export const CanIsotpAddress: StructClass<CanIsotpAddress, CanIsotpFields> = /* @__PURE__ */ structClass<
  CanIsotpAddress,
  CanIsotpFields
>(
  'can-isotp',
  { ifindex, rxId: id, txId: id },
  3,
  {
    // linux/can.h, struct sockaddr_can with can_addr.tp, after which kernels may end
    linux: [29, 24, 4, 8, 12],
  },
  { minimum: 16, takes: byProtocol(6) },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanIsotpAddress> = /* @__PURE__ */ structCodec(CanIsotpAddress, scanIfindex);

/** An ISO-TP address, `can-isotp:vcan0:0x123:0x456` (receive, send). Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function canIsotp(fields: CanIsotpFields): CanIsotpAddress {
  return new CanIsotpAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<CanIsotpAddress>['parse'] = /* @__PURE__ */ parseOf(CanIsotpAddress, scanIfindex);

/** Writes the form that `parse` reads. */
export const format: Codec<CanIsotpAddress>['format'] = /* @__PURE__ */ formatOf(CanIsotpAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<CanIsotpAddress>['size'] = /* @__PURE__ */ sizeOf(CanIsotpAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<CanIsotpAddress>['encode'] = /* @__PURE__ */ encodeOf(CanIsotpAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<CanIsotpAddress>['decode'] = /* @__PURE__ */ decodeOf(CanIsotpAddress);
