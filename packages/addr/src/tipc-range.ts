import { byTag, type DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';
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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcRangeAddress, TipcRangeFields> = /* @__PURE__ */ structCodec<
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

/** The class of its values. */
export const TipcRangeAddress: new (fields: TipcRangeFields) => TipcRangeAddress =
  /* @__PURE__ */ classOf(codec);

/** A TIPC service range, `tipc:range:18888:0:99`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcRange(fields: TipcRangeFields): TipcRangeAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): TipcRangeAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: TipcRangeAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: TipcRangeAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: TipcRangeAddress,
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
): TipcRangeAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
