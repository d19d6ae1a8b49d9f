import { allFamilies } from './address/all.ts';
import { register } from './address/registry.ts';

register(...allFamilies);

export type {
  RetAddress,
  ReturnedAlg,
  ReturnedCan,
  ReturnedHci,
  ReturnedInet,
  ReturnedInet6,
  ReturnedIsotp,
  ReturnedJ1939,
  ReturnedL2cap,
  ReturnedOther,
  ReturnedPacket,
  ReturnedPair,
  ReturnedTipc,
  ReturnedUnix,
} from './address/family.ts';
export type { Address } from './address/registry.ts';
export type { BytesLike } from './arguments.ts';
export * from './constants.ts';
export {
  type ConnectionKeywords,
  close,
  create_connection,
  create_server,
  dup,
  fromfd,
  fromshare,
  has_dualstack_ipv6,
  type ServerKeywords,
  socketpair,
} from './creation.ts';
export { recv_fds, send_fds } from './descriptors.ts';
export { AddressFamily, AddressInfo, type Enumeration, MsgFlag, SocketKind } from './enums.ts';
export {
  BlockingIOError,
  BrokenPipeError,
  ChildProcessError,
  ConnectionAbortedError,
  ConnectionError,
  ConnectionRefusedError,
  ConnectionResetError,
  ExceptionGroup,
  FileExistsError,
  FileNotFoundError,
  gaierror,
  herror,
  InterruptedError,
  IsADirectoryError,
  LookupError,
  NotADirectoryError,
  OSError,
  OSError as error,
  OverflowError,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
  TimeoutError as timeout,
  UnicodeDecodeError,
  UnicodeEncodeError,
  UnicodeError,
  UnsupportedOperation,
  ValueError,
} from './errors.ts';
export { htonl, htons, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs } from './inet.ts';
export { if_indextoname, if_nameindex, if_nametoindex } from './interfaces.ts';
export type { BufferedReader, BufferedRWPair, BufferedWriter } from './io/buffered.ts';
export { SocketIO } from './io/raw.ts';
export type { TextIOWrapper, TextKeywords } from './io/text.ts';
export {
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbyname_ex,
  gethostname,
  getnameinfo,
  getprotobyname,
  getservbyname,
  getservbyport,
  type HostInfo,
  sethostname,
} from './names.ts';
export { type AddrInfo, type AddrInfoKeywords, getaddrinfo } from './resolver.ts';
export {
  type AfalgKeywords,
  type Ancillary,
  type AncillaryLike,
  CMSG_LEN,
  CMSG_SPACE,
} from './socket/messages.ts';
export type { FileKeywords, SocketFile } from './socket/python-socket.ts';
export type { SentFile } from './socket/sendfile.ts';
export { type SocketClass, type SocketKeywords, socket, socket as SocketType } from './socket/socket.ts';
export type { IntoKeywords } from './socket/transfer.ts';
export { getdefaulttimeout, setdefaulttimeout, type Timeout } from './timeouts.ts';
