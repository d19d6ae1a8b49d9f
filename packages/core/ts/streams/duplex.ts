/** A socket as one of Node.js's streams. */
import { AsyncResource } from 'node:async_hooks';
import { Duplex } from 'node:stream';
import { checkInteger, checkOptions, checkSignal, checkTimeout, wrongType } from '../check.ts';
import { constants } from '../constants.ts';
import { abortError } from '../errors.ts';
import type { Socket } from '../socket.ts';
import { READABLE } from '../wait.ts';
import { Carrier, type CarrierOptions } from './carrier.ts';
import { setKeepIdle, setNoDelay } from './tcp.ts';

const { SO_KEEPALIVE, SOL_SOCKET } = constants;

/** What {@link toDuplex} takes. */
export interface DuplexOptions extends CarrierOptions {
  /** Whether the writable side stays open after the peer's end; false unless given, as in `net`. */
  allowHalfOpen?: boolean | undefined;
  /** Bytes that are buffered in each direction before a reader is waited for and `write()` says false; Node.js's default. */
  highWaterMark?: number | undefined;
  /** The same for what is received, where it differs. */
  readableHighWaterMark?: number | undefined;
  /** The same for what is sent, where it differs. */
  writableHighWaterMark?: number | undefined;
}

type Done = (error?: Error | null) => void;

/**
 * A connected socket as a stream of Node.js's, which closes it when both directions have ended or it is destroyed. It has
 * what `http`, `tls` and `http2` ask of a `net.Socket`; what a socket knows nothing of (`setNoDelay` on a Unix one) does
 * nothing. {@link toDuplex} makes them.
 */
export class SocketDuplex extends Duplex {
  /** The socket, for its options and addresses. Who receives or sends on it directly takes bytes out of the stream. */
  readonly socket: Socket;
  /** Milliseconds that {@link setTimeout} was given; undefined or 0 for none. */
  timeout: number | undefined;
  readonly #carrier: Carrier;
  readonly #context: AsyncResource = new AsyncResource('SockeyeDuplex');
  #reading = false;
  /** Asked for more while a chunk was being handed over. */
  #asked = false;
  #reset = false;
  /** As it was set last; undefined before. */
  #noDelay: boolean | undefined;
  /** Seconds before the first probe, -1 without probes; undefined before it was set. */
  #keepAlive: number | undefined;
  #forget: (() => void) | undefined;

  /** Not for callers: {@link toDuplex} makes them. */
  constructor(socket: Socket, options: DuplexOptions) {
    const signal = checkSignal(options.signal);
    const { allowHalfOpen, marks } = checkDuplex(options);
    const carrier = new Carrier(socket, options);
    super({ allowHalfOpen, emitClose: true, autoDestroy: true, ...defined(marks) });
    this.socket = socket;
    this.#carrier = carrier;
    if (signal !== undefined) this.#obey(signal);
    // As net does: the peer's end and a reset are heard of, even when nobody reads yet.
    if (!this.destroyed) this.read(0);
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#carrier.bytesRead;
  }

  /** Bytes sent so far, those included that wait in this stream. */
  get bytesWritten(): number {
    return this.#carrier.bytesWritten + this.writableLength;
  }

  /** False: the socket was connected before. */
  get connecting(): boolean {
    return false;
  }

  /** False, as {@link connecting}. */
  get pending(): boolean {
    return false;
  }

  /** Which directions are open, in `net.Socket`'s words. */
  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    const { readable, writable } = this;
    if (readable) return writable ? 'open' : 'readOnly';
    return writable ? 'writeOnly' : 'closed';
  }

  /**
   * Emits `'timeout'` after so many milliseconds in which nothing was received or sent; 0 for never. What is done then is
   * the listener's decision. `listener` hears it once.
   */
  setTimeout(milliseconds: number, listener?: () => void): this {
    const timeout = Math.max(0, checkTimeout(milliseconds ?? null));
    if (listener !== undefined && typeof listener !== 'function') {
      throw wrongType('listener', 'a function', listener);
    }
    const carrier = this.#carrier;
    if (timeout === this.timeout) carrier.idle?.refresh();
    else {
      this.#rest();
      this.timeout = timeout;
      if (timeout > 0 && !this.destroyed) {
        carrier.idle = setTimeout(() => this.emit('timeout'), timeout).unref();
      }
    }
    if (listener !== undefined) {
      if (timeout === 0) this.removeListener('timeout', listener);
      else this.once('timeout', listener);
    }
    return this;
  }

  /** TCP_NODELAY, true unless given: small writes are not held back. Nothing on what is no TCP. tcp(7) */
  setNoDelay(enable = true): this {
    const wanted = Boolean(enable);
    if (this.destroyed || wanted === this.#noDelay) return this;
    setNoDelay(this.#carrier.handle, wanted);
    this.#noDelay = wanted;
    return this;
  }

  /** SO_KEEPALIVE, and on TCP the milliseconds before the first probe (0 leaves them). socket(7), tcp(7) */
  setKeepAlive(enable = false, initialDelay = 0): this {
    const seconds = enable ? Math.max(0, Math.floor(initialDelay / 1000)) : -1;
    // http's agents ask for it after each request.
    if (this.destroyed || seconds === this.#keepAlive) return this;
    this.socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, enable ? 1 : 0);
    if (seconds > 0) setKeepIdle(this.#carrier.handle, seconds);
    this.#keepAlive = seconds;
    return this;
  }

  /** As `net.Socket.ref`. */
  ref(): this {
    this.socket.ref();
    return this;
  }

  /** As `net.Socket.unref`: that this stream waits to receive or send no longer keeps the process running. */
  unref(): this {
    this.socket.unref();
    return this;
  }

  /** Ends, and destroys once all that was written has gone to the kernel. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Destroys; the peer of a TCP connection gets a reset instead of an end. */
  resetAndDestroy(): this {
    this.#reset = true;
    return this.destroy();
  }

  /**
   * As every emitter's. What tls puts between itself and a stream passes errors on, and nobody listens to it when its TLSSocket is
   * done (a close_notify to a peer that is gone): that must not end the process.
   */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'error' || this.listenerCount('error') === 0) return super.emit(event, ...values);
    try {
      return super.emit(event, ...values);
    } catch (error) {
      if (error !== values[0]) throw error;
      return true;
    }
  }

  override _read(): void {
    this.#asked = true;
    if (this.#reading || this.destroyed) return;
    this.#reading = true;
    const { handle } = this.#carrier;
    handle.wait(READABLE, this.#receive, 'recv', -1, undefined).catch(this.#failed);
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#carrier.send([chunk], done);
  }

  override _writev(chunks: { chunk: Uint8Array; encoding: BufferEncoding }[], done: Done): void {
    this.#carrier.send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: Done): void {
    let failure: Error | undefined;
    try {
      this.#carrier.end();
    } catch (error) {
      failure = error as Error;
    }
    done(failure);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest();
    this.#forget?.();
    let failure = error;
    try {
      this.#carrier.close(this.#reset);
    } catch (other) {
      failure ??= other as Error;
    }
    done(failure);
  }

  /** The call that waits to receive; it stays while the stream takes what it gets. */
  readonly #receive = (): number => {
    // Listeners run in the asynchronous context in which the stream was made, as those of net do.
    const result = this.#context.runInAsyncScope(this.#receiveNow);
    if (result >= 0) this.#reading = false;
    return result;
  };

  readonly #receiveNow = (): number => this.#carrier.receive(this.#push);

  readonly #push = (chunk: Buffer | null): boolean => {
    this.#asked = false;
    try {
      const more = this.push(chunk);
      // Without bytes that wait for a reader the end needs none to be told. Who has paused hears of it on resuming: http
      // counts on that while it has more answers than the kernel takes.
      if (chunk === null && !this.isPaused()) this.read(0);
      return (more || this.#asked) && !this.destroyed;
    } catch (error) {
      // A listener's: the process is to hear of it, and not the one who armed the poller.
      process.nextTick(() => {
        throw error;
      });
      return true;
    }
  };

  /** The kernel's error; or the socket was closed, by this stream (then all is said) or behind its back. */
  readonly #failed = (error: Error): void => {
    if (!this.destroyed) this.destroy(this.#carrier.explain(error));
  };

  #rest(): void {
    clearTimeout(this.#carrier.idle);
    this.#carrier.idle = undefined;
  }

  #obey(signal: AbortSignal): void {
    const abort = (): void => void this.destroy(abortError(signal, 'recv'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    this.#forget = () => signal.removeEventListener('abort', abort);
  }
}

/** What the class of Node.js's is told. */
export function checkDuplex(options: DuplexOptions): {
  allowHalfOpen: boolean;
  marks: Record<string, number | undefined>;
} {
  const { allowHalfOpen = false, highWaterMark } = options;
  if (typeof allowHalfOpen !== 'boolean') throw wrongType('allowHalfOpen', 'a boolean', allowHalfOpen);
  const marks = {
    readableHighWaterMark: mark('readableHighWaterMark', options.readableHighWaterMark ?? highWaterMark),
    writableHighWaterMark: mark('writableHighWaterMark', options.writableHighWaterMark ?? highWaterMark),
  };
  return { allowHalfOpen, marks };
}

function mark(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
}

/** Without the properties that are undefined. */
function defined(marks: Record<string, number | undefined>): Record<string, number> {
  const known = Object.entries(marks).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(known);
}

/**
 * A connected socket as a stream of Node.js's, on which `http`, `tls`, `http2` and others run that take a `net.Socket`.
 *
 * The stream owns the socket from now on. `end()` sends all that was written and then the end (`shutdown(SHUT_WR)`); the
 * peer's end is `'end'`; when both have been, or on `destroy()`, the socket is closed. Errors of the kernel (ECONNRESET,
 * EPIPE …) are `'error'`, with the codes of {@link SocketError}. On a SOCK_SEQPACKET socket each write is a message, or
 * several when it is longer than the kernel takes, and each `'data'` is one.
 *
 * @param socket connected, of type SOCK_STREAM or SOCK_SEQPACKET
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; SocketError EBADF when it is closed
 */
export function toDuplex(socket: Socket, options?: DuplexOptions): SocketDuplex {
  return new SocketDuplex(socket, checkOptions(options));
}
