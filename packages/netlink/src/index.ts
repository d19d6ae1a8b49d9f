export { type Attribute, Attributes, AttributeWriter } from './attributes.ts';
export type {
  GatewayCrc8,
  GatewayModification,
  GatewayRule,
  GatewayRuleFields,
  GatewayXor,
} from './can-gateway.ts';
export { CanGateway } from './can-gateway-socket.ts';
export { MalformedNetlinkError } from './errors.ts';
export type { Acknowledgement, AttributePolicy } from './extended-ack.ts';
export type { GenericFamily, GenericMessage, GenericRequest } from './generic.ts';
export { GenericNetlink } from './generic-socket.ts';
export type { InetFamily } from './inet.ts';
export type { AddressFlag, InterfaceAddress, InterfaceAddressFields } from './interface-address.ts';
export type { Link, LinkFlag, LinkSettings, NewLink } from './link.ts';
export type { Overrun } from './listener.ts';
export { decodeMessages, encodeMessage, type MessageFields, type NetlinkMessage } from './message.ts';
export type { Neighbour, NeighbourFields, NeighbourFlag, NeighbourState } from './neighbour.ts';
export { NetlinkError } from './netlink-error.ts';
export type {
  NextHop,
  NextHopFields,
  Route,
  RouteFields,
  RouteFlag,
  RouteMetrics,
  RouteProtocol,
  RouteScope,
  RouteType,
} from './route.ts';
export {
  type Change,
  type ChangeKind,
  type ChangesOptions,
  type FamilyFilter,
  Rtnetlink,
  type Which,
} from './rtnetlink.ts';
export type {
  DiagProtocol,
  InetDiagQuery,
  InetSocketInfo,
  PacketSocketInfo,
  SocketState,
  UnixSocketInfo,
} from './sock-diag.ts';
export { SockDiag } from './sock-diag-socket.ts';
export { Netlink, type NetlinkOptions, type NetlinkRequest } from './socket.ts';
export type { LinkStatistics } from './statistics.ts';
