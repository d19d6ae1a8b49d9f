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

/** The class of its values. */
export const TipcSocketAddress: StructClass<TipcSocketAddress, TipcSocketFields> =
  /* @__PURE__ */ structClass<TipcSocketAddress, TipcSocketFields>(
    'tipc-socket',
    { node: uint(4, undefined, true), ref: uint(4), scope: tipcScope(0) },
    2,
    {
      // linux/tipc.h, struct sockaddr_tipc with addrtype TIPC_SOCKET_ADDR (3)
      linux: [30, 16, 8, 4, 3],
    },
    { prefix: 'tipc:socket:', tag: 3, takes: byTag(3) },
  );

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<TipcSocketAddress> = /* @__PURE__ */ structCodec(
  TipcSocketAddress,
  readNumber,
);

/** One TIPC socket, `tipc:socket:0x1001001:2000000`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function tipcSocket(fields: TipcSocketFields): TipcSocketAddress {
  return new TipcSocketAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<TipcSocketAddress>['parse'] = /* @__PURE__ */ parseOf(
  TipcSocketAddress,
  readNumber,
);

/** Writes the form that `parse` reads. */
export const format: Codec<TipcSocketAddress>['format'] = /* @__PURE__ */ formatOf(TipcSocketAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<TipcSocketAddress>['size'] = /* @__PURE__ */ sizeOf(TipcSocketAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<TipcSocketAddress>['encode'] = /* @__PURE__ */ encodeOf(TipcSocketAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<TipcSocketAddress>['decode'] = /* @__PURE__ */ decodeOf(TipcSocketAddress);
