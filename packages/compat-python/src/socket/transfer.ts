/** Connections, and bytes in and out. */
import { AddressBuffer, constants, errnos } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import type { Address } from '../address/registry.ts';
import { type BytesLike, isView, toBytes, toSize, toSsize, toWritable } from '../arguments.ts';
import { systemError, typeError, ValueError } from '../errors.ts';
import { bind, type Signature, takes, takesOne } from '../signature.ts';
import { Endpoint } from './endpoint.ts';

const INTO = { parameters: ['buffer', 'nbytes', 'flags'], required: 1, native: true } as const;
const RECV_INTO: Signature = { name: 'recv_into', ...INTO };
const RECVFROM_INTO: Signature = { name: 'recvfrom_into', ...INTO };

/** Keyword arguments of `recv_into` and `recvfrom_into`. */
export interface IntoKeywords {
  nbytes?: number;
  flags?: number;
}

export class Transfer extends Endpoint {
  /**
   * Connects, or for datagrams chooses the peer: connect(2).
   *
   * @throws OSError: ConnectionRefusedError, TimeoutError, BlockingIOError (EINPROGRESS) on a socket that does not wait
   */
  connect(address: Address, ...surplus: never[]): void {
    takesOne('socket.connect', [address, ...surplus]);
    const to = this.address(address, 'connect');
    try {
      const errno = this.#connect(to);
      if (errno !== 0) throw systemError(errno);
    } catch (error) {
      throw this.held.failed(error);
    }
  }

  /** As `connect`, but what the kernel says is returned: 0, or a positive error number. */
  connect_ex(address: Address, ...surplus: never[]): number {
    takesOne('socket.connect_ex', [address, ...surplus]);
    const to = this.address(address, 'connect_ex');
    try {
      return this.#connect(to);
    } catch (error) {
      const { errno, code } = error as { errno?: number; code?: string };
      if (code === 'ERR_SOCKET_TIMEOUT') return errnos.EAGAIN;
      if (errno === undefined) throw error;
      return -errno;
    }
  }

  /** 0 or a positive error number; on a socket that waits, core throws. */
  #connect(to: Uint8Array): number {
    const { core, timeout, family, patience } = this.held;
    // Python does not wait for room in the backlog of a Unix socket, which is what core would do.
    const once = timeout === 0 || (timeout !== null && family === constants.AF_UNIX);
    if (once) return -core.tryConnect(to);
    core.connectSync(to, patience);
    return 0;
  }

  /**
   * Up to `bufsize` bytes, or one message cut to that: recv(2). Empty at the end of a stream.
   *
   * @throws TimeoutError, BlockingIOError, ConnectionResetError, …
   */
  recv(bufsize: number, flags = 0, ...surplus: never[]): Buffer {
    if (bufsize === undefined) takes('recv', [], 1, 2);
    if (surplus.length > 0) takes('recv', [bufsize, flags, ...surplus], 1, 2);
    const { held } = this;
    const asked = toSsize(bufsize);
    const options = held.options(flags);
    const size = toSize(asked, 'negative buffersize in recv');
    if (size === 0) return Buffer.alloc(0);
    try {
      return held.core.recvSync(size, options);
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** Receives into `buffer`, up to `nbytes` of it where that is not 0, and says how many bytes came: recv(2). */
  recv_into(buffer: BytesLike, nbytes?: number, flags?: number): number;
  recv_into(buffer: BytesLike, keywords: IntoKeywords): number;
  recv_into(buffer: BytesLike, nbytes?: number | IntoKeywords, flags?: number, ...surplus: never[]): number {
    if (!isView(buffer) || typeof nbytes === 'object' || surplus.length > 0) {
      const args = bind(RECV_INTO, [buffer, nbytes, flags, ...surplus]);
      return this.#recvInto(args[0], args[1], args[2]);
    }
    return this.#recvInto(buffer, nbytes, flags);
  }

  #recvInto(buffer: unknown, nbytes: unknown = 0, flags: unknown = 0): number {
    const { held } = this;
    const view = toWritable(buffer, 'recv_into');
    const asked = nbytes === 0 ? 0 : toSsize(nbytes);
    const options = held.options(flags);
    const length = asked === 0 ? view.length : toSize(asked, 'negative buffersize in recv_into');
    if (length > view.length) throw new ValueError('buffer too small for requested bytes');
    if (length === 0) return 0;
    try {
      return held.core.recvIntoSync(view, length === view.length ? options : { ...options, length });
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** As `recv`, with the sender's address, which is null on a connected stream: recvfrom(2). */
  recvfrom<A extends RetAddress = RetAddress>(
    bufsize: number,
    flags = 0,
    ...surplus: never[]
  ): [data: Buffer, address: A] {
    if (bufsize === undefined) takes('recvfrom', [], 1, 2);
    if (surplus.length > 0) takes('recvfrom', [bufsize, flags, ...surplus], 1, 2);
    const { held } = this;
    const asked = toSsize(bufsize);
    const options = held.options(flags);
    const size = toSize(asked, 'negative buffersize in recvfrom');
    try {
      const { data, address } = held.core.recvFromSync(size, options);
      return [data, held.from(address) as A];
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** As `recv_into`, with the sender's address: recvfrom(2). */
  recvfrom_into<A extends RetAddress = RetAddress>(
    buffer: BytesLike,
    nbytes?: number,
    flags?: number,
  ): [nbytes: number, address: A];
  recvfrom_into<A extends RetAddress = RetAddress>(
    buffer: BytesLike,
    keywords: IntoKeywords,
  ): [nbytes: number, address: A];
  recvfrom_into(...args: readonly unknown[]): [nbytes: number, address: RetAddress] {
    const { held } = this;
    const [buffer, nbytes = 0, flags = 0] = bind(RECVFROM_INTO, args);
    const view = toWritable(buffer, 'recvfrom_into');
    const asked = toSsize(nbytes);
    const options = held.options(flags);
    const length = toSize(asked, 'negative buffersize in recvfrom_into') || view.length;
    if (length > view.length) throw new ValueError('nbytes is greater than the length of the buffer');
    const from = new AddressBuffer();
    try {
      const count = held.core.recvFromIntoSync(view, from, { ...options, length });
      return [count, held.from(from.view())];
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** Sends, and says how many bytes the kernel took, which on a stream may be fewer than given: send(2). */
  send(data: BytesLike, flags = 0, ...surplus: never[]): number {
    if (data === undefined) takes('send', [], 1, 2);
    if (surplus.length > 0) takes('send', [data, flags, ...surplus], 1, 2);
    const { held } = this;
    const bytes = toBytes(data);
    try {
      return held.core.sendSync(bytes, held.options(flags));
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** Sends everything, in as many calls as it takes; the timeout is for the whole: send(2). */
  sendall(data: BytesLike, flags = 0, ...surplus: never[]): void {
    if (data === undefined) takes('sendall', [], 1, 2);
    if (surplus.length > 0) takes('sendall', [data, flags, ...surplus], 1, 2);
    const { held } = this;
    const bytes = toBytes(data);
    try {
      held.core.sendAllSync(bytes, held.options(flags));
    } catch (error) {
      throw held.failed(error);
    }
  }

  /** Sends to an address: sendto(2). The flags stand before it where there are any. */
  sendto(data: BytesLike, address: Address): number;
  sendto(data: BytesLike, flags: number, address: Address): number;
  sendto(...args: unknown[]): number {
    if (args.length < 2 || args.length > 3) {
      throw typeError(`sendto() takes 2 or 3 arguments (${args.length} given)`);
    }
    const { held } = this;
    const bytes = toBytes(args[0]);
    const options = held.options(args.length === 3 ? args[1] : 0);
    const to = this.address(args.at(-1), 'sendto');
    try {
      return held.core.sendToSync(bytes, to, options);
    } catch (error) {
      throw held.failed(error);
    }
  }
}
