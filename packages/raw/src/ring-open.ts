import { packet } from '@sockeye/addr';
import { checkInteger, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import {
  constants,
  errnos,
  type NetworkNamespace,
  platform,
  Socket,
  SocketError,
  strerror,
} from '@sockeye/core';
import { type FilterProgram, filter, packetTimestamp } from '@sockeye/core/options';
import { type FanoutOptions, fanoutNumber, joinFanout } from './packet-fanout.ts';
import { membershipRequest } from './packet-membership.ts';
import { standingError } from './packet-options.ts';
import { cutFilter, NOTHING } from './ring-filter.ts';
import { type VirtioLength, virtioLength } from './virtio.ts';

/** What all rings are opened with. */
export interface RingSocketOptions {
  /** `raw`: frames with their link-layer header. `cooked`: without. Default `raw`. */
  readonly mode?: 'raw' | 'cooked' | undefined;
  /** Where the interface is; this process's own network namespace unless given. Takes CAP_SYS_ADMIN. */
  readonly netns?: NetworkNamespace | undefined;
  /**
   * Bytes of a virtio header that stands in front of each packet and tells what offload left undone (PACKET_VNET_HDR, and 12 from
   * Linux 6.4). Default 0, none. Not with `cooked`.
   */
  readonly virtioHeader?: VirtioLength | undefined;
}

/** What is received. */
export interface RingCaptureOptions extends RingSocketOptions {
  /** EtherType to receive, or ETH_P_ALL (3), which alone also sees what is sent. Default ETH_P_ALL. */
  readonly protocol?: number | undefined;
  /** Receive what is addressed to others too; needs an interface. Default false. */
  readonly promiscuous?: boolean | undefined;
  /** Leave out what this host sends (Linux 4.20). Default false. */
  readonly ignoreOutgoing?: boolean | undefined;
  /** Bytes that are kept of a packet, 1 or more. All, unless given. */
  readonly snapLength?: number | undefined;
  /** A classic BPF program: what it does not keep is not received, and not even copied. */
  readonly filter?: FilterProgram | undefined;
  /** Share the packets out among the rings and sockets of a group. */
  readonly fanout?: FanoutOptions | undefined;
  /** Whose time packets have: the kernel's, or the card's where that makes one. Default `software`. */
  readonly timestamps?: 'software' | 'hardware' | undefined;
}

/** A packet socket that receives nothing yet: its protocol is 0. Throws ENOTSUP where there are none, EPERM. */
export function createSocket({ mode = 'raw', netns }: RingSocketOptions): Socket {
  if (mode !== 'raw' && mode !== 'cooked') throw wrongValue('mode', "'raw' or 'cooked'", mode);
  // Throws ENOTSUP.
  packet({}).toSockaddr(platform);
  const type = mode === 'raw' ? constants.SOCK_RAW : constants.SOCK_DGRAM;
  return Socket.create(constants.AF_PACKET, type, 0, { netns });
}

/** What was checked of the options before anything is opened. */
interface Receiving {
  readonly protocol: number;
  readonly program: FilterProgram | undefined;
}

/** Checks what does not need a socket. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE. */
export function checkCapture(options: RingCaptureOptions): Receiving {
  const { snapLength, timestamps = 'software', filter: program, fanout } = options;
  if (timestamps !== 'software' && timestamps !== 'hardware') {
    throw wrongValue('timestamps', "'software' or 'hardware'", timestamps);
  }
  if (program !== undefined && !Array.isArray(program) && !(program instanceof Uint8Array)) {
    throw wrongType('filter', 'an array of instructions, or a Uint8Array of them', program);
  }
  if (fanout !== undefined) fanoutNumber(fanout);
  if (virtioLength(options.virtioHeader) !== 0 && options.mode === 'cooked') {
    throw wrongValue('virtioHeader', "0 with the mode 'cooked'", options.virtioHeader);
  }
  if (snapLength !== undefined) checkInteger('snapLength', snapLength, 1, 0xffffffff);
  return {
    protocol: checkUint('protocol', options.protocol ?? constants.ETH_P_ALL, 16),
    program: snapLength === undefined ? program : cutFilter(program, snapLength),
  };
}

/**
 * Has a socket receive what the options ask for, from one moment on: nothing gets in before its filter stands and it
 * has joined its group, since until then a filter keeps everything out.
 * @param ifindex 0 for all interfaces
 */
export function startReceiving(
  socket: Socket,
  ifindex: number,
  options: RingCaptureOptions,
  { protocol, program }: Receiving,
): void {
  if (options.timestamps === 'hardware') {
    packetTimestamp.set(socket, constants.SOF_TIMESTAMPING_RAW_HARDWARE);
  }
  if (options.ignoreOutgoing === true) {
    socket.setsockopt(constants.SOL_PACKET, constants.PACKET_IGNORE_OUTGOING, 1);
  }
  if (options.promiscuous === true) {
    const request = membershipRequest({ type: 'promiscuous' }, ifindex);
    socket.setsockopt(constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, request);
  }
  const { fanout } = options;
  const first = fanout === undefined ? program : NOTHING;
  if (first !== undefined) filter.set(socket, first);
  bindTo(socket, ifindex, protocol);
  if (fanout === undefined) return;
  joinFanout(socket, fanout);
  if (program === undefined) socket.setsockopt(constants.SOL_SOCKET, constants.SO_DETACH_FILTER, 0);
  else filter.set(socket, program);
}

/** bind(2). @throws ENETDOWN when the interface is down, which the kernel tells afterwards. */
export function bindTo(socket: Socket, ifindex: number, protocol: number): void {
  socket.bind(packet({ protocol, ifindex }));
  const errno = standingError(socket);
  if (errno !== 0) throw failure(errno, 'bind');
}

/** The error for what SO_ERROR said. */
export function failure(errno: number, syscall: string): SocketError {
  const code = Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? `E${errno}`;
  return new SocketError(`${syscall} ${code}: ${strerror(errno)}`, { code, errno: -errno, syscall });
}
