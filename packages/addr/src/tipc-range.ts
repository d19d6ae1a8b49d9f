import { byTag, type Codec } from './codec.ts';
import { uint } from './kinds.ts';
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
import { readNumber } from './text.ts';
import { tipcScope } from './tipc-scope.ts';

/** The fields of a TIPC service range; what is left out is the cluster as scope. */
export interface TipcRangeFields {
  /** Service type; 0 to 63 are reserved. */
  readonly type: number;
  /** First instance. */
  readonly lower: number;
  /** Last instance. */
  readonly upper: number;
  /** How far it reaches: TIPC_CLUSTER_SCOPE 2, TIPC_NODE_SCOPE 3; below zero takes a binding back. */
  readonly scope?: number | undefined;
}

/** AF_TIPC, struct sockaddr_tipc with a range of instances: what a server binds, and multicast is sent to. Linux only. */
export interface TipcRangeAddress extends StructAddress<'tipc-range'> {
  readonly type: number;
  readonly lower: number;
  readonly upper: number;
  readonly scope: number;
}

/** The class of its values. */
export const TipcRangeAddress: StructClass<TipcRangeAddress, TipcRangeFields> = /* @__PURE__ */ structClass<
  TipcRangeAddress,
  TipcRangeFields
>(
  'tipc-range',
  { type: uint(4), lower: uint(4), upper: uint(4), scope: tipcScope(2) },
  3,
  {
    // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SERVICE_RANGE (1)
    linux: [30, 16, 4, 8, 12, 3],
  },
  { prefix: 'tipc:range:', tag: 1, takes: byTag(1) },
);

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcRangeAddress> = /* @__PURE__ */ structCodec(TipcRangeAddress, readNumber);

/** A TIPC service range, `tipc:range:18888:0:99`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcRange(fields: TipcRangeFields): TipcRangeAddress {
  return new TipcRangeAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<TipcRangeAddress>['parse'] = /* @__PURE__ */ parseOf(TipcRangeAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<TipcRangeAddress>['format'] = /* @__PURE__ */ formatOf(TipcRangeAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<TipcRangeAddress>['size'] = /* @__PURE__ */ sizeOf(TipcRangeAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<TipcRangeAddress>['encode'] = /* @__PURE__ */ encodeOf(TipcRangeAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<TipcRangeAddress>['decode'] = /* @__PURE__ */ decodeOf(TipcRangeAddress);
