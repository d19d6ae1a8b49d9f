/** Options of Unix sockets, level SOL_SOCKET: unix(7). */
import type { Descriptor } from '../descriptor.ts';
import { ANSWER, formsOf, type HasOptions, MAKE } from '../sockopt.ts';
import { FLAG, type Reader } from './codec.ts';
import { type Gettable, gettable, type Option, option } from './option.ts';
import { decode, structReader } from './struct.ts';

const page = 'unix(7)';

/** Who is at the other end: as it was when it connected, listened or made the pair. */
export interface PeerCredentials {
  /** The process; 0 when it is in a namespace that cannot be seen from here. */
  pid: number;
  /** The user, 4294967295 when there is no peer. */
  uid: number;
  /** The group, 4294967295 when there is no peer. */
  gid: number;
}
const UCRED = { pid: ['i32', 0], uid: ['u32', 4], gid: ['u32', 8] } as const;

/** Process, user and group of the peer. */
export const peerCredentials: Gettable<PeerCredentials> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_PEERCRED',
  /* @__PURE__ */ structReader('struct ucred', 12, (bytes): PeerCredentials => decode(UCRED, bytes)),
  { page },
);

const PIDFD: Reader<Descriptor> = {
  type: 'int, a descriptor',
  get: (socket, level, name) => formsOf(socket)[MAKE](level, name),
};
/**
 * The peer's process as a descriptor (pidfd_open(2)), which names it however long ago it ended; the caller's to close. ESRCH
 * or EINVAL when the process is gone, ENODATA when there was none.
 */
export const peerProcess: Gettable<Descriptor> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_PEERPIDFD',
  PIDFD,
  { since: '6.5', page },
);

/** The most that a process has: NGROUPS_MAX. */
const MOST_GROUPS = 65536;

/** Asks again with more room as long as the kernel says ERANGE. */
function growing(socket: HasOptions, level: number, name: number, first: number, most: number): Uint8Array {
  for (let size = first; ; size *= 4) {
    const bytes = new Uint8Array(Math.min(size, most));
    try {
      return bytes.subarray(0, formsOf(socket)[ANSWER](level, name, bytes));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERANGE') || size >= most)
        throw error;
    }
  }
}

const GROUPS: Reader<number[]> = {
  type: 'gid_t[]',
  get: (socket, level, name) => {
    const bytes = growing(socket, level, name, 64 * 4, MOST_GROUPS * 4);
    return [...new Uint32Array(bytes.slice().buffer)];
  },
};
/** The peer's supplementary groups. */
export const peerGroups: Gettable<number[]> = /* @__PURE__ */ gettable(
  'SOL_SOCKET',
  'SO_PEERGROUPS',
  GROUPS,
  { since: '4.13', page: 'asm-generic/socket.h' },
);

const LABEL: Reader<string> = {
  type: 'char[]',
  get: (socket, level, name) => {
    const bytes = growing(socket, level, name, 256, 1 << 16);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  },
};
/** The peer's security label; ENOPROTOOPT where no security module has labels. */
export const peerSecurity: Gettable<string> = /* @__PURE__ */ gettable('SOL_SOCKET', 'SO_PEERSEC', LABEL, {
  since: '2.6.2',
  page,
});

/** Whether messages bring the sender's credentials. */
export const passCredentials: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PASSCRED', FLAG, {
  page,
});
/** Whether messages bring the sender's process as a descriptor. */
export const passProcess: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PASSPIDFD', FLAG, {
  since: '6.5',
  page: 'asm-generic/socket.h',
});
/** Whether messages bring the sender's security label. */
export const passSecurity: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PASSSEC', FLAG, {
  since: '2.6.18',
  page,
});
/** Whether messages may bring descriptors; set at first. Refused, they make the sender's call fail with EPERM. */
export const passRights: Option<boolean> = /* @__PURE__ */ option('SOL_SOCKET', 'SO_PASSRIGHTS', FLAG, {
  since: '6.16',
  page: 'asm-generic/socket.h',
});
