import type { DecodeOptions } from './codec.ts';
import { ifindex, uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

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

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<XdpAddress, XdpFields> = /* @__PURE__ */ structCodec<XdpAddress, XdpFields>(
  'xdp',
  { ifindex, queueId: uint(4), flags: uint(2, 0, true), sharedUmemFd: uint(4, 0) },
  2,
  {
    // linux/if_xdp.h, struct sockaddr_xdp
    linux: [44, 16, 4, 8, 2, 12],
  },
);

/** The class of its values. */
export const XdpAddress: new (fields: XdpFields) => XdpAddress = /* @__PURE__ */ classOf(codec);

/** What an AF_XDP socket is bound to, `xdp:eth0:0`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function xdp(fields: XdpFields): XdpAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): XdpAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: XdpAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: XdpAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(value: XdpAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codec.encode(value, buffer, offset, platform);
}

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): XdpAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
