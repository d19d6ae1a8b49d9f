import type { DecodeOptions } from './codec.ts';
import { hardware, uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
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

const byte = uint(1, { none: 0 });

const spec: Spec = {
  family: 'llc',
  fields: {
    address: hardware(false),
    sap: uint(1),
    arphrd: uint(2, { none: 0 }),
    test: byte,
    xid: byte,
    ua: byte,
  },
  placed: 2,
  // linux/llc.h, struct sockaddr_llc
  layouts: { linux: { family: 26, size: 16, at: { address: 8, sap: 7, arphrd: 2, test: 4, xid: 5, ua: 6 } } },
};

/** AF_LLC, struct sockaddr_llc: IEEE 802.2, net/llc. Linux only. */
export class LlcAddress extends StructAddress<'llc'> {
  declare readonly address: string;
  declare readonly sap: number;
  declare readonly arphrd: number;
  declare readonly test: number;
  declare readonly xid: number;
  declare readonly ua: number;

  constructor(fields: LlcFields) {
    super(spec, fields);
  }
}

/** An address of IEEE 802.2, `llc:02:00:00:00:00:01:4`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function llc(fields: LlcFields): LlcAddress {
  return new LlcAddress(fields);
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<LlcAddress> = /* @__PURE__ */ structCodec<LlcAddress>(spec, LlcAddress);

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
