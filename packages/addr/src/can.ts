import type { DecodeOptions } from './codec.ts';
import { ifindex } from './kinds.ts';
import type { Platform } from './layout.ts';
import { type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of a raw CAN address; what is left out is an error. */
export interface CanFields {
  /** Interface index, 0 for all CAN interfaces. */
  readonly ifindex: number;
}

const spec: Spec = {
  family: 'can',
  fields: { ifindex },
  placed: 1,
  // CAN_RAW and CAN_BCM
  protocols: [1, 2],
  guess: (buffer, offset, length) => buffer.subarray(offset + 8, offset + length).every((byte) => byte === 0),
  // linux/can.h, struct sockaddr_can; raw CAN needs and gives CAN_REQUIRED_SIZE(struct sockaddr_can, can_ifindex)
  layouts: { linux: { family: 29, size: 24, minimum: 8, at: { ifindex: 4 } } },
};

/** AF_CAN, struct sockaddr_can: the kernel's networking/can.rst. Linux only. The address of raw CAN and of the broadcast
 * manager: the interface alone. Bytes with more behind the index are an ISO-TP or J1939 address, which this refuses to
 * take for one of these unless the option `protocol` tells it so. */
export class CanAddress extends StructAddress<'can'> {
  declare readonly ifindex: number;

  constructor(fields: CanFields) {
    super(spec, fields);
  }
}

/** A raw CAN address. `ifindex` 0 is all CAN interfaces. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function can(ifindex: number): CanAddress {
  return new CanAddress({ ifindex });
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanAddress> = /* @__PURE__ */ structCodec<CanAddress>(spec, CanAddress);

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
