/** Options of SCTP about peers and how an association is doing, level IPPROTO_SCTP: RFC 6458, linux/sctp.h. */
import { type Address, sockaddr } from '../address.ts';
import { wrongValue } from '../check.ts';
import { constants } from '../constants.ts';
import { checkBoolean, checkObject, type Writer } from './codec.ts';
import { type Askable, type Asker, askable, askableSettable, type Settable } from './option.ts';
import { asked, type SctpAssociation } from './sctp.ts';
import { answer, decode, encode, type Values, viewOf, writeField } from './struct.ts';

const page = 'RFC 6458';

/** A peer's address: of which association, and its sockaddr; without one, all of it. */
export interface SctpPeer extends SctpAssociation {
  address?: Address | undefined;
}
const STORAGE = 128;
function layPeer(argument: string, laid: Uint8Array, { associationId = 0, address }: SctpPeer): void {
  writeField(viewOf(laid), ['i32', 0], `${argument}.associationId`, associationId);
  if (address === undefined) return;
  const given = sockaddr(address);
  if (given.length < 2 || given.length > STORAGE)
    throw wrongValue(`${argument}.address`, 'a sockaddr', address);
  laid.set(given, 4);
}
function peerOf(bytes: Uint8Array): Uint8Array {
  const family = new Uint16Array(bytes.slice(4, 6).buffer)[0];
  return bytes.slice(
    4,
    4 + (family === constants.AF_INET ? 16 : family === constants.AF_INET6 ? 28 : STORAGE),
  );
}

/** `struct sctp_paddrparams`, packed. */
const PARAMS_SIZE = 156;
const PARAMS = {
  heartbeatInterval: ['u32', 132],
  pathMaxRetransmits: ['u16', 136],
  pathMtu: ['u32', 138],
  sackDelay: ['u32', 142],
  flags: ['u32', 146],
  flowLabel: ['u32', 150],
  dscp: ['u8', 154],
} as const;
/** `SPP_…` */
const SPP = {
  heartbeat: 1,
  noHeartbeat: 2,
  demand: 4,
  discovery: 8,
  noDiscovery: 16,
  flowLabel: 256,
  dscp: 512,
};
/** How one of the peer's addresses is watched. */
export interface SctpPeerParameters extends SctpAssociation {
  /** The address that it is about; none is the whole association. */
  address?: Address | undefined;
  /** Whether heartbeats are sent. */
  heartbeats?: boolean | undefined;
  /** Milliseconds; 0 is as it was. */
  heartbeatInterval?: number | undefined;
  /** How many go unanswered before it counts as unreachable. */
  pathMaxRetransmits?: number | undefined;
  /** Whether the path's MTU is looked for. */
  pathMtuDiscovery?: boolean | undefined;
  /** Bytes, where it is not looked for. */
  pathMtu?: number | undefined;
  /** Milliseconds; 0 is as it was. */
  sackDelay?: number | undefined;
  /** IPv6's. */
  flowLabel?: number | undefined;
  dscp?: number | undefined;
}
/** The bit for yes or that for no, where it was said. */
function choice(argument: string, value: boolean | undefined, yes: number, no: number): number {
  if (value === undefined) return 0;
  return checkBoolean(argument, value) ? yes : no;
}
const PEER_PARAMETERS: Asker<SctpPeerParameters, SctpPeer | undefined> & Writer<SctpPeerParameters> = {
  type: 'struct sctp_paddrparams',
  ask: (socket, level, name, question) => {
    const laid = new Uint8Array(PARAMS_SIZE);
    layPeer('question', laid, checkObject('question', question ?? {}));
    const bytes = answer(socket, level, name, PARAMS_SIZE, laid);
    const { flags, ...values } = decode(PARAMS, bytes);
    return {
      associationId: new Int32Array(bytes.slice(0, 4).buffer)[0],
      address: question?.address === undefined ? undefined : peerOf(bytes),
      heartbeats: (flags & SPP.heartbeat) !== 0,
      pathMtuDiscovery: (flags & SPP.discovery) !== 0,
      ...values,
    };
  },
  set: (socket, level, name, value) => {
    const { heartbeats, pathMtuDiscovery, flowLabel, dscp } = checkObject('value', value);
    const { heartbeatInterval, pathMaxRetransmits, pathMtu, sackDelay } = value;
    const flags =
      choice('value.heartbeats', heartbeats, SPP.heartbeat, SPP.noHeartbeat) |
      choice('value.pathMtuDiscovery', pathMtuDiscovery, SPP.discovery, SPP.noDiscovery) |
      (flowLabel === undefined ? 0 : SPP.flowLabel) |
      (dscp === undefined ? 0 : SPP.dscp);
    const numbers = { heartbeatInterval, pathMaxRetransmits, pathMtu, sackDelay, flags, flowLabel, dscp };
    const laid = encode(PARAMS, PARAMS_SIZE, 'value', numbers);
    layPeer('value', laid, value);
    socket.setsockopt(level, name, laid);
  },
};
/** How the peer's addresses are watched. */
export const sctpPeerParameters: Askable<SctpPeerParameters, SctpPeer | undefined> &
  Settable<SctpPeerParameters> = /* @__PURE__ */ askableSettable(
  'IPPROTO_SCTP',
  'SCTP_PEER_ADDR_PARAMS',
  PEER_PARAMETERS,
  { page },
);

/** `struct sctp_paddrinfo`, packed. */
const PADDRINFO_SIZE = 152;
const PADDRINFO = {
  state: ['i32', 132],
  cwnd: ['u32', 136],
  srtt: ['u32', 140],
  rto: ['u32', 144],
  mtu: ['u32', 148],
} as const;
/** A peer's address, and how it is doing. */
export interface SctpPeerInfo {
  address: Uint8Array;
  state: 'inactive' | 'potentially-failed' | 'active' | 'unconfirmed' | 'unknown';
  /** Bytes. */
  cwnd: number;
  /** Milliseconds. */
  srtt: number;
  rto: number;
  /** Bytes. */
  mtu: number;
}
const PEER_STATES: readonly SctpPeerInfo['state'][] = [
  'inactive',
  'potentially-failed',
  'active',
  'unconfirmed',
];
function peerInfo(bytes: Uint8Array): SctpPeerInfo {
  const { state, ...values } = decode(PADDRINFO, bytes);
  return { address: peerOf(bytes), state: PEER_STATES[state] ?? 'unknown', ...values };
}
const PEER_INFO: Asker<SctpPeerInfo, SctpPeer> = {
  type: 'struct sctp_paddrinfo',
  ask: (socket, level, name, question) => {
    const laid = new Uint8Array(PADDRINFO_SIZE);
    layPeer('question', laid, checkObject('question', question));
    return peerInfo(answer(socket, level, name, PADDRINFO_SIZE, laid));
  },
};
/** How one of the peer's addresses is doing. */
export const sctpPeerInfo: Askable<SctpPeerInfo, SctpPeer> = /* @__PURE__ */ askable(
  'IPPROTO_SCTP',
  'SCTP_GET_PEER_ADDR_INFO',
  PEER_INFO,
  { page },
);

/** `struct sctp_status`. */
const STATUS_SIZE = 176;
const PRIMARY = 24;
const STATUS = {
  associationId: ['i32', 0],
  state: ['i32', 4],
  receiverWindow: ['u32', 8],
  unackedData: ['u16', 12],
  pendingData: ['u16', 14],
  inStreams: ['u16', 16],
  outStreams: ['u16', 18],
  fragmentationPoint: ['u32', 20],
} as const;
const STATES = [
  'empty',
  'closed',
  'cookie-wait',
  'cookie-echoed',
  'established',
  'shutdown-pending',
  'shutdown-sent',
  'shutdown-received',
  'shutdown-ack-sent',
] as const;
/** How an association is doing. */
export interface SctpStatus extends Omit<Values<typeof STATUS>, 'state'> {
  state: (typeof STATES)[number] | 'unknown';
  primary: SctpPeerInfo;
}
const STATUS_READER: Asker<SctpStatus, SctpAssociation | undefined> = {
  type: 'struct sctp_status',
  ask: (socket, level, name, question) => {
    const bytes = answer(socket, level, name, STATUS_SIZE, asked(question));
    const { state, ...values } = decode(STATUS, bytes);
    return { ...values, state: STATES[state] ?? 'unknown', primary: peerInfo(bytes.subarray(PRIMARY)) };
  },
};
/** How an association is doing: its state, window, streams, and the address that is sent to. */
export const sctpStatus: Askable<SctpStatus, SctpAssociation | undefined> = /* @__PURE__ */ askable(
  'IPPROTO_SCTP',
  'SCTP_STATUS',
  STATUS_READER,
  { page },
);
