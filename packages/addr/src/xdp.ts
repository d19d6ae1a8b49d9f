import type { Codec } from './codec.ts';
import { ifindex, scanIfindex, uint } from './kinds.ts';
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

/** The fields of an AF_XDP address; what is left out is 0. */
export interface XdpFields {
  /** Interface index. */
  readonly ifindex: number;
  /** Receive queue of the interface. */
  readonly queueId: number;
  /** `sxdp_flags`: XDP_SHARED_UMEM 1, XDP_COPY 2, XDP_ZEROCOPY 4, XDP_USE_NEED_WAKEUP 8. */
  readonly flags?: number | undefined;
  /** `sxdp_shared_umem_fd`: the socket whose memory is shared, with XDP_SHARED_UMEM. */
  readonly sharedUmemFd?: number | undefined;
}

/** AF_XDP, struct sockaddr_xdp: the kernel's networking/af_xdp.rst. Linux only. */
export interface XdpAddress extends StructAddress<'xdp'> {
  readonly ifindex: number;
  readonly queueId: number;
  readonly flags: number;
  readonly sharedUmemFd: number;
}

/** The class of its values. */
export const XdpAddress: StructClass<XdpAddress, XdpFields> = /* @__PURE__ */ structClass<
  XdpAddress,
  XdpFields
>('xdp', { ifindex, queueId: uint(4), flags: uint(2, 0, true), sharedUmemFd: uint(4, 0) }, 2, {
  // linux/if_xdp.h, struct sockaddr_xdp
  linux: [44, 16, 4, 8, 2, 12],
});

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<XdpAddress> = /* @__PURE__ */ structCodec(XdpAddress, scanIfindex);

/** What an AF_XDP socket is bound to, `xdp:eth0:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function xdp(fields: XdpFields): XdpAddress {
  return new XdpAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<XdpAddress>['parse'] = /* @__PURE__ */ parseOf(XdpAddress, scanIfindex);

/** Writes the form that `parse` reads. */
export const format: Codec<XdpAddress>['format'] = /* @__PURE__ */ formatOf(XdpAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<XdpAddress>['size'] = /* @__PURE__ */ sizeOf(XdpAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<XdpAddress>['encode'] = /* @__PURE__ */ encodeOf(XdpAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<XdpAddress>['decode'] = /* @__PURE__ */ decodeOf(XdpAddress);
