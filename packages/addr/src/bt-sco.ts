import { bySize, type Codec } from './codec.ts';
import { bluetooth } from './kinds.ts';
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

/** The fields of an SCO address; what is left out is BDADDR_ANY. */
export interface BtScoFields {
  /** `00:11:22:AA:BB:CC`, or its 6 bytes as they are written; BDADDR_ANY is zeros. */
  readonly address?: string | Uint8Array | undefined;
}

/** AF_BLUETOOTH with BTPROTO_SCO, struct sockaddr_sco: sco(7) of BlueZ. Linux and FreeBSD. */
export interface BtScoAddress extends StructAddress<'bt-sco'> {
  readonly address: string;
}

/** The class of its values. */
export const BtScoAddress: StructClass<BtScoAddress, BtScoFields> = /* @__PURE__ */ structClass<
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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<BtScoAddress> = /* @__PURE__ */ structCodec(BtScoAddress);

/** An SCO address, `bt-sco:00:11:22:AA:BB:CC`. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ParseError. */
export function btSco(address: string | Uint8Array): BtScoAddress {
  return new BtScoAddress({ address });
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<BtScoAddress>['parse'] = /* @__PURE__ */ parseOf(BtScoAddress);

/** Writes the form that `parse` reads. */
export const format: Codec<BtScoAddress>['format'] = /* @__PURE__ */ formatOf(BtScoAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<BtScoAddress>['size'] = /* @__PURE__ */ sizeOf(BtScoAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<BtScoAddress>['encode'] = /* @__PURE__ */ encodeOf(BtScoAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<BtScoAddress>['decode'] = /* @__PURE__ */ decodeOf(BtScoAddress);
