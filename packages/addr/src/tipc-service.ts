import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { type Spec, StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

const spec: Spec = {
  family: 'tipc-service',
  prefix: 'tipc:service:',
  fields: {
    type: uint(4),
    instance: uint(4),
    domain: uint(4, { none: 0 }),
    scope: uint(1, { none: 2, signed: true }),
  },
  placed: 2,
  // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SERVICE_ADDR (2)
  layouts: {
    linux: { family: 30, size: 16, tag: [2, uint(1), 2], at: { type: 4, instance: 8, domain: 12, scope: 3 } },
  },
};

/** AF_TIPC, struct sockaddr_tipc with a service's type and instance: the name that a client connects or sends to. Linux only. */
export class TipcServiceAddress extends StructAddress<'tipc-service'> {
  declare readonly type: number;
  declare readonly instance: number;
  declare readonly domain: number;
  declare readonly scope: number;

  constructor(fields: TipcServiceFields) {
    super(spec, fields);
  }
}

/** A TIPC service, `tipc:service:18888:17`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcService(fields: TipcServiceFields): TipcServiceAddress {
  return new TipcServiceAddress(fields);
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcServiceAddress> = /* @__PURE__ */ structCodec<TipcServiceAddress>(
  spec,
  TipcServiceAddress,
);

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
