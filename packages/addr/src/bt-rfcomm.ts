import { bySize, type DecodeOptions } from './codec.ts';
import { bluetooth, guid, uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an RFCOMM address; what is left out is 0, BDADDR_ANY, and no service. */
export interface BtRfcommFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
  /** 1 to 30; 0 for one of the system's choice, 0xffffffff (BT_PORT_ANY) on Windows. */
  readonly channel?: number | undefined;
  /** `serviceClassId`, a GUID: Windows finds the channel by it. */
  readonly service?: string | undefined;
}

const narrow = uint(1, 0);

/** AF_BLUETOOTH with BTPROTO_RFCOMM, struct sockaddr_rc: rfcomm(7) of BlueZ. Linux, FreeBSD, Windows. */
export interface BtRfcommAddress extends StructAddress<'bt-rfcomm'> {
  readonly address: string;
  readonly channel: number;
  readonly service: string;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtRfcommAddress, BtRfcommFields> = /* @__PURE__ */ structCodec<
  BtRfcommAddress,
  BtRfcommFields
>(
  'bt-rfcomm',
  { address: bluetooth, channel: uint(4, 0), service: guid },
  2,
  {
    // bluetooth/rfcomm.h, struct sockaddr_rc
    linux: [31, 10, 2, [8, narrow]],
    // FreeBSD: sys/netgraph/bluetooth/include/ng_btsocket.h, struct sockaddr_rfcomm
    freebsd: [36, 9, 2, [8, narrow]],
    // Windows SDK: ws2bth.h, SOCKADDR_BTH, packed; btAddr is 64 bits, of which 48 are the address
    win32: [32, 30, 2, 26, 10],
  },
  { takes: bySize(3, 136) },
);

/** The class of its values. */
export const BtRfcommAddress: new (fields: BtRfcommFields) => BtRfcommAddress =
  /* @__PURE__ */ classOf(codec);

/** An RFCOMM address, `bt-rfcomm:00:11:22:AA:BB:CC:1`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ParseError. */
export function btRfcomm(fields: BtRfcommFields): BtRfcommAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): BtRfcommAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: BtRfcommAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: BtRfcommAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: BtRfcommAddress,
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
): BtRfcommAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
