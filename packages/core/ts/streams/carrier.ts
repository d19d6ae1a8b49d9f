/** What the adapters have in common: which sockets they take, and how bytes go in and out of one. */

import { MOST } from '../arguments.ts';
import { native } from '../binding.ts';
import { checkInteger, wrongType, wrongValue } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import { handleOf } from '../endpoint.ts';
import type { SocketError } from '../errors.ts';
import { Gather } from '../gather.ts';
import type { Handle } from '../handle.ts';
import type { Socket } from '../socket.ts';
import { AGAIN, NO_BUFFERS, STAYS, WRITABLE } from '../wait.ts';
import { Chunks } from './chunks.ts';

const { MSG_TRUNC, SHUT_WR, SO_ACCEPTCONN, SO_SNDBUF } = constants;
const { SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET } = constants;
const { recv, send } = native;

/** Bytes that one receive of a stream asks for, the least that are free for it, and those of a slab. */
const CHUNK = 64 * 1024;
const LEAST = 16 * 1024;
const SLAB = 256 * 1024;

/**
 * Bytes of the longest message that is received whole, unless the caller says otherwise: what an unprivileged Unix peer can
 * send with the usual `net.core.wmem_max` of 212,992 fits.
 */
const MESSAGE = 256 * 1024;

/** Receives in a row before the event loop gets its turn. */
const BURST = 16;

/** Up to this many bytes several small chunks are joined by copying, which is cheaper than a call for each. */
const JOINED = 16 * 1024;

const bytes = new Chunks(SLAB);
const messages = new Chunks(4 * MESSAGE);

/** Options that all adapters take. */
export interface CarrierOptions {
  /**
   * On a socket that keeps messages apart (SOCK_SEQPACKET): bytes of the longest message that can be received whole, 256 KiB
   * unless given; a longer one is an error EMSGSIZE. Streams of bytes do not look at it.
   */
  messageSize?: number | undefined;
  /** Aborting destroys the adapter, with an `AbortError` whose `cause` is the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Bytes of the longest message that is received whole. */
export function checkMessageSize({ messageSize = MESSAGE }: CarrierOptions): number {
  return checkInteger('messageSize', messageSize, 1, MOST);
}

/** Refuses what is no open Socket, and says what is held. */
export function checkSocket(socket: unknown): Socket {
  const known = socket as Partial<Socket> | null | undefined;
  // By its looks: the other copy of this package, CommonJS or ES module, makes Sockets of another class.
  if (typeof known?.tryRecvInto !== 'function' || typeof known.tryAccept !== 'function') {
    throw wrongType('socket', 'a Socket', socket);
  }
  return socket as Socket;
}

/** Makes an adapter the owner of a socket. */
export function take(socket: Socket, listening: boolean): Handle {
  const handle = handleOf(checkSocket(socket));
  if (handle.closed) throw handle.error(-errnos.EBADF, 'recv');
  if (handle.taken) {
    throw wrongValue('socket', 'a Socket that no other stream or listener owns', socket);
  }
  if (socket.type !== SOCK_STREAM && socket.type !== SOCK_SEQPACKET) {
    throw wrongValue('socket.type', 'SOCK_STREAM or SOCK_SEQPACKET', socket.type);
  }
  if ((socket.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0) !== listening) {
    const wanted = listening ? 'one that listens' : 'a connected one: asListener takes those that listen';
    throw wrongValue('socket', wanted, socket);
  }
  handle.taken = true;
  return handle;
}

/** Receives and sends for one adapter. Nothing here waits but by `handle.wait`. */
export class Carrier {
  readonly socket: Socket;
  readonly handle: Handle;
  /** Whether the socket keeps messages apart. */
  readonly messages: boolean;
  /** Runs out when nothing was received or sent for a while: begins anew with each chunk that goes in or out. */
  idle: NodeJS.Timeout | undefined;
  bytesRead = 0;
  bytesWritten = 0;
  /** Bytes of the longest message that is received whole. */
  readonly messageSize: number;
  /** Bytes of the longest message that may be sent; less once the kernel has refused one. */
  #longest: number;

  constructor(socket: Socket, options: CarrierOptions) {
    this.messageSize = checkMessageSize(options);
    this.handle = take(socket, false);
    this.socket = socket;
    this.messages = socket.type !== SOCK_STREAM;
    this.#longest = this.messages ? this.messageSize : MOST;
  }

  /**
   * Receives until nothing is there, and hands each chunk to `push`, as long as that says true. What is returned is for the
   * queue of waiters: STAYS or -EAGAIN to wait on, 0 when `push` has said false or the end was there, or an error.
   */
  receive(push: (chunk: Buffer | null) => boolean): number {
    const { handle, messages: kept } = this;
    for (let i = 0; i < BURST; i++) {
      const memory = kept ? messages : bytes;
      const slab = memory.room(kept ? this.messageSize : LEAST);
      const size = kept ? this.messageSize : Math.min(CHUNK, slab.length - memory.at);
      const count = recv(handle.slot, handle.generation, slab, memory.at, size, kept ? MSG_TRUNC : 0);
      if (count === AGAIN) return i === 0 ? AGAIN : STAYS;
      if (count < 0) return count;
      if (count > size) return -errnos.EMSGSIZE;
      if (count === 0) {
        push(null);
        return 0;
      }
      this.bytesRead += count;
      this.idle?.refresh();
      if (!push(memory.take(count)) || handle.closed) return 0;
      // A stream that gave less than it was asked for has no more: no need to hear so from the kernel.
      if (!kept && count < size) return STAYS;
    }
    return STAYS;
  }

  /** An error of {@link receive}, with a word of help where it is this carrier's own. */
  explain(error: Error): Error {
    // By its number: a socket of this package's other copy has errors of another class.
    if (this.messages && (error as Partial<SocketError>).errno === -errnos.EMSGSIZE) {
      error.message += `; a message was longer than messageSize, ${this.messageSize} bytes, and was cut`;
    }
    return error;
  }

  /**
   * Sends all of them in order and calls `done`, at once where the kernel has room. A message socket makes a message of each
   * chunk, and several of one that is too long; empty chunks are nothing.
   */
  send(chunks: readonly Uint8Array[], done: (error?: Error | null) => void): void {
    const attempt = this.messages || chunks.length < 2 ? this.#apart(chunks) : this.#together(chunks);
    const result = attempt();
    if (result >= 0) done();
    else if (result === AGAIN || result === NO_BUFFERS) {
      const full = result === NO_BUFFERS;
      const settled = (error?: Error): void => {
        try {
          done(error);
        } catch (thrown) {
          // By the caller's callback: an uncaught exception, as with net, and not a Promise's rejection.
          process.nextTick(() => {
            throw thrown;
          });
        }
      };
      const waiting = this.handle.wait(WRITABLE, attempt, 'send', -1, undefined, undefined, full);
      waiting.then(() => settled(), settled);
    } else done(this.handle.error(result, 'send'));
  }

  /** The call that sends them one after the other. */
  #apart(chunks: readonly Uint8Array[]): () => number {
    let index = 0;
    let offset = 0;
    return () => {
      for (; index < chunks.length; index++, offset = 0) {
        const chunk = chunks[index] as Uint8Array;
        while (offset < chunk.byteLength) {
          const { slot, generation } = this.handle;
          const length = Math.min(chunk.byteLength - offset, this.#longest);
          const count = send(slot, generation, chunk, offset, length);
          if (count < 0) {
            if (count === -errnos.EMSGSIZE && this.#shorten(length)) continue;
            return count;
          }
          offset += count;
          this.#sent(count);
        }
      }
      return 0;
    };
  }

  /** The call that sends them as one run of bytes: sendmsg(2), or joined before where that is cheaper. */
  #together(chunks: readonly Uint8Array[]): () => number {
    let total = 0;
    for (const chunk of chunks) total += chunk.byteLength;
    if (total <= JOINED) return this.#apart([Buffer.concat(chunks, total)]);
    const gather = new Gather(chunks);
    return () => {
      while (!gather.done) {
        const count = this.socket.trySendMsg(gather.rest());
        if (count < 0) return count;
        gather.took(count);
        this.#sent(count);
      }
      return 0;
    };
  }

  #sent(count: number): void {
    this.bytesWritten += count;
    this.idle?.refresh();
  }

  /** After EMSGSIZE: whether a shorter message is worth a try. */
  #shorten(refused: number): boolean {
    if (!this.messages || refused < 2) return false;
    const room = this.socket.getsockopt(SOL_SOCKET, SO_SNDBUF);
    // A buffer holds some bytes of the kernel's own beside the message's.
    this.#longest = refused > room ? room : Math.max(1, refused >>> 1);
    return true;
  }

  /** Ends the sending direction: shutdown(2). A peer that is gone already has no need to hear of it. */
  end(): void {
    if (this.handle.closed) return;
    const result = native.shutdown(this.handle.slot, this.handle.generation, SHUT_WR);
    if (result < 0 && result !== -errnos.ENOTCONN) throw this.handle.error(result, 'shutdown');
  }

  /** Closes; with `reset` the peer hears that it was no orderly end, where the protocol can say so. */
  close(reset = false): void {
    if (this.handle.closed) return;
    try {
      if (reset) this.socket.reset();
    } finally {
      this.socket.close();
    }
  }
}
