export { type Address, AddressBuffer } from './address.ts';
export type { AcceptOptions, Flags, Known, Range, ReceivedFrom, SyncOptions, Ticket } from './arguments.ts';
export { Batch, type BatchesOptions, type BatchMessage, type BatchOptions } from './batch.ts';
export type { ControlMessage } from './cmsg/header.ts';
export type { FirstData } from './connect.ts';
export { constants, errnos, type Platform, platform } from './constants.ts';
export type { Counters } from './counters.ts';
export { Descriptor } from './descriptor.ts';
export { gaiStrerror, SocketError, strerror } from './errors.ts';
export type { OpenFile, SpliceFlags } from './files.ts';
export { getfqdn, getfqdnSync, gethostname, sethostname } from './hostname.ts';
export {
  type InterfaceAddress,
  type InterfaceName,
  ifIndexToName,
  ifNameIndex,
  ifNameToIndex,
  interfaces,
  type NetworkInterface,
} from './interfaces.ts';
export { type Message, MessageBuffer, type MessageBufferOptions } from './message.ts';
export type { Along, Buffers, Control, ControlRoom } from './messages.ts';
export {
  gethostbyaddr,
  gethostbyaddrSync,
  gethostbyname,
  gethostbynameSync,
  getprotobyname,
  getprotobynameSync,
  getprotobynumber,
  getprotobynumberSync,
  getservbyname,
  getservbynameSync,
  getservbyport,
  getservbyportSync,
  type HostEntry,
  type HostOptions,
  type ProtocolEntry,
  type ServiceEntry,
} from './netdb.ts';
export type { NamespaceOptions, NetworkNamespace } from './netns.ts';
export type { Directions, Ready } from './ready.ts';
export {
  type AddressInfo,
  type AddressInfoHints,
  getaddrinfo,
  getaddrinfoSync,
  getnameinfo,
  getnameinfoSync,
  type NameInfo,
  type NameInfoOptions,
} from './resolve.ts';
export { Socket } from './socket.ts';
export type { SocketLike } from './socket-like.ts';
export type { WaitOptions } from './wait.ts';
