/**
 * Control messages that any socket may have, level SOL_SOCKET: socket(7), unix(7), and those of time in {@link
 * ./time.ts}.
 */
import { checkInteger, checkOptions, wrongType } from '../check.ts';
import { errnos } from '../constants.ts';
import { systemError } from '../errors.ts';
import { checkUint, type Decoder, decoder, message, number } from './codec.ts';
import { intBytes, readInt, readUint, writeInt } from './fields.ts';
import type { ControlMessage } from './header.ts';

/** SCM_RIGHTS: descriptors that were sent along, unix(7). */
export interface Rights {
  readonly kind: 'rights';
  /**
   * Their numbers in this process. Reading them says nothing about who owns them: a receive of this package owns them
   * from the first instant, see `descriptors`.
   */
  readonly descriptors: number[];
}

/** SCM_CREDENTIALS: `struct ucred`, received after SO_PASSCRED, unix(7), netlink(7). */
export interface Credentials {
  readonly kind: 'credentials';
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** SCM_PIDFD: the sending process as a descriptor, received after SO_PASSPIDFD, 6.5, unix(7). */
export interface PidDescriptor {
  readonly kind: 'pid-descriptor';
  /** A new descriptor, which somebody has to close; `-errno` where the kernel could not make one. */
  readonly descriptor: number;
}

/** SCM_SECURITY: the peer's label, received after SO_PASSSEC (unix(7)) or IP_PASSSEC (ip(7)). */
export interface SecurityLabel {
  readonly kind: 'security';
  /** SELinux's context, or another module's label. */
  readonly label: string;
}

/** SO_RXQ_OVFL: received after the option of that name, 2.6.33. */
export interface Overflow {
  readonly kind: 'overflow';
  /** Packets that this socket has dropped since it was made, modulo 2^32. */
  readonly dropped: number;
}

/** SO_MARK: received after SO_RCVMARK, 5.19; sent with CAP_NET_ADMIN, on newer kernels CAP_NET_RAW too. */
export interface Mark {
  readonly kind: 'mark';
  readonly mark: number;
}

/** SO_PRIORITY: received after SO_RCVPRIORITY, and sent, since 6.14. */
export interface Priority {
  readonly kind: 'priority';
  readonly priority: number;
}

/** SCM_WIFI_STATUS: beside an error of the origin `txstatus`, after SO_WIFI_STATUS, 3.3. */
export interface WifiStatus {
  readonly kind: 'wifi-status';
  /** Whether the other side acknowledged the frame. */
  readonly acknowledged: boolean;
}

/** SCM_INQ (Unix streams, after SO_INQ, 6.17) and TCP_CM_INQ (after TCP_INQ, 4.18). */
export interface Queued {
  readonly kind: 'queued';
  /** Bytes that are left in the receive queue after this call. */
  readonly bytes: number;
}

export type SocketControl =
  | Rights
  | Credentials
  | PidDescriptor
  | SecurityLabel
  | Overflow
  | Mark
  | Priority
  | WifiStatus
  | Queued;

/** `struct ucred`. */
const PID = 0;
const UID = 4;
const GID = 8;
const UCRED_SIZE = 12;

/** `sizeof(int)`: a descriptor in SCM_RIGHTS. */
const INT_SIZE = 4;

function decodeSecurity(data: Uint8Array): SecurityLabel {
  const end = data.indexOf(0);
  // A copy: what decodes text refuses shared memory.
  return { kind: 'security', label: Buffer.from(end < 0 ? data : data.subarray(0, end)).toString() };
}

/** SCM_SECURITY, which IPv4 has at a level of its own. */
export function securityDecoder(level: 'SOL_SOCKET' | 'SOL_IP'): Decoder<SecurityLabel> {
  return decoder('security', level, 'SCM_SECURITY', 0, decodeSecurity);
}

/** SCM_INQ, which TCP has under a name of its own. */
export function queuedDecoder(
  level: 'SOL_SOCKET' | 'SOL_TCP',
  type: 'SCM_INQ' | 'TCP_CM_INQ',
): Decoder<Queued> {
  return decoder('queued', level, type, 4, (data) => ({ kind: 'queued', bytes: readInt(data, 0) }));
}

export const socketDecoders: readonly Decoder<SocketControl>[] = [
  decoder<Rights>('rights', 'SOL_SOCKET', 'SCM_RIGHTS', 0, (data) => {
    const descriptors: number[] = [];
    for (let at = 0; at + INT_SIZE <= data.length; at += INT_SIZE) descriptors.push(readInt(data, at));
    return { kind: 'rights', descriptors };
  }),
  decoder<Credentials>('credentials', 'SOL_SOCKET', 'SCM_CREDENTIALS', UCRED_SIZE, (data) => ({
    kind: 'credentials',
    pid: readInt(data, PID),
    uid: readUint(data, UID),
    gid: readUint(data, GID),
  })),
  decoder<PidDescriptor>('pid-descriptor', 'SOL_SOCKET', 'SCM_PIDFD', INT_SIZE, (data) => ({
    kind: 'pid-descriptor',
    descriptor: readInt(data, 0),
  })),
  securityDecoder('SOL_SOCKET'),
  decoder<Overflow>('overflow', 'SOL_SOCKET', 'SO_RXQ_OVFL', 4, (data) => ({
    kind: 'overflow',
    dropped: readUint(data, 0),
  })),
  decoder<Mark>('mark', 'SOL_SOCKET', 'SO_MARK', 4, (data) => ({ kind: 'mark', mark: readUint(data, 0) })),
  decoder<Priority>('priority', 'SOL_SOCKET', 'SO_PRIORITY', 4, (data) => ({
    kind: 'priority',
    priority: readUint(data, 0),
  })),
  decoder<WifiStatus>('wifi-status', 'SOL_SOCKET', 'SCM_WIFI_STATUS', 4, (data) => ({
    kind: 'wifi-status',
    acknowledged: readInt(data, 0) !== 0,
  })),
  queuedDecoder('SOL_SOCKET', 'SCM_INQ'),
];

/** Something with a descriptor: a `Socket`, a `Descriptor`, a `FileHandle` of `node:fs/promises`. */
export interface HasDescriptor {
  /** The descriptor; negative when it is closed. */
  readonly fd: number;
}

/** SCM_MAX_FD, unix(7). */
const MOST_RIGHTS = 253;
const MOST_FD = 0x7fffffff;

/** The descriptor of the source at `index`, as it is now. */
function descriptorOf(source: number | HasDescriptor, index: number): number {
  if (typeof source === 'number') return source;
  const { fd } = source;
  if (typeof fd !== 'number') throw wrongType(`sources[${index}].fd`, 'a number', fd);
  if (fd < 0) throw systemError(-errnos.EBADF, 'sendmsg', `sources[${index}] is closed`);
  return checkInteger(`sources[${index}].fd`, fd, 0, MOST_FD);
}

/** A class, since a getter in an object made anew costs half a microsecond. */
class RightsMessage implements ControlMessage {
  readonly level: number = number('SOL_SOCKET');
  readonly type: number = number('SCM_RIGHTS');
  readonly #sources: readonly (number | HasDescriptor)[];

  constructor(sources: readonly (number | HasDescriptor)[]) {
    this.#sources = sources;
  }

  get data(): Uint8Array {
    const data = new Uint8Array(INT_SIZE * this.#sources.length);
    this.#sources.forEach((source, index) => {
      writeInt(data, INT_SIZE * index, descriptorOf(source, index));
    });
    return data;
  }
}

/**
 * SCM_RIGHTS: passes descriptors, at most 253, to whoever receives the message: unix(7). The sender keeps its own. An
 * object's `fd` is read each time that `data` is, so one that was closed while the message waited is never mixed up
 * with whatever has its number by then.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for what is no descriptor, or too many of them
 * @throws SocketError EBADF from `data`, when an object is closed
 */
export function rights(sources: readonly (number | HasDescriptor)[]): ControlMessage {
  if (!Array.isArray(sources))
    throw wrongType('sources', 'an array of descriptors or objects with fd', sources);
  checkInteger('sources.length', sources.length, 0, MOST_RIGHTS);
  const kept: (number | HasDescriptor)[] = [];
  for (const source of sources as unknown[]) {
    const name = `sources[${kept.length}]`;
    if (typeof source === 'number') kept.push(checkInteger(name, source, 0, MOST_FD));
    else if (source !== null && typeof source === 'object' && 'fd' in source)
      kept.push(source as HasDescriptor);
    else throw wrongType(name, 'a descriptor or an object with fd', source);
  }
  return new RightsMessage(kept);
}

/**
 * SCM_CREDENTIALS: who sends, unix(7): this process unless given. Anything but a process, real, effective or saved id
 * of its own takes CAP_SYS_ADMIN (pid), CAP_SETUID, CAP_SETGID, or the kernel says EPERM.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function credentials(options?: {
  pid?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
}): ControlMessage {
  const {
    pid = process.pid,
    uid = process.getuid?.() ?? 0,
    gid = process.getgid?.() ?? 0,
  } = checkOptions(options);
  const data = new Uint8Array(UCRED_SIZE);
  writeInt(data, PID, checkInteger('options.pid', pid, 0, 0x7fffffff));
  writeInt(data, UID, checkUint('options.uid', uid));
  writeInt(data, GID, checkUint('options.gid', gid));
  return message('SOL_SOCKET', 'SCM_CREDENTIALS', data);
}

/**
 * SO_MARK: the packet's mark, for routing and filters; CAP_NET_ADMIN or CAP_NET_RAW. Throws ERR_INVALID_ARG_TYPE,
 * ERR_OUT_OF_RANGE.
 */
export function mark(mark: number): ControlMessage {
  return message('SOL_SOCKET', 'SO_MARK', intBytes(checkUint('mark', mark)));
}

/**
 * SO_PRIORITY, since 6.14 (EINVAL before): the packet's priority; above 6 with CAP_NET_ADMIN or CAP_NET_RAW.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function priority(priority: number): ControlMessage {
  return message('SOL_SOCKET', 'SO_PRIORITY', intBytes(checkUint('priority', priority)));
}
