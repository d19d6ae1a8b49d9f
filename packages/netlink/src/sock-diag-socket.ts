import { checkObject } from '@sockeye/addr/check';
import { constants, type NamespaceOptions, type WaitOptions } from '@sockeye/core';
import {
  decodeInetDiag,
  decodePacketDiag,
  decodeUnixDiag,
  encodeInetDiag,
  encodePacketDiag,
  encodeUnixDiag,
  type InetDiagQuery,
  type InetSocketInfo,
  type PacketSocketInfo,
  SOCK_DIAG_BY_FAMILY,
  type SocketState,
  type UnixSocketInfo,
} from './sock-diag.ts';
import { Netlink } from './socket.ts';

/**
 * The sockets of a network namespace, of all processes: sock_diag(7), what ss(8) shows. It takes no privilege. Fails as `Netlink.dump`
 * does, with NetlinkError ENOENT where the kernel's module for a family is not there.
 */
export class SockDiag implements Disposable, AsyncDisposable {
  /** The socket below. */
  readonly netlink: Netlink;

  private constructor(netlink: Netlink) {
    this.netlink = netlink;
  }

  /** Opens a socket of NETLINK_SOCK_DIAG. Throws as `Netlink.open`. */
  static open(options: NamespaceOptions = {}): SockDiag {
    checkObject('options', options);
    return new SockDiag(Netlink.open({ protocol: constants.NETLINK_SOCK_DIAG, netns: options.netns }));
  }

  get closed(): boolean {
    return this.netlink.closed;
  }

  async #list<T>(body: Uint8Array, decode: (body: Uint8Array) => T, options?: WaitOptions): Promise<T[]> {
    const request = { name: 'SOCK_DIAG_BY_FAMILY', type: SOCK_DIAG_BY_FAMILY, body };
    return (await this.netlink.dump(request, options)).map((message) => decode(message.body));
  }

  /** TCP sockets of IPv4, or those of the query. */
  async inet(query: InetDiagQuery & WaitOptions = {}): Promise<InetSocketInfo[]> {
    checkObject('query', query);
    return this.#list(encodeInetDiag(query), decodeInetDiag, query);
  }

  /** Unix sockets. */
  async unix(
    query: WaitOptions & { readonly states?: readonly SocketState[] | undefined } = {},
  ): Promise<UnixSocketInfo[]> {
    checkObject('query', query);
    return this.#list(encodeUnixDiag(query), decodeUnixDiag, query);
  }

  /** Packet sockets. */
  async packet(options: WaitOptions = {}): Promise<PacketSocketInfo[]> {
    checkObject('options', options);
    return this.#list(encodePacketDiag(), decodePacketDiag, options);
  }

  close(): void {
    this.netlink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
