import type { DecodeOptions } from './codec.ts';
import { ifindex } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanAddress, CanFields> = /* @__PURE__ */ structCodec<CanAddress, CanFields>(
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

/** The class of its values. */
export const CanAddress: new (fields: CanFields) => CanAddress = /* @__PURE__ */ classOf(codec);

/** A raw CAN address. `ifindex` 0 is all CAN interfaces. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function can(ifindex: number): CanAddress {
  return new codec.Address({ ifindex });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): CanAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: CanAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: CanAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: CanAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): CanAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
