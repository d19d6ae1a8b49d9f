/** Options of TCP, level IPPROTO_TCP: tcp(7). */

import { type Address, sockaddr } from '../address.ts';
import { checkBytes, checkInteger, wrongValue } from '../check.ts';
import { bytes, COUNT, type Codec, checkObject, FLAG, INT, int, name, UINT, type Writer } from './codec.ts';
import { type Gettable, gettable, type Option, option, type Settable, settable } from './option.ts';
import { viewOf } from './struct.ts';

const page = 'tcp(7)';
const header = 'linux/tcp.h';

/** Whether small writes go out at once: no Nagle. */
export const tcpNoDelay: Option<boolean> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_NODELAY', FLAG, {
  page,
});
/** Whether only full segments go out, for 200 ms at most; taken away, what waits goes out. */
export const tcpCork: Option<boolean> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_CORK', FLAG, { page });
/** Whether acknowledgements are sent at once: for now, since the kernel changes it by itself. */
export const tcpQuickAck: Option<boolean> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_QUICKACK', FLAG, {
  page,
});
/** How long a connection is idle before the first probe of {@link keepAlive}. */
export const tcpKeepIdle: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_KEEPIDLE',
  /* @__PURE__ */ int(1, 32767),
  { unit: 'seconds', page },
);
/** From one probe to the next. */
export const tcpKeepInterval: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_KEEPINTVL',
  /* @__PURE__ */ int(1, 32767),
  { unit: 'seconds', page },
);
/** How many probes without an answer end it. */
export const tcpKeepCount: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_KEEPCNT',
  /* @__PURE__ */ int(1, 127),
  { unit: 'probes', page },
);
/** How long what was sent may go unacknowledged; 0 is the system's default. */
export const tcpUserTimeout: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_USER_TIMEOUT',
  COUNT,
  {
    unit: 'ms',
    since: '2.6.37',
    page,
  },
);
/** How often a SYN is repeated. */
export const tcpSynCount: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_SYNCNT',
  /* @__PURE__ */ int(1, 127),
  { page },
);
/** How long a closed connection waits for the peer's FIN; -1 not at all, 0 the system's default. */
export const tcpLinger2: Option<number> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_LINGER2', INT, {
  unit: 'seconds',
  page,
});
/** How long accept waits for first data; reads as the seconds of whole retransmissions. */
export const tcpDeferAccept: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_DEFER_ACCEPT',
  COUNT,
  {
    unit: 'seconds',
    page,
  },
);
/** The most that the advertised window is. */
export const tcpWindowClamp: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_WINDOW_CLAMP',
  COUNT,
  {
    unit: 'bytes',
    page,
  },
);
/** The largest segment: before connect or listen what is offered, then what is used. */
export const tcpMaxSegment: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_MAXSEG',
  /* @__PURE__ */ int(0, 32767),
  { unit: 'bytes', page },
);
/** When the socket is writable: with less than this unsent. */
export const tcpNotSentLowWater: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_NOTSENT_LOWAT',
  UINT,
  { unit: 'bytes', since: '3.12', page: header },
);

/** Of a listener: how many connections with data in their SYN may be under way; RFC 7413. 0 takes none. */
export const tcpFastOpen: Option<number> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_FASTOPEN', COUNT, {
  unit: 'connections',
  since: '3.7',
  page,
});
/** Whether connect waits for the first send, whose data go with the SYN. */
export const tcpFastOpenConnect: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_FASTOPEN_CONNECT',
  FLAG,
  { since: '4.11', page },
);
/** Whether data in a SYN are taken and sent without a cookie. */
export const tcpFastOpenNoCookie: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_FASTOPEN_NO_COOKIE',
  FLAG,
  { since: '4.15', page: header },
);
const KEYS: Codec<Uint8Array> = {
  ...bytes(32),
  set: (socket, level, name, value) => {
    const { length } = checkBytes('value', value);
    if (length !== 16 && length !== 32) throw wrongValue('value', '16 bytes, or 32 with a backup', value);
    socket.setsockopt(level, name, value);
  },
};
/** The key, or key and backup, that a listener makes cookies with: 16 or 32 bytes. */
export const tcpFastOpenKey: Option<Uint8Array> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_FASTOPEN_KEY',
  KEYS,
  {
    since: '4.15',
    page: header,
  },
);

/** The most that the name of an algorithm has: TCP_CA_NAME_MAX, TCP_ULP_NAME_MAX less a NUL. */
const MOST_NAME = 15;
/** The congestion control, by name: one of /proc/sys/net/ipv4/tcp_available_congestion_control. Others than the allowed take the capability. */
export const tcpCongestion: Option<string> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_CONGESTION',
  /* @__PURE__ */ name(MOST_NAME),
  { since: '2.6.13', capability: 'CAP_NET_ADMIN', page },
);
/** What stands between the program and the connection, by name: 'tls'. ENOENT when the kernel has no such module. */
export const tcpUpperLayer: Option<string> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_ULP',
  /* @__PURE__ */ name(MOST_NAME),
  { since: '4.13', page: header },
);

/** What a listener keeps of its connections' SYNs: 0 nothing, 1 the headers from IP on, 2 those from Ethernet on. */
export const tcpSaveSyn: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_SAVE_SYN',
  /* @__PURE__ */ int(0, 2),
  { since: '4.2', page: header },
);
/** The headers of the SYN that {@link tcpSaveSyn} kept, once: read, they are gone. Empty for none. */
export const tcpSavedSyn: Gettable<Uint8Array> = /* @__PURE__ */ gettable(
  'IPPROTO_TCP',
  'TCP_SAVED_SYN',
  /* @__PURE__ */ bytes(256),
  { since: '4.2', page: header },
);
/** The clock of the time stamps that TCP sends: RFC 7323. To set it takes {@link tcpRepair}. */
export const tcpTimestamp: Option<number> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_TIMESTAMP', UINT, {
  unit: 'ms',
  since: '3.9',
  page: header,
});
/** Whether messages bring how many bytes are left to receive. */
export const tcpReceiveQueued: Option<boolean> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_INQ', FLAG, {
  since: '4.18',
  page: header,
});
/** How long what is sent is held back, for tests. */
export const tcpTransmitDelay: Option<number> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_TX_DELAY', COUNT, {
  unit: 'µs',
  since: '5.3',
  page: header,
});
/** Whether repeats come at even intervals where little is sent. */
export const tcpThinLinearTimeouts: Option<boolean> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_THIN_LINEAR_TIMEOUTS',
  FLAG,
  { since: '2.6.34', page: header },
);
/** Whether it is Multipath TCP still, of a socket that was made as that. */
export const tcpIsMultipath: Gettable<boolean> = /* @__PURE__ */ gettable(
  'IPPROTO_TCP',
  'TCP_IS_MPTCP',
  FLAG,
  {
    since: '6.10',
    page: header,
  },
);
/** The longest that a repeat waits. */
export const tcpMaxRetransmitTimeout: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_RTO_MAX_MS',
  COUNT,
  { unit: 'ms', since: '6.15', page: header },
);
/** The shortest that a repeat waits. */
export const tcpMinRetransmitTimeout: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_RTO_MIN_US',
  COUNT,
  { unit: 'µs', since: '6.15', page: header },
);
/** The longest that an acknowledgement waits. */
export const tcpMaxDelayedAck: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_DELACK_MAX_US',
  COUNT,
  { unit: 'µs', since: '6.15', page: header },
);

/** Whether the connection is under repair (saved and restored, as CRIU does): 0 off, 1 on, -1 off without probing the window. */
export const tcpRepair: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_REPAIR',
  /* @__PURE__ */ int(-1, 1),
  { since: '3.5', capability: 'CAP_NET_ADMIN', page: header },
);
/** Which queue is under repair: 0 none, 1 what is received, 2 what is sent. */
export const tcpRepairQueue: Option<number> = /* @__PURE__ */ option(
  'IPPROTO_TCP',
  'TCP_REPAIR_QUEUE',
  /* @__PURE__ */ int(0, 2),
  { since: '3.5', page: header },
);
/** The sequence number of the queue under repair. */
export const tcpQueueSequence: Option<number> = /* @__PURE__ */ option('IPPROTO_TCP', 'TCP_QUEUE_SEQ', UINT, {
  since: '3.5',
  page: header,
});

/** A key for the segments of one peer: RFC 2385. */
export interface TcpMd5Key {
  /** The peer's address; its port is not looked at. */
  address: Address;
  /** Up to 80 bytes; none takes the peer's key away. */
  key: Uint8Array;
  /** How many bits of the address count, where not all do. */
  prefixLength?: number | undefined;
  /** The interface (a VRF) that the key is for, where it is for one. */
  interfaceIndex?: number | undefined;
}
/** `struct tcp_md5sig`, by offset. */
const MD5 = {
  size: 216,
  flags: 128,
  prefixLength: 129,
  keyLength: 130,
  interfaceIndex: 132,
  key: 136,
} as const;
const MOST_KEY = 80;
const PREFIX = 1;
const INTERFACE = 2;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const MD5SIG: Writer<TcpMd5Key> = {
  type: 'struct tcp_md5sig',
  set: (socket, level, name, value) => {
    const { address, key, prefixLength, interfaceIndex } = checkObject('value', value);
    const peer = sockaddr(address);
    if (peer.length < 2 || peer.length > MD5.flags) throw wrongValue('value.address', 'a sockaddr', address);
    const { length } = checkBytes('value.key', key);
    if (length > MOST_KEY) throw wrongValue('value.key', `at most ${MOST_KEY} bytes`, key);
    const laid = new Uint8Array(MD5.size);
    const view = viewOf(laid);
    laid.set(peer);
    let flags = 0;
    if (prefixLength !== undefined) {
      flags |= PREFIX;
      view.setUint8(MD5.prefixLength, checkInteger('value.prefixLength', prefixLength, 0, 128));
    }
    if (interfaceIndex !== undefined) {
      flags |= INTERFACE;
      const index = checkInteger('value.interfaceIndex', interfaceIndex, 0, 0x7fffffff);
      view.setInt32(MD5.interfaceIndex, index, LITTLE_ENDIAN);
    }
    view.setUint8(MD5.flags, flags);
    view.setUint16(MD5.keyLength, length, LITTLE_ENDIAN);
    laid.set(key, MD5.key);
    socket.setsockopt(level, name, laid);
  },
};
/** The key that the segments of one peer are signed with, and must be: BGP's protection. */
export const tcpMd5Key: Settable<TcpMd5Key> = /* @__PURE__ */ settable(
  'IPPROTO_TCP',
  'TCP_MD5SIG_EXT',
  MD5SIG,
  {
    since: '4.14',
    page: header,
  },
);
