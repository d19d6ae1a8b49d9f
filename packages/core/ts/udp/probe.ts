/** What the kernel and a socket can do, asked at run time. */

import { writeControl } from '../cmsg/header.ts';
import { segmentSize } from '../cmsg/udp.ts';
import { constants as c } from '../constants.ts';
import { Socket } from '../socket.ts';
import { checkDatagrams, familyOf } from './families.ts';

/** What {@link probeUdp} found. */
export interface UdpCapabilities {
  /** UDP_SEGMENT, since 4.18: one call sends many datagrams. A route's device may still refuse; then it is done without. */
  readonly segmentation: boolean;
  /** The most datagrams of one such call, UDP_MAX_SEGMENTS: 64, since 6.9 128; 1 without segmentation. */
  readonly maxSegments: number;
  /** UDP_GRO, since 5.0: one call receives many datagrams. */
  readonly coalescing: boolean;
  /** Congestion marks can be sent and received, RFC 3168. */
  readonly ecn: boolean;
  /** Datagrams can be sent with "don't fragment", and the path's MTU be read. */
  readonly dontFragment: boolean;
  /** It can be told where datagrams came to, and said where they go out from. */
  readonly packetInfo: boolean;
  /** SO_ZEROCOPY, on UDP since 5.0. */
  readonly zeroCopy: boolean;
}

/** UDP_MAX_SEGMENTS before 6.9, and since: `<linux/udp.h>`. */
const FEW_SEGMENTS = 64;
const MANY_SEGMENTS = 128;

const NOTHING: UdpCapabilities = Object.freeze({
  segmentation: false,
  maxSegments: 1,
  coalescing: false,
  ecn: false,
  dontFragment: false,
  packetInfo: false,
  zeroCopy: false,
});

/**
 * What this kernel can do for this socket. The socket stays as it is: it is asked for options only, and what has to be tried
 * (SO_ZEROCOPY, how many segments) is tried on another of its kind, the latter by a message to this host, once in a process.
 *
 * @throws ERR_INVALID_ARG_VALUE unless it is a datagram socket; SocketError EBADF when it is closed
 */
export function probeUdp(socket: Socket): UdpCapabilities {
  checkDatagrams(socket);
  const family = familyOf(socket);
  if (family === undefined) {
    return { ...NOTHING, zeroCopy: settable(socket, c.SOL_SOCKET, c.SO_ZEROCOPY) };
  }
  const has = (level: number, name: number): boolean => readable(socket, level, name);
  const inet6 = socket.family === c.AF_INET6;
  const level = inet6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP;
  const segmentation = has(c.SOL_UDP, c.UDP_SEGMENT);
  return {
    segmentation,
    maxSegments: segmentation ? maxSegments(socket.family, family.loopback) : 1,
    // The first kernels that have the option let it be set, not read.
    coalescing: has(c.SOL_UDP, c.UDP_GRO) || (segmentation && settable(socket, c.SOL_UDP, c.UDP_GRO)),
    ecn: inet6 ? has(level, c.IPV6_TCLASS) && has(level, c.IPV6_RECVTCLASS) : has(level, c.IP_RECVTOS),
    dontFragment: has(level, inet6 ? c.IPV6_MTU_DISCOVER : c.IP_MTU_DISCOVER),
    packetInfo: has(level, inet6 ? c.IPV6_RECVPKTINFO : c.IP_PKTINFO),
    zeroCopy: settable(socket, c.SOL_SOCKET, c.SO_ZEROCOPY),
  };
}

/** Whether a socket has an option. */
export function readable(socket: Socket, level: number, name: number): boolean {
  try {
    socket.getsockopt(level, name);
    return true;
  } catch (error) {
    return unsupported(error);
  }
}

/** Whether another socket of the same kind takes an option. */
function settable({ family, type, protocol }: Socket, level: number, name: number): boolean {
  const other = Socket.create(family, type, protocol);
  try {
    other.setsockopt(level, name, 1);
    return true;
  } catch (error) {
    return unsupported(error);
  } finally {
    other.close();
  }
}

const UNSUPPORTED: ReadonlySet<unknown> = new Set(['ENOPROTOOPT', 'EOPNOTSUPP', 'EINVAL', 'EPERM']);

/** False for an error that says that there is no such option; others are thrown. */
function unsupported(error: unknown): false {
  if (UNSUPPORTED.has((error as { code?: unknown }).code)) return false;
  throw error;
}

const found = new Map<number, number>();

/** UDP_MAX_SEGMENTS, which no option tells: whether a message of more than the older figure gets to this host itself. */
export function maxSegments(family: number, loopback: Uint8Array): number {
  const known = found.get(family);
  if (known !== undefined) return known;
  let most = FEW_SEGMENTS;
  const socket = Socket.create(family, c.SOCK_DGRAM);
  try {
    socket.bind(loopback);
    const control = writeControl([segmentSize(1)]);
    const sent = socket.trySendMsg(new Uint8Array(MANY_SEGMENTS), socket.getsockname(), control);
    if (sent === MANY_SEGMENTS) most = MANY_SEGMENTS;
  } catch {
    // No loopback interface that is up: the lower figure holds everywhere.
  } finally {
    socket.close();
  }
  found.set(family, most);
  return most;
}
