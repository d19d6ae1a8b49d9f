import type { DecodeOptions } from './codec.ts';
import { uint } from './kinds.ts';
import type { Platform } from './layout.ts';
import { netlinkProtocol } from './netlink-protocol.ts';
import { classOf, type StructAddress, type StructCodec, structCodec } from './struct.ts';
import type { FormatOptions, ParseOptions } from './text.ts';

/** The fields of an AF_NETLINK address; what is left out is 0, or not known. */
export interface NetlinkFields {
  /** The socket's protocol, NETLINK_ROUTE 0 and so on. It is not in the bytes: `decode` takes it as an option. */
  readonly protocol?: number | undefined;
  /** Port id; 0 is the kernel, or one of its choice when bound. */
  readonly pid?: number | undefined;
  /** Multicast groups as a mask. */
  readonly groups?: number | undefined;
}

/** AF_NETLINK, struct sockaddr_nl: netlink(7). Linux and FreeBSD. */
export interface NetlinkAddress extends StructAddress<'netlink'> {
  readonly protocol: number | undefined;
  readonly pid: number;
  readonly groups: number;
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<NetlinkAddress, NetlinkFields> = /* @__PURE__ */ structCodec<
  NetlinkAddress,
  NetlinkFields
>('netlink', { protocol: netlinkProtocol, pid: uint(4, 0), groups: uint(4, 0, true) }, 1, {
  // linux/netlink.h, struct sockaddr_nl; the protocol is in no bytes
  linux: [16, 12, 0, 4, 8],
  // FreeBSD 13.2: sys/netlink/netlink.h, struct sockaddr_nl; sys/sys/socket.h, AF_NETLINK
  freebsd: [38, 12, 0, 4, 8],
});

/** The class of its values. */
export const NetlinkAddress: new (fields: NetlinkFields) => NetlinkAddress = /* @__PURE__ */ classOf(codec);

/** A netlink address, `netlink:route/groups=0x11`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function netlink(fields: NetlinkFields): NetlinkAddress {
  return new codec.Address(fields);
}

/** Reads the human form. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): NetlinkAddress {
  return codec.parse(text, options);
}

/** Writes the form that `parse` reads. */
export function format(value: NetlinkAddress, options?: FormatOptions): string {
  return codec.format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP. */
export function size(value: NetlinkAddress, platform: Platform): number {
  return codec.size(value, platform);
}

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export function encode(
  value: NetlinkAddress,
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
): NetlinkAddress {
  return codec.decode(buffer, offset, length, platform, options);
}
