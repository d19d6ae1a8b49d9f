/** Tells when nothing moves on a socket although it could. */
import { clearInterval, setInterval } from 'node:timers';
import { checkInteger, checkOptions, checkSignal, wrongType } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import type { Counters } from '../counters.ts';
import { systemError } from '../errors.ts';
import { stalled } from '../events.ts';
import type { SocketLike } from '../socket-like.ts';
import { dropsOf, type ReadOption, type TcpState, tcpState } from './tcp.ts';

/** What a {@link watchdog} is told. */
export interface WatchdogOptions {
  /** How long nothing has to have moved, in milliseconds; it is looked four times as often. */
  afterMs: number;
  /** Told too, beside the subscribers of `sockeye:socket:stall`. What it throws is an uncaught exception. */
  onStall?: ((stall: Stall) => void) | undefined;
  /** Aborting stops the watch. */
  signal?: AbortSignal | undefined;
}

/** What is known of a stall. It is told once, and again only after something has moved. */
export interface Stall {
  socket: SocketLike;
  /** `read`: data, the end or a connection wait and nobody takes them; `write`: the socket takes nothing, or is still connecting. */
  direction: 'read' | 'write';
  /** For how long at least, in milliseconds. */
  forMs: number;
  /** Bytes that wait to be received: FIONREAD. */
  receiveQueue: number | undefined;
  /** Bytes that the peer, or the device, has not taken: SIOCOUTQ. */
  sendQueue: number | undefined;
  drops: number | undefined;
  tcp: TcpState | undefined;
  counters: Counters;
}

/** A watch, until it is stopped or the socket is closed. */
export interface Watchdog {
  /** Stops it; twice is fine. */
  stop(): void;
  [Symbol.dispose](): void;
}

/** One direction: since when it could move, and what had moved by then. */
interface Side {
  readonly direction: 'read' | 'write';
  readonly moved: (counters: Counters) => number;
  since: number | undefined;
  before: number;
  told: boolean;
}

/**
 * Watches a socket, and tells on the channel `sockeye:socket:stall` when for `afterMs` milliseconds something has waited to be
 * received and nothing was, or the socket has taken nothing more to send. It costs a poll(2) per look, nothing per message, and
 * does not keep the process alive.
 *
 * @throws SocketError EBADF when the socket is closed
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for what is no socket, no time, no function
 */
export function watchdog(socket: SocketLike, options: WatchdogOptions): Watchdog {
  if (typeof socket?.tryWait !== 'function') throw wrongType('socket', 'a Socket', socket);
  const { afterMs, onStall, signal } = checkOptions(options);
  checkInteger('afterMs', afterMs, 1, 0x7fffffff);
  if (onStall !== undefined && typeof onStall !== 'function')
    throw wrongType('onStall', 'a function', onStall);
  const checked = checkSignal(signal);
  if (socket.closed) throw systemError(-errnos.EBADF, 'watchdog', 'this Socket is closed');

  const sides: Side[] = [
    side('read', ({ bytesIn, messagesIn }) => bytesIn + messagesIn),
    side('write', ({ bytesOut, messagesOut }) => bytesOut + messagesOut),
  ];
  const look = (): void => {
    if (socket.closed) {
      stop();
      return;
    }
    const { POLLIN, POLLOUT, SOL_SOCKET, SO_ACCEPTCONN } = constants;
    const stands = socket.tryWait(POLLIN | POLLOUT);
    if (stands < 0) return;
    for (const one of sides) {
      const waits = one.direction === 'read' ? (stands & POLLIN) !== 0 : (stands & POLLOUT) === 0;
      const forMs = standing(one, waits, socket.counters);
      if (forMs < afterMs || one.told) continue;
      one.told = true;
      // A listener never takes anything to send.
      if (one.direction === 'write' && socket.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) !== 0) continue;
      const stall = known(socket, one.direction, forMs);
      if (stalled.hasSubscribers) stalled.publish(stall);
      onStall?.(stall);
    }
  };
  const timer = setInterval(look, Math.max(1, Math.floor(afterMs / 4)));
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    checked?.removeEventListener('abort', stop);
  };
  if (checked?.aborted) stop();
  else checked?.addEventListener('abort', stop, { once: true });
  look();
  return { stop, [Symbol.dispose]: stop };
}

function side(direction: 'read' | 'write', moved: (counters: Counters) => number): Side {
  return { direction, moved, since: undefined, before: 0, told: false };
}

/** For how long it has stood still although it could move, in milliseconds. */
function standing(one: Side, waits: boolean, counters: Counters): number {
  const moved = one.moved(counters);
  const now = performance.now();
  if (!waits || one.since === undefined || moved !== one.before) {
    one.since = waits ? now : undefined;
    one.before = moved;
    one.told = false;
    return 0;
  }
  return now - one.since;
}

/** All that can be asked of the socket without changing it. */
function known(socket: SocketLike, direction: 'read' | 'write', forMs: number): Stall {
  const asked = <T>(ask: () => T): T | undefined => {
    try {
      return ask();
    } catch {
      // A family that does not say it, or a socket that was closed meanwhile.
      return undefined;
    }
  };
  const read: ReadOption = (level, name, length) => asked(() => socket.getsockopt(level, name, length));
  return {
    socket,
    direction,
    forMs,
    receiveQueue: asked(() => socket.ioctl(constants.FIONREAD)),
    sendQueue: asked(() => socket.ioctl(constants.SIOCOUTQ)),
    drops: dropsOf(read),
    tcp: tcpState(read),
    counters: socket.counters,
  };
}
