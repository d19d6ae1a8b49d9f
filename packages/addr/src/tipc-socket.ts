import { byTag, type DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';
import { tipcScope } from './tipc-scope.ts';

/** The fields of a TIPC socket address; what is left out is 0. */
export interface TipcSocketFields {
  /** The socket on its node. */
  readonly ref: number;
  /** The node, its hash or `<zone.cluster.node>` in 8, 12 and 12 bits. */
  readonly node: number;
  /** How far it reaches: TIPC_CLUSTER_SCOPE 2, TIPC_NODE_SCOPE 3; below zero takes a binding back. */
  readonly scope?: number | undefined;
}

/** AF_TIPC, struct sockaddr_tipc with one socket's id: what received messages come from. Linux only. */
export interface TipcSocketAddress extends StructAddress<'tipc-socket'> {
  readonly ref: number;
  readonly node: number;
  readonly scope: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcSocketAddress, TipcSocketFields> = /* @__PURE__ */ structCodec<
  TipcSocketAddress,
  TipcSocketFields
>(
  'tipc-socket',
  { node: uint(4, undefined, true), ref: uint(4), scope: tipcScope(0) },
  2,
  {
    // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SOCKET_ADDR (3)
    linux: [30, 16, 8, 4, 3],
  },
  { prefix: 'tipc:socket:', tag: 3, takes: byTag(3) },
);

/** The class of its values. */
export const TipcSocketAddress: new (fields: TipcSocketFields) => TipcSocketAddress =
  /* @__PURE__ */ classOf(codec);

/** One TIPC socket, `tipc:socket:0x1001001:2000000`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcSocket(fields: TipcSocketFields): TipcSocketAddress {
  return new codec.Address(fields);
}

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
