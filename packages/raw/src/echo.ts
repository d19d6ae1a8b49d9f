import { constants, type NetworkNamespace, SocketError } from '@sockeye/core';
import type { PathMtuDiscovery } from '@sockeye/core/options';
import { Asker } from './asker.ts';
import { fillIcmpChecksum } from './checksum.ts';
import { encodeEcho, encodeIcmp, ICMP_HEADER_LENGTH, icmpTypes } from './icmp.ts';
import { icmpv6Types } from './icmpv6.ts';
import type { RawError, RawPacket } from './raw-packet.ts';
import { RawSocket } from './raw-socket.ts';
import type { Target } from './target.ts';

export interface EchoOptions {
  /**
   * true: by a raw socket, with CAP_NET_RAW; false: by an ICMP datagram socket, for groups that net.ipv4.ping_group_range has.
   * Default: the second, or the first where that may not be.
   */
  readonly privileged?: boolean | undefined;
  /** Only by this interface. */
  readonly interface?: string | undefined;
  /** The address to send from. */
  readonly source?: string | undefined;
  /** The network namespace to do it in. */
  readonly netns?: NetworkNamespace | undefined;
}

/** An echo's reply, or what was said about its request. */
export type EchoReply =
  | { readonly packet: RawPacket; readonly error?: undefined }
  | { readonly packet?: undefined; readonly error: RawError };

/** Of raw sockets: identifiers that this process has taken, so that two of its pings are told apart. */
let identifiers = (Math.random() * 0x10000) | 0;

const SEQUENCE = 6;

/** Echoes of ICMP or ICMPv6, and what belongs to them; each with its sequence number as key. */
export class Echo {
  readonly socket: RawSocket;
  readonly asker: Asker<EchoReply>;
  readonly #target: Target;
  readonly #identifier: number;

  private constructor(socket: RawSocket, target: Target) {
    this.socket = socket;
    this.#target = target;
    identifiers = (identifiers + 1) & 0xffff;
    this.#identifier = identifiers;
    this.asker = new Asker<EchoReply>(
      [
        async (options) => ({ packet: await socket.recv(options) }),
        async (options) => ({ error: await socket.recvError(options) }),
      ],
      (reply) => this.#keyOf(reply),
    );
  }

  /** @throws EPERM and EACCES, which say what privilege it takes */
  static open(target: Target, options: EchoOptions, mtuDiscovery?: PathMtuDiscovery): Echo {
    const six = target.family === 'inet6';
    const { source: local, netns, interface: by } = options;
    const common = {
      family: target.family,
      protocol: six ? constants.IPPROTO_ICMPV6 : constants.IPPROTO_ICMP,
      errors: true,
      interface: by,
      local,
      netns,
      mtuDiscovery,
    } as const;
    const raw = (): RawSocket =>
      RawSocket.open({ ...common, icmpTypes: [six ? icmpv6Types.ECHO_REPLY : icmpTypes.ECHO_REPLY] });
    const datagram = (): RawSocket => RawSocket.open({ ...common, mode: 'datagram' });
    if (options.privileged === true) return new Echo(raw(), target);
    if (options.privileged === false) return new Echo(datagram(), target);
    try {
      return new Echo(datagram(), target);
    } catch (error) {
      if (!(error instanceof SocketError) || (error.code !== 'EACCES' && error.code !== 'EPERM')) throw error;
    }
    return new Echo(raw(), target);
  }

  /** Sends an echo request with this many bytes of data. */
  async send(sequence: number, size: number, hopLimit?: number): Promise<void> {
    const six = this.#target.family === 'inet6';
    const message = new Uint8Array(ICMP_HEADER_LENGTH + size);
    for (let at = ICMP_HEADER_LENGTH; at < message.length; at++) message[at] = at & 0xff;
    const type = six ? icmpv6Types.ECHO_REQUEST : icmpTypes.ECHO_REQUEST;
    // Of datagram sockets the kernel writes identifier and checksum, of ICMPv6 the checksum anyway.
    const rest = encodeEcho({ identifier: this.#identifier, sequence: sequence & 0xffff });
    encodeIcmp({ type, rest }, message);
    if (!six) fillIcmpChecksum(message);
    await this.socket.send(message, this.#target.address, { hopLimit });
  }

  close(): void {
    this.socket.close();
  }

  #keyOf({ packet, error }: EchoReply): number | undefined {
    const data = packet?.data ?? error?.data;
    if (data === undefined || data.length < ICMP_HEADER_LENGTH) return undefined;
    const six = this.#target.family === 'inet6';
    const types = six ? icmpv6Types : icmpTypes;
    if (data[0] !== (packet === undefined ? types.ECHO_REQUEST : types.ECHO_REPLY)) return undefined;
    // The kernel has told the identifiers of datagram sockets apart.
    if (this.socket.mode === 'raw' && ((data[4]! << 8) | data[5]!) !== this.#identifier) return undefined;
    return (data[SEQUENCE]! << 8) | data[SEQUENCE + 1]!;
  }
}
