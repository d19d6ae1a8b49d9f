/**
 * Python 3.3's `socket`: what its manual lists, and those constants of the forms that it lists (`SO_*`, `TCP_*` …) which later
 * manuals do not call new. Families that came later are not known: their addresses are a "bad family".
 */
import { bluetoothFamily } from '../address/bluetooth.ts';
import { canFamily } from '../address/can.ts';
import type { RetAddress } from '../address/family.ts';
import { inet6Family, inetFamily } from '../address/inet.ts';
import { packetFamily } from '../address/packet.ts';
import { netlinkFamily } from '../address/pairs.ts';
import { type Address, register } from '../address/registry.ts';
import { tipcFamily } from '../address/tipc.ts';
import { unixFamily } from '../address/unix.ts';
import { create_connection as connected, socketpair as pair, fromfd as whole } from '../creation.ts';
import { PythonSocket } from '../socket/python-socket.ts';
import type { Timeout } from '../timeouts.ts';
import { type Subset, type SubsetClass, subset } from './subset.ts';

register(
  inetFamily,
  inet6Family,
  unixFamily,
  netlinkFamily,
  packetFamily,
  canFamily,
  tipcFamily,
  bluetoothFamily,
);

export {
  AF_BLUETOOTH,
  AF_CAN,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_RDS,
  AF_TIPC,
  AF_UNIX,
  AI_ADDRCONFIG,
  AI_ALL,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
  CAN_BCM_CAN_FD_FRAME,
  CAN_BCM_RX_ANNOUNCE_RESUME,
  CAN_BCM_RX_CHANGED,
  CAN_BCM_RX_CHECK_DLC,
  CAN_BCM_RX_DELETE,
  CAN_BCM_RX_FILTER_ID,
  CAN_BCM_RX_NO_AUTOTIMER,
  CAN_BCM_RX_READ,
  CAN_BCM_RX_RTR_FRAME,
  CAN_BCM_RX_SETUP,
  CAN_BCM_RX_STATUS,
  CAN_BCM_RX_TIMEOUT,
  CAN_BCM_SETTIMER,
  CAN_BCM_STARTTIMER,
  CAN_BCM_TX_ANNOUNCE,
  CAN_BCM_TX_COUNTEVT,
  CAN_BCM_TX_CP_CAN_ID,
  CAN_BCM_TX_DELETE,
  CAN_BCM_TX_EXPIRED,
  CAN_BCM_TX_READ,
  CAN_BCM_TX_RESET_MULTI_IDX,
  CAN_BCM_TX_SEND,
  CAN_BCM_TX_SETUP,
  CAN_BCM_TX_STATUS,
  CAN_EFF_FLAG,
  CAN_EFF_MASK,
  CAN_ERR_FLAG,
  CAN_ERR_MASK,
  CAN_RAW,
  CAN_RAW_ERR_FILTER,
  CAN_RAW_FILTER,
  CAN_RAW_LOOPBACK,
  CAN_RAW_RECV_OWN_MSGS,
  CAN_RTR_FLAG,
  CAN_SFF_MASK,
  EAI_ADDRFAMILY,
  EAI_AGAIN,
  EAI_BADFLAGS,
  EAI_FAIL,
  EAI_FAMILY,
  EAI_MEMORY,
  EAI_NODATA,
  EAI_NONAME,
  EAI_OVERFLOW,
  EAI_SERVICE,
  EAI_SOCKTYPE,
  EAI_SYSTEM,
  has_ipv6,
  INADDR_ALLHOSTS_GROUP,
  INADDR_ANY,
  INADDR_BROADCAST,
  INADDR_LOOPBACK,
  INADDR_MAX_LOCAL_GROUP,
  INADDR_NONE,
  INADDR_UNSPEC_GROUP,
  IP_ADD_MEMBERSHIP,
  IP_DEFAULT_MULTICAST_LOOP,
  IP_DEFAULT_MULTICAST_TTL,
  IP_DROP_MEMBERSHIP,
  IP_HDRINCL,
  IP_MAX_MEMBERSHIPS,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_OPTIONS,
  IP_RECVOPTS,
  IP_RECVRETOPTS,
  IP_RECVTOS,
  IP_RETOPTS,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IPPORT_RESERVED,
  IPPORT_USERRESERVED,
  IPPROTO_AH,
  IPPROTO_DSTOPTS,
  IPPROTO_EGP,
  IPPROTO_ESP,
  IPPROTO_FRAGMENT,
  IPPROTO_GRE,
  IPPROTO_HOPOPTS,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IDP,
  IPPROTO_IGMP,
  IPPROTO_IP,
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPPROTO_MPTCP,
  IPPROTO_NONE,
  IPPROTO_PIM,
  IPPROTO_PUP,
  IPPROTO_RAW,
  IPPROTO_ROUTING,
  IPPROTO_RSVP,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_TP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  IPV6_CHECKSUM,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_HOPLIMIT,
  IPV6_HOPOPTS,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_NEXTHOP,
  IPV6_PATHMTU,
  IPV6_PKTINFO,
  IPV6_RECVDSTOPTS,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVHOPOPTS,
  IPV6_RECVPATHMTU,
  IPV6_RECVPKTINFO,
  IPV6_RECVRTHDR,
  IPV6_RECVTCLASS,
  IPV6_RTHDR,
  IPV6_RTHDR_TYPE_0,
  IPV6_RTHDRDSTOPTS,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MSG_CMSG_CLOEXEC,
  MSG_CONFIRM,
  MSG_CTRUNC,
  MSG_DONTROUTE,
  MSG_DONTWAIT,
  MSG_EOR,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  NI_DGRAM,
  NI_MAXHOST,
  NI_MAXSERV,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
  PF_CAN,
  PF_RDS,
  SCM_CREDENTIALS,
  SCM_J1939_DEST_ADDR,
  SCM_J1939_DEST_NAME,
  SCM_J1939_ERRQUEUE,
  SCM_J1939_PRIO,
  SCM_RIGHTS,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_DEBUG,
  SO_DOMAIN,
  SO_DONTROUTE,
  SO_ERROR,
  SO_J1939_ERRQUEUE,
  SO_J1939_FILTER,
  SO_J1939_PROMISC,
  SO_J1939_SEND_PRIO,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_MARK,
  SO_OOBINLINE,
  SO_PASSCRED,
  SO_PASSRIGHTS,
  SO_PASSSEC,
  SO_PEERCRED,
  SO_PEERSEC,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDLOWAT,
  SO_SNDTIMEO,
  SO_TYPE,
  SO_VM_SOCKETS_BUFFER_MAX_SIZE,
  SO_VM_SOCKETS_BUFFER_MIN_SIZE,
  SO_VM_SOCKETS_BUFFER_SIZE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_RDM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_CAN_BASE,
  SOL_CAN_RAW,
  SOL_HCI,
  SOL_IP,
  SOL_RDS,
  SOL_SOCKET,
  SOL_TCP,
  SOL_TIPC,
  SOL_UDP,
  SOMAXCONN,
  TCP_CONGESTION,
  TCP_CORK,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_INFO,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_LINGER2,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_NOTSENT_LOWAT,
  TCP_QUICKACK,
  TCP_SYNCNT,
  TCP_USER_TIMEOUT,
  TCP_WINDOW_CLAMP,
  TIPC_ADDR_ID,
  TIPC_ADDR_NAME,
  TIPC_ADDR_NAMESEQ,
  TIPC_CFG_SRV,
  TIPC_CLUSTER_SCOPE,
  TIPC_CONN_TIMEOUT,
  TIPC_CRITICAL_IMPORTANCE,
  TIPC_DEST_DROPPABLE,
  TIPC_HIGH_IMPORTANCE,
  TIPC_IMPORTANCE,
  TIPC_LOW_IMPORTANCE,
  TIPC_MEDIUM_IMPORTANCE,
  TIPC_NODE_SCOPE,
  TIPC_PUBLISHED,
  TIPC_SRC_DROPPABLE,
  TIPC_SUB_CANCEL,
  TIPC_SUB_PORTS,
  TIPC_SUB_SERVICE,
  TIPC_SUBSCR_TIMEOUT,
  TIPC_TOP_SRV,
  TIPC_WAIT_FOREVER,
  TIPC_WITHDRAWN,
  TIPC_ZONE_SCOPE,
} from '../constants.ts';
export { gaierror, herror, OSError as error, TimeoutError as timeout } from '../errors.ts';
export { htonl, htons, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs } from '../inet.ts';
export { if_indextoname, if_nameindex, if_nametoindex } from '../interfaces.ts';
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
  sethostname,
} from '../names.ts';
export { getaddrinfo } from '../resolver.ts';
export { CMSG_LEN, CMSG_SPACE } from '../socket/messages.ts';
export { getdefaulttimeout, setdefaulttimeout } from '../timeouts.ts';

type Member =
  | 'bind'
  | 'close'
  | 'connect'
  | 'connect_ex'
  | 'detach'
  | 'fileno'
  | 'getpeername'
  | 'getsockname'
  | 'getsockopt'
  | 'gettimeout'
  | 'ioctl'
  | 'listen'
  | 'makefile'
  | 'recv'
  | 'recvfrom'
  | 'recvmsg'
  | 'recvmsg_into'
  | 'recvfrom_into'
  | 'recv_into'
  | 'send'
  | 'sendall'
  | 'sendto'
  | 'sendmsg'
  | 'setblocking'
  | 'settimeout'
  | 'setsockopt'
  | 'shutdown'
  | 'family'
  | 'type'
  | 'proto';

/** A socket with the methods and attributes that Python 3.3 has. */
export interface Python33Socket extends Pick<PythonSocket, Member> {
  /** The next connection: a socket, and the peer's address. */
  accept<A extends RetAddress = RetAddress>(): [conn: Python33Socket, address: A];
}

const made: Subset<PythonSocket, Python33Socket> = /* @__PURE__ */ subset<PythonSocket, Python33Socket>(
  PythonSocket,
  [
    'accept',
    'bind',
    'close',
    'connect',
    'connect_ex',
    'detach',
    'fileno',
    'getpeername',
    'getsockname',
    'getsockopt',
    'gettimeout',
    'ioctl',
    'listen',
    'makefile',
    'recv',
    'recvfrom',
    'recvmsg',
    'recvmsg_into',
    'recvfrom_into',
    'recv_into',
    'send',
    'sendall',
    'sendto',
    'sendmsg',
    'setblocking',
    'settimeout',
    'setsockopt',
    'shutdown',
    'family',
    'type',
    'proto',
  ],
);

/** Makes a socket: AF_INET and SOCK_STREAM unless given. Throws {@link error}. */
export const socket: SubsetClass<Python33Socket> = made.socket;
/** The type of a socket object. */
export type socket = Python33Socket;
/** The class of socket objects: {@link socket}. */
export const SocketType: SubsetClass<Python33Socket> = made.socket;

/** A socket from a duplicate of a descriptor. Throws {@link error}. */
export function fromfd(fd: number, family: number, type: number, proto?: number): Python33Socket {
  return made.wrap(whole(fd, family, type, proto));
}

/** Two sockets that are connected to each other: AF_UNIX and SOCK_STREAM unless given. Throws {@link error}. */
export function socketpair(family?: number, type?: number, proto?: number): [Python33Socket, Python33Socket] {
  const [one, other] = pair(family, type, proto);
  return [made.wrap(one), made.wrap(other)];
}

/** A TCP connection to the first address of a host that takes one. Throws {@link error}, {@link gaierror}. */
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  timeout?: Timeout,
  source_address?: Address | null,
): Python33Socket {
  return made.wrap(connected(address, timeout, source_address));
}
