import { byProtocol, type DecodeOptions } from './codec.ts';
import { ifindex, uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanIsotpAddress, CanIsotpFields> = /* @__PURE__ */ structCodec<
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

/** The class of its values. */
export const CanIsotpAddress: new (fields: CanIsotpFields) => CanIsotpAddress =
  /* @__PURE__ */ classOf(codec);

/** An ISO-TP address, `can-isotp:vcan0:0x123:0x456` (receive, send). Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function canIsotp(fields: CanIsotpFields): CanIsotpAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): CanIsotpAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: CanIsotpAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: CanIsotpAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: CanIsotpAddress,
  buffer: Uint8Array,
  offset: number,
  platform: Platform,
): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): CanIsotpAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
