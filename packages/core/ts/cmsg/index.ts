/** Control messages: what sendmsg(2) and recvmsg(2) carry beside the data, as `@sockeye/core/cmsg`. */
export {
  type AlgAssociatedLength,
  type AlgControl,
  type AlgIv,
  type AlgOperation,
  algAssociatedLength,
  algIv,
  algOperation,
} from './alg.ts';
export type { CanControl, J1939DestinationAddress, J1939DestinationName, J1939Priority } from './can.ts';
export { type Control, decodeControl, type MalformedControl, type UnknownControl } from './control.ts';
export {
  droppedTransmitTime,
  type ErrorOrigin,
  type ExtendedError,
  type TimestampStage,
  timestampStage,
  type ZeroCopyCompletion,
} from './error.ts';
export { type ControlMessage, controlSpace, readControl, writeControl } from './header.ts';
export {
  type Checksum,
  type FragmentSize,
  type IpControl,
  type IpOptions,
  type IpProtocol,
  ipProtocol,
  type OriginalDestination,
  type PacketInfo,
  packetInfo,
  returnOptions,
  type Tos,
  type Ttl,
  tos,
  ttl,
} from './ip.ts';
export {
  type DontFragment,
  destinationOptions,
  dontFragment,
  type ExtensionHeader,
  type ExtensionHeaderKind,
  type FlowInfo,
  flowInfo,
  type HopLimit,
  hopByHopOptions,
  hopLimit,
  type Ipv6Control,
  type PacketInfo6,
  type PathMtu,
  packetInfo6,
  routingDestinationOptions,
  routingHeader,
  type TrafficClass,
  trafficClass,
} from './ipv6.ts';
export type { NetlinkControl, NetlinkNamespaceId, NetlinkPacketInfo } from './netlink.ts';
export type { PacketAuxdata, PacketControl } from './packet.ts';
export {
  type SctpAuthKey,
  type SctpControl,
  type SctpDestination,
  type SctpInit,
  type SctpNextInfo,
  type SctpPartialReliability,
  type SctpReceiveInfo,
  type SctpSendInfo,
  type SctpSendReceiveInfo,
  sctpAuthKey,
  sctpDestination,
  sctpInit,
  sctpPartialReliability,
  sctpSendInfo,
} from './sctp.ts';
export {
  type Credentials,
  credentials,
  type HasDescriptor,
  type Mark,
  mark,
  type Overflow,
  type PidDescriptor,
  type Priority,
  priority,
  type Queued,
  type Rights,
  rights,
  type SecurityLabel,
  type SocketControl,
  type WifiStatus,
} from './socket.ts';
export {
  type Attribute,
  type TimeControl,
  type Timestamp,
  type TimestampId,
  type Timestamping,
  type TimestampingPacketInfo,
  type TimestampingRequest,
  type TimestampingStatistics,
  type TransmitTime,
  timestampId,
  timestampingRequest,
  toDate,
  transmitTime,
} from './time.ts';
export type { TipcControl, TipcDestinationName, TipcError, TipcReturnedData } from './tipc.ts';
export { type TlsRecordType, tlsRecordType } from './tls.ts';
export { type SegmentSize, segmentSize } from './udp.ts';
