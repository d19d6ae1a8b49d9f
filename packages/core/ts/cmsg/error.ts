/** `struct sock_extended_err` of `<linux/errqueue.h>`: what the error queue of a socket holds, recv(2) and ip(7). */
import type { ConstantName } from '../constant-names.ts';
import { constants as c } from '../constants.ts';
import { errnoName } from '../errors.ts';
import { type Decoder, decoder } from './codec.ts';
import { readUint, readUint16 } from './fields.ts';

/** Who says so: `SO_EE_ORIGIN_…`; a number where this library knows no name. */
export type ErrorOrigin = 'none' | 'local' | 'icmp' | 'icmp6' | 'txstatus' | 'zerocopy' | 'txtime' | number;

/**
 * IP_RECVERR, IPV6_RECVERR and their kin: `struct sock_extended_err`, received with MSG_ERRQUEUE after the option of
 * the same name was set (with IP_RECVERR_RFC4884, 5.9, `data` says where an ICMP extension begins).
 */
export interface ExtendedError {
  readonly kind: 'error';
  /** `ee_errno`, positive as in errno.h; ENOMSG when the queue holds a transmit time stamp and no failure. */
  readonly errno: number;
  /** Its name, `'ECONNREFUSED'`; undefined when it is 0. */
  readonly name: string | undefined;
  readonly origin: ErrorOrigin;
  /** `ee_type`: the ICMP type, where `origin` is `icmp` or `icmp6`. */
  readonly type: number;
  /** `ee_code`: the ICMP code; for `txtime` an `SO_EE_CODE_TXTIME_…`. */
  readonly code: number;
  /** `ee_info`: the path's MTU for EMSGSIZE; for `txstatus` which time it is, `SCM_TSTAMP_…`. */
  readonly info: number;
  /** `ee_data`: for `txstatus` the id of the packet (SOF_TIMESTAMPING_OPT_ID). */
  readonly data: number;
  /** `SO_EE_OFFENDER`: the sockaddr, a view, of the node that sent the ICMP message; undefined when none is told. */
  readonly offender: Uint8Array | undefined;
}

/**
 * SO_EE_ORIGIN_ZEROCOPY: sends with MSG_ZEROCOPY (SO_ZEROCOPY, 4.14) whose memory is the caller's again. Sends are
 * counted from 0 per socket, modulo 2^32.
 */
export interface ZeroCopyCompletion {
  readonly kind: 'zero-copy';
  /** `ee_info`: the first of them. */
  readonly from: number;
  /** `ee_data`: the last of them; less than `from` when the count began anew. */
  readonly to: number;
  /** SO_EE_CODE_ZEROCOPY_COPIED: the kernel copied after all, so that the flag only costs. */
  readonly copied: boolean;
}

const ERRNO = 0;
const ORIGIN = 4;
const TYPE = 5;
const CODE = 6;
const INFO = 8;
const DATA = 12;
/** `sizeof(struct sock_extended_err)`: where the offender begins. */
const SIZE = 16;

const ORIGINS: ReadonlyMap<number, ErrorOrigin> = new Map<number, ErrorOrigin>([
  [c.SO_EE_ORIGIN_NONE, 'none'],
  [c.SO_EE_ORIGIN_LOCAL, 'local'],
  [c.SO_EE_ORIGIN_ICMP, 'icmp'],
  [c.SO_EE_ORIGIN_ICMP6, 'icmp6'],
  [c.SO_EE_ORIGIN_TXSTATUS, 'txstatus'],
  [c.SO_EE_ORIGIN_ZEROCOPY, 'zerocopy'],
  [c.SO_EE_ORIGIN_TXTIME, 'txtime'],
]);

/** Reads it: the caller has looked that SIZE bytes are there. */
function decodeError(data: Uint8Array): ExtendedError | ZeroCopyCompletion {
  const errno = readUint(data, ERRNO);
  const number = data[ORIGIN] as number;
  const origin = ORIGINS.get(number) ?? number;
  const code = data[CODE] as number;
  const info = readUint(data, INFO);
  const more = readUint(data, DATA);
  if (origin === 'zerocopy') {
    return { kind: 'zero-copy', from: info, to: more, copied: (code & c.SO_EE_CODE_ZEROCOPY_COPIED) !== 0 };
  }
  // AF_UNSPEC in front means that there is nobody to name.
  const offended = data.length >= SIZE + 2 && readUint16(data, SIZE) !== c.AF_UNSPEC;
  return {
    kind: 'error',
    errno,
    name: errno === 0 ? undefined : errnoName(errno),
    origin,
    type: data[TYPE] as number,
    code,
    info,
    data: more,
    offender: offended ? data.subarray(SIZE) : undefined,
  };
}

/** The table's entry for a family's error queue. */
export function errorDecoder(
  level: ConstantName,
  type: ConstantName,
): Decoder<ExtendedError | ZeroCopyCompletion> {
  return decoder(['error', 'zero-copy'], level, type, SIZE, decodeError);
}

/** At which point of its way a packet's transmit time stamp was taken. */
export type TimestampStage = 'sent' | 'scheduled' | 'acknowledged' | 'completed';

/**
 * Which transmit time stamp an error of the origin `txstatus` goes with (`SCM_TSTAMP_SND`, `_SCHED`, `_ACK`, and
 * `_COMPLETION`, 6.16): the times are in the message of kind `timestamping` beside it. Undefined for any other error.
 */
export function timestampStage(error: ExtendedError): TimestampStage | undefined {
  if (error.origin !== 'txstatus' || error.name !== 'ENOMSG') return undefined;
  if (error.info === c.SCM_TSTAMP_SND) return 'sent';
  if (error.info === c.SCM_TSTAMP_SCHED) return 'scheduled';
  if (error.info === c.SCM_TSTAMP_ACK) return 'acknowledged';
  return error.info === c.SCM_TSTAMP_COMPLETION ? 'completed' : undefined;
}

/**
 * The transmit time, in nanoseconds of the clock that SO_TXTIME named, of a packet that was dropped for it: an error of
 * the origin `txtime` (SOF_TXTIME_REPORT_ERRORS). Undefined for any other error.
 */
export function droppedTransmitTime(error: ExtendedError): bigint | undefined {
  return error.origin === 'txtime' ? (BigInt(error.data) << 32n) | BigInt(error.info) : undefined;
}
