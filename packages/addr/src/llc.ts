import type { Codec } from './codec.ts';
import { hardware, uint } from './kinds.ts';
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
import { readNumber } from './text.ts';

/** The fields of an AF_LLC address; what is left out is 0. */
export interface LlcFields {
  /** Hardware address, `02:00:00:00:00:01` or 6 bytes. */
  readonly address?: string | Uint8Array | undefined;
  /** Service access point. */
  readonly sap: number;
  /** ARPHRD_ETHER is 1. */
  readonly arphrd?: number | undefined;
  /** `sllc_test`, for SOCK_DGRAM. */
  readonly test?: number | undefined;
  /** `sllc_xid`, for SOCK_DGRAM. */
  readonly xid?: number | undefined;
  /** `sllc_ua`, for SOCK_STREAM. */
  readonly ua?: number | undefined;
}

const byte = uint(1, 0);

/** AF_LLC, struct sockaddr_llc: IEEE 802.2, net/llc. Linux only. */
export interface LlcAddress extends StructAddress<'llc'> {
  readonly address: string;
  readonly sap: number;
  readonly arphrd: number;
  readonly test: number;
  readonly xid: number;
  readonly ua: number;
}

/** The class of its values. */
export const LlcAddress: StructClass<LlcAddress, LlcFields> = /* @__PURE__ */ structClass<
  LlcAddress,
  LlcFields
>(
  'llc',
  {
    address: hardware,
    sap: uint(1),
    arphrd: uint(2, 0),
    test: byte,
    xid: byte,
    ua: byte,
  },
  2,
  {
    // linux/llc.h, struct sockaddr_llc
    linux: [26, 16, 8, 7, 2, 4, 5, 6],
  },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<LlcAddress> = /* @__PURE__ */ structCodec(LlcAddress, readNumber);

/** An address of IEEE 802.2, `llc:02:00:00:00:00:01:4`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function llc(fields: LlcFields): LlcAddress {
  return new LlcAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<LlcAddress>['parse'] = /* @__PURE__ */ parseOf(LlcAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<LlcAddress>['format'] = /* @__PURE__ */ formatOf(LlcAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<LlcAddress>['size'] = /* @__PURE__ */ sizeOf(LlcAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<LlcAddress>['encode'] = /* @__PURE__ */ encodeOf(LlcAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<LlcAddress>['decode'] = /* @__PURE__ */ decodeOf(LlcAddress);
