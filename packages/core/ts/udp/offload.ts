/** Segmentation of one socket: what it can, what it was refused, and the control data that ask for it. */
import { checkInteger, checkOptions } from '../check.ts';
import { writeControl } from '../cmsg/header.ts';
import { segmentSize } from '../cmsg/udp.ts';
import { constants as c, errnos } from '../constants.ts';
import type { Socket } from '../socket.ts';
import { checkDatagrams, familyOf, needed } from './families.ts';
import type { Source, UdpFamily } from './family.ts';
import { maxSegments, readable } from './probe.ts';

/** How datagrams are marked. */
export interface Marks {
  /** Congestion mark, RFC 3168: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced. The socket's own unless given. */
  ecn?: number | undefined;
  /** Differentiated services code point, RFC 2474, 0 to 63. The socket's own unless given. */
  dscp?: number | undefined;
  /** Where they go out from: IP_PKTINFO, IPV6_PKTINFO. */
  from?: Source | undefined;
}

/** The payload of the longest IPv4 datagram: 65,535 bytes with the headers, which segments share until they are cut. */
export const MOST_PAYLOAD = 65_507;

/** How many calls do without after one was refused: routes and their devices change. */
const REST_AFTER_REFUSAL = 255;

/** What says that this datagram, or this route, is not for segmentation: udp_send_skb() in net/ipv4/udp.c. */
const REFUSALS: ReadonlySet<number> = new Set([-errnos.EINVAL, -errnos.EMSGSIZE, -errnos.EIO]);

export class Offload {
  /** The most segments of one message; 1 where there is no segmentation. */
  readonly most: number;
  readonly #socket: Socket;
  readonly #family: UdpFamily | undefined;
  /** Segments of so many bytes or more were refused, and for how many calls that is heeded. */
  #refusedSize = 0;
  #rest = 0;
  #lastSize = -1;
  #lastClass = -1;
  #lastControl: Uint8Array | undefined;

  constructor(socket: Socket) {
    this.#socket = checkDatagrams(socket);
    this.#family = familyOf(socket);
    // Kernels without the option would take no notice of the control message, and send one long datagram.
    const able = this.#family !== undefined && readable(socket, c.SOL_UDP, c.UDP_SEGMENT);
    this.most = able ? maxSegments(socket.family, (this.#family as UdpFamily).loopback) : 1;
  }

  /** How many bytes one message takes: whole segments, but at its end. Less than two segments when it has to be single ones. */
  chunk(size: number): number {
    if (this.most === 1) return size;
    if (this.#rest > 0 && size >= this.#refusedSize) {
      this.#rest -= 1;
      return size;
    }
    return Math.min(this.most, Math.max(1, Math.floor(MOST_PAYLOAD / size))) * size;
  }

  /** Whether an error is to be answered by sending single datagrams. */
  refuses(errno: number | undefined): boolean {
    return errno !== undefined && REFUSALS.has(errno);
  }

  /** Remembers a refusal: to be called when the same datagrams went out singly. */
  refused(size: number, errno: number): void {
    // EIO is the device's, whatever the size.
    this.#refusedSize = errno === -errnos.EIO ? 1 : size;
    this.#rest = REST_AFTER_REFUSAL;
  }

  /** Control data for datagrams of `size` bytes each, 0 for single ones; undefined where none are needed. */
  control(size: number, marks: Marks | undefined): Uint8Array | undefined {
    const { ecn, dscp, from } = marks ?? NO_MARKS;
    const trafficClass = ecn === undefined && dscp === undefined ? -1 : this.#class(ecn, dscp);
    if (from === undefined && size === this.#lastSize && trafficClass === this.#lastClass) {
      return this.#lastControl;
    }
    const messages = size === 0 ? [] : [segmentSize(size)];
    if (trafficClass >= 0) messages.push(...this.#leaf('traffic class').classMessages(trafficClass));
    if (from !== undefined) {
      messages.push(this.#leaf('packet info').sourceMessage(checkOptions(from)));
    }
    const control = messages.length === 0 ? undefined : writeControl(messages);
    if (from === undefined) {
      this.#lastSize = size;
      this.#lastClass = trafficClass;
      this.#lastControl = control;
    }
    return control;
  }

  /** The byte of both, RFC 3168 section 5; what is not given is the socket's. */
  #class(ecn: number | undefined, dscp: number | undefined): number {
    if (ecn !== undefined) checkInteger('ecn', ecn, 0, 3);
    if (dscp !== undefined) checkInteger('dscp', dscp, 0, 63);
    const own =
      ecn === undefined || dscp === undefined ? this.#leaf('traffic class').trafficClassOf(this.#socket) : 0;
    return ((dscp ?? own >> 2) << 2) | (ecn ?? own & 3);
  }

  #leaf(what: string): UdpFamily {
    return this.#family ?? needed(this.#socket, what);
  }
}

const NO_MARKS: Marks = Object.freeze({});

const offloads = new WeakMap<Socket, Offload>();

/** What is known of a socket. */
export function offloadOf(socket: Socket): Offload {
  let offload = offloads.get(socket);
  if (offload === undefined) {
    offload = new Offload(socket);
    offloads.set(socket, offload);
  }
  return offload;
}
