import type { DecodeOptions } from './codec.ts';
import { hardware, uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<LlcAddress, LlcFields> = /* @__PURE__ */ structCodec<LlcAddress, LlcFields>(
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

/** The class of its values. */
export const LlcAddress: new (fields: LlcFields) => LlcAddress = /* @__PURE__ */ classOf(codec);

/** An address of IEEE 802.2, `llc:02:00:00:00:00:01:4`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function llc(fields: LlcFields): LlcAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): LlcAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: LlcAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: LlcAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: LlcAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): LlcAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
