/** Options of every socket, level SOL_SOCKET: socket(7). */
import { checkInteger, wrongType } from '../check.ts';
import type { Writer } from './codec.ts';
import { COUNT, checkBoolean, checkObject, checkWord, FLAG, INT, int, name, UINT, UINT64 } from './codec.ts';
import { type Gettable, gettable, type Option, option, type Settable, settable } from './option.ts';
import { decode, struct, structReader, type Values } from './struct.ts';
import { milliseconds } from './time.ts';

const page = 'socket(7)';
const ADMIN = 'CAP_NET_ADMIN';

/** Whether it listens. */
export const acceptsConnections: Gettable<boolean> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_ACCEPTCONN',
  FLAG,
  { page },
);
/** The address family, `constants.AF_…`. */
export const domain: Gettable<number> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_DOMAIN', INT, {
  since: '2.6.32',
  page,
});
/** `constants.SOCK_…`. */
export const socketType: Gettable<number> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_TYPE', INT, { page });
/** `constants.IPPROTO_…` or the family's own. */
export const protocol: Gettable<number> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_PROTOCOL', INT, {
  since: '2.6.32',
  page,
});
/** The error that waits to be told, positive, 0 for none. Reading it clears it. */
export const pendingError: Gettable<number> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_ERROR', INT, {
  unit: 'errno',
  page,
});

/** Room for what was received. The kernel doubles what is set, for its own needs, and reads back as that; rmem_max limits it. */
export const receiveBuffer: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RCVBUF', COUNT, {
  unit: 'bytes',
  page,
});
/** Room for what is to be sent, as {@link receiveBuffer}; wmem_max limits it. */
export const sendBuffer: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_SNDBUF', COUNT, {
  unit: 'bytes',
  page,
});
/** As {@link receiveBuffer}, past rmem_max. */
export const receiveBufferForce: Settable<number> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_RCVBUFFORCE',
  COUNT,
  { unit: 'bytes', since: '2.6.14', capability: ADMIN, page },
);
/** As {@link sendBuffer}, past wmem_max. */
export const sendBufferForce: Settable<number> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_SNDBUFFORCE',
  COUNT,
  { unit: 'bytes', since: '2.6.14', capability: ADMIN, page },
);
/** Memory that is charged in advance, of a cgroup with a limit. */
export const reservedMemory: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RESERVE_MEM', COUNT, {
  unit: 'bytes',
  since: '5.16',
  page: 'asm-generic/socket.h',
});
/** Which buffer sizes the kernel leaves alone. */
export interface BufferLock {
  send: boolean;
  receive: boolean;
}
const SEND_LOCK = 1;
const RECEIVE_LOCK = 2;
/** Whether the kernel adjusts the buffers: locked once their size was set, unlocked here. */
export const bufferLock: Option<BufferLock> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_BUF_LOCK',
  {
    type: 'unsigned int',
    get: (socket, level, name) => {
      const locks = socket.getsockopt(level, name);
      return { send: (locks & SEND_LOCK) !== 0, receive: (locks & RECEIVE_LOCK) !== 0 };
    },
    set: (socket, level, name, value) => {
      const { send, receive } = checkObject('value', value);
      const locks =
        (checkBoolean('value.send', send) ? SEND_LOCK : 0) |
        (checkBoolean('value.receive', receive) ? RECEIVE_LOCK : 0);
      socket.setsockopt(level, name, locks);
    },
  },
  { since: '5.14', page: 'asm-generic/socket.h' },
);
/** How many bytes make a stream readable. */
export const receiveLowWater: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RCVLOWAT', COUNT, {
  unit: 'bytes',
  page,
});
/** How many free bytes make it writable: 1, on Linux. */
export const sendLowWater: Gettable<number> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_SNDLOWAT', INT, {
  unit: 'bytes',
  page,
});

/**
 * How long a blocking receive may take, 0 for ever. Not the calls of Socket, which wait as their names and their own timeout
 * say: whoever else has the descriptor.
 */
export const receiveTimeout: Option<number> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_RCVTIMEO',
  milliseconds,
  {
    unit: 'ms',
    page,
  },
);
/** How long a blocking send may take, as {@link receiveTimeout}. */
export const sendTimeout: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_SNDTIMEO', milliseconds, {
  unit: 'ms',
  page,
});

/** What close does with data that was not sent yet. */
export interface Linger {
  /** Whether it waits for them, or with 0 seconds throws them away and resets the connection. */
  on: boolean;
  /** How long it waits. */
  seconds: number;
}
const LINGER = { onoff: ['i32', 0], linger: ['i32', 4] } as const;
/** Whether and how long close waits for what was not sent yet; `{ on: true, seconds: 0 }` makes it a reset. */
export const linger: Option<Linger> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_LINGER',
  /* @__PURE__ */ struct(
    'struct linger',
    8,
    (bytes) => {
      const { onoff, linger } = decode(LINGER, bytes);
      return { on: onoff !== 0, seconds: linger };
    },
    (value: Linger) => {
      const { on, seconds } = checkObject('value', value);
      const time = checkInteger('value.seconds', seconds, 0, 0x7fffffff);
      return new Uint8Array(Int32Array.of(checkBoolean('value.on', on) ? 1 : 0, time).buffer);
    },
  ),
  { unit: 'seconds', page },
);

/** Whether an idle connection is probed; TCP's {@link tcpKeepIdle} and its kin say when. */
export const keepAlive: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_KEEPALIVE', FLAG, {
  page,
});
/** Whether bind takes an address whose connections are closing, or that others with this option have (UDP: multicast). */
export const reuseAddress: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_REUSEADDR', FLAG, {
  page,
});
/** Whether several sockets of one user may have one address, among which the kernel shares out what comes. */
export const reusePort: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_REUSEPORT', FLAG, {
  since: '3.9',
  page,
});
/** Whether datagrams may go to a broadcast address. */
export const broadcast: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_BROADCAST', FLAG, {
  page,
});
/** Whether it sends to neighbours only, not by a gateway. */
export const dontRoute: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_DONTROUTE', FLAG, {
  page,
});
/** Whether urgent data stay in the stream. */
export const outOfBandInline: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_OOBINLINE', FLAG, {
  page,
});
/** Whether the kernel logs what it does. */
export const debug: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_DEBUG', FLAG, {
  capability: ADMIN,
  page,
});

/** The most that the name of an interface has: IFNAMSIZ less its NUL. */
const MOST_INTERFACE = 15;
/** The interface that it is bound to, by name; '' for none. Binding one that is bound takes the capability. */
export const bindToDevice: Option<string> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_BINDTODEVICE',
  /* @__PURE__ */ name(MOST_INTERFACE),
  { capability: 'CAP_NET_RAW', page },
);
/** As {@link bindToDevice}, by index; 0 for none. */
export const bindToInterface: Option<number> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_BINDTOIFINDEX',
  COUNT,
  { unit: 'interface index', since: '5.1', capability: 'CAP_NET_RAW', page: 'asm-generic/socket.h' },
);
/** The mark of what it sends, by which routes and filters can be chosen. */
export const mark: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_MARK', UINT, {
  since: '2.6.25',
  capability: ADMIN,
  page,
});
/** Whether the mark of what was received comes along as a control message. */
export const receiveMark: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RCVMARK', FLAG, {
  since: '5.19',
  page: 'asm-generic/socket.h',
});
/** The priority of what it sends among the device's queues. Above 6 takes the capability. */
export const priority: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PRIORITY', COUNT, {
  capability: ADMIN,
  page,
});
/** Whether the priority of what was received comes along as a control message. */
export const receivePriority: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RCVPRIORITY', FLAG, {
  since: '6.14',
  page: 'asm-generic/socket.h',
});

/** How long a receive polls the device before it waits; raising it takes the capability. */
export const busyPoll: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_BUSY_POLL', COUNT, {
  unit: 'µs',
  since: '3.11',
  capability: ADMIN,
  page,
});
/** Whether polling replaces the device's interrupts. */
export const preferBusyPoll: Option<boolean> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_PREFER_BUSY_POLL',
  FLAG,
  { since: '5.11', capability: ADMIN, page: 'networking/napi.rst' },
);
/** How many packets one poll takes; raising it takes the capability. */
export const busyPollBudget: Settable<number> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_BUSY_POLL_BUDGET',
  /* @__PURE__ */ int(0, 0xffff),
  { unit: 'packets', since: '5.11', capability: ADMIN, page: 'networking/napi.rst' },
);
/** The CPU that the last packet came by; set, which one of a SO_REUSEPORT group a CPU's packets go to. -1 is none. */
export const incomingCpu: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_INCOMING_CPU', INT, {
  unit: 'CPU',
  since: '3.19',
  page,
});
/** The device queue (NAPI id) that the last packet came by; 0 when it is not known. */
export const incomingNapiId: Gettable<number> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_INCOMING_NAPI_ID',
  UINT,
  { since: '4.12', page },
);

/** The most bytes a second that it sends; 2^64 - 1 for no limit. */
export const maxPacingRate: Option<bigint, bigint | number> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_MAX_PACING_RATE',
  UINT64,
  { unit: 'bytes/s', since: '3.13', page: 'asm-generic/socket.h' },
);
/** Whether `MSG_ZEROCOPY` may be asked for. */
export const zeroCopy: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_ZEROCOPY', FLAG, {
  since: '4.14',
  page: 'networking/msg_zerocopy.rst',
});

/** How SCM_TXTIME's times are meant. */
export interface TransmitTimes {
  clock: 'realtime' | 'monotonic' | 'tai';
  /** The times are when to be through, not when to send. */
  deadline?: boolean | undefined;
  /** What is dropped for its time comes to the error queue. */
  reportErrors?: boolean | undefined;
}
/** `CLOCK_…` of time.h. */
const CLOCKS = { realtime: 0, monotonic: 1, tai: 11 } as const;
const CLOCK_NAMES: readonly TransmitTimes['clock'][] = ['realtime', 'monotonic', 'tai'];
const DEADLINE_MODE = 1;
const REPORT_ERRORS = 2;
/** Whether datagrams may say when they are to be sent, and by which clock. All but `monotonic` take the capability. */
export const transmitTimes: Option<TransmitTimes> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_TXTIME',
  /* @__PURE__ */ struct(
    'struct sock_txtime',
    8,
    (bytes): TransmitTimes => {
      const { clockid, flags } = decode({ clockid: ['i32', 0], flags: ['u32', 4] } as const, bytes);
      return {
        clock: CLOCK_NAMES.find((name) => CLOCKS[name] === clockid) ?? 'monotonic',
        deadline: (flags & DEADLINE_MODE) !== 0,
        reportErrors: (flags & REPORT_ERRORS) !== 0,
      };
    },
    (value: TransmitTimes) => {
      const { clock, deadline = false, reportErrors = false } = checkObject('value', value);
      const flags =
        (checkBoolean('value.deadline', deadline) ? DEADLINE_MODE : 0) |
        (checkBoolean('value.reportErrors', reportErrors) ? REPORT_ERRORS : 0);
      const clockid = CLOCKS[checkWord('value.clock', clock, CLOCK_NAMES)];
      return new Uint8Array(Int32Array.of(clockid, flags).buffer);
    },
  ),
  { since: '4.19', capability: ADMIN, page: 'linux/net_tstamp.h' },
);

/** Memory that a socket uses, in bytes, and what it dropped: linux/sock_diag.h, `SK_MEMINFO_…`. */
export interface MemoryInfo {
  rmemAlloc: number;
  rcvbuf: number;
  wmemAlloc: number;
  sndbuf: number;
  fwdAlloc: number;
  wmemQueued: number;
  optmem: number;
  backlog: number;
  /** Messages that were dropped for want of room. */
  drops: number;
}
/** `__u32[SK_MEMINFO_VARS]`. */
const MEMINFO = {
  rmemAlloc: ['u32', 0],
  rcvbuf: ['u32', 4],
  wmemAlloc: ['u32', 8],
  sndbuf: ['u32', 12],
  fwdAlloc: ['u32', 16],
  wmemQueued: ['u32', 20],
  optmem: ['u32', 24],
  backlog: ['u32', 28],
  drops: ['u32', 32],
} as const;
/** The memory that it uses, and how many messages it dropped. */
export const memoryInfo: Gettable<MemoryInfo> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_MEMINFO',
  /* @__PURE__ */ structReader('__u32[9]', 36, (bytes): Values<typeof MEMINFO> => decode(MEMINFO, bytes)),
  { unit: 'bytes', since: '4.12', page: 'linux/sock_diag.h' },
);

/** A number that no other socket of this boot has. */
export const cookie: Gettable<bigint> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_COOKIE', UINT64, {
  since: '4.12',
  page: 'asm-generic/socket.h',
});
/** A number that no other network namespace of this boot has. */
export const namespaceCookie: Gettable<bigint> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_NETNS_COOKIE',
  UINT64,
  { since: '5.14', page: 'asm-generic/socket.h' },
);
/** Whether the count of dropped messages comes along as a control message. */
export const receiveOverflow: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_RXQ_OVFL', FLAG, {
  since: '2.6.33',
  page,
});
/** Where MSG_PEEK looks, which moves on by itself; -1 for the begin of the queue, always. */
export const peekOffset: Option<number> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PEEK_OFF', INT, {
  unit: 'bytes',
  since: '3.4',
  page,
});
/** Whether a filled error queue is told as POLLPRI too. The event loop sets it. */
export const selectErrorQueue: Option<boolean> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_SELECT_ERR_QUEUE',
  FLAG,
  { since: '3.10', page },
);
/** Whether UDP over IPv4 is sent without a checksum. */
export const noChecksum: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_NO_CHECK', FLAG, {
  page: 'asm-generic/socket.h',
});
/** Whether the frame check sequence is the sender's own, of packet sockets whose device can. */
export const noFrameCheck: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_NOFCS', FLAG, {
  since: '3.4',
  page: 'asm-generic/socket.h',
});
/** Whether a new path is chosen when a connection stalls. -1 is the system's default. */
export const transmitRehash: Option<number> = /* @__PURE__ */ option(
  'SOL_SOCKET',
  'SO_TXREHASH',
  /* @__PURE__ */ int(-1, 1),
  { since: '5.18', page: 'asm-generic/socket.h' },
);
/** Whether the status of what was sent by Wi-Fi comes to the error queue. */
export const wifiStatus: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_WIFI_STATUS', FLAG, {
  since: '3.3',
  page: 'asm-generic/socket.h',
});
const ADVISE: Writer<boolean> = {
  type: 'int',
  set: (socket, level, name, value) => {
    if (checkBoolean('value', value) !== true)
      throw wrongType('value', 'true: there is no other advice', value);
    socket.setsockopt(level, name, 1);
  },
};
/** Tells the kernel to look for another route, as this one seems to lead nowhere. Takes `true`. */
export const connectionAdvice: Settable<boolean> = /* @__PURE__ */ settable(
  'SOL_SOCKET',
  'SO_CNX_ADVICE',
  ADVISE,
  { since: '4.6', page: 'asm-generic/socket.h' },
);
