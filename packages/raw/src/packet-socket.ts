import { decode, type PacketAddress, packet } from '@sockeye/addr';
import { checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import {
  AddressBuffer,
  constants,
  ifNameToIndex,
  type NetworkNamespace,
  platform,
  Socket,
  type SyncOptions,
  type WaitOptions,
} from '@sockeye/core';
import {
  detachFilter,
  type FilterProgram,
  filter as filterOption,
  packetFanout,
} from '@sockeye/core/options';
import { interfaceIndex } from './interface-request.ts';
import { type FanoutOptions, fanoutNumber, joinFanout } from './packet-fanout.ts';
import { type Membership, membershipRequest } from './packet-membership.ts';
import { type PacketTimestamps, receiveStamps, setUp, type TransmitTimestamp } from './packet-options.ts';
import { type PacketType, packetTypeOf } from './packet-type.ts';
import { ReceivingSocket } from './receiving-socket.ts';
import { type VirtioLength, virtioLength } from './virtio.ts';

/**
 * Room for the largest frame without BIG TCP: 65,535 bytes of IP behind the longest Ethernet header that is
 * usual.
 */
const FRAME_ROOM = 65_536 + 64;

/** A filter that keeps nothing: BPF_RET | BPF_K, 0. */
const NOTHING: FilterProgram = [{ code: 6, jt: 0, jf: 0, k: 0 }];

/** Room for a transmit time stamp (48 bytes) and what says whose it is (16, and an address). */
const STAMPS_ROOM = 256;

/** struct tpacket_stats: u32 tp_packets, u32 tp_drops. */
const STATISTICS_SIZE = 8;

export interface PacketSocketOptions {
  /** Name of the interface; this or `ifindex`, or neither for all interfaces. */
  readonly interface?: string | undefined;
  readonly ifindex?: number | undefined;
  /** EtherType to receive, or ETH_P_ALL (3), which alone also sees what is sent. Default ETH_P_ALL. */
  readonly protocol?: number | undefined;
  /**
   * `raw`: frames with their link-layer header. `cooked`: without, the same on every kind of link. Default
   * `raw`.
   */
  readonly mode?: 'raw' | 'cooked' | undefined;
  /**
   * Receive what is addressed to others too, as long as the socket is open; needs an interface. Default
   * false.
   */
  readonly promiscuous?: boolean | undefined;
  /** Leave out what this host sends (Linux 4.20). Default false. */
  readonly ignoreOutgoing?: boolean | undefined;
  /** SO_RCVBUF, in bytes; the kernel doubles it. */
  readonly receiveBuffer?: number | undefined;
  /** What packets are kept, and how many bytes of them, from the first one on; see {@link PacketSocket.setFilter}. */
  readonly filter?: FilterProgram | undefined;
  /** Share the packets out among the sockets of a group. */
  readonly fanout?: FanoutOptions | undefined;
  /** Whether messages bring a control message of kind `packet-auxdata`: lengths, checksum status, VLAN tag. Default false. */
  readonly auxiliaryData?: boolean | undefined;
  /** Whether messages bring when they came, and by whose clock; see {@link PacketTimestamps}. Default: they do not. */
  readonly timestamps?: PacketTimestamps | undefined;
  /** Whether {@link PacketSocket.transmitTimestamp} has something to say, and by whose clock. Default: it has not. */
  readonly transmitTimestamps?: PacketTimestamps | undefined;
  /**
   * What is sent and received begins with a virtio header of so many bytes, by which offload's work is left to the other side
   * (PACKET_VNET_HDR, and 12 from Linux 6.4); see `encodeVirtio`. Default 0, none. Raw sockets only.
   */
  readonly virtioHeader?: VirtioLength | undefined;
  /** What is sent goes past the interface's queueing, and is dropped where the driver is busy (3.14). Default false. */
  readonly bypassQueue?: boolean | undefined;
  /** The network namespace that it is opened in and stays in; `interface` and `ifindex` are that one's. */
  readonly netns?: NetworkNamespace | undefined;
}

export interface ReceivedPacket {
  /** The frame, or as much of it as there was room for. */
  readonly data: Buffer;
  /** Length of the frame as the socket had it. */
  readonly length: number;
  readonly ifindex: number;
  /** EtherType. */
  readonly protocol: number;
  readonly packetType: PacketType;
  /** ARPHRD_ of the interface (net/if_arp.h): 1 Ethernet, 772 loopback. */
  readonly hardwareType: number;
  /** The sender's, in hexadecimal with colons; empty where the link has none. */
  readonly hardwareAddress: string;
}

export interface PacketRecvOptions {
  /** Room for the frame, in bytes; what does not fit is cut off. Default 65,600. */
  readonly size?: number | undefined;
}

/** Where a cooked packet goes, or a raw one on a socket that is open on all interfaces. */
export interface PacketDestination {
  /** Default: the interface that the socket is open on. */
  readonly ifindex?: number | undefined;
  /** EtherType. Default: that of the socket. */
  readonly protocol?: number | undefined;
  /** Hardware address, as text or bytes; cooked packets need it on links that have addresses. */
  readonly address?: string | Uint8Array | undefined;
}

interface Slot {
  readonly bytes: Uint8Array;
  readonly address: AddressBuffer;
}

/**
 * A packet socket (packet(7), Linux): frames as they pass the interface. It needs CAP_NET_RAW. What has no
 * method here is done on {@link socket}.
 */
export class PacketSocket extends ReceivingSocket<ReceivedPacket> {
  /** Index of the interface it is open on; 0 for all. */
  readonly ifindex: number;
  /** EtherType that it receives, or ETH_P_ALL. */
  readonly protocol: number;
  readonly #spare: Slot[] = [];
  #inGroup = false;

  private constructor(socket: Socket, ifindex: number, protocol: number) {
    super(socket);
    this.ifindex = ifindex;
    this.protocol = protocol;
  }

  /**
   * Opens a packet socket. It is created with protocol 0, which receives nothing, set up, and then bound to
   * protocol and interface in one call: no frame of another interface, and none from before its options were
   * set, gets in.
   * @throws ENOTSUP on other systems than Linux, EPERM without CAP_NET_RAW, ENODEV for an interface that does
   * not exist.
   */
  static open(options: PacketSocketOptions = {}): PacketSocket {
    checkObject('options', options);
    const { mode = 'raw' } = options;
    if (mode !== 'raw' && mode !== 'cooked') throw wrongValue('mode', "'raw' or 'cooked'", mode);
    if (options.interface !== undefined && options.ifindex !== undefined) {
      throw wrongValue('ifindex', 'undefined beside `interface`', options.ifindex);
    }
    packet({}).toSockaddr(platform);
    const protocol = checkUint('protocol', options.protocol ?? constants.ETH_P_ALL, 16);
    const { netns, fanout } = options;
    const known = netns === undefined || options.interface === undefined;
    const here =
      options.interface === undefined
        ? checkUint('ifindex', options.ifindex ?? 0, 31)
        : known
          ? ifNameToIndex(options.interface)
          : 0;
    if (fanout !== undefined) fanoutNumber(fanout);
    virtioLength(options.virtioHeader);
    const type = mode === 'raw' ? constants.SOCK_RAW : constants.SOCK_DGRAM;
    const family = constants.AF_PACKET;
    const socket =
      netns === undefined ? Socket.create(family, type, 0) : Socket.create(family, type, 0, { netns });
    try {
      const ifindex = known ? here : interfaceIndex(socket, options.interface ?? '');
      const opened = new PacketSocket(socket, ifindex, protocol);
      if (options.receiveBuffer !== undefined) {
        socket.setsockopt(constants.SOL_SOCKET, constants.SO_RCVBUF, options.receiveBuffer);
      }
      if (options.ignoreOutgoing)
        socket.setsockopt(constants.SOL_PACKET, constants.PACKET_IGNORE_OUTGOING, 1);
      if (options.promiscuous) opened.addMembership({ type: 'promiscuous' });
      setUp(socket, options);
      // Older kernels let only bound sockets join, and until it has joined it would get the others' packets.
      const first = fanout === undefined ? options.filter : NOTHING;
      if (first !== undefined) filterOption.set(socket, first);
      socket.bind(packet({ protocol, ifindex }));
      if (fanout !== undefined) {
        joinFanout(socket, fanout);
        opened.#inGroup = true;
        opened.setFilter(options.filter);
      }
      return opened;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Waits for a frame.
   * @throws ENETDOWN once when the interface is or goes down, ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when
   * the socket is closed meanwhile.
   */
  override async recv(options: WaitOptions & PacketRecvOptions = {}): Promise<ReceivedPacket> {
    checkObject('options', options);
    const slot = this.#slot(options.size);
    try {
      // With MSG_TRUNC the kernel says how long the frame was, not how much of it fitted.
      const flags = constants.MSG_TRUNC;
      const length = await this.socket.recvFromInto(slot.bytes, slot.address, { ...options, flags });
      return received(slot, length);
    } finally {
      this.#release(slot);
    }
  }

  /** As {@link recv}, blocking this thread. */
  recvSync(options: SyncOptions & PacketRecvOptions = {}): ReceivedPacket {
    checkObject('options', options);
    const slot = this.#slot(options.size);
    try {
      const flags = constants.MSG_TRUNC;
      const length = this.socket.recvFromIntoSync(slot.bytes, slot.address, { ...options, flags });
      return received(slot, length);
    } finally {
      this.#release(slot);
    }
  }

  /**
   * Receives a frame into `bytes` without waiting, throwing or allocating: its length, which is more than
   * `bytes.length` when it was cut off, or `-errno`. `address` then holds the rest, see
   * {@link decodePacketAddress}.
   */
  tryRecvInto(bytes: Uint8Array, address: AddressBuffer): number {
    return this.socket.tryRecvFromInto(bytes, address, constants.MSG_TRUNC);
  }

  /**
   * Sends a frame: raw, with its link-layer header; cooked, what goes behind it. Returns the bytes sent.
   * @throws ENXIO without an interface, EMSGSIZE when it is longer than the interface takes, ENETDOWN,
   * ERR_SOCKET_TIMEOUT, ABORT_ERR.
   */
  async send(frame: Uint8Array, to?: PacketDestination, options?: WaitOptions): Promise<number> {
    if (to === undefined) return this.socket.send(frame, options);
    return this.socket.sendTo(frame, this.#destination(to), options);
  }

  /** As {@link send}, blocking this thread. */
  sendSync(frame: Uint8Array, to?: PacketDestination, options?: SyncOptions): number {
    if (to === undefined) return this.socket.sendSync(frame, options);
    return this.socket.sendToSync(frame, this.#destination(to), options);
  }

  /** Sends a raw frame without waiting or allocating: the bytes sent, or `-errno`. */
  trySend(frame: Uint8Array): number {
    return this.socket.trySend(frame);
  }

  /**
   * Joins a multicast group, or sets the interface promiscuous, for as long as the socket is open or until
   * {@link dropMembership} (constants.PACKET_ADD_MEMBERSHIP). Without `ifindex`, on the interface that the socket is
   * open on.
   * @throws ENODEV on a socket that is open on all interfaces.
   */
  addMembership(membership: Membership): void {
    const request = membershipRequest(membership, this.ifindex);
    this.socket.setsockopt(constants.SOL_PACKET, constants.PACKET_ADD_MEMBERSHIP, request);
  }

  /**
   * Undoes {@link addMembership} (constants.PACKET_DROP_MEMBERSHIP). One that does not exist is dropped without
   * complaint.
   */
  dropMembership(membership: Membership): void {
    const request = membershipRequest(membership, this.ifindex);
    this.socket.setsockopt(constants.SOL_PACKET, constants.PACKET_DROP_MEMBERSHIP, request);
  }

  /** Packets received, dropped ones included, and dropped ones, since the last call (constants.PACKET_STATISTICS). */
  statistics(): { packets: number; drops: number } {
    const bytes = this.socket.getsockopt(constants.SOL_PACKET, constants.PACKET_STATISTICS, STATISTICS_SIZE);
    const [packets = 0, drops = 0] = new Uint32Array(Uint8Array.from(bytes).buffer);
    return { packets, drops };
  }

  /**
   * Sets, changes or (with undefined) takes away the filter: classic instructions whose result is how many bytes of a packet are
   * kept, 0 for none of it. What was queued before it stood is drained and not delivered. Returns how many packets that were.
   * @throws EINVAL for a program that is none, EPERM where the filter was locked.
   */
  setFilter(program: FilterProgram | undefined): number {
    filterOption.set(this.socket, NOTHING);
    let drained = 0;
    const nowhere = new Uint8Array(1);
    for (;;) {
      const result = this.socket.tryRecvInto(nowhere, constants.MSG_TRUNC);
      // An error that stands is told to whoever receives next: of an interface that went down.
      if (result < 0) break;
      drained += 1;
    }
    if (program === undefined) detachFilter.set(this.socket);
    else filterOption.set(this.socket, program);
    return drained;
  }

  /** The number of the fanout group that it is in; undefined when it is in none. */
  get fanoutGroup(): number | undefined {
    return this.#inGroup ? packetFanout.get(this.socket) & 0xffff : undefined;
  }

  /**
   * When a frame left, of those sent since `transmitTimestamps` was asked for, one after the other: from the socket's error queue.
   * An interface that takes no time stamps gives none.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR.
   */
  async transmitTimestamp(options?: WaitOptions): Promise<TransmitTimestamp> {
    for (;;) {
      const flags = constants.MSG_ERRQUEUE;
      const message = await this.socket.recvMsg(0, { ...options, flags, control: STAMPS_ROOM });
      const stamp = receiveStamps(message.control);
      if (stamp !== undefined) return stamp;
    }
  }

  /** Each waiting receive has a buffer of its own; they are kept for the next ones. */
  #slot(size: number | undefined): Slot {
    if (size !== undefined && size !== FRAME_ROOM) {
      return { bytes: new Uint8Array(checkUint('size', size, 31)), address: new AddressBuffer() };
    }
    return this.#spare.pop() ?? { bytes: new Uint8Array(FRAME_ROOM), address: new AddressBuffer() };
  }

  #release(slot: Slot): void {
    if (slot.bytes.length === FRAME_ROOM) this.#spare.push(slot);
  }

  #destination({ ifindex = this.ifindex, protocol, address }: PacketDestination): PacketAddress {
    const own = this.protocol === constants.ETH_P_ALL ? undefined : this.protocol;
    if (protocol === undefined && own === undefined && this.socket.type === constants.SOCK_DGRAM) {
      throw wrongValue('protocol', 'an EtherType, since the socket receives all of them', protocol);
    }
    return packet({ ifindex, protocol: protocol ?? own, address });
  }
}

function received({ bytes, address }: Slot, length: number): ReceivedPacket {
  const data = Buffer.from(bytes.subarray(0, Math.min(length, bytes.length)));
  return { data, length, ...decodePacketAddress(address.view()) };
}

/**
 * What the sockaddr_ll of a received frame says, as `PacketSocket.tryRecvInto` leaves it in an
 * `AddressBuffer` (its `view()`).
 * @throws ERR_INVALID_ARG_VALUE when the bytes are no packet address.
 */
export function decodePacketAddress(bytes: Uint8Array): Omit<ReceivedPacket, 'data' | 'length'> {
  const address = decode(bytes, 0, bytes.length, platform);
  if (address.family !== 'packet') throw wrongValue('bytes', 'a packet address', address.family);
  return {
    ifindex: address.ifindex,
    protocol: address.protocol,
    packetType: packetTypeOf(address.pkttype),
    hardwareType: address.hatype,
    hardwareAddress: address.address,
  };
}
