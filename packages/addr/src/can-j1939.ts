import { byProtocol, type DecodeOptions } from './codec.ts';
import { ifindex, uint, uint64 } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of a J1939 address; what is left out is none. */
export interface CanJ1939Fields {
  /** Interface index. */
  readonly ifindex: number;
  /** 64-bit NAME; J1939_NO_NAME is 0. */
  readonly name?: bigint | undefined;
  /** Parameter group number; J1939_NO_PGN, 0x40000, unless given. */
  readonly pgn?: number | undefined;
  /** Source or destination address; J1939_NO_ADDR, 0xff, unless given. */
  readonly addr?: number | undefined;
}

/** AF_CAN with CAN_J1939, struct sockaddr_can: SAE J1939, the kernel's networking/j1939.rst. Linux only. */
export interface CanJ1939Address extends StructAddress<'can-j1939'> {
  readonly ifindex: number;
  readonly name: bigint;
  readonly pgn: number;
  readonly addr: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanJ1939Address, CanJ1939Fields> = /* @__PURE__ */ structCodec<
  CanJ1939Address,
  CanJ1939Fields
>(
  'can-j1939',
  { ifindex, name: uint64, pgn: uint(4, 0x40000, true), addr: uint(1, 0xff, true) },
  1,
  {
    // linux/can.h, struct sockaddr_can with can_addr.j1939; linux/can/j1939.h
    linux: [29, 24, 4, 8, 16, 20],
  },
  { takes: byProtocol(7) },
);

/** The class of its values. */
export const CanJ1939Address: new (fields: CanJ1939Fields) => CanJ1939Address =
  /* @__PURE__ */ classOf(codec);

/** A J1939 address, `can-j1939:vcan0/pgn=0xfeca/addr=0x20`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
export function canJ1939(fields: CanJ1939Fields): CanJ1939Address {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): CanJ1939Address {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: CanJ1939Address, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: CanJ1939Address, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: CanJ1939Address,
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
): CanJ1939Address {
  return codec.decode(buffer, offset, length, platform, options);
}
