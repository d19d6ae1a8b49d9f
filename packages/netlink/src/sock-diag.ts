/** What sockets there are: sock_diag(7), linux/{inet,unix,packet}_diag.h. */
import { wrongValue } from '@sockeye/addr/check';
import { formatIP } from '@sockeye/addr/ip';
import type { Attributes } from './attributes.ts';
import { LITTLE, viewOf, wordOf } from './host.ts';
import { familyName, type InetFamily } from './inet.ts';
import { split } from './message.ts';
import { AF } from './numbers.ts';

/** SOCK_DIAG_BY_FAMILY, and SOCK_DESTROY, which takes CAP_NET_ADMIN. */
export const SOCK_DIAG_BY_FAMILY = 20;
export const SOCK_DESTROY = 21;

/** sizeof of the structures. */
export const INET_DIAG_REQ_V2_SIZE = 56;
export const INET_DIAG_MSG_SIZE = 72;
export const UNIX_DIAG_REQ_SIZE = 24;
export const UNIX_DIAG_MSG_SIZE = 16;
export const PACKET_DIAG_REQ_SIZE = 20;
export const PACKET_DIAG_MSG_SIZE = 16;

/** INET_DIAG_…, UNIX_DIAG_…, PACKET_DIAG_… */
export const INET_DIAG = {
  MEMINFO: 1,
  INFO: 2,
  CONG: 4,
  TOS: 5,
  TCLASS: 6,
  SKMEMINFO: 7,
  SHUTDOWN: 8,
} as const;
export const UNIX_DIAG = {
  NAME: 0,
  VFS: 1,
  PEER: 2,
  ICONS: 3,
  RQLEN: 4,
  MEMINFO: 5,
  SHUTDOWN: 6,
  UID: 7,
} as const;
export const PACKET_DIAG = { INFO: 0, UID: 5 } as const;

/** UDIAG_SHOW_… and PACKET_SHOW_… */
const UDIAG_SHOW = {
  NAME: 0x1,
  VFS: 0x2,
  PEER: 0x4,
  ICONS: 0x8,
  RQLEN: 0x10,
  MEMINFO: 0x20,
  UID: 0x40,
} as const;
const PACKET_SHOW_INFO = 0x1;

/** TCP_… of linux/tcp_states.h, which other sockets use too. */
export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
  NEW_SYN_RECV: 12,
} as const;

export type SocketState = keyof typeof TCP_STATE;

/** SOCK_… by number, the same on nearly all of Linux's machines. */
const SOCK = { stream: 1, dgram: 2, raw: 3, seqpacket: 5 } as const;

/** IPPROTO_… */
const PROTOCOLS = { tcp: 6, udp: 17, udplite: 136, raw: 255, sctp: 132, dccp: 33, icmp: 1 } as const;
export type DiagProtocol = keyof typeof PROTOCOLS;

/** A TCP, UDP, … socket. */
export interface InetSocketInfo {
  readonly family: InetFamily | number;
  readonly state: SocketState | number;
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  /** That it is bound to; 0 for none. */
  readonly interfaceIndex: number;
  /** Bytes received and not read; of a listening one, connections that wait. */
  readonly receiveQueue: number;
  /** Bytes not acknowledged; of a listening one, its backlog. */
  readonly sendQueue: number;
  readonly uid: number;
  readonly inode: number;
  /** Tells it from another one that has its addresses later. */
  readonly cookie: bigint;
  /** INET_DIAG_INFO: struct tcp_info, for `@sockeye/core/options` to read; others have a structure of their own, or none. */
  readonly info: Uint8Array | undefined;
  readonly congestion: string | undefined;
  readonly attributes: Attributes;
}

/** Which ones. */
export interface InetDiagQuery {
  /** Default `inet`. */
  readonly family?: InetFamily | undefined;
  /** Default `tcp`. */
  readonly protocol?: DiagProtocol | undefined;
  /** Default: all. */
  readonly states?: readonly SocketState[] | undefined;
}

function maskOf(states: readonly SocketState[] | undefined): number {
  if (states === undefined) return 0xffffffff;
  let mask = 0;
  for (const state of states) {
    if (!Object.hasOwn(TCP_STATE, state)) {
      throw wrongValue('states', `some of ${Object.keys(TCP_STATE).join(', ')}`, state);
    }
    mask |= 1 << TCP_STATE[state];
  }
  return mask >>> 0;
}

/** The body of a dump. Throws ERR_INVALID_ARG_VALUE. */
export function encodeInetDiag(query: InetDiagQuery = {}): Uint8Array {
  const { family = 'inet', protocol = 'tcp', states } = query;
  if (family !== 'inet' && family !== 'inet6') throw wrongValue('family', "'inet' or 'inet6'", family);
  if (!Object.hasOwn(PROTOCOLS, protocol)) {
    throw wrongValue('protocol', `one of ${Object.keys(PROTOCOLS).join(', ')}`, protocol);
  }
  const body = new Uint8Array(INET_DIAG_REQ_V2_SIZE);
  body[0] = family === 'inet' ? AF.INET : AF.INET6;
  body[1] = PROTOCOLS[protocol];
  body[2] = (1 << (INET_DIAG.INFO - 1)) | (1 << (INET_DIAG.CONG - 1));
  viewOf(body).setUint32(4, maskOf(states), LITTLE);
  return body;
}

/** Reads struct inet_diag_msg and its attributes. Throws MalformedNetlinkError. */
export function decodeInetDiag(body: Uint8Array): InetSocketInfo {
  const [header, attributes] = split(body, INET_DIAG_MSG_SIZE, 'inet_diag_msg');
  const family = header.getUint8(0);
  const size = family === AF.INET6 ? 16 : 4;
  const address = (at: number): string => formatIP(body.subarray(at, at + size));
  return {
    family: familyName(family),
    state: wordOf(TCP_STATE, header.getUint8(1)),
    // struct inet_diag_sockid: ports and addresses in network order.
    localPort: header.getUint16(4),
    remotePort: header.getUint16(6),
    local: address(8),
    remote: address(24),
    interfaceIndex: header.getUint32(40, LITTLE),
    cookie: (BigInt(header.getUint32(48, LITTLE)) << 32n) | BigInt(header.getUint32(44, LITTLE)),
    receiveQueue: header.getUint32(56, LITTLE),
    sendQueue: header.getUint32(60, LITTLE),
    uid: header.getUint32(64, LITTLE),
    inode: header.getUint32(68, LITTLE),
    info: attributes.bytes(INET_DIAG.INFO),
    congestion: attributes.text(INET_DIAG.CONG),
    attributes,
  };
}

/** A Unix socket. */
export interface UnixSocketInfo {
  readonly type: keyof typeof SOCK | number;
  readonly state: SocketState | number;
  readonly inode: number;
  readonly cookie: bigint;
  /** Path; an abstract name begins with NUL. undefined for none. */
  readonly name: string | undefined;
  /** Inode of the socket that it is connected to. */
  readonly peer: number | undefined;
  readonly receiveQueue: number | undefined;
  readonly sendQueue: number | undefined;
  readonly uid: number | undefined;
  readonly attributes: Attributes;
}

/** The body of a dump of Unix sockets. Throws ERR_INVALID_ARG_VALUE. */
export function encodeUnixDiag(
  query: { readonly states?: readonly SocketState[] | undefined } = {},
): Uint8Array {
  const body = new Uint8Array(UNIX_DIAG_REQ_SIZE);
  const view = viewOf(body);
  body[0] = AF.UNIX;
  view.setUint32(4, maskOf(query.states), LITTLE);
  view.setUint32(12, UDIAG_SHOW.NAME | UDIAG_SHOW.PEER | UDIAG_SHOW.RQLEN | UDIAG_SHOW.UID, LITTLE);
  return body;
}

/** Reads struct unix_diag_msg and its attributes. Throws MalformedNetlinkError. */
export function decodeUnixDiag(body: Uint8Array): UnixSocketInfo {
  const [header, attributes] = split(body, UNIX_DIAG_MSG_SIZE, 'unix_diag_msg');
  const queues = attributes.bytes(UNIX_DIAG.RQLEN, 8);
  const name = attributes.bytes(UNIX_DIAG.NAME);
  return {
    type: wordOf(SOCK, header.getUint8(1)),
    state: wordOf(TCP_STATE, header.getUint8(2)),
    inode: header.getUint32(4, LITTLE),
    cookie: (BigInt(header.getUint32(12, LITTLE)) << 32n) | BigInt(header.getUint32(8, LITTLE)),
    // A path may end with a NUL; an abstract name may have some.
    name: name === undefined ? undefined : new TextDecoder().decode(name).replace(/(?<=[^\0])\0+$/, ''),
    peer: attributes.u32(UNIX_DIAG.PEER),
    receiveQueue: queues === undefined ? undefined : viewOf(queues).getUint32(0, LITTLE),
    sendQueue: queues === undefined ? undefined : viewOf(queues).getUint32(4, LITTLE),
    uid: attributes.u32(UNIX_DIAG.UID),
    attributes,
  };
}

/** A packet socket. */
export interface PacketSocketInfo {
  readonly type: keyof typeof SOCK | number;
  /** EtherType; 3 for all. */
  readonly protocol: number;
  readonly inode: number;
  readonly cookie: bigint;
  /** 0 for all interfaces. */
  readonly interfaceIndex: number;
  readonly uid: number | undefined;
  readonly attributes: Attributes;
}

/** The body of a dump of packet sockets. */
export function encodePacketDiag(): Uint8Array {
  const body = new Uint8Array(PACKET_DIAG_REQ_SIZE);
  body[0] = AF.PACKET;
  viewOf(body).setUint32(8, PACKET_SHOW_INFO, LITTLE);
  return body;
}

/** Reads struct packet_diag_msg and its attributes. Throws MalformedNetlinkError. */
export function decodePacketDiag(body: Uint8Array): PacketSocketInfo {
  const [header, attributes] = split(body, PACKET_DIAG_MSG_SIZE, 'packet_diag_msg');
  const info = attributes.bytes(PACKET_DIAG.INFO, 4);
  return {
    type: wordOf(SOCK, header.getUint8(1)),
    protocol: header.getUint16(2, LITTLE),
    inode: header.getUint32(4, LITTLE),
    cookie: (BigInt(header.getUint32(12, LITTLE)) << 32n) | BigInt(header.getUint32(8, LITTLE)),
    interfaceIndex: info === undefined ? 0 : viewOf(info).getUint32(0, LITTLE),
    uid: attributes.u32(PACKET_DIAG.UID),
    attributes,
  };
}
