import { byProtocol, type Codec } from './codec.ts';
import { ifindex, scanIfindex, uint, uint64 } from './kinds.ts';
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

/** The class of its values. */
export const CanJ1939Address: StructClass<CanJ1939Address, CanJ1939Fields> = /* @__PURE__ */ structClass<
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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<CanJ1939Address> = /* @__PURE__ */ structCodec(CanJ1939Address, scanIfindex);

/** A J1939 address, `can-j1939:vcan0/pgn=0xfeca/addr=0x20`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
export function canJ1939(fields: CanJ1939Fields): CanJ1939Address {
  return new CanJ1939Address(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<CanJ1939Address>['parse'] = /* @__PURE__ */ parseOf(CanJ1939Address, scanIfindex);

/** Writes the form that `parse` reads. */
export const format: Codec<CanJ1939Address>['format'] = /* @__PURE__ */ formatOf(CanJ1939Address);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<CanJ1939Address>['size'] = /* @__PURE__ */ sizeOf(CanJ1939Address);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<CanJ1939Address>['encode'] = /* @__PURE__ */ encodeOf(CanJ1939Address);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<CanJ1939Address>['decode'] = /* @__PURE__ */ decodeOf(CanJ1939Address);
