/**
 * Python's `socketserver` module. What are attributes of classes there are static here: a server binds in its constructor, before
 * fields of subclasses are there.
 */
import { constants } from '@sockeye/core';
import { allFamilies } from './address/all.ts';
import type { RetAddress } from './address/family.ts';
import { type Address, register } from './address/registry.ts';
import { OSError } from './errors.ts';
import type { PythonSocket } from './socket/python-socket.ts';
import { socket } from './socket/socket.ts';
import { BaseServer } from './socketserver/base.ts';
import type { Datagram, HandlerClass } from './socketserver/handlers.ts';
import { offer, type Served, type Threaded, Threads, type Told } from './socketserver/threads.ts';
import type { Timeout } from './timeouts.ts';

export { BaseServer } from './socketserver/base.ts';
export {
  BaseRequestHandler,
  type Datagram,
  DatagramRequestHandler,
  type HandlerClass,
  StreamRequestHandler,
} from './socketserver/handlers.ts';

register(...allFamilies);

/** Servers over a socket of their own. */
abstract class SocketServer<R> extends BaseServer<R> {
  /** `AF_…`. */
  static address_family: number = constants.AF_INET;
  /** `SOCK_…`. */
  static socket_type: number = constants.SOCK_STREAM;
  /** How many connections may wait: listen(2). */
  static request_queue_size = 5;
  /** SO_REUSEADDR: the port of a server that has just ended can be had. */
  static allow_reuse_address = false;
  /** SO_REUSEPORT: several processes or threads serve one port. */
  static allow_reuse_port = false;

  readonly socket: PythonSocket;

  /**
   * @param bind_and_activate false leaves `server_bind` and `server_activate` to the caller
   * @throws OSError of bind(2)
   */
  constructor(
    server_address: Address,
    RequestHandlerClass: HandlerClass<R, never>,
    bind_and_activate = true,
  ) {
    super(server_address, RequestHandlerClass);
    this.socket = socket(this.attributes.address_family, this.attributes.socket_type);
    if (!bind_and_activate) return;
    try {
      this.server_bind();
      this.server_activate();
    } catch (error) {
      this.server_close();
      throw error;
    }
  }

  /** @internal */
  protected get attributes(): typeof SocketServer {
    return this.constructor as typeof SocketServer;
  }

  protected override ownTimeout(): Timeout {
    return this.socket.gettimeout();
  }

  /** Binds the socket to the address, and learns which that is. */
  server_bind(): void {
    const { allow_reuse_address, allow_reuse_port } = this.attributes;
    const { SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT } = constants;
    if (allow_reuse_address) this.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    if (allow_reuse_port) this.socket.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    this.socket.bind(this.server_address as Address);
    this.server_address = this.socket.getsockname();
  }

  override server_close(): void {
    this.socket.close();
  }

  override fileno(): number {
    return this.socket.fileno();
  }
}

/** A server of connections over TCP. */
export class TCPServer extends SocketServer<PythonSocket> {
  override server_activate(): void {
    this.socket.listen(this.attributes.request_queue_size);
  }

  override get_request(): [request: PythonSocket, client_address: RetAddress] {
    return this.socket.accept();
  }

  /** Ends the connection, which the peer sees as its end; then closes it. */
  override shutdown_request(request: PythonSocket): void {
    try {
      request.shutdown(constants.SHUT_WR);
    } catch (error) {
      // The peer was first.
      if (!(error instanceof OSError)) throw error;
    }
    this.close_request(request);
  }

  override close_request(request: PythonSocket): void {
    request.close();
  }
}

/** A server of datagrams over UDP. */
export class UDPServer extends SocketServer<Datagram> {
  static override socket_type: number = constants.SOCK_DGRAM;
  /** Bytes of a datagram; what is longer is cut. */
  static max_packet_size = 8192;

  override get_request(): [request: Datagram, client_address: RetAddress] {
    const { max_packet_size } = this.constructor as typeof UDPServer;
    const [data, client_address] = this.socket.recvfrom(max_packet_size);
    return [[data, this.socket], client_address];
  }
}

/** A server of connections over Unix sockets. */
export class UnixStreamServer extends TCPServer {
  static override address_family: number = constants.AF_UNIX;
}

/** A server of datagrams over Unix sockets. */
export class UnixDatagramServer extends UDPServer {
  static override address_family: number = constants.AF_UNIX;
}

/** What {@link ThreadingMixIn} adds to a class of servers. */
export interface Threading {
  /** Threads that are still busy keep no process, and `server_close` does not wait for them. */
  daemon_threads: boolean;
  /** Whether `server_close` waits for the threads. */
  block_on_close: boolean;
}

const threads = new WeakMap<object, Threads>();

function threadsOf(server: Served, datagrams: boolean): Threads {
  const found = threads.get(server) ?? new Threads(server, datagrams);
  threads.set(server, found);
  return found;
}

function close(server: Served): void {
  const { block_on_close, daemon_threads } = server.constructor as object as Threading;
  threads.get(server)?.end(block_on_close && !daemon_threads);
}

function isDaemon(server: Served): boolean {
  return (server.constructor as object as Threading).daemon_threads;
}

/** What a thread does with its request. */
function handle<R>(server: BaseServer<R>, request: R, client_address: RetAddress): void {
  try {
    server.finish_request(request, client_address);
  } catch (error) {
    server.handle_error(request, client_address, error);
  } finally {
    server.shutdown_request(request);
  }
}

function ofConnections(Base: typeof TCPServer): typeof TCPServer & Threading {
  return class extends Base {
    static daemon_threads = false;
    static block_on_close = true;

    override process_request(request: PythonSocket, client_address: RetAddress): void {
      threadsOf(this, false).run(request, client_address, isDaemon(this));
    }

    process_request_thread(request: PythonSocket, client_address: RetAddress): void {
      handle(this, request, client_address);
    }

    override server_close(): void {
      super.server_close();
      close(this);
    }
  };
}

function ofDatagrams(Base: typeof UDPServer): typeof UDPServer & Threading {
  return class extends Base {
    static daemon_threads = false;
    static block_on_close = true;

    override process_request(request: Datagram, client_address: RetAddress): void {
      threadsOf(this, true).run(request, client_address, isDaemon(this));
    }

    process_request_thread(request: Datagram, client_address: RetAddress): void {
      handle(this, request, client_address);
    }

    override server_close(): void {
      super.server_close();
      close(this);
    }
  };
}

function isOfDatagrams(Base: typeof TCPServer | typeof UDPServer): Base is typeof UDPServer {
  return Base === UDPServer || Base.prototype instanceof UDPServer;
}

/**
 * Servers of a class, whose requests each have a thread: Python's `class S(ThreadingMixIn, TCPServer)` is
 * `class S extends ThreadingMixIn(TCPServer)`. A thread loads the module that the handler's class names by `static module`; its
 * `server` is of the class that this module exports under the server's name, or Python's, with address and flag but no socket.
 */
export function ThreadingMixIn<Base extends typeof TCPServer | typeof UDPServer>(
  Server: Base,
): Base & Threading {
  const threading = isOfDatagrams(Server) ? ofDatagrams(Server) : ofConnections(Server);
  return threading as typeof threading & Base;
}

const ThreadedTcp: typeof TCPServer & Threading = ofConnections(TCPServer);
const ThreadedUdp: typeof UDPServer & Threading = ofDatagrams(UDPServer);
const ThreadedUnixStream: typeof TCPServer & Threading = ofConnections(UnixStreamServer);
const ThreadedUnixDatagram: typeof UDPServer & Threading = ofDatagrams(UnixDatagramServer);

/** A server of connections over TCP, each in a thread. */
export class ThreadingTCPServer extends ThreadedTcp {}
/** A server of datagrams over UDP, each in a thread. */
export class ThreadingUDPServer extends ThreadedUdp {}
/** A server of connections over Unix sockets, each in a thread. */
export class ThreadingUnixStreamServer extends ThreadedUnixStream {}
/** A server of datagrams over Unix sockets, each in a thread. */
export class ThreadingUnixDatagramServer extends ThreadedUnixDatagram {}

offer(({ datagrams, server_address, shutdown_flag }: Told, type: unknown): Threaded => {
  const own: object = (datagrams ? ThreadingUDPServer : ThreadingTCPServer).prototype;
  const given: unknown = typeof type === 'function' ? type.prototype : undefined;
  const threaded = 'process_request_thread' in Object(given);
  const server = Object.create(threaded ? (given as object) : own);
  return Object.assign(server, { server_address, shutdown_flag, timeout: null });
});
