export { decode, encode, format, parse, type SocketAddress, size } from './address.ts';
export { type CanAddress, can } from './can.ts';
export {
  ArgumentRangeError,
  ArgumentTypeError,
  ArgumentValueError,
  DecodeError,
  NotSupportedError,
  ParseError,
} from './errors.ts';
export { type InetAddress, inet } from './inet.ts';
export { type Inet6Address, type Inet6Options, inet6 } from './inet6.ts';
export { formatIPv4, formatIPv6, type IPv6, isIPv4, isIPv6, parseIPv4, parseIPv6 } from './ip.ts';
export type { Platform } from './layout.ts';
export { formatMac, parseMac } from './mac.ts';
export { type PacketAddress, type PacketFields, packet } from './packet.ts';
export type { FormatOptions, ParseOptions } from './text.ts';
export { type UnixAddress, type UnixKind, unix, unixAbstract, unixUnnamed } from './unix.ts';
export { type UnknownAddress, unknown } from './unknown.ts';
