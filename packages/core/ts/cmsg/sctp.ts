/**
 * Control messages of SCTP, level IPPROTO_SCTP: RFC 6458 section 5.3, `<linux/sctp.h>`. A payload protocol is in the
 * order of the wire, so that 46 is IANA's 46 (in C one gives `htonl(46)`); everything else is the kernel's number.
 */
import { checkInt, checkOptions } from '../check.ts';
import { checkLength, checkUint, checkUint16, type Decoder, decoder, message } from './codec.ts';
import {
  readInt,
  readNetUint,
  readUint,
  readUint16,
  uint16Bytes,
  writeInt,
  writeNetUint,
  writeUint16,
} from './fields.ts';
import type { ControlMessage } from './header.ts';

/** SCTP_INIT: `struct sctp_initmsg`, sent with what opens an association. */
export interface SctpInit {
  readonly kind: 'sctp-init';
  /** Streams to ask for, and the most to accept; 0 leaves it to the socket, here and below. */
  readonly outStreams: number;
  readonly maxInStreams: number;
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly maxInitTimeout: number;
}

/** SCTP_SNDRCV: `struct sctp_sndrcvinfo`, deprecated, received after SCTP_EVENTS with `sctp_data_io_event`. */
export interface SctpSendReceiveInfo {
  readonly kind: 'sctp-send-receive-info';
  readonly stream: number;
  /** Number of the message in its stream. */
  readonly sequence: number;
  readonly flags: number;
  readonly payloadProtocol: number;
  readonly context: number;
  /** Milliseconds. */
  readonly timeToLive: number;
  readonly tsn: number;
  readonly cumulativeTsn: number;
  readonly association: number;
}

/** SCTP_SNDINFO: `struct sctp_sndinfo`, sent. */
export interface SctpSendInfo {
  readonly kind: 'sctp-send-info';
  readonly stream: number;
  /** `SCTP_UNORDERED`, `SCTP_EOF` … */
  readonly flags: number;
  readonly payloadProtocol: number;
  /** Comes back if the message fails. */
  readonly context: number;
  readonly association: number;
}

/** SCTP_RCVINFO: `struct sctp_rcvinfo`, received after SCTP_RECVRCVINFO, 3.17. */
export interface SctpReceiveInfo {
  readonly kind: 'sctp-receive-info';
  readonly stream: number;
  /** Number of the message in its stream. */
  readonly sequence: number;
  readonly flags: number;
  readonly payloadProtocol: number;
  readonly tsn: number;
  readonly cumulativeTsn: number;
  readonly context: number;
  readonly association: number;
}

/** SCTP_NXTINFO: `struct sctp_nxtinfo`, received after SCTP_RECVNXTINFO, 3.17, when another message waits. */
export interface SctpNextInfo {
  readonly kind: 'sctp-next-info';
  readonly stream: number;
  readonly flags: number;
  readonly payloadProtocol: number;
  /** Bytes of the part of it that is there. */
  readonly length: number;
  readonly association: number;
}

/** SCTP_PRINFO: `struct sctp_prinfo`, sent, 4.20: partial reliability, RFC 3758. */
export interface SctpPartialReliability {
  readonly kind: 'sctp-partial-reliability';
  /** `SCTP_PR_SCTP_TTL`, `_RTX`, `_PRIO`. */
  readonly policy: number;
  /** Milliseconds, retransmissions or priority, as the policy says. */
  readonly value: number;
}

/** SCTP_AUTHINFO: `struct sctp_authinfo`, sent, 4.20: the key to authenticate with. */
export interface SctpAuthKey {
  readonly kind: 'sctp-auth-key';
  readonly key: number;
}

/** SCTP_DSTADDRV4, SCTP_DSTADDRV6: sent, 4.20: one more address of the peer, with what opens an association. */
export interface SctpDestination {
  readonly kind: 'sctp-destination';
  /** 4 or 16 bytes, a view. */
  readonly address: Uint8Array;
}

export type SctpControl =
  | SctpInit
  | SctpSendReceiveInfo
  | SctpSendInfo
  | SctpReceiveInfo
  | SctpNextInfo
  | SctpPartialReliability
  | SctpAuthKey
  | SctpDestination;

const INIT = { outStreams: 0, maxInStreams: 2, maxAttempts: 4, maxInitTimeout: 6, size: 8 } as const;
const SNDRCV = {
  stream: 0,
  ssn: 2,
  flags: 4,
  ppid: 8,
  context: 12,
  ttl: 16,
  tsn: 20,
  cumtsn: 24,
  assoc: 28,
  size: 32,
} as const;
const SND = { stream: 0, flags: 2, ppid: 4, context: 8, assoc: 12, size: 16 } as const;
const RCV = {
  stream: 0,
  ssn: 2,
  flags: 4,
  ppid: 8,
  tsn: 12,
  cumtsn: 16,
  context: 20,
  assoc: 24,
  size: 28,
} as const;
const NXT = { stream: 0, flags: 2, ppid: 4, length: 8, assoc: 12, size: 16 } as const;
const PR = { policy: 0, value: 4, size: 8 } as const;
const AUTH_SIZE = 2;
const IPV4_SIZE = 4;
const IPV6_SIZE = 16;

function destination(type: 'SCTP_DSTADDRV4' | 'SCTP_DSTADDRV6', size: number): Decoder<SctpDestination> {
  return decoder('sctp-destination', 'IPPROTO_SCTP', type, size, (data) => ({
    kind: 'sctp-destination',
    address: data.subarray(0, size),
  }));
}

export const sctpDecoders: readonly Decoder<SctpControl>[] = [
  decoder<SctpInit>('sctp-init', 'IPPROTO_SCTP', 'SCTP_INIT', INIT.size, (data) => ({
    kind: 'sctp-init',
    outStreams: readUint16(data, INIT.outStreams),
    maxInStreams: readUint16(data, INIT.maxInStreams),
    maxAttempts: readUint16(data, INIT.maxAttempts),
    maxInitTimeout: readUint16(data, INIT.maxInitTimeout),
  })),
  decoder<SctpSendReceiveInfo>(
    'sctp-send-receive-info',
    'IPPROTO_SCTP',
    'SCTP_SNDRCV',
    SNDRCV.size,
    (data) => ({
      kind: 'sctp-send-receive-info',
      stream: readUint16(data, SNDRCV.stream),
      sequence: readUint16(data, SNDRCV.ssn),
      flags: readUint16(data, SNDRCV.flags),
      payloadProtocol: readNetUint(data, SNDRCV.ppid),
      context: readUint(data, SNDRCV.context),
      timeToLive: readUint(data, SNDRCV.ttl),
      tsn: readUint(data, SNDRCV.tsn),
      cumulativeTsn: readUint(data, SNDRCV.cumtsn),
      association: readInt(data, SNDRCV.assoc),
    }),
  ),
  decoder<SctpSendInfo>('sctp-send-info', 'IPPROTO_SCTP', 'SCTP_SNDINFO', SND.size, (data) => ({
    kind: 'sctp-send-info',
    stream: readUint16(data, SND.stream),
    flags: readUint16(data, SND.flags),
    payloadProtocol: readNetUint(data, SND.ppid),
    context: readUint(data, SND.context),
    association: readInt(data, SND.assoc),
  })),
  decoder<SctpReceiveInfo>('sctp-receive-info', 'IPPROTO_SCTP', 'SCTP_RCVINFO', RCV.size, (data) => ({
    kind: 'sctp-receive-info',
    stream: readUint16(data, RCV.stream),
    sequence: readUint16(data, RCV.ssn),
    flags: readUint16(data, RCV.flags),
    payloadProtocol: readNetUint(data, RCV.ppid),
    tsn: readUint(data, RCV.tsn),
    cumulativeTsn: readUint(data, RCV.cumtsn),
    context: readUint(data, RCV.context),
    association: readInt(data, RCV.assoc),
  })),
  decoder<SctpNextInfo>('sctp-next-info', 'IPPROTO_SCTP', 'SCTP_NXTINFO', NXT.size, (data) => ({
    kind: 'sctp-next-info',
    stream: readUint16(data, NXT.stream),
    flags: readUint16(data, NXT.flags),
    payloadProtocol: readNetUint(data, NXT.ppid),
    length: readUint(data, NXT.length),
    association: readInt(data, NXT.assoc),
  })),
  decoder<SctpPartialReliability>(
    'sctp-partial-reliability',
    'IPPROTO_SCTP',
    'SCTP_PRINFO',
    PR.size,
    (data) => ({
      kind: 'sctp-partial-reliability',
      policy: readUint16(data, PR.policy),
      value: readUint(data, PR.value),
    }),
  ),
  decoder<SctpAuthKey>('sctp-auth-key', 'IPPROTO_SCTP', 'SCTP_AUTHINFO', AUTH_SIZE, (data) => ({
    kind: 'sctp-auth-key',
    key: readUint16(data, 0),
  })),
  destination('SCTP_DSTADDRV4', IPV4_SIZE),
  destination('SCTP_DSTADDRV6', IPV6_SIZE),
];

/** SCTP_INIT: how to open the association, each 0 unless given. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function sctpInit(options: {
  outStreams?: number | undefined;
  maxInStreams?: number | undefined;
  maxAttempts?: number | undefined;
  /** Milliseconds. */
  maxInitTimeout?: number | undefined;
}): ControlMessage {
  const { outStreams = 0, maxInStreams = 0, maxAttempts = 0, maxInitTimeout = 0 } = checkOptions(options);
  const data = new Uint8Array(INIT.size);
  writeUint16(data, INIT.outStreams, checkUint16('options.outStreams', outStreams));
  writeUint16(data, INIT.maxInStreams, checkUint16('options.maxInStreams', maxInStreams));
  writeUint16(data, INIT.maxAttempts, checkUint16('options.maxAttempts', maxAttempts));
  writeUint16(data, INIT.maxInitTimeout, checkUint16('options.maxInitTimeout', maxInitTimeout));
  return message('IPPROTO_SCTP', 'SCTP_INIT', data);
}

/** SCTP_SNDINFO: how to send this message, each 0 unless given. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function sctpSendInfo(options: {
  stream?: number | undefined;
  flags?: number | undefined;
  payloadProtocol?: number | undefined;
  context?: number | undefined;
  association?: number | undefined;
}): ControlMessage {
  const { stream = 0, flags = 0, payloadProtocol = 0, context = 0, association = 0 } = checkOptions(options);
  const data = new Uint8Array(SND.size);
  writeUint16(data, SND.stream, checkUint16('options.stream', stream));
  writeUint16(data, SND.flags, checkUint16('options.flags', flags));
  writeNetUint(data, SND.ppid, checkUint('options.payloadProtocol', payloadProtocol));
  writeInt(data, SND.context, checkUint('options.context', context));
  writeInt(data, SND.assoc, checkInt('options.association', association));
  return message('IPPROTO_SCTP', 'SCTP_SNDINFO', data);
}

/**
 * SCTP_PRINFO, since 4.20: how long the message is worth sending: `SCTP_PR_SCTP_TTL` and milliseconds, `_RTX` and
 * times, `_PRIO` and a priority.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function sctpPartialReliability(options: { policy: number; value: number }): ControlMessage {
  const { policy, value } = checkOptions(options);
  const data = new Uint8Array(PR.size);
  writeUint16(data, PR.policy, checkUint16('options.policy', policy));
  writeInt(data, PR.value, checkUint('options.value', value));
  return message('IPPROTO_SCTP', 'SCTP_PRINFO', data);
}

/**
 * SCTP_AUTHINFO, since 4.20: the number of the shared key that authenticates the message. Throws ERR_INVALID_ARG_TYPE,
 * ERR_OUT_OF_RANGE.
 */
export function sctpAuthKey(key: number): ControlMessage {
  return message('IPPROTO_SCTP', 'SCTP_AUTHINFO', uint16Bytes(checkUint16('key', key)));
}

/**
 * SCTP_DSTADDRV4 or SCTP_DSTADDRV6, since 4.20: one more address of the peer, 4 or 16 bytes, copied.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function sctpDestination(address: Uint8Array): ControlMessage {
  const data = new Uint8Array(checkLength('address', address, IPV4_SIZE, IPV6_SIZE));
  return message('IPPROTO_SCTP', data.length === IPV4_SIZE ? 'SCTP_DSTADDRV4' : 'SCTP_DSTADDRV6', data);
}
