/**
 * Times of packets, level SOL_SOCKET: the kernel's Documentation/networking/timestamping.rst, socket(7). Times are
 * nanoseconds as a bigint, of the realtime clock, since 1970, unless said otherwise.
 */
import { wrongType } from '../check.ts';
import { checkUint, checkUint64, type Decoder, decoder, message } from './codec.ts';
import { intBytes, readTime, readUint, readUint16, readUint64, uint64Bytes } from './fields.ts';
import type { ControlMessage } from './header.ts';

/**
 * SCM_TIMESTAMP (`timeval`) and SCM_TIMESTAMPNS (`timespec`), and SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW: after the
 * option of that name.
 */
export interface Timestamp {
  readonly kind: 'timestamp';
  /** When the packet came: nanoseconds since 1970. */
  readonly time: bigint;
}

/**
 * SCM_TIMESTAMPING, SO_TIMESTAMPING_NEW (`struct scm_timestamping`): after SO_TIMESTAMPING, on packets received, and,
 * beside an error of the origin `txstatus`, on those sent. A time that the kernel did not give is undefined.
 */
export interface Timestamping {
  readonly kind: 'timestamping';
  /** `ts[0]`, SOF_TIMESTAMPING_SOFTWARE: nanoseconds since 1970. */
  readonly software: bigint | undefined;
  /** `ts[1]`: the hardware's time in terms of the system's, which no kernel of today gives. */
  readonly converted: bigint | undefined;
  /** `ts[2]`, SOF_TIMESTAMPING_RAW_HARDWARE: nanoseconds of the hardware's own clock. */
  readonly hardware: bigint | undefined;
}

/** SO_TIMESTAMPING as it is sent: which transmit time stamps are asked for, for one message. */
export interface TimestampingRequest {
  readonly kind: 'timestamping-request';
  /** `SOF_TIMESTAMPING_TX_…`. */
  readonly flags: number;
}

/** SCM_TIMESTAMPING_PKTINFO: after SOF_TIMESTAMPING_OPT_PKTINFO, 4.13, beside a hardware time stamp. */
export interface TimestampingPacketInfo {
  readonly kind: 'timestamping-packet-info';
  /** The interface that it came in by, below bonds and bridges; 0 when it is gone. */
  readonly interfaceIndex: number;
  /** Bytes of the packet at layer 2. */
  readonly length: number;
}

/** An attribute, `struct nlattr`. */
export interface Attribute {
  /** `TCP_NLA_…` of `<linux/tcp.h>`; for J1939 `J1939_NLA_…`. */
  readonly type: number;
  /** A view. */
  readonly data: Uint8Array;
}

/**
 * SCM_TIMESTAMPING_OPT_STATS: after SOF_TIMESTAMPING_OPT_STATS, 4.10, beside a transmit time stamp of TCP's or J1939's.
 */
export interface TimestampingStatistics {
  readonly kind: 'timestamping-statistics';
  /** Those that are whole. */
  readonly attributes: Attribute[];
}

/** SCM_TS_OPT_ID, 6.13: the id that this message's transmit time stamps will have, in place of a count. */
export interface TimestampId {
  readonly kind: 'timestamp-id';
  readonly id: number;
}

/** SCM_TXTIME, 4.19: when to send, after SO_TXTIME. */
export interface TransmitTime {
  readonly kind: 'transmit-time';
  /** Nanoseconds of the clock that SO_TXTIME named. */
  readonly time: bigint;
}

export type TimeControl =
  | Timestamp
  | Timestamping
  | TimestampingRequest
  | TimestampingPacketInfo
  | TimestampingStatistics
  | TimestampId
  | TransmitTime;

/** `sizeof(struct timespec)`, and of `struct timeval`. */
const TIME_SIZE = 16;
/** Nanoseconds in what the second half of a timespec and of a timeval counts. */
const NANOSECOND = 1n;
const MICROSECOND = 1000n;
/** `struct scm_ts_pktinfo`. */
const IF_INDEX = 0;
const PKT_LENGTH = 4;
const TS_PKTINFO_SIZE = 16;
/** `struct nlattr`, and the bits of its type that are flags. */
const NLA_LEN = 0;
const NLA_TYPE = 2;
const NLA_HEADER = 4;
const NLA_TYPE_MASK = 0x3fff;

function stamp(
  type: 'SCM_TIMESTAMP' | 'SCM_TIMESTAMPNS' | 'SO_TIMESTAMP_NEW' | 'SO_TIMESTAMPNS_NEW',
  unit: bigint,
): Decoder<Timestamp> {
  return decoder('timestamp', 'SOL_SOCKET', type, TIME_SIZE, (data) => ({
    kind: 'timestamp',
    time: readTime(data, 0, unit),
  }));
}

/** A time stamp of all zeros is none. */
function given(data: Uint8Array, index: number): bigint | undefined {
  const time = readTime(data, index * TIME_SIZE, NANOSECOND);
  return time === 0n ? undefined : time;
}

function timestamping(data: Uint8Array): Timestamping | TimestampingRequest | undefined {
  if (data.length === 4) return { kind: 'timestamping-request', flags: readUint(data, 0) };
  if (data.length < 3 * TIME_SIZE) return undefined;
  return {
    kind: 'timestamping',
    software: given(data, 0),
    converted: given(data, 1),
    hardware: given(data, 2),
  };
}

function statistics(data: Uint8Array): TimestampingStatistics {
  const attributes: Attribute[] = [];
  let at = 0;
  while (data.length - at >= NLA_HEADER) {
    const length = readUint16(data, at + NLA_LEN);
    if (length < NLA_HEADER || length > data.length - at) break;
    const type = readUint16(data, at + NLA_TYPE) & NLA_TYPE_MASK;
    attributes.push({ type, data: data.subarray(at + NLA_HEADER, at + length) });
    at += (length + 3) & ~3;
  }
  return { kind: 'timestamping-statistics', attributes };
}

const BOTH: readonly ('timestamping' | 'timestamping-request')[] = ['timestamping', 'timestamping-request'];

export const timeDecoders: readonly Decoder<TimeControl>[] = [
  stamp('SCM_TIMESTAMP', MICROSECOND),
  stamp('SCM_TIMESTAMPNS', NANOSECOND),
  stamp('SO_TIMESTAMP_NEW', MICROSECOND),
  stamp('SO_TIMESTAMPNS_NEW', NANOSECOND),
  decoder(BOTH, 'SOL_SOCKET', 'SCM_TIMESTAMPING', 4, timestamping),
  decoder(BOTH, 'SOL_SOCKET', 'SO_TIMESTAMPING_NEW', 4, timestamping),
  decoder<TimestampingPacketInfo>(
    'timestamping-packet-info',
    'SOL_SOCKET',
    'SCM_TIMESTAMPING_PKTINFO',
    TS_PKTINFO_SIZE,
    (data) => ({
      kind: 'timestamping-packet-info',
      interfaceIndex: readUint(data, IF_INDEX),
      length: readUint(data, PKT_LENGTH),
    }),
  ),
  decoder<TimestampingStatistics>(
    'timestamping-statistics',
    'SOL_SOCKET',
    'SCM_TIMESTAMPING_OPT_STATS',
    0,
    statistics,
  ),
  decoder<TimestampId>('timestamp-id', 'SOL_SOCKET', 'SCM_TS_OPT_ID', 4, (data) => ({
    kind: 'timestamp-id',
    id: readUint(data, 0),
  })),
  decoder<TransmitTime>('transmit-time', 'SOL_SOCKET', 'SCM_TXTIME', 8, (data) => ({
    kind: 'transmit-time',
    time: readUint64(data, 0),
  })),
];

/**
 * SO_TIMESTAMPING: asks for transmit time stamps of this message, `SOF_TIMESTAMPING_TX_…`, whichever the socket asks
 * for itself; what is reported is still the socket's option (SOF_TIMESTAMPING_SOFTWARE …). Since 4.7.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function timestampingRequest(flags: number): ControlMessage {
  return message('SOL_SOCKET', 'SCM_TIMESTAMPING', intBytes(checkUint('flags', flags)));
}

/**
 * SCM_TS_OPT_ID, since 6.13 (EINVAL before): the id of this message's transmit time stamps, on sockets with
 * SOF_TIMESTAMPING_OPT_ID, not on TCP's.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function timestampId(id: number): ControlMessage {
  return message('SOL_SOCKET', 'SCM_TS_OPT_ID', intBytes(checkUint('id', id)));
}

/**
 * SCM_TXTIME, since 4.19: when the packet is to leave, in nanoseconds of the clock that SO_TXTIME named for this
 * socket; a queueing discipline that heeds it (tc-etf(8), tc-fq(8)) has to be there.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function transmitTime(time: bigint): ControlMessage {
  return message('SOL_SOCKET', 'SCM_TXTIME', uint64Bytes(checkUint64('time', time)));
}

/** A time of the realtime clock as a Date, which has milliseconds. Throws ERR_INVALID_ARG_TYPE. */
export function toDate(time: bigint): Date {
  if (typeof time !== 'bigint') throw wrongType('time', 'a bigint of nanoseconds', time);
  return new Date(Number(time / 1_000_000n));
}
