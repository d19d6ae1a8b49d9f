/** What TCP tells of a connection, as far as a listing and a watchdog want it: tcp(7) TCP_INFO, `struct tcp_info` of <linux/tcp.h>. */
import { constants } from '../constants.ts';

/** A connection's state and what keeps it waiting. */
export interface TcpState {
  /** `ESTABLISHED`, `SYN_SENT`, `CLOSE_WAIT` …, the names of <netinet/tcp.h> without their TCP_. */
  state: string;
  /** Time-outs in a row without an answer. */
  retransmits: number;
  /** Unanswered probes of a window that is closed, or of a peer that is silent. */
  probes: number;
  /** Segments that are sent and not acknowledged. */
  unacked: number;
  /** Segments that are held for lost. */
  lost: number;
  /** Smoothed round-trip time, in milliseconds. */
  roundTrip: number;
  /** Segments sent again since the beginning. */
  totalRetransmits: number;
}

const STATES: readonly string[] = [
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
];

/** Offsets in `struct tcp_info`, in bytes. */
const STATE = 0;
const RETRANSMITS = 2;
const PROBES = 3;
const UNACKED = 24;
const LOST = 32;
/** Microseconds. */
const RTT = 68;
const TOTAL_RETRANS = 100;
const LENGTH = 104;

/** How an option is read: nothing where it cannot be. */
export type ReadOption = (level: number, name: number, length: number) => Uint8Array | undefined;

/** A connection's state; nothing of what is not TCP. */
export function tcpState(read: ReadOption): TcpState | undefined {
  const protocol = read(constants.SOL_SOCKET, constants.SO_PROTOCOL, 4);
  if (protocol === undefined || new Int32Array(new Uint8Array(protocol).buffer)[0] !== constants.IPPROTO_TCP)
    return undefined;
  const info = read(constants.IPPROTO_TCP, constants.TCP_INFO, LENGTH);
  if (info === undefined || info.length < LENGTH) return undefined;
  const numbers = new Uint32Array(new Uint8Array(info).buffer);
  const at = (offset: number): number => numbers[offset / 4] ?? 0;
  return {
    state: STATES[info[STATE] ?? 0] ?? 'UNKNOWN',
    retransmits: info[RETRANSMITS] ?? 0,
    probes: info[PROBES] ?? 0,
    unacked: at(UNACKED),
    lost: at(LOST),
    roundTrip: at(RTT) / 1000,
    totalRetransmits: at(TOTAL_RETRANS),
  };
}

/** Messages that were lost since there was no room for them, as SO_RXQ_OVFL tells: `SK_MEMINFO_DROPS` of SO_MEMINFO, Linux 4.12. */
export function dropsOf(read: ReadOption): number | undefined {
  const DROPS = 8;
  const info = read(constants.SOL_SOCKET, constants.SO_MEMINFO, 4 * (DROPS + 1));
  if (info === undefined || info.length < 4 * (DROPS + 1)) return undefined;
  return new Uint32Array(new Uint8Array(info).buffer)[DROPS];
}
