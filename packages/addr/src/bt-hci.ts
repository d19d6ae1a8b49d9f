import { bySize, type DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an HCI address; what is left out is 0. */
export interface BtHciFields {
  /** Controller, 0 for hci0; HCI_DEV_NONE is 0xffff. */
  readonly dev: number;
  /** HCI_CHANNEL_RAW 0, _USER 1, _MONITOR 2, _CONTROL 3, _LOGGING 4. */
  readonly channel?: number | undefined;
}

/** AF_BLUETOOTH with BTPROTO_HCI, struct sockaddr_hci: hci(7) of BlueZ. Linux only; FreeBSD has names of nodes. */
export interface BtHciAddress extends StructAddress<'bt-hci'> {
  readonly dev: number;
  readonly channel: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtHciAddress, BtHciFields> = /* @__PURE__ */ structCodec<
  BtHciAddress,
  BtHciFields
>(
  'bt-hci',
  { dev: uint(2), channel: uint(2, 0) },
  1,
  {
    // bluetooth/hci.h, struct sockaddr_hci
    linux: [31, 6, 2, 4],
  },
  { takes: bySize(1) },
);

/** The class of its values. */
export const BtHciAddress: new (fields: BtHciFields) => BtHciAddress = /* @__PURE__ */ classOf(codec);

/** A controller, `bt-hci:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function btHci(dev: number, channel: number = 0): BtHciAddress {
  return new codec.Address({ dev, channel });
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): BtHciAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: BtHciAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: BtHciAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: BtHciAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): BtHciAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
