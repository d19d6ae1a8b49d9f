import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of a TIPC socket address; what is left out is 0. */
export interface TipcSocketFields {
  /** The socket on its node. */
  readonly ref: number;
  /** The node, its hash or `<zone.cluster.node>` in 8, 12 and 12 bits. */
  readonly node: number;
  /** How far it reaches: TIPC_CLUSTER_SCOPE 2, TIPC_NODE_SCOPE 3; below zero takes a binding back. */
  readonly scope?: number | undefined;
}

const spec: Spec = {
  family: 'tipc-socket',
  prefix: 'tipc:socket:',
  fields: { node: uint(4, { hex: true }), ref: uint(4), scope: uint(1, { none: 0, signed: true }) },
  placed: 2,
  // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SOCKET_ADDR (3)
  layouts: { linux: { family: 30, size: 16, tag: [2, uint(1), 3], at: { ref: 4, node: 8, scope: 3 } } },
};

/** AF_TIPC, struct sockaddr_tipc with one socket's id: what received messages come from. Linux only. */
export class TipcSocketAddress extends StructAddress<'tipc-socket'> {
  declare readonly ref: number;
  declare readonly node: number;
  declare readonly scope: number;

  constructor(fields: TipcSocketFields) {
    super(spec, fields);
  }
}

/** One TIPC socket, `tipc:socket:0x1001001:2000000`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcSocket(fields: TipcSocketFields): TipcSocketAddress {
  return new TipcSocketAddress(fields);
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcSocketAddress> = /* @__PURE__ */ structCodec<TipcSocketAddress>(
  spec,
  TipcSocketAddress,
);

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): TipcSocketAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: TipcSocketAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: TipcSocketAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: TipcSocketAddress,
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
): TipcSocketAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
