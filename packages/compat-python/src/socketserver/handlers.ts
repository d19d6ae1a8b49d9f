/** What handles a request of a server. */
import { constants } from '@sockeye/core';
import type { RetAddress } from '../address/family.ts';
import type { Address } from '../address/registry.ts';
import { type BytesLike, toBytes } from '../arguments.ts';
import { OSError } from '../errors.ts';
import { BytesBase, unsupported } from '../io/base.ts';
import type { BufferedReader, BufferedWriter } from '../io/buffered.ts';
import { BytesIO } from '../io/bytes.ts';
import type { PythonSocket } from '../socket/python-socket.ts';
import type { Timeout } from '../timeouts.ts';

/** A datagram, and the socket that an answer goes out by. */
export type Datagram = [data: Buffer, socket: PythonSocket];

/** A handler's class, as a server is given it. */
export type HandlerClass<R, S> = new (
  request: R,
  client_address: RetAddress,
  server: S,
) => BaseRequestHandler<R>;

/**
 * Handles one request. The server calls `setup`, `handle` and, whatever became of that, `finish`; in Python the constructor does,
 * but here a subclass's fields are there only after it.
 */
export class BaseRequestHandler<R = PythonSocket, S = unknown> {
  /** `import.meta.url` of the module that exports the class, which threads of `ThreadingMixIn`'s load. */
  static module?: string;

  readonly request: R;
  readonly client_address: RetAddress;
  readonly server: S;

  constructor(request: R, client_address: RetAddress, server: S) {
    this.request = request;
    this.client_address = client_address;
    this.server = server;
  }

  setup(): void {}

  /** What a subclass is for. */
  handle(): void {}

  finish(): void {}
}

/** A file that is not buffered: each write is sent whole. */
class SocketWriter extends BytesBase {
  readonly #sock: PythonSocket;
  #closed = false;

  constructor(sock: PythonSocket) {
    super();
    this.#sock = sock;
  }

  get closed(): boolean {
    return this.#closed;
  }

  override writable(): boolean {
    return true;
  }

  override write(data: BytesLike): number {
    this.check();
    const bytes = toBytes(data);
    this.#sock.sendall(bytes);
    return bytes.length;
  }

  override readline(): Buffer {
    throw unsupported('not readable');
  }

  fileno(): number {
    return this.#sock.fileno();
  }

  close(): void {
    this.#closed = true;
  }
}

/** Handles a connection by two files: `rfile` to read and `wfile` to write. */
export class StreamRequestHandler<S = unknown> extends BaseRequestHandler<PythonSocket, S> {
  /** The buffer's size of `rfile`; -1 for 8192. */
  static rbufsize = -1;
  /** That of `wfile`; 0 sends each write whole. */
  static wbufsize = 0;
  /** Seconds that the connection's calls wait. */
  static timeout: Timeout = null;
  /** Sets TCP_NODELAY. */
  static disable_nagle_algorithm = false;

  /** The connection: `request`. There from `setup` on, as the files are. */
  declare connection: PythonSocket;
  declare rfile: BufferedReader;
  declare wfile: BufferedWriter | SocketWriter;

  override setup(): void {
    const { rbufsize, wbufsize, timeout, disable_nagle_algorithm } = this
      .constructor as typeof StreamRequestHandler;
    this.connection = this.request;
    if (timeout !== null) this.connection.settimeout(timeout);
    if (disable_nagle_algorithm) {
      this.connection.setsockopt(constants.IPPROTO_TCP, constants.TCP_NODELAY, true);
    }
    this.rfile = this.connection.makefile('rb', rbufsize) as BufferedReader;
    this.wfile =
      wbufsize === 0
        ? new SocketWriter(this.connection)
        : (this.connection.makefile('wb', wbufsize) as BufferedWriter);
  }

  override finish(): void {
    if (!this.wfile.closed) {
      try {
        this.wfile.flush();
      } catch (error) {
        // The peer may have gone before it heard all.
        if (!(error instanceof OSError)) throw error;
      }
    }
    this.wfile.close();
    this.rfile.close();
  }
}

/** Handles a datagram: `rfile` has it, and what `wfile` got is sent back. */
export class DatagramRequestHandler<S = unknown> extends BaseRequestHandler<Datagram, S> {
  declare packet: Buffer;
  declare socket: PythonSocket;
  declare rfile: BytesIO;
  declare wfile: BytesIO;

  override setup(): void {
    [this.packet, this.socket] = this.request;
    this.rfile = new BytesIO(this.packet);
    this.wfile = new BytesIO();
  }

  override finish(): void {
    this.socket.sendto(this.wfile.getvalue(), this.client_address as Address);
  }
}
