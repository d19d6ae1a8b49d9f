/** Options of sockets, by their meaning: `@sockeye/core/options`. */
export type { HasOptions } from '../sockopt.ts';
export * from './filter.ts';
export * from './icmp.ts';
export * from './ip.ts';
export * from './ipv6.ts';
export * from './mptcp.ts';
export * from './multicast.ts';
export { of } from './of.ts';
export type { Askable, Command, Gettable, Option, OptionInfo, Question, Settable } from './option.ts';
export * from './packet.ts';
export {
  type SctpAssociation,
  type SctpAssociationInfo,
  type SctpAssociationValue,
  type SctpDelayedSack,
  type SctpEvent,
  type SctpInitMessage,
  type SctpRtoInfo,
  type SctpSendDefaults,
  sctpAdaptationLayer,
  sctpAssociationInfo,
  sctpAutoClose,
  sctpContext,
  sctpDelayedSack,
  sctpDisableFragments,
  sctpEvents,
  sctpFragmentInterleave,
  sctpInitMessage,
  sctpMappedV4,
  sctpMaxBurst,
  sctpMaxSegment,
  sctpNoDelay,
  sctpPartialDeliveryPoint,
  sctpReceiveInfo,
  sctpReceiveNextInfo,
  sctpReusePort,
  sctpRtoInfo,
  sctpSendDefaults,
} from './sctp.ts';
export * from './sctp-peer.ts';
export * from './socket.ts';
export * from './tcp.ts';
export * from './tcp-info.ts';
export * from './timestamping.ts';
export * from './tipc.ts';
export * from './tls.ts';
export * from './udp.ts';
export * from './unix.ts';
export * from './vsock.ts';
