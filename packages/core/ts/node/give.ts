/** From core to Node.js's own classes. Each refusal leaves the Socket as it was. */
import { createSocket, type Socket as DgramSocket, type SocketOptions } from 'node:dgram';
import { createServer, Socket as NetSocket, Server, type SocketConstructorOpts } from 'node:net';
import { checkInteger, checkOptions, checkSignal, wrongType, wrongValue } from '../check.ts';
import { constants as c } from '../constants.ts';
import { abortError, SocketError, systemError } from '../errors.ts';
import { Socket } from '../socket.ts';
import { fdOf } from './descriptor.ts';
import { checkSocket, checkStream, checkUdp, connection, hasPeer, hasPort, listens } from './kind.ts';

/** What {@link toNetSocket} passes on to Node.js. */
export type NetSocketOptions = Omit<SocketConstructorOpts, 'fd' | 'handle' | 'readable' | 'writable'> & {
  /** Node.js reads nothing until `resume()` or `on('data')`: what comes stays with the kernel. */
  pauseOnCreate?: boolean | undefined;
};

/** How {@link toNetServer} listens. */
export interface NetServerOptions {
  /** What is to have the connections: a `net.Server`, or one of its kin (`http.Server`, `tls.Server`); a new one unless given. */
  server?: Server | undefined;
  /** How many may wait to be accepted, as in listen(2), which Node.js calls again: SOMAXCONN unless given. */
  backlog?: number | undefined;
}

/**
 * Hands a second descriptor of the socket to Node.js and, if it was taken, closes the first. A descriptor is a number to
 * Node.js, and a call that fails half-way must not leave one that nobody owns.
 */
function give<T extends NetSocket | Server | DgramSocket>(socket: Socket, take: (fd: number) => T): T {
  const fd = socket.dup().detach();
  let taken: T;
  try {
    taken = take(fd);
  } catch (error) {
    closeFd(fd);
    throw (error as SocketError).code === 'ERR_INVALID_FD_TYPE' ? refused(error) : error;
  }
  // A runtime may make an object and ignore the descriptor: better to hear of it here.
  let theirs: number | undefined;
  try {
    theirs = fdOf(taken);
  } catch (error) {
    if ((error as SocketError).code !== 'ENOTSUP') theirs = -1;
  }
  if (theirs === fd) {
    socket.close();
    return taken;
  }
  abandon(taken, fd, theirs);
  throw refused();
}

/** The kinds were looked at before, so it is not the socket's fault. */
function refused(cause?: unknown): SocketError {
  const message = 'this runtime does not take descriptors over from others; Node.js does';
  return new SocketError(message, { code: 'ENOTSUP', syscall: 'open', cause });
}

/** Ends an object that did not take the descriptor as it was told. */
function abandon(taken: NetSocket | Server | DgramSocket, fd: number, theirs: number | undefined): void {
  taken.on('error', () => {});
  if (taken instanceof NetSocket) taken.destroy();
  else taken.close();
  // Where the object shows no descriptor, it may have it all the same, and closes it.
  if (theirs !== undefined) closeFd(fd);
}

/** close(2) of a socket that no Socket owns. Not `fs.closeSync`, whose numbers are the runtime's own on some. */
function closeFd(fd: number): void {
  Socket.fromFd(fd).close();
}

/**
 * Makes a `net.Socket` of a connected TCP or Unix stream socket, which gives its descriptor away: later calls on it fail
 * with EBADF, waiting ones with ECANCELED. Nothing that the kernel holds is lost: Node.js reads it. A connection that the
 * peer has reset meanwhile makes a `net.Socket` that emits that error.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE when it is of another kind, closed, listening or not connected; SocketError
 *   ENOTSUP where the runtime takes no descriptors, EMFILE when none is left, ABORT_ERR when the signal was aborted
 *   before. The socket stays as it was.
 */
export function toNetSocket(socket: Socket, options?: NetSocketOptions): NetSocket {
  checkStream(checkSocket(socket));
  const { ...rest } = checkOptions(options);
  // Node.js would say 'close' and leave the connection open.
  const signal = checkSignal(rest.signal);
  if (signal?.aborted) throw abortError(signal, 'open');
  if (listens(socket)) throw wrongValue('socket', 'connected, not listening (see toNetServer)', socket);
  const state = connection(socket);
  if (state === false) throw wrongValue('socket', 'connected', socket);
  const made = give(socket, (fd) => new NetSocket({ ...rest, fd, readable: true, writable: true }));
  if (typeof state === 'number') made.destroy(systemError(state, 'read'));
  return made;
}

/**
 * Makes a `net.Server` of a listening TCP or Unix stream socket, which gives its descriptor away. Connections that wait to
 * be accepted are the server's; it emits `'listening'` as usual. Its `close()` does not unlink a Unix socket's path, as
 * Node.js did not make it.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE when it is of another kind, closed, or not listening, and when the server listens
 *   already; SocketError ENOTSUP where the runtime takes no descriptors, EMFILE when none is left. The socket stays as it was.
 */
export function toNetServer(socket: Socket, options?: NetServerOptions): Server {
  checkStream(checkSocket(socket));
  const { server = createServer(), backlog = c.SOMAXCONN } = checkOptions(options);
  if (!(server instanceof Server)) throw wrongType('options.server', 'a net.Server', server);
  if (server.listening) throw wrongValue('options.server', 'one that does not listen yet', server);
  checkInteger('options.backlog', backlog, 1, 0x7fffffff);
  if (!listens(socket)) throw wrongValue('socket', 'listening', socket);
  // Exclusive: otherwise a worker of node:cluster asks its primary, which has another descriptor by that number.
  return give(socket, (fd) => server.listen({ fd, backlog, exclusive: true } as { fd: number }));
}

/**
 * Makes a `dgram.Socket` of a UDP socket that is bound and not connected, which gives its descriptor away. Datagrams that
 * the kernel holds arrive as `'message'` events; options that were set stay set. `'listening'` has been emitted.
 *
 * @param options as `dgram.createSocket` takes them, but for the type
 * @throws TypeError ERR_INVALID_ARG_VALUE when it is of another kind, closed, not bound, or connected, which node:dgram
 *   does not learn of; SocketError ENOTSUP where the runtime takes no descriptors, EMFILE when none is left. The socket
 *   stays as it was.
 */
export function toDgramSocket(socket: Socket, options?: Omit<SocketOptions, 'type'>): DgramSocket {
  const type = checkUdp(checkSocket(socket));
  const { ...rest } = checkOptions(options);
  if (!hasPort(socket)) throw wrongValue('socket', 'bound', socket);
  if (hasPeer(socket)) {
    const takes =
      'unconnected: node:dgram would not know of the peer (give it away first, then connect there)';
    throw wrongValue('socket', takes, socket);
  }
  // libuv sets SO_REUSEADDR on what it adopts, with which others may take the port too.
  const reuse = socket.getsockopt(c.SOL_SOCKET, c.SO_REUSEADDR);
  const other = socket.dup();
  try {
    const made = createSocket({ ...rest, type });
    const given = give(socket, (fd) => {
      try {
        return made.bind({ fd, exclusive: true });
      } catch (error) {
        made.close();
        throw error;
      }
    });
    if (other.getsockopt(c.SOL_SOCKET, c.SO_REUSEADDR) !== reuse)
      other.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, reuse);
    return given;
  } finally {
    other.close();
  }
}
