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

/** The class of its values. */
export const TipcServiceAddress: StructClass<TipcServiceAddress, TipcServiceFields> =
  /* @__PURE__ */ structClass<TipcServiceAddress, TipcServiceFields>(
    'tipc-service',
    { type: uint(4), instance: uint(4), domain: uint(4, 0), scope: tipcScope(2) },
    2,
    {
      // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SERVICE_ADDR (2)
      linux: [30, 16, 4, 8, 12, 3],
    },
    { prefix: 'tipc:service:', tag: 2, takes: byTag(2) },
  );

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcServiceAddress> = /* @__PURE__ */ structCodec(
  TipcServiceAddress,
  readNumber,
);

/** A TIPC service, `tipc:service:18888:17`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcService(fields: TipcServiceFields): TipcServiceAddress {
  return new TipcServiceAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<TipcServiceAddress>['parse'] = /* @__PURE__ */ parseOf(
  TipcServiceAddress,
  readNumber,
);

/** Writes the form that `parse` reads. */
export const format: Codec<TipcServiceAddress>['format'] = /* @__PURE__ */ formatOf(TipcServiceAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<TipcServiceAddress>['size'] = /* @__PURE__ */ sizeOf(TipcServiceAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<TipcServiceAddress>['encode'] = /* @__PURE__ */ encodeOf(TipcServiceAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<TipcServiceAddress>['decode'] = /* @__PURE__ */ decodeOf(TipcServiceAddress);
