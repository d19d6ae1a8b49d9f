export type {
  RetAddress,
  ReturnedCan,
  ReturnedInet,
  ReturnedInet6,
  ReturnedOther,
  ReturnedPacket,
  ReturnedUnix,
} from './address/family.ts';
export type { Address } from './address/index.ts';
export type { BytesLike } from './arguments.ts';
export * from './constants.ts';
export { type ConnectionKeywords, create_connection, fromfd, socketpair } from './creation.ts';
export {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  gaierror,
  herror,
  InterruptedError,
  IsADirectoryError,
  NotADirectoryError,
  OSError,
  OSError as error,
  OverflowError,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
  TimeoutError as timeout,
  UnicodeError,
  ValueError,
} from './errors.ts';
export { htonl, htons, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs } from './inet.ts';
export { if_indextoname, if_nametoindex } from './interfaces.ts';
export { type AddrInfo, type AddrInfoKeywords, getaddrinfo, gethostname } from './resolver.ts';
export { type SocketClass, type SocketKeywords, socket, socket as SocketType } from './socket.ts';
export { getdefaulttimeout, setdefaulttimeout, type Timeout } from './timeouts.ts';
