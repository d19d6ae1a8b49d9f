export { decode, encode, format, parse, type SocketAddress, size } from './address.ts';
export { type AlgAddress, type AlgFields, alg } from './alg.ts';
export { type BtHciAddress, type BtHciFields, btHci } from './bt-hci.ts';
export { type BtL2capAddress, type BtL2capFields, btL2cap } from './bt-l2cap.ts';
export { type BtRfcommAddress, type BtRfcommFields, btRfcomm } from './bt-rfcomm.ts';
export { type BtScoAddress, type BtScoFields, btSco } from './bt-sco.ts';
export { type CanAddress, type CanFields, can } from './can.ts';
export { type CanIsotpAddress, type CanIsotpFields, canIsotp } from './can-isotp.ts';
export { type CanJ1939Address, type CanJ1939Fields, canJ1939 } from './can-j1939.ts';
export type { Codec, DecodeOptions } from './codec.ts';
export {
  ArgumentRangeError,
  ArgumentTypeError,
  ArgumentValueError,
  DecodeError,
  NotSupportedError,
  ParseError,
} from './errors.ts';
export { FieldView } from './field-view.ts';
export { type HypervAddress, type HypervFields, hyperv, hypervService, vsockPortOf } from './hyperv.ts';
export { type InetAddress, inet } from './inet.ts';
export { type Inet6Address, type Inet6Options, inet6 } from './inet6.ts';
export {
  formatIP,
  formatIPv4,
  formatIPv6,
  type IPAddress,
  type IPv6,
  inetAton,
  isIPv4,
  isIPv6,
  mapIPv4,
  multicastScope,
  parseIP,
  parseIPv4,
  parseIPv6,
  type Scope,
  scopeOf,
  type TranslationPrefix,
  translateIPv4,
  unmapIPv4,
  untranslateIPv4,
  WELL_KNOWN_PREFIX,
} from './ip.ts';
export type { Platform, System } from './layout.ts';
export { type LlcAddress, type LlcFields, llc } from './llc.ts';
export {
  eui48,
  eui64,
  formatBluetooth,
  formatMac,
  identifiedEui64,
  interfaceIdentifier,
  isGroupMac,
  isLocalMac,
  parseBluetooth,
  parseMac,
} from './mac.ts';
export { type NetlinkAddress, type NetlinkFields, netlink } from './netlink.ts';
export { type PacketAddress, type PacketFields, packet } from './packet.ts';
export { type QipcrtrAddress, type QipcrtrFields, qipcrtr } from './qipcrtr.ts';
export type { StructCodec } from './struct.ts';
export { type SystemAddress, type SystemFields, system } from './system.ts';
export type { FormatOptions, ParseOptions } from './text.ts';
export { type TipcRangeAddress, type TipcRangeFields, tipcRange } from './tipc-range.ts';
export { type TipcServiceAddress, type TipcServiceFields, tipcService } from './tipc-service.ts';
export { type TipcSocketAddress, type TipcSocketFields, tipcSocket } from './tipc-socket.ts';
export { type UnixAddress, type UnixKind, unix, unixAbstract, unixAutobind, unixUnnamed } from './unix.ts';
export { type UnknownAddress, unknown } from './unknown.ts';
export { InetView } from './view.ts';
export { type VsockAddress, type VsockFields, vsock } from './vsock.ts';
export { type XdpAddress, type XdpFields, xdp } from './xdp.ts';
