import { packet } from '@sockeye/addr';
import {
  checkInteger,
  checkObject,
  checkString,
  checkUint,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import {
  constants,
  errnos,
  type NetworkNamespace,
  platform,
  Socket,
  SocketError,
  strerror,
} from '@sockeye/core';
import { type FilterInstruction, filter, packetFanout, packetTimestamp } from '@sockeye/core/options';
import { cutFilter, NOTHING } from './ring-filter.ts';

/** What all rings are opened with. */
export interface RingSocketOptions {
  /** `raw`: frames with their link-layer header. `cooked`: without. Default `raw`. */
  readonly mode?: 'raw' | 'cooked' | undefined;
  /** Where the interface is; this process's own network namespace unless given. Takes CAP_SYS_ADMIN. */
  readonly netns?: NetworkNamespace | undefined;
}

/** Rings among which packets are shared out; packet(7), PACKET_FANOUT. */
export interface Fanout {
  /** The group: 0 to 65,535, the same for all its members. */
  readonly group: number;
  /** By flow, in turn, by the processor that the packet came on, to the first that has room, at random, by the card's queue. */
  readonly mode: 'hash' | 'roundRobin' | 'cpu' | 'rollover' | 'random' | 'queue';
  /** Put fragments together first, so that those of one flow meet. Default false. */
  readonly defragment?: boolean | undefined;
  /** Take another member when the one that was chosen is full. Default false. */
  readonly rollover?: boolean | undefined;
}

/** What is received. */
export interface CaptureOptions extends RingSocketOptions {
  /** EtherType to receive, or ETH_P_ALL (3), which alone also sees what is sent. Default ETH_P_ALL. */
  readonly protocol?: number | undefined;
  /** Receive what is addressed to others too; needs an interface. Default false. */
  readonly promiscuous?: boolean | undefined;
  /** Leave out what this host sends (Linux 4.20). Default false. */
  readonly ignoreOutgoing?: boolean | undefined;
  /** Bytes that are kept of a packet, 1 or more. All, unless given. */
  readonly snapLength?: number | undefined;
  /** A classic BPF program: what it does not keep is not received, and not even copied. */
  readonly filter?: readonly FilterInstruction[] | undefined;
  readonly fanout?: Fanout | undefined;
  /** Whose time packets have: the kernel's, or the card's where that makes one. Default `software`. */
  readonly timestamps?: 'software' | 'hardware' | undefined;
}

const FANOUT_MODES = {
  hash: 'PACKET_FANOUT_HASH',
  roundRobin: 'PACKET_FANOUT_LB',
  cpu: 'PACKET_FANOUT_CPU',
  rollover: 'PACKET_FANOUT_ROLLOVER',
  random: 'PACKET_FANOUT_RND',
  queue: 'PACKET_FANOUT_QM',
} as const;

/** SIOCGIFINDEX of linux/sockios.h; struct ifreq: the name, then a union that begins with the index. */
const SIOCGIFINDEX = 0x8933;
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;

/** struct packet_mreq: int mr_ifindex, u16 mr_type, u16 mr_alen, u8 mr_address[8]. */
const MEMBERSHIP_SIZE = 16;

/** A packet socket that receives nothing yet: its protocol is 0. Throws ENOTSUP where there are none, EPERM. */
export function createSocket({ mode = 'raw', netns }: RingSocketOptions): Socket {
  if (mode !== 'raw' && mode !== 'cooked') throw wrongValue('mode', "'raw' or 'cooked'", mode);
  // Throws ENOTSUP.
  packet({}).toSockaddr(platform);
  const type = mode === 'raw' ? constants.SOCK_RAW : constants.SOCK_DGRAM;
  return Socket.create(constants.AF_PACKET, type, 0, { netns });
}

/** The index of the interface of that name where the socket is, which need not be here. Throws ENODEV. */
export function indexOf(socket: Socket, name: string): number {
  const bytes = Buffer.from(checkString('interfaceName', name));
  if (bytes.length === 0 || bytes.length >= IFNAMSIZ || bytes.includes(0)) {
    throw wrongValue('interfaceName', `the name of an interface, 1 to ${IFNAMSIZ - 1} bytes`, name);
  }
  const request = new Uint8Array(IFREQ_SIZE);
  request.set(bytes);
  socket.ioctl(SIOCGIFINDEX, request);
  return new Int32Array(request.buffer, IFNAMSIZ, 1)[0]!;
}

/** What was checked of the options before anything is opened. */
interface Receiving {
  readonly protocol: number;
  readonly program: readonly FilterInstruction[] | undefined;
  readonly fanout: number | undefined;
}

/** Checks what does not need a socket. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE. */
export function checkCapture(options: CaptureOptions): Receiving {
  const { snapLength, timestamps = 'software', filter: program, fanout } = options;
  if (timestamps !== 'software' && timestamps !== 'hardware') {
    throw wrongValue('timestamps', "'software' or 'hardware'", timestamps);
  }
  if (program !== undefined && !Array.isArray(program)) {
    throw wrongType('filter', 'an array of instructions', program);
  }
  if (snapLength !== undefined) checkInteger('snapLength', snapLength, 1, 0xffffffff);
  return {
    protocol: checkUint('protocol', options.protocol ?? constants.ETH_P_ALL, 16),
    program: snapLength === undefined ? program : cutFilter(program, snapLength),
    fanout: fanout === undefined ? undefined : fanoutOption(fanout),
  };
}

/** The group's number, and above it how packets are shared out. */
function fanoutOption(fanout: Fanout): number {
  checkObject('fanout', fanout);
  const { group, mode, defragment = false, rollover = false } = fanout;
  if (!Object.hasOwn(FANOUT_MODES, mode)) {
    throw wrongValue('fanout.mode', `one of ${Object.keys(FANOUT_MODES).join(', ')}`, mode);
  }
  let how = constants[FANOUT_MODES[mode]];
  if (defragment) how |= constants.PACKET_FANOUT_FLAG_DEFRAG;
  if (rollover) how |= constants.PACKET_FANOUT_FLAG_ROLLOVER;
  return (how << 16) | checkUint('fanout.group', group, 16);
}

/**
 * Has a socket receive what the options ask for, from one moment on: nothing gets in before its filter stands and it
 * has joined its group, since until then a filter keeps everything out.
 * @param ifindex 0 for all interfaces
 */
export function startReceiving(
  socket: Socket,
  ifindex: number,
  options: CaptureOptions,
  { protocol, program, fanout }: Receiving,
): void {
  if (options.timestamps === 'hardware') {
    packetTimestamp.set(socket, constants.SOF_TIMESTAMPING_RAW_HARDWARE);
  }
  if (options.ignoreOutgoing === true) {
    socket.setsockopt(constants.SOL_PACKET, constants.PACKET_IGNORE_OUTGOING, 1);
  }
  if (options.promiscuous === true) {
    const request = new Uint8Array(MEMBERSHIP_SIZE);
    new Int32Array(request.buffer)[0] = ifindex;
    new Uint16Array(request.buffer)[2] = constants.PACKET_MR_PROMISC;
    socket.setsockopt(constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, request);
  }
  const first = fanout === undefined ? program : NOTHING;
  if (first !== undefined) filter.set(socket, first);
  bindTo(socket, ifindex, protocol);
  if (fanout === undefined) return;
  packetFanout.set(socket, fanout);
  if (program === undefined) socket.setsockopt(constants.SOL_SOCKET, constants.SO_DETACH_FILTER, 0);
  else filter.set(socket, program);
}

/** bind(2). @throws ENETDOWN when the interface is down, which the kernel tells afterwards. */
export function bindTo(socket: Socket, ifindex: number, protocol: number): void {
  socket.bind(packet({ protocol, ifindex }));
  const errno = socket.getsockopt(constants.SOL_SOCKET, constants.SO_ERROR);
  if (errno !== 0) throw failure(errno, 'bind');
}

/** The error for what SO_ERROR said. */
export function failure(errno: number, syscall: string): SocketError {
  const code = Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  return new SocketError(`${syscall} ${code}: ${strerror(errno)}`, { code, errno: -errno, syscall });
}
