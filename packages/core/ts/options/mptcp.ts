/** Multipath TCP, level SOL_MPTCP: linux/mptcp.h. TCP's own options, on such a socket, are those of all its subflows. */
import { constants } from '../constants.ts';
import type { Reader } from './codec.ts';
import { type Gettable, gettable } from './option.ts';
import { answer, decode, structReader, type Values, viewOf } from './struct.ts';
import { decodeTcpInfo, type TcpInfo } from './tcp-info.ts';

const page = 'linux/mptcp.h';

const FIELDS = {
  subflows: ['u8', 0],
  addAddrSignal: ['u8', 1],
  addAddrAccepted: ['u8', 2],
  subflowsMax: ['u8', 3],
  addAddrSignalMax: ['u8', 4],
  addAddrAcceptedMax: ['u8', 5],
  token: ['u32', 12],
  writeSeq: ['u64', 16],
  sndUna: ['u64', 24],
  rcvNxt: ['u64', 32],
  localAddrUsed: ['u8', 40],
  localAddrMax: ['u8', 41],
  csumEnabled: ['u8', 42],
} as const;
/** Since Linux 6.5, 6.8 and 6.10. */
const LATER = {
  retransmits: ['u32', 44],
  bytesRetrans: ['u64', 48],
  bytesSent: ['u64', 56],
  bytesReceived: ['u64', 64],
  bytesAcked: ['u64', 72],
  subflowsTotal: ['u8', 80],
  lastDataSent: ['u32', 84],
  lastDataRecv: ['u32', 88],
  lastAckRecv: ['u32', 92],
} as const;
const FLAGS = ['u32', 8] as const;
const FALLBACK = 1;
const REMOTE_KEY_RECEIVED = 2;
/** As of Linux 6.18, and room for more. */
const SIZE = 256;

/**
 * The fields of `struct mptcp_info` without `mptcpi_`, in camelCase; `last…` are milliseconds ago. What came after Linux 5.16
 * is undefined where the kernel does not give it.
 */
export interface MptcpInfo extends Values<typeof FIELDS>, Partial<Values<typeof LATER>> {
  /** It is plain TCP by now: the peer, or something on the way, cannot do more. */
  fallback: boolean;
  remoteKeyReceived: boolean;
}

/** Whole bits of flags, from whatever the kernel gave. */
function info(bytes: Uint8Array): MptcpInfo {
  const { flags } = decode({ flags: FLAGS }, bytes);
  return {
    fallback: (flags & FALLBACK) !== 0,
    remoteKeyReceived: (flags & REMOTE_KEY_RECEIVED) !== 0,
    ...decode(FIELDS, bytes),
    ...decode(LATER, bytes),
  };
}

/** What Multipath TCP knows of a connection. EOPNOTSUPP when it fell back to TCP at once. */
export const mptcpInfo: Gettable<MptcpInfo> = /* @__PURE__ */ gettable(
  'SOL_MPTCP',
  'MPTCP_INFO',
  /* @__PURE__ */ structReader('struct mptcp_info', SIZE, info),
  { since: '5.16', page },
);

/** `struct mptcp_subflow_data`: sizes of itself (at 0), of the kernel's elements (8) and of ours (12), number of subflows (4). */
const HEAD = 16;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Room for as many subflows as a connection may have: eight, and the first. */
const MOST_SUBFLOWS = 16;

/** An array of one element for each subflow, behind a head that says how large they are. */
function subflows<T>(type: string, size: number, make: (bytes: Uint8Array) => T): Reader<T[]> {
  return {
    type: `struct mptcp_subflow_data, ${type}[]`,
    get: (socket, level, name) => {
      const asked = new Uint8Array(HEAD);
      viewOf(asked).setUint32(0, HEAD, LITTLE_ENDIAN);
      viewOf(asked).setUint32(12, size, LITTLE_ENDIAN);
      const bytes = answer(socket, level, name, HEAD + MOST_SUBFLOWS * size, asked);
      const view = viewOf(bytes);
      const kernel = view.getUint32(8, LITTLE_ENDIAN);
      const count = Math.min(view.getUint32(4, LITTLE_ENDIAN), MOST_SUBFLOWS);
      return Array.from({ length: count }, (_, index) => {
        const at = HEAD + index * size;
        return make(bytes.slice(at, at + Math.min(size, kernel)));
      });
    },
  };
}

/** What TCP knows of each subflow. */
export const mptcpTcpInfo: Gettable<TcpInfo[]> = /* @__PURE__ */ gettable(
  'SOL_MPTCP',
  'MPTCP_TCPINFO',
  /* @__PURE__ */ subflows('struct tcp_info', 512, decodeTcpInfo),
  { since: '5.16', page },
);

/** The two ends of a subflow, each a sockaddr. */
export interface SubflowAddresses {
  local: Uint8Array;
  remote: Uint8Array;
}
const STORAGE = 128;
/** A sockaddr in the room of the largest: as long as its family's. */
const trimmed = (storage: Uint8Array): Uint8Array =>
  storage.slice(0, viewOf(storage).getUint16(0, LITTLE_ENDIAN) === constants.AF_INET ? 16 : 28);

/** The addresses of each subflow. */
export const mptcpSubflowAddresses: Gettable<SubflowAddresses[]> = /* @__PURE__ */ gettable(
  'SOL_MPTCP',
  'MPTCP_SUBFLOW_ADDRS',
  /* @__PURE__ */ subflows('struct mptcp_subflow_addrs', 2 * STORAGE, (bytes) => ({
    local: trimmed(bytes.subarray(0, STORAGE)),
    remote: trimmed(bytes.subarray(STORAGE)),
  })),
  { since: '5.16', page },
);
