import { bySize, type DecodeOptions } from './codec.ts';
import { bluetooth } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an SCO address; what is left out is BDADDR_ANY. */
export interface BtScoFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
}

/** AF_BLUETOOTH with BTPROTO_SCO, struct sockaddr_sco: sco(7) of BlueZ. Linux and FreeBSD. */
export interface BtScoAddress extends StructAddress<'bt-sco'> {
  readonly address: string;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtScoAddress, BtScoFields> = /* @__PURE__ */ structCodec<
  BtScoAddress,
  BtScoFields
>(
  'bt-sco',
  { address: bluetooth },
  1,
  {
    // bluetooth/sco.h, struct sockaddr_sco
    linux: [31, 8, 2],
    // FreeBSD: sys/netgraph/bluetooth/include/ng_btsocket.h, struct sockaddr_sco
    freebsd: [36, 8, 2],
  },
  { takes: bySize(2, 137) },
);

/** The class of its values. */
export const BtScoAddress: new (fields: BtScoFields) => BtScoAddress = /* @__PURE__ */ classOf(codec);

/** An SCO address, `bt-sco:00:11:22:AA:BB:CC`. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ParseError. */
export function btSco(address: string | Uint8Array): BtScoAddress {
  return new codec.Address({ address });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): BtScoAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: BtScoAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: BtScoAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: BtScoAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): BtScoAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
