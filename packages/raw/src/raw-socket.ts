import { decode, inet, inet6 } from '@sockeye/addr';
import { checkBytes, checkInteger, checkObject, checkUint, wrongType, wrongValue } from '@sockeye/addr/check';
import {
  type Address,
  type ControlMessage,
  constants,
  type NetworkNamespace,
  platform,
  Socket,
  type SyncOptions,
  type WaitOptions,
} from '@sockeye/core';
import { hopLimit, packetInfo, packetInfo6, tos, trafficClass, ttl } from '@sockeye/core/cmsg';
import { bindToDevice, type FilterProgram, filter, receiveBuffer } from '@sockeye/core/options';
import { type RawWishes, setUpRaw } from './raw-options.ts';
import { type RawError, type RawPacket, readError, readPacket } from './raw-packet.ts';
import { ReceivingSocket } from './receiving-socket.ts';

/** Room for the largest datagram, a jumbogram aside. */
const ROOM = 65_535 + 40;
/** Room for what packets bring along; extension headers of up to 2,048 bytes among it. */
const CONTROL_ROOM = 256;
const HEADERS_ROOM = 3 * 2064;

/** What keeps packets out. */
const MORE = ['filter', 'icmpTypes', 'interface', 'local'] as const;

export interface RawSocketOptions extends RawWishes {
  /** `inet` (IPv4) or `inet6`. Default `inet`. */
  readonly family?: 'inet' | 'inet6' | undefined;
  /** IPPROTO_: what it receives, and sends unless it writes headers itself. 255 (IPPROTO_RAW) only sends. */
  readonly protocol: number;
  /**
   * `raw`, with CAP_NET_RAW; or `datagram`, which takes none: for ICMP's and ICMPv6's echoes alone, with an identifier that
   * the kernel chooses, and for groups that net.ipv4.ping_group_range has (icmp(7)). Default `raw`.
   */
  readonly mode?: 'raw' | 'datagram' | undefined;
  /** Bind to an address of this host: an IP address, or a sockaddr. */
  readonly local?: string | Address | undefined;
  /** Only by this interface (SO_BINDTODEVICE). */
  readonly interface?: string | undefined;
  /** SO_RCVBUF, in bytes; the kernel doubles it. */
  readonly receiveBuffer?: number | undefined;
  /** Which packets are kept: classic instructions; they see the packet from its IPv4 header on, over IPv6 from behind the header. */
  readonly filter?: FilterProgram | undefined;
  /** The network namespace that it is opened in. */
  readonly netns?: NetworkNamespace | undefined;
}

/** How one packet is sent; what is left out is as the socket has it. */
export interface RawSendOptions {
  /** Time to live, or hop limit: 0 to 255. */
  readonly hopLimit?: number | undefined;
  /** DSCP and ECN: type of service, or traffic class; 0 to 255. */
  readonly trafficClass?: number | undefined;
  /** The address to send from, one of this host's: text or bytes. */
  readonly source?: string | Uint8Array | undefined;
  /** The interface to send by. */
  readonly ifindex?: number | undefined;
  /** Further control messages, from `@sockeye/core/cmsg`: IPv6's extension headers, a transmit time. */
  readonly control?: readonly ControlMessage[] | undefined;
  /** MSG_ flags. */
  readonly flags?: number | undefined;
}

/**
 * A raw IP socket (raw(7), ipv6(7), RFC 3542), or an ICMP datagram socket (icmp(7)): what is behind the IP header, or with
 * `headerIncluded` the header too when sending. What has no method here is done on {@link socket}.
 */
export class RawSocket extends ReceivingSocket<RawPacket> {
  readonly family: 'inet' | 'inet6';
  readonly mode: 'raw' | 'datagram';
  readonly protocol: number;
  readonly #room: number;

  private constructor(socket: Socket, options: RawSocketOptions) {
    super(socket);
    this.family = options.family ?? 'inet';
    this.mode = options.mode ?? 'raw';
    this.protocol = options.protocol;
    this.#room = options.extensionHeaders ? CONTROL_ROOM + HEADERS_ROOM : CONTROL_ROOM;
  }

  /**
   * Opens a raw socket. Its filter and options stand before anything is read; packets that came between are drained.
   * @throws EPERM without CAP_NET_RAW, EACCES for a datagram socket whose user is in no group of net.ipv4.ping_group_range,
   * EADDRNOTAVAIL for a `local` that this host has not.
   */
  static open(options: RawSocketOptions): RawSocket {
    checkObject('options', options);
    const { family = 'inet', mode = 'raw', netns } = options;
    if (family !== 'inet' && family !== 'inet6') throw wrongValue('family', "'inet' or 'inet6'", family);
    if (mode !== 'raw' && mode !== 'datagram') throw wrongValue('mode', "'raw' or 'datagram'", mode);
    const protocol = checkUint('protocol', options.protocol, 8);
    const local = options.local === undefined ? undefined : addressOf('local', options.local, family);
    const domain = family === 'inet' ? constants.AF_INET : constants.AF_INET6;
    const type = mode === 'raw' ? constants.SOCK_RAW : constants.SOCK_DGRAM;
    const socket = Socket.create(domain, type, protocol, netns === undefined ? {} : { netns });
    try {
      const opened = new RawSocket(socket, { ...options, protocol });
      if (options.receiveBuffer !== undefined) receiveBuffer.set(socket, options.receiveBuffer);
      if (options.interface !== undefined) bindToDevice.set(socket, options.interface);
      setUpRaw(socket, family, mode, protocol, options);
      if (local !== undefined) socket.bind(local);
      if (options.filter !== undefined) filter.set(socket, options.filter);
      // From the first instant on it got what was not filtered yet.
      if (MORE.some((name) => options[name] !== undefined)) opened.#drain();
      return opened;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Of an ICMP datagram socket, once it is bound or has sent: the identifier of its echoes. 0 otherwise. */
  get identifier(): number {
    if (this.mode === 'raw') return 0;
    const bytes = this.socket.getsockname();
    return ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  }

  /**
   * Waits for a packet.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR; on a socket that is connected or has `errors`, once what an ICMP error said:
   * ECONNREFUSED, EHOSTUNREACH …
   */
  override async recv(options?: WaitOptions): Promise<RawPacket> {
    const message = await this.socket.recvMsg(ROOM, { ...options, control: this.#room });
    return readPacket(message, this.family === 'inet' && this.mode === 'raw');
  }

  /** As {@link recv}, blocking this thread. */
  recvSync(options?: SyncOptions): RawPacket {
    const message = this.socket.recvMsgSync(ROOM, { ...options, control: this.#room });
    return readPacket(message, this.family === 'inet' && this.mode === 'raw');
  }

  /**
   * Waits for an error that an ICMP message told of, or this host itself, about a packet that was sent. The socket needs `errors`.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR.
   */
  async recvError(options?: WaitOptions): Promise<RawError> {
    for (;;) {
      const flags = constants.MSG_ERRQUEUE;
      const message = await this.socket.recvMsg(ROOM, { ...options, flags, control: CONTROL_ROOM });
      const error = readError(message);
      if (error !== undefined) return error;
    }
  }

  /**
   * Sends a packet to an IP address (`192.0.2.1`, `fe80::1%2`), or a sockaddr. Returns the bytes sent.
   * @throws EMSGSIZE when it is longer than the path takes and may not be cut up, ENETUNREACH, EPERM for a rule of the firewall,
   * ERR_SOCKET_TIMEOUT, ABORT_ERR.
   */
  async send(
    data: Uint8Array,
    to: string | Address,
    options: RawSendOptions & WaitOptions = {},
  ): Promise<number> {
    const { timeout, signal } = options;
    return this.socket.sendMsg(data, { ...this.#along(to, options), timeout, signal });
  }

  /** As {@link send}, blocking this thread. */
  sendSync(data: Uint8Array, to: string | Address, options: RawSendOptions & SyncOptions = {}): number {
    const { timeout, interruptible } = options;
    return this.socket.sendMsgSync(data, { ...this.#along(to, options), timeout, interruptible });
  }

  #along(to: string | Address, options: RawSendOptions) {
    checkObject('options', options);
    const address = addressOf('to', to, this.family);
    const control = [...(options.control ?? [])];
    const { source, ifindex } = options;
    const six = this.family === 'inet6';
    if (options.hopLimit !== undefined) {
      const hops = checkUint('hopLimit', options.hopLimit, 8);
      control.push(six ? hopLimit(hops) : ttl(hops));
    }
    if (options.trafficClass !== undefined) {
      const kind = checkUint('trafficClass', options.trafficClass, 8);
      control.push(six ? trafficClass(kind) : tos(kind));
    }
    if (source !== undefined || ifindex !== undefined) {
      const local = source === undefined ? undefined : ipBytes('source', source, this.family);
      const interfaceIndex = checkInteger('ifindex', ifindex ?? 0, 0, 0x7fffffff);
      control.push(six ? packetInfo6({ interfaceIndex, local }) : packetInfo({ interfaceIndex, local }));
    }
    return { address, control, flags: options.flags };
  }

  #drain(): void {
    const nowhere = new Uint8Array(1);
    while (this.socket.tryRecvInto(nowhere) >= 0);
  }
}

/** The sockaddr for what was given, of this family. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function addressOf(argument: string, to: string | Address, family: 'inet' | 'inet6'): Address {
  if (typeof to !== 'string') {
    const bytes = to instanceof Uint8Array ? to : to?.toSockaddr?.(platform);
    if (bytes === undefined) throw wrongType(argument, 'an IP address or a sockaddr', to);
    const { family: given } = decode(bytes, 0, bytes.length, platform);
    if (given !== family) throw wrongValue(argument, `an address of the family ${family}`, to);
    return bytes;
  }
  return family === 'inet' ? inet(to, 0) : inet6(to, 0);
}

function ipBytes(argument: string, address: string | Uint8Array, family: 'inet' | 'inet6'): Uint8Array {
  if (typeof address !== 'string') return checkBytes(argument, address, family === 'inet' ? 4 : 16);
  return family === 'inet' ? inet(address, 0).bytes : inet6(address, 0).bytes;
}
