import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

const spec: Spec = {
  family: 'tipc-range',
  prefix: 'tipc:range:',
  fields: { type: uint(4), lower: uint(4), upper: uint(4), scope: uint(1, { none: 2, signed: true }) },
  placed: 3,
  // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SERVICE_RANGE (1)
  layouts: {
    linux: { family: 30, size: 16, tag: [2, uint(1), 1], at: { type: 4, lower: 8, upper: 12, scope: 3 } },
  },
};

/** AF_TIPC, struct sockaddr_tipc with a range of instances: what a server binds, and multicast is sent to. Linux only. */
export class TipcRangeAddress extends StructAddress<'tipc-range'> {
  declare readonly type: number;
  declare readonly lower: number;
  declare readonly upper: number;
  declare readonly scope: number;

  constructor(fields: TipcRangeFields) {
    super(spec, fields);
  }
}

/** A TIPC service range, `tipc:range:18888:0:99`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcRange(fields: TipcRangeFields): TipcRangeAddress {
  return new TipcRangeAddress(fields);
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcRangeAddress> = /* @__PURE__ */ structCodec<TipcRangeAddress>(
  spec,
  TipcRangeAddress,
);

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
