/** A J1939 socket that only sends: one message after the other, each until the kernel has it acknowledged or given up. */
import { type CanJ1939Address, canJ1939 } from '@sockeye/addr';
import { type Address, constants as c, errnos, Socket, SocketError } from '@sockeye/core';
import { J1939AbortError } from './abort.ts';
import { askForNotices, ErrorQueue, type Notice } from './error-queue.ts';
import { nothingPasses } from './filter.ts';
import { aborted, untilAborted } from './limit.ts';

/** A message as a lane takes it: checked. */
export interface LaneMessage {
  readonly pgn: number;
  /** An address or a NAME. */
  readonly to: number | bigint;
  readonly data: Uint8Array;
  readonly priority: number;
  readonly onProgress?: ((acknowledged: number, length: number) => void) | undefined;
}

/** A message that the kernel has, and who waits for its end. */
interface Pending {
  readonly message: LaneMessage;
  acknowledged: number;
  settled: boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Makes a J1939 socket with what all of ours have set. Errors: as `Socket.create`. */
export function j1939Socket(): Socket {
  const socket = Socket.create(c.AF_CAN, c.SOCK_DGRAM, c.CAN_J1939);
  try {
    socket.setsockopt(c.SOL_SOCKET, c.SO_BROADCAST, 1);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Whether an interface is up, down, or not there any more: binding tells. */
export function interfaceState(ifindex: number): 'up' | 'down' | 'gone' {
  const socket = j1939Socket();
  try {
    socket.bind(canJ1939({ ifindex }));
    return 'up';
  } catch (error) {
    return (error as SocketError).code === 'ENODEV' ? 'gone' : 'down';
  } finally {
    socket.close();
  }
}

/** The error of a call on an interface that was removed. */
export function goneError(syscall: string): SocketError {
  return new SocketError(`${syscall} ENODEV: the interface is gone`, { code: 'ENODEV', syscall });
}

/** The kernel's own priority of a new socket. */
const DEFAULT_PRIORITY = 6;
/** Beyond this many bytes a message may not fit into the send buffer that a socket has. */
const LARGE = 65_536;

/** A socket for messages that go one after the other. */
export class Lane {
  readonly #socket: Socket;
  readonly #ifindex: number;
  readonly #queue: ErrorQueue;
  readonly #pending = new Map<number, Pending>();
  /** The key of the next message. */
  #next = 0;
  #priority = DEFAULT_PRIORITY;
  #progress = false;
  /** Resolves when the last one that was given has reached the kernel, or failed to. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #pump: AbortController | undefined;
  #idle: (() => void) | undefined;
  /** Bytes of a message that the send buffer surely has room for. */
  #room = LARGE;

  /**
   * @param local whom the socket is bound to: an address, or a NAME whose address is claimed elsewhere
   * @param referenced whether its waits keep the process alive
   */
  constructor(local: CanJ1939Address, referenced: boolean) {
    this.#ifindex = local.ifindex;
    this.#socket = j1939Socket();
    this.reference(referenced);
    try {
      this.#socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_FILTER, nothingPasses());
      askForNotices(this.#socket, {});
      this.#socket.bind(local);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    this.#queue = new ErrorQueue(this.#socket);
  }

  /** Messages that are not over, or wait for their turn. */
  get busy(): number {
    return this.#pending.size + this.#waiting;
  }

  /**
   * Sends a message. It resolves once all of it was acknowledged (when sent to one), or is on the bus. A message that the kernel
   * has begun goes on after `signal` has ended the wait.
   *
   * @throws J1939AbortError; SocketError EADDRNOTAVAIL, EPERM, ENETDOWN …, ABORT_ERR
   */
  async send(message: LaneMessage, signal: AbortSignal): Promise<void> {
    this.#waiting += 1;
    const handed = this.#hand(message, signal, this.#turn).finally(() => {
      this.#waiting -= 1;
      this.#rest();
    });
    this.#turn = handed.catch(() => {});
    await untilAborted(
      handed.then(({ ended }) => ended),
      signal,
    );
  }

  /** Whether its waits keep the process alive from now on. */
  reference(referenced: boolean): void {
    if (referenced) this.#socket.ref();
    else this.#socket.unref();
  }

  /** Binds it anew, to the same interface. */
  rebind(local: CanJ1939Address): void {
    this.#socket.bind(local);
  }

  /** Waits until nothing is under way, since close(2) would wait for that and hold this thread; then closes the socket. */
  async close(): Promise<void> {
    if (this.busy > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#socket.close();
  }

  /** Hands it to the kernel, whole, when it is its turn. */
  async #hand(
    message: LaneMessage,
    signal: AbortSignal,
    turn: Promise<unknown>,
  ): Promise<{ ended: Promise<void> }> {
    await turn;
    if (signal.aborted) throw aborted(signal);
    const { data } = message;
    this.#prepare(message);
    const address = this.#address(message);
    const key = this.#next;
    const [pending, ended] = pend(message);
    this.#pending.set(key, pending);
    let sent = 0;
    try {
      sent = await this.#first(data, address, signal);
    } catch (error) {
      // The kernel has counted it, and tells its end by the error queue as well.
      if (error instanceof SocketError && error.code === 'EBUSY') this.#next = (key + 1) >>> 0;
      this.#over(key);
      throw error;
    }
    this.#next = (key + 1) >>> 0;
    this.#listen();
    while (sent < data.length) {
      // More than the send buffer takes: the kernel waits for the rest. Were the transfer over, it would take the rest for a message.
      this.#drain();
      if (pending.settled) break;
      await this.#socket.wait({ write: true });
      this.#drain();
      if (pending.settled) break;
      const count = this.#socket.trySendMsg(data.subarray(sent), address);
      if (count > 0) sent += count;
      else if (count !== -errnos.EAGAIN) break;
    }
    return { ended };
  }

  /** The first call for a message. The kernel tells once that the interface was down, also long after it is up again. */
  async #first(data: Uint8Array, address: Address, signal: AbortSignal): Promise<number> {
    try {
      return await this.#socket.sendMsg(data, { address, signal });
    } catch (error) {
      const stale = (error as SocketError).code === 'ENETDOWN' && interfaceState(this.#ifindex) === 'up';
      if (!stale) throw error;
      return this.#socket.sendMsg(data, { address, signal });
    }
  }

  #address({ pgn, to }: LaneMessage): Address {
    const ifindex = this.#ifindex;
    return typeof to === 'bigint'
      ? canJ1939({ ifindex, pgn, name: to })
      : canJ1939({ ifindex, pgn, addr: to });
  }

  /** Sets what of a message is the socket's in the kernel: nobody else sends until it has it. */
  #prepare({ priority, onProgress, data }: LaneMessage): void {
    if (priority !== this.#priority) {
      try {
        this.#socket.setsockopt(c.SOL_CAN_J1939, c.SO_J1939_SEND_PRIO, priority);
      } catch (error) {
        throw error instanceof SocketError && error.code === 'EPERM' ? priorityError(priority, error) : error;
      }
      this.#priority = priority;
    }
    const progress = onProgress !== undefined;
    if (progress !== this.#progress) {
      askForNotices(this.#socket, { progress });
      this.#progress = progress;
    }
    if (data.length > this.#room) {
      this.#room = data.length;
      // The kernel counts its own structures too, some as long as what is in them; and takes what it allows.
      const size = Math.min(4 * data.length, 0x3fffffff);
      try {
        this.#socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUFFORCE, size);
      } catch {
        this.#socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, size);
      }
    }
  }

  /** Reads the error queue for as long as messages are under way. */
  #listen(): void {
    if (this.#pump !== undefined || this.#pending.size === 0) return;
    const pump = new AbortController();
    this.#pump = pump;
    const run = async (): Promise<void> => {
      try {
        while (this.#pending.size > 0) this.#heard(await this.#queue.next(pump.signal));
      } catch (error) {
        if (!pump.signal.aborted)
          for (const [key, pending] of this.#pending) this.#end(key, pending, error as Error);
      } finally {
        if (this.#pump === pump) this.#pump = undefined;
        this.#listen();
      }
    };
    void run();
  }

  #drain(): void {
    for (let notice = this.#queue.tryNext(); notice !== undefined; notice = this.#queue.tryNext())
      this.#heard(notice);
  }

  #heard(notice: Notice): void {
    const pending = this.#pending.get(notice.key);
    if (pending === undefined) return;
    const { message } = pending;
    const { length } = message.data;
    if (notice.kind === 'progress' || notice.kind === 'acknowledged') {
      const before = pending.acknowledged;
      // An acknowledgement counts what the receiver has asked for anew, which of a broadcast is nothing.
      pending.acknowledged = notice.kind === 'acknowledged' ? length : Math.max(before, notice.bytes);
      try {
        if (pending.acknowledged > before) message.onProgress?.(pending.acknowledged, length);
      } catch (error) {
        // The caller's own, who hears of it; the kernel goes on.
        pending.reject(error as Error);
      }
      if (notice.kind === 'acknowledged') this.#end(notice.key, pending);
    } else if (notice.kind === 'aborted') {
      const { code, errno } = notice;
      const { pgn, to } = message;
      const transfer = { pgn, peer: to, length, acknowledged: Math.max(pending.acknowledged, notice.bytes) };
      this.#end(notice.key, pending, new J1939AbortError('to', transfer, code, errno));
    }
  }

  #end(key: number, pending: Pending, error?: Error): void {
    pending.settled = true;
    if (error === undefined) pending.resolve();
    else pending.reject(error);
    this.#over(key);
  }

  #over(key: number): void {
    this.#pending.delete(key);
    if (this.#pending.size === 0) this.#pump?.abort();
    this.#rest();
  }

  #rest(): void {
    if (this.busy === 0) this.#idle?.();
  }
}

function pend(message: LaneMessage): [Pending, Promise<void>] {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const ended = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  // Whoever waits may have left.
  ended.catch(() => {});
  return [{ message, acknowledged: 0, settled: false, resolve, reject }, ended];
}

function priorityError(priority: number, cause: SocketError): SocketError {
  return new SocketError(
    `setsockopt EPERM: priority ${priority}; 0 and 1 take the capability CAP_NET_ADMIN, 2 to 7 none`,
    { code: 'EPERM', errno: cause.errno, syscall: 'setsockopt', cause },
  );
}
