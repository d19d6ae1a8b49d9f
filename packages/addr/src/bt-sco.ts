import type { DecodeOptions } from './codec.ts';
import { hardware } from './kinds.ts';
import type { Platform } from './layout.ts';
import { bySize, type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an SCO address; what is left out is BDADDR_ANY. */
export interface BtScoFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
}

const at = { address: 2 };

const spec: Spec = {
  family: 'bt-sco',
  fields: { address: hardware(true) },
  placed: 1,
  protocols: [2],
  guess: bySize,
  layouts: {
    // bluetooth/sco.h, struct sockaddr_sco
    linux: { family: 31, size: 8, at },
    // FreeBSD: sys/netgraph/bluetooth/include/ng_btsocket.h, struct sockaddr_sco
    freebsd: { family: 36, size: 8, protocols: [137], at },
  },
};

/** AF_BLUETOOTH with BTPROTO_SCO, struct sockaddr_sco: sco(7) of BlueZ. Linux and FreeBSD. */
export class BtScoAddress extends StructAddress<'bt-sco'> {
  declare readonly address: string;

  constructor(fields: BtScoFields) {
    super(spec, fields);
  }
}

/** An SCO address, `bt-sco:00:11:22:AA:BB:CC`. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ParseError. */
export function btSco(address: string | Uint8Array): BtScoAddress {
  return new BtScoAddress({ address });
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtScoAddress> = /* @__PURE__ */ structCodec<BtScoAddress>(spec, BtScoAddress);

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
