export { type Address, AddressBuffer } from './address.ts';
export { Batch, type BatchesOptions, type BatchMessage, type BatchOptions } from './batch.ts';
export type { ControlMessage } from './cmsg/header.ts';
export type { FirstData } from './connect.ts';
export { constants, errnos, type Platform, platform } from './constants.ts';
export { Descriptor } from './descriptor.ts';
export { gaiStrerror, SocketError, strerror } from './errors.ts';
export type { OpenFile, SpliceFlags } from './files.ts';
export { ifIndexToName, ifNameToIndex } from './interfaces.ts';
export { type Message, MessageBuffer, type MessageBufferOptions } from './message.ts';
export type { Along, Buffers, Control, ControlRoom } from './messages.ts';
export type { AcceptOptions, Flags, Known, Range, ReceivedFrom, SyncOptions, Ticket } from './options.ts';
export type { Counters } from './readiness.ts';
export type { Directions, Ready } from './ready.ts';
export {
  type AddressInfo,
  type AddressInfoHints,
  getaddrinfo,
  getaddrinfoSync,
} from './resolve.ts';
export { Socket } from './socket.ts';
export type { WaitOptions } from './wait.ts';
