import type { Codec } from './codec.ts';
import { uint } from './kinds.ts';
import { netlinkProtocol } from './netlink-protocol.ts';
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

/** The class of its values. */
export const NetlinkAddress: StructClass<NetlinkAddress, NetlinkFields> = /* @__PURE__ */ structClass<
  NetlinkAddress,
  NetlinkFields
>('netlink', { protocol: netlinkProtocol, pid: uint(4, 0), groups: uint(4, 0, true) }, 1, {
  // linux/netlink.h, struct sockaddr_nl; the protocol is in no bytes
  linux: [16, 12, 0, 4, 8],
  // FreeBSD 13.2: sys/netlink/netlink.h, struct sockaddr_nl; sys/sys/socket.h, AF_NETLINK
  freebsd: [38, 12, 0, 4, 8],
});

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: StructCodec<NetlinkAddress> = /* @__PURE__ */ structCodec(NetlinkAddress, readNumber);

/** A netlink address, `netlink:route/groups=0x11`. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function netlink(fields: NetlinkFields): NetlinkAddress {
  return new NetlinkAddress(fields);
}

/** Reads the human form. Throws ParseError. */
export const parse: Codec<NetlinkAddress>['parse'] = /* @__PURE__ */ parseOf(NetlinkAddress, readNumber);

/** Writes the form that `parse` reads. */
export const format: Codec<NetlinkAddress>['format'] = /* @__PURE__ */ formatOf(NetlinkAddress);

/** Bytes that `encode` will write. Throws ENOTSUP. */
export const size: Codec<NetlinkAddress>['size'] = /* @__PURE__ */ sizeOf(NetlinkAddress);

/** Writes the sockaddr at `offset` and returns its length; nothing when it throws: ENOTSUP, ERR_OUT_OF_RANGE. */
export const encode: Codec<NetlinkAddress>['encode'] = /* @__PURE__ */ encodeOf(NetlinkAddress);

/** Reads the sockaddr of `length` bytes at `offset`. Throws DecodeError, ENOTSUP. */
export const decode: Codec<NetlinkAddress>['decode'] = /* @__PURE__ */ decodeOf(NetlinkAddress);
