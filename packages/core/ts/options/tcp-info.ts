/** What TCP knows of a connection: `struct tcp_info` of linux/tcp.h as of Linux 7.0, `union tcp_cc_info` of linux/inet_diag.h. */
import { constants } from '../constants.ts';
import type { Reader } from './codec.ts';
import { type Gettable, gettable } from './option.ts';
import { answer, decode, structReader, type Values, viewOf } from './struct.ts';

/** The fields that are whole integers, by offset; those of 64 bits are bigints. */
const FIELDS = {
  retransmits: ['u8', 2],
  probes: ['u8', 3],
  backoff: ['u8', 4],
  rto: ['u32', 8],
  ato: ['u32', 12],
  sndMss: ['u32', 16],
  rcvMss: ['u32', 20],
  unacked: ['u32', 24],
  sacked: ['u32', 28],
  lost: ['u32', 32],
  retrans: ['u32', 36],
  fackets: ['u32', 40],
  lastDataSent: ['u32', 44],
  lastAckSent: ['u32', 48],
  lastDataRecv: ['u32', 52],
  lastAckRecv: ['u32', 56],
  pmtu: ['u32', 60],
  rcvSsthresh: ['u32', 64],
  rtt: ['u32', 68],
  rttvar: ['u32', 72],
  sndSsthresh: ['u32', 76],
  sndCwnd: ['u32', 80],
  advmss: ['u32', 84],
  reordering: ['u32', 88],
  rcvRtt: ['u32', 92],
  rcvSpace: ['u32', 96],
  totalRetrans: ['u32', 100],
  pacingRate: ['u64', 104],
  maxPacingRate: ['u64', 112],
  bytesAcked: ['u64', 120],
  bytesReceived: ['u64', 128],
  segsOut: ['u32', 136],
  segsIn: ['u32', 140],
  notsentBytes: ['u32', 144],
  minRtt: ['u32', 148],
  dataSegsIn: ['u32', 152],
  dataSegsOut: ['u32', 156],
  deliveryRate: ['u64', 160],
  busyTime: ['u64', 168],
  rwndLimited: ['u64', 176],
  sndbufLimited: ['u64', 184],
  delivered: ['u32', 192],
  deliveredCe: ['u32', 196],
  bytesSent: ['u64', 200],
  bytesRetrans: ['u64', 208],
  dsackDups: ['u32', 216],
  reordSeen: ['u32', 220],
  rcvOoopack: ['u32', 224],
  sndWnd: ['u32', 228],
} as const;

/** Fields that came after Linux 5.4. */
const LATER = {
  rcvWnd: ['u32', 232],
  rehash: ['u32', 236],
  totalRto: ['u16', 240],
  totalRtoRecoveries: ['u16', 242],
  totalRtoTime: ['u32', 244],
  receivedCe: ['u32', 248],
  deliveredE1Bytes: ['u32', 252],
  deliveredE0Bytes: ['u32', 256],
  deliveredCeBytes: ['u32', 260],
  receivedE1Bytes: ['u32', 264],
  receivedE0Bytes: ['u32', 268],
  receivedCeBytes: ['u32', 272],
} as const;

/** Bytes and words that hold several fields. */
const PACKED = {
  state: ['u8', 0],
  caState: ['u8', 1],
  options: ['u8', 5],
  wscale: ['u8', 6],
  bits: ['u8', 7],
  ecn: ['u32', 276],
} as const;

/** `sizeof(struct tcp_info)` as of Linux 7.0, and room for what comes after it. */
const SIZE = 512;

/** A connection's state: `TCP_…` of netinet/tcp.h. */
export type TcpState =
  | 'UNKNOWN'
  | 'ESTABLISHED'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'FIN_WAIT1'
  | 'FIN_WAIT2'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'LISTEN'
  | 'CLOSING'
  | 'NEW_SYN_RECV'
  | 'BOUND_INACTIVE';
const STATES: readonly TcpState[] = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
  'NEW_SYN_RECV',
  'BOUND_INACTIVE',
];

/** How congestion control sees it: `TCP_CA_…` of linux/tcp.h. */
export type TcpCongestionState = 'open' | 'disorder' | 'cwr' | 'recovery' | 'loss' | 'unknown';
const CA_STATES: readonly TcpCongestionState[] = ['open', 'disorder', 'cwr', 'recovery', 'loss'];

/** Why a client's fast open did not come off: `tcp_fastopen_client_fail`. */
export type TcpFastOpenFailure =
  | 'unspecified'
  | 'cookie-unavailable'
  | 'data-not-acked'
  | 'syn-retransmitted';
const FAST_OPEN_FAILURES: readonly TcpFastOpenFailure[] = [
  'unspecified',
  'cookie-unavailable',
  'data-not-acked',
  'syn-retransmitted',
];

/** What was agreed on with the peer: `TCPI_OPT_…`. */
export interface TcpAgreed {
  timestamps: boolean;
  sack: boolean;
  wscale: boolean;
  ecn: boolean;
  ecnSeen: boolean;
  synData: boolean;
  /** Time stamps in microseconds. Since Linux 6.7. */
  usecTs: boolean;
  /** An accepted connection that came by fast open. Since Linux 6.16. */
  tfoChild: boolean;
}
const AGREED: readonly (keyof TcpAgreed)[] = [
  'timestamps',
  'sack',
  'wscale',
  'ecn',
  'ecnSeen',
  'synData',
  'usecTs',
  'tfoChild',
];

/** How ECN is done. */
export type TcpEcnMode = 'disabled' | 'rfc3168' | 'accecn' | 'pending';
const ECN_MODES: readonly TcpEcnMode[] = ['disabled', 'rfc3168', 'accecn', 'pending'];

/**
 * The fields of `struct tcp_info` without `tcpi_`, in camelCase. Times are microseconds (`rto`, `ato`, `rtt`, `rttvar`,
 * `rcvRtt`, `minRtt`, `busyTime`, `rwndLimited`, `sndbufLimited`) or milliseconds (`last…`, `totalRtoTime`); rates are
 * bytes a second; `unacked` to `fackets`, `sndCwnd`, `reordering` and `segs…` count segments. What has 64 bits is a bigint. What
 * came after Linux 5.4 is undefined where the kernel does not give it.
 */
export interface TcpInfo extends Values<typeof FIELDS>, Partial<Values<typeof LATER>> {
  state: TcpState;
  caState: TcpCongestionState;
  options: TcpAgreed;
  /** The window's scale, of what is sent and what is received. */
  sndWscale: number;
  rcvWscale: number;
  /** Whether `deliveryRate` was limited by the program, not by the network. */
  deliveryRateAppLimited: boolean;
  fastopenClientFail: TcpFastOpenFailure;
  /** Since Linux 7.0; on 6.18 and 6.19, whose struct is as long, `disabled` and zeros unless AccECN failed. */
  ecnMode: TcpEcnMode | undefined;
  /** What was seen of the AccECN option: 0 nothing, 1 an empty one, 2 counters, 3 its failure. */
  accecnOptSeen: number | undefined;
  /** How AccECN failed, as bits of the kernel's. */
  accecnFailMode: number | undefined;
  /** More of what was agreed on, as bits. */
  options2: number | undefined;
}

/** The bytes of `struct tcp_info`, as many as a kernel gave. */
export function decodeTcpInfo(bytes: Uint8Array): TcpInfo {
  const { state, caState, options, wscale, bits, ecn } = decode(PACKED, bytes) as Partial<
    Values<typeof PACKED>
  >;
  const agreed = {} as TcpAgreed;
  for (const [bit, name] of AGREED.entries()) agreed[name] = ((options ?? 0) & (1 << bit)) !== 0;
  return {
    state: STATES[state ?? 0] ?? 'UNKNOWN',
    caState: CA_STATES[caState ?? 0] ?? 'unknown',
    options: agreed,
    sndWscale: (wscale ?? 0) & 0xf,
    rcvWscale: (wscale ?? 0) >>> 4,
    deliveryRateAppLimited: ((bits ?? 0) & 1) !== 0,
    fastopenClientFail: FAST_OPEN_FAILURES[((bits ?? 0) >>> 1) & 3] as TcpFastOpenFailure,
    ...decode(FIELDS, bytes),
    ...decode(LATER, bytes),
    ecnMode: ecn === undefined ? undefined : ECN_MODES[ecn & 3],
    accecnOptSeen: ecn === undefined ? undefined : (ecn >>> 2) & 3,
    accecnFailMode: ecn === undefined ? undefined : (ecn >>> 4) & 0xf,
    options2: ecn === undefined ? undefined : ecn >>> 8,
  };
}

/** All that TCP knows of a connection: state, round trips, window, losses, counters. */
export const tcpInfo: Gettable<TcpInfo> = /* @__PURE__ */ gettable(
  'IPPROTO_TCP',
  'TCP_INFO',
  /* @__PURE__ */ structReader('struct tcp_info', SIZE, decodeTcpInfo),
  { since: '2.4', page: 'tcp(7)' },
);

const VEGAS = { enabled: ['u32', 0], rttcnt: ['u32', 4], rtt: ['u32', 8], minrtt: ['u32', 12] } as const;
const DCTCP = {
  enabled: ['u16', 0],
  ceState: ['u16', 2],
  alpha: ['u32', 4],
  abEcn: ['u32', 8],
  abTot: ['u32', 12],
} as const;
const BBR = { minRtt: ['u32', 8], pacingGain: ['u32', 12], cwndGain: ['u32', 16] } as const;

/** What the congestion control tells of itself: vegas (and veno, yeah, illinois), dctcp and bbr do; times are microseconds. */
export type TcpCongestionInfo =
  | ({ kind: 'vegas' } & Values<typeof VEGAS>)
  | ({ kind: 'dctcp' } & Values<typeof DCTCP>)
  /** `bw` is bytes a second; the gains are in 256ths. */
  | ({ kind: 'bbr'; bw: bigint } & Values<typeof BBR>);

/** The kernel does not say whose bytes they are; their number does, and vegas and dctcp are told apart by name. */
const CONGESTION: Reader<TcpCongestionInfo | undefined> = {
  type: 'union tcp_cc_info',
  get: (socket, level, name) => {
    const bytes = answer(socket, level, name, 64);
    if (bytes.length >= 20)
      return { kind: 'bbr', bw: viewOf(bytes).getBigUint64(0, LITTLE_ENDIAN), ...decode(BBR, bytes) };
    if (bytes.length < 16) return undefined;
    const head = socket.getsockopt(level, constants.TCP_CONGESTION, 16);
    return head[0] === 0x64
      ? { kind: 'dctcp', ...decode(DCTCP, bytes) }
      : { kind: 'vegas', ...decode(VEGAS, bytes) };
  },
};
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** What the congestion control tells of itself; undefined where it tells nothing, as cubic and reno. */
export const tcpCongestionInfo: Gettable<TcpCongestionInfo | undefined> = /* @__PURE__ */ gettable(
  'IPPROTO_TCP',
  'TCP_CC_INFO',
  CONGESTION,
  { since: '4.1', page: 'linux/inet_diag.h' },
);
