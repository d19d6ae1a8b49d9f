/** From Node.js's own classes to core. Each refusal leaves Node.js's object as it was. */
import { Socket as DgramSocket } from 'node:dgram';
import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { Socket as NetSocket, type Server } from 'node:net';
import { wrongValue } from '../check.ts';
import { Socket } from '../socket.ts';
import { checkNodeSocket, fdOf, inside, type NodeSocket } from './descriptor.ts';

/**
 * Makes a Socket of a `net.Socket`, a `net.Server` or a `dgram.Socket`: a descriptor of our own for the same open socket,
 * fcntl(2) F_DUPFD_CLOEXEC. Node.js's object is told to let go: it emits `'close'`, and the connection stays up.
 *
 * Nothing is lost, or the call is refused. Data that Node.js has read and nobody consumed is such a loss; it is avoided by
 * calling before the first turn of the event loop that could read (in the `'connection'` listener itself), or by
 * `pauseOnConnect: true`, or by reading what is there with `read()`.
 *
 * A datagram that was given to `send()` is on its way only when its callback was called: before that it may hang on the
 * look-up of an address, where nobody can see it, and is dropped.
 *
 * Of a server that listens on a path, Node.js unlinks the path when it lets go; it is put back at once, and who connects
 * in the microseconds between hears ENOENT.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE when it has no descriptor, is still connecting, holds data in either direction,
 *   or when TLS or HTTP speaks on it; ERR_INVALID_ARG_TYPE for anything else; SocketError ENOTSUP where the runtime shows
 *   no descriptor, EMFILE when none is left; Node.js's own error when a path cannot be kept
 */
export function fromNode(nodeSocket: NodeSocket): Socket {
  const object = checkNodeSocket(nodeSocket);
  const fd = fdOf(object);
  if (object instanceof NetSocket) return connection(object, fd);
  if (object instanceof DgramSocket) return datagrams(object, fd);
  return server(object, fd);
}

function connection(socket: NetSocket, fd: number): Socket {
  const refuse = (takes: string): never => {
    throw wrongValue('nodeSocket', takes, socket);
  };
  if (inside(socket, 'encrypted') === true) refuse('without TLS, whose keys only Node.js has');
  if (inside(socket, 'parser'))
    refuse('without HTTP, whose parser reads from it (take it in the upgrade event)');
  if (socket.connecting) refuse("connected: wait for 'connect'");
  const bytes = socket.readableLength;
  if (bytes > 0) {
    refuse(
      `without data that was read and not consumed (${bytes} bytes): call it before any 'data', or with ` +
        'pauseOnConnect, or take them with read()',
    );
  }
  const decoder = inside(inside(socket, '_readableState'), 'decoder');
  if (Number(inside(decoder, 'lastNeed')) > 0)
    refuse('without half a character in its decoder (setEncoding)');
  if (socket.writableLength > 0) {
    refuse(`without data that waits to be written (${socket.writableLength} bytes): wait for 'drain'`);
  }
  if (socket.writableEnded && !socket.writableFinished) refuse("through with its end(): wait for 'finish'");
  const own = Socket.dupFd(fd);
  // close(2) and nothing else: shutdown(2) would reach the peer.
  socket.destroy();
  return own;
}

function datagrams(socket: DgramSocket, fd: number): Socket {
  const waiting = socket.getSendQueueCount();
  if (waiting > 0) {
    const takes = `without datagrams that wait to be sent (${waiting}): wait for their callbacks`;
    throw wrongValue('nodeSocket', takes, socket);
  }
  const own = Socket.dupFd(fd);
  socket.close();
  return own;
}

function server(listener: Server, fd: number): Socket {
  const path = inside(listener, '_pipeName');
  const own = Socket.dupFd(fd);
  try {
    if (typeof path === 'string' && !path.startsWith('\0')) keeping(path, () => listener.close());
    else listener.close();
  } catch (error) {
    own.close();
    throw error;
  }
  return own;
}

/** Runs what unlinks a path, and puts it back: link(2), rename(2). */
function keeping(path: string, unlink: () => void): void {
  const second = `${path}.${process.pid}`;
  linkSync(path, second);
  try {
    unlink();
  } catch (error) {
    unlinkSync(second);
    throw error;
  }
  renameSync(second, path);
}
