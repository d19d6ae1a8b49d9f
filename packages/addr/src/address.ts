import { type AlgAddress, codec as alg } from './alg.ts';
import { type BtHciAddress, codec as btHci } from './bt-hci.ts';
import { type BtL2capAddress, codec as btL2cap } from './bt-l2cap.ts';
import { type BtRfcommAddress, codec as btRfcomm } from './bt-rfcomm.ts';
import { type BtScoAddress, codec as btSco } from './bt-sco.ts';
import { type CanAddress, codec as can } from './can.ts';
import { type CanIsotpAddress, codec as canIsotp } from './can-isotp.ts';
import { type CanJ1939Address, codec as canJ1939 } from './can-j1939.ts';
import { checkInteger, checkObject, checkString, wrongValue } from './check.ts';
import type { Codec, DecodeOptions } from './codec.ts';
import { ParseError } from './errors.ts';
import { type HypervAddress, codec as hyperv } from './hyperv.ts';
import { type InetAddress, codec as inet } from './inet.ts';
import { type Inet6Address, codec as inet6 } from './inet6.ts';
import { abiOf, type Platform, readFamily } from './layout.ts';
import { type LlcAddress, codec as llc } from './llc.ts';
import { type NetlinkAddress, codec as netlink } from './netlink.ts';
import { type PacketAddress, codec as packet } from './packet.ts';
import { type QipcrtrAddress, codec as qipcrtr } from './qipcrtr.ts';
import { type SystemAddress, codec as system } from './system.ts';
import type { FormatOptions, ParseOptions } from './text.ts';
import { type TipcRangeAddress, codec as tipcRange } from './tipc-range.ts';
import { type TipcServiceAddress, codec as tipcService } from './tipc-service.ts';
import { type TipcSocketAddress, codec as tipcSocket } from './tipc-socket.ts';
import { type UnixAddress, codec as unix } from './unix.ts';
import { type UnknownAddress, codec as unknown } from './unknown.ts';
import { type VsockAddress, codec as vsock } from './vsock.ts';
import { type XdpAddress, codec as xdp } from './xdp.ts';

/** A socket address of any family; `family` tells which. Each can be given to a `@sockeye/core` socket. */
export type SocketAddress =
  | AlgAddress
  | BtHciAddress
  | BtL2capAddress
  | BtRfcommAddress
  | BtScoAddress
  | CanAddress
  | CanIsotpAddress
  | CanJ1939Address
  | HypervAddress
  | InetAddress
  | Inet6Address
  | LlcAddress
  | NetlinkAddress
  | PacketAddress
  | QipcrtrAddress
  | SystemAddress
  | TipcRangeAddress
  | TipcServiceAddress
  | TipcSocketAddress
  | UnixAddress
  | UnknownAddress
  | VsockAddress
  | XdpAddress;

type AnyCodec = Codec<SocketAddress>;

/** The usual ones first: decode() goes through them. */
const list = [
  inet,
  inet6,
  unix,
  netlink,
  packet,
  vsock,
  can,
  canIsotp,
  canJ1939,
  alg,
  btHci,
  btL2cap,
  btRfcomm,
  btSco,
  hyperv,
  llc,
  qipcrtr,
  system,
  tipcRange,
  tipcService,
  tipcSocket,
  xdp,
  unknown,
] as readonly AnyCodec[];

/**
 * Reads a socket address of any family by what it begins with: `127.0.0.1:80`, `[fe80::1%2]:80`, `unix:/run/x.sock`,
 * `vsock:2:1234`, … A name of an interface needs `options.ifNameToIndex`.
 * Throws ParseError (ERR_INVALID_ARG_VALUE), ERR_INVALID_ARG_TYPE.
 */
export function parse(text: string, options?: ParseOptions): SocketAddress {
  checkString('text', text);
  for (const { prefix, parse } of list) {
    if (prefix ? text.startsWith(prefix) : /^\d/.test(text)) return parse(text, options);
  }
  const prefixes = list.map(({ prefix }) => prefix || 'a digit').join(', ');
  throw new ParseError('text', text, 0, `an address, beginning with ${prefixes}`);
}

/** Writes the form that `parse` reads back to the same value. `options.ifIndexToName` gives names for indices. */
export function format(value: SocketAddress, options?: FormatOptions): string {
  return codecOf(value).format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP when the platform lacks the family. */
export function size(value: SocketAddress, platform: Platform): number {
  return codecOf(value).size(value, platform);
}

/**
 * Writes the sockaddr of `value` at `offset` and returns its length. Throws ENOTSUP when the platform lacks the
 * family, ERR_OUT_OF_RANGE when `buffer` is too short, and then writes nothing.
 */
export function encode(value: SocketAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codecOf(value).encode(value, buffer, offset, platform);
}

/**
 * Reads the sockaddr of `length` bytes at `offset` by its family. `options.protocol`, the socket's, tells what the bytes do
 * not say: without it a CAN address with more than an index, and a Bluetooth address of a length that no protocol has, come
 * back as 'unknown' with all their bytes, as does every family that has no codec on the platform.
 * Throws DecodeError (ERR_INVALID_ARG_VALUE) for a malformed or empty one.
 */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  options?: DecodeOptions,
): SocketAddress {
  const number = readFamily(buffer, offset, length, platform);
  const { system } = abiOf(platform);
  const protocol = options?.protocol;
  if (protocol !== undefined) checkInteger('options.protocol', protocol, 0, 0x7fffffff);
  for (const codec of list) {
    const struct = codec.layouts[system];
    if (struct?.[0] !== number) continue;
    if (!codec.takes || codec.takes(struct, protocol, buffer, offset, length)) {
      return codec.decode(buffer, offset, length, platform, options);
    }
  }
  return unknown.decode(buffer, offset, length, platform);
}

/** By `family`, not by class: a value may come from another copy of this package, ESM beside CJS. */
function codecOf(value: SocketAddress): AnyCodec {
  checkObject('value', value);
  const codec = list.find(({ family }) => family === value.family);
  if (!codec)
    throw wrongValue('value.family', `one of ${list.map(({ family }) => family).join(', ')}`, value.family);
  return codec;
}
