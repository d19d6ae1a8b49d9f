export { type Address, AddressBuffer } from './address.ts';
export { constants, errnos, type Platform, platform } from './constants.ts';
export { gaiStrerror, SocketError, strerror } from './errors.ts';
export { ifIndexToName, ifNameToIndex } from './interfaces.ts';
export type { AcceptOptions, Flags, Known, Range, ReceivedFrom, SyncOptions } from './options.ts';
export {
  type AddressInfo,
  type AddressInfoHints,
  getaddrinfo,
  getaddrinfoSync,
} from './resolve.ts';
export { Socket } from './socket.ts';
export type { WaitOptions } from './wait.ts';
