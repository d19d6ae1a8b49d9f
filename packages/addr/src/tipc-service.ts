import { byTag, type DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';
import { tipcScope } from './tipc-scope.ts';

/** The fields of a TIPC service address; what is left out is 0, and the cluster as scope. */
export interface TipcServiceFields {
  /** Service type; 0 to 63 are reserved. */
  readonly type: number;
  /** Service instance. */
  readonly instance: number;
  /** Where to look, a node or 0 for anywhere. */
  readonly domain?: number | undefined;
  /** How far it reaches: TIPC_CLUSTER_SCOPE 2, TIPC_NODE_SCOPE 3; below zero takes a binding back. */
  readonly scope?: number | undefined;
}

/** AF_TIPC, struct sockaddr_tipc with a service's type and instance: the name that a client connects or sends to. Linux only. */
export interface TipcServiceAddress extends StructAddress<'tipc-service'> {
  readonly type: number;
  readonly instance: number;
  readonly domain: number;
  readonly scope: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcServiceAddress, TipcServiceFields> = /* @__PURE__ */ structCodec<
  TipcServiceAddress,
  TipcServiceFields
>(
  'tipc-service',
  { type: uint(4), instance: uint(4), domain: uint(4, 0), scope: tipcScope(2) },
  2,
  {
    // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SERVICE_ADDR (2)
    linux: [30, 16, 4, 8, 12, 3],
  },
  { prefix: 'tipc:service:', tag: 2, takes: byTag(2) },
);

/** The class of its values. */
export const TipcServiceAddress: new (fields: TipcServiceFields) => TipcServiceAddress =
  /* @__PURE__ */ classOf(codec);

/** A TIPC service, `tipc:service:18888:17`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcService(fields: TipcServiceFields): TipcServiceAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): TipcServiceAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: TipcServiceAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: TipcServiceAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: TipcServiceAddress,
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
): TipcServiceAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
