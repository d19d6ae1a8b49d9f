/** A listening socket as what servers of Node.js's get their connections from. */
import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { checkInteger, checkOptions, checkSignal, wrongType } from '../check.ts';
import { errnos } from '../constants.ts';
import type { SocketError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import type { Socket } from '../socket.ts';
import { AGAIN, READABLE, STAYS } from '../wait.ts';
import { checkMessageSize, checkSocket, take } from './carrier.ts';
import { checkDuplex, type DuplexOptions, SocketDuplex } from './duplex.ts';

/** What {@link asListener} takes; the rest is for the streams that it makes. */
export interface ListenerOptions extends DuplexOptions {
  /** How many connections may be open at once; the others wait in the kernel's backlog. No bound unless given. */
  maxConnections?: number | undefined;
  /** Aborting closes the listener; its connections go on. */
  signal?: AbortSignal | undefined;
}

/** What takes connections: a function, or a server of `http`, `https`, `http2`, `tls` or `net`. */
export type ConnectionHandler = ((connection: SocketDuplex) => void) | ServerLike;

/** A server of Node.js's, which takes connections as its event `'connection'`. */
export type ServerLike = Pick<EventEmitter, 'emit' | 'once'>;

/** What `net.Server` does to connections before it hands them out, and servers for how to end those that idle. */
interface ServerTraits {
  allowHalfOpen?: unknown;
  noDelay?: unknown;
  keepAlive?: unknown;
  /** Seconds, as net.Server stores it. */
  keepAliveInitialDelay?: unknown;
  closeIdleConnections?: () => void;
}

/** Errors of a connection that was lost before it was accepted: the next one may be well. accept(2) */
const LOST: ReadonlySet<number> = new Set(
  ['ECONNABORTED', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINTR', 'ENETDOWN', 'ENETUNREACH', 'ENONET', 'ENOPROTOOPT']
    .concat('EOPNOTSUPP', 'EPERM', 'EPROTO')
    .map((name) => -((errnos as Record<string, number>)[name] ?? 0)),
);

/** Errors that pass when others give something back. */
const SCARCE: ReadonlySet<number> = new Set([
  -errnos.EMFILE,
  -errnos.ENFILE,
  -errnos.ENOBUFS,
  -errnos.ENOMEM,
]);

/** Connections accepted in a row before the event loop gets its turn. */
const BURST = 32;

/** The first and the longest pause when descriptors or memory run out, in milliseconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 500;

interface Asking {
  resolve: (result: IteratorResult<SocketDuplex, undefined>) => void;
  reject: (error: unknown) => void;
}

/**
 * Accepts connections on a socket that listens, as streams: for a server of Node.js's or a function by {@link serve}, or
 * one after the other by `for await`. {@link asListener} makes them.
 *
 * When the process runs out of descriptors or memory it waits with growing pauses, the connections meanwhile in the backlog;
 * connections that were lost before they were accepted are passed over.
 */
export class Listener {
  /** The socket that listens. */
  readonly socket: Socket;
  readonly #handle: Handle;
  /** Handlers run in the asynchronous context in which the listener was made, as those of net do. */
  readonly #context: AsyncResource = new AsyncResource('SockeyeListener');
  readonly #options: DuplexOptions;
  readonly #most: number;
  readonly #open = new Set<SocketDuplex>();
  readonly #asking: Asking[] = [];
  #take: ((connection: SocketDuplex) => void) | undefined;
  #server: (ServerLike & ServerTraits) | undefined;
  #accepting = false;
  #pause = 0;
  #timer: NodeJS.Timeout | undefined;
  #forget: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  /** Not for callers: {@link asListener} makes them. */
  constructor(socket: Socket, options: ListenerOptions) {
    const { maxConnections = Number.POSITIVE_INFINITY, signal, ...rest } = options;
    if (maxConnections !== Number.POSITIVE_INFINITY) {
      checkInteger('maxConnections', maxConnections, 1, Number.MAX_SAFE_INTEGER);
    }
    checkSignal(signal);
    // Now, and not when the first connection is there.
    checkDuplex(rest);
    checkMessageSize(rest);
    this.#handle = take(checkSocket(socket), true);
    this.socket = socket;
    this.#most = maxConnections;
    this.#options = rest;
    const close = (): void => void this.close();
    if (signal?.aborted) close();
    else signal?.addEventListener('abort', close, { once: true });
    this.#forget = () => signal?.removeEventListener('abort', close);
  }

  /** How many connections of this listener are open. */
  get connections(): number {
    return this.#open.size;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Gives all connections from now on to a function, or to a server as its event `'connection'`: `http.createServer()`,
   * `https`, `http2`, `tls`, `net`. What the server was made with counts as if it listened itself: `allowHalfOpen`, `noDelay`,
   * `keepAlive`, `keepAliveInitialDelay`; it emits `'listening'`. The server's `close()` closes this listener too; an error that ends the listener is the
   * server's `'error'`, and where a function serves an uncaught exception.
   */
  serve(handler: ConnectionHandler): this {
    if (typeof handler === 'function') this.#take = handler;
    else {
      if (typeof handler?.emit !== 'function' || typeof handler.once !== 'function') {
        throw wrongType('handler', 'a function or a server', handler);
      }
      const server: ServerLike & ServerTraits = handler;
      this.#server = server;
      this.#take = (connection) => {
        prepare(connection, server);
        server.emit('connection', connection);
      };
      server.once('close', () => void this.close());
      // With this event http's servers begin to watch over their connections: request timeouts, those that idle.
      process.nextTick(() => server.emit('listening'));
    }
    this.#accept();
    return this;
  }

  /** Connections one after the other, each accepted when it is asked for; ends when the listener is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<SocketDuplex> {
    const iterator: AsyncIterableIterator<SocketDuplex> = {
      next: () => {
        if (this.#closed) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve, reject) => {
          this.#asking.push({ resolve, reject });
          this.#accept();
        });
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /**
   * Accepts no more and closes the socket that listens; connections go on, but those that idle in an `http` server are
   * closed. Resolves when the last one is closed. Twice is fine.
   */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#stop();
    this.#server?.closeIdleConnections?.();
    if (this.#open.size === 0) this.#drained?.();
    return this.#closed;
  }

  /** As `net.Server.ref`. */
  ref(): this {
    this.socket.ref();
    this.#timer?.ref();
    return this;
  }

  /** As `net.Server.unref`: that this listener waits no longer keeps the process running. */
  unref(): this {
    this.socket.unref();
    this.#timer?.unref();
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#forget?.();
    this.#forget = undefined;
    for (const { resolve } of this.#asking.splice(0)) resolve({ done: true, value: undefined });
    try {
      if (!this.#handle.closed) this.socket.close();
    } catch {
      // Something else had closed it, which comes to the same.
    }
  }

  /** Whether somebody wants a connection that may be had. */
  #wanted(): boolean {
    const asked = this.#take !== undefined || this.#asking.length > 0;
    return asked && !this.#closed && this.#open.size < this.#most;
  }

  #accept(): void {
    if (this.#accepting || this.#timer !== undefined || !this.#wanted()) return;
    this.#accepting = true;
    this.#handle.wait(READABLE, this.#attempt, 'accept', -1, undefined).then(this.#settled, this.#failed);
  }

  /** The call that waits for connections; it stays while somebody wants more. */
  readonly #attempt = (): number => {
    for (let i = 0; i < BURST; i++) {
      if (!this.#wanted()) {
        this.#accepting = false;
        return 0;
      }
      const accepted = this.socket.tryAccept();
      if (typeof accepted === 'number') {
        if (accepted === AGAIN) return i === 0 ? AGAIN : STAYS;
        if (LOST.has(accepted)) continue;
        this.#accepting = false;
        return accepted;
      }
      this.#pause = 0;
      this.#context.runInAsyncScope(this.#handOver, this, accepted);
    }
    return STAYS;
  };

  /** Nobody wanted more when the call was tried; somebody may by now. */
  readonly #settled = (): void => this.#accept();

  /** Tries again after a while. */
  #wait(): void {
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#accept();
    }, this.#pause);
    if (!this.socket.hasRef()) this.#timer.unref();
  }

  /** The socket is of no use any more, or was closed behind the listener's back. */
  readonly #failed = (error: unknown): void => {
    if (this.#closed) return;
    // Watching takes a descriptor too.
    this.#accepting = false;
    // By its number: a socket of this package's other copy has errors of another class.
    if (SCARCE.has((error as Partial<SocketError>).errno ?? 0)) this.#wait();
    else this.#fail(error);
  };

  #fail(error: unknown): void {
    for (const { reject } of this.#asking.splice(0)) reject(error);
    const [take, server] = [this.#take, this.#server];
    void this.close();
    if (server !== undefined) server.emit('error', error);
    else if (take !== undefined) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #handOver(socket: Socket): void {
    const half = this.#server?.allowHalfOpen;
    const allowHalfOpen = this.#options.allowHalfOpen ?? (half === true ? true : undefined);
    const connection = new SocketDuplex(socket, { ...this.#options, allowHalfOpen });
    this.#open.add(connection);
    connection.once('close', () => {
      this.#open.delete(connection);
      if (this.#closed && this.#open.size === 0) this.#drained?.();
      this.#accept();
    });
    const asked = this.#asking.shift();
    try {
      if (asked !== undefined) asked.resolve({ done: false, value: connection });
      else this.#take?.(connection);
    } catch (error) {
      // The handler's: the process is to hear of it, and not the one who armed the poller.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** What net.Server does to a connection before it hands it out. */
function prepare(
  connection: SocketDuplex,
  { noDelay, keepAlive, keepAliveInitialDelay }: ServerTraits,
): void {
  if (noDelay === true) connection.setNoDelay(true);
  if (keepAlive === true) {
    const seconds = typeof keepAliveInitialDelay === 'number' ? keepAliveInitialDelay : 0;
    connection.setKeepAlive(true, seconds * 1000);
  }
}

/**
 * A socket that listens, as a source of connections for servers of Node.js's, a function, or `for await`.
 *
 * @param socket listening, of type SOCK_STREAM or SOCK_SEQPACKET; the listener owns it from now on
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; SocketError EBADF when it is closed
 */
export function asListener(socket: Socket, options?: ListenerOptions): Listener {
  return new Listener(socket, checkOptions(options));
}
