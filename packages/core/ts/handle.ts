/** One owned descriptor: its life, how its calls wait, and the errors they end with. */

import { explained, type Flags, type Kind } from './arguments.ts';
import { native } from './binding.ts';
import { checkOptions, checkSignal, checkTimeout } from './check.ts';
import { constants, errnos } from './constants.ts';
import { type Counters, type Counts, countersOf, NO_COUNTS } from './counters.ts';
import { abortError, fullError, type SocketError, systemError, timeoutError } from './errors.ts';
import { failed } from './events.ts';
import { hint } from './hints/index.ts';
import { Readiness } from './readiness.ts';
import {
  AGAIN,
  AT_ONCE,
  EXCEPTIONAL,
  NO_BUFFERS,
  outOfTurn,
  READABLE,
  STAYS,
  turn,
  type WaitOptions,
  WRITABLE,
} from './wait.ts';
import type { Owner } from './waiter.ts';

/** A slot that no socket has: what a closed one is given, so that the native part answers EBADF. */
const NOWHERE = 0x3fffffff;

/** What socket(2) takes beside the type. */
const NOT_TYPES = (constants.SOCK_CLOEXEC ?? 0) | (constants.SOCK_NONBLOCK ?? 0);

/** Receives with these flags are not what POLLIN tells of. */
const OUT_OF_BAND = (constants.MSG_ERRQUEUE ?? 0) | (constants.MSG_OOB ?? 0);

/** Bytes in, messages in, bytes out, messages out: what the native part writes them into; read before the next call. */
const counts: Counts = new Float64Array(4);
const countsBytes: Uint8Array = new Uint8Array(counts.buffer);

/** Those in another network namespace: so few that the others need no word for it. */
const FOREIGN = new WeakSet<Kind>();

export class Handle implements Kind, Owner {
  slot: number;
  generation: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** A stream or a listener, of whichever copy of this package, owns the socket. Most have none: they have no such field. */
  declare taken?: true;
  /** The socket, for those who are told of errors. */
  socket: object | undefined;
  #readiness: Readiness | undefined;
  #referenced = true;
  /** What was counted until it was closed. */
  #last: Counts = NO_COUNTS;

  constructor(slot: number, generation: number, kind: Kind) {
    this.slot = slot;
    this.generation = generation;
    this.family = kind.family;
    this.type = kind.type & ~NOT_TYPES;
    this.protocol = kind.protocol;
    if (kind.foreign === true) FOREIGN.add(this);
  }

  get closed(): boolean {
    return this.slot === NOWHERE;
  }

  /** The descriptor; -1 when closed or given away. Asked for seldom, so not kept. */
  get fd(): number {
    return Math.max(-1, native.fd(this.slot, this.generation));
  }

  get foreign(): boolean {
    return FOREIGN.has(this);
  }

  /** Refuses calls from now on, and fails those that wait with ECANCELED. */
  leave(): void {
    if (native.counts(this.slot, this.generation, countsBytes) > 0) this.#last = counts.slice();
    this.slot = NOWHERE;
    // Its counters stay.
    this.#readiness?.cancel();
  }

  /**
   * Runs a call now if it can finish, and otherwise when the socket is ready: the Promise form of everything. MSG_DONTWAIT
   * asks once. Receives with MSG_ERRQUEUE or MSG_OOB have a queue of their own. A send that is told ENOBUFS is tried again
   * after growing pauses.
   */
  run(
    direction: number,
    attempt: () => number,
    syscall: string,
    options?: WaitOptions,
    address?: Uint8Array,
  ): Promise<number> {
    try {
      const { timeout, signal } = waiting(options, syscall);
      const flags = (options as Flags | undefined)?.flags ?? 0;
      const way = direction === READABLE && flags & OUT_OF_BAND ? EXCEPTIONAL : direction;
      const dontWait = (flags & constants.MSG_DONTWAIT) !== 0;
      let result = AGAIN;
      const readiness = this.#readiness;
      if (readiness === undefined || this.#asks(readiness, way, dontWait || timeout === 0)) {
        result = attempt();
        readiness?.tried(way, result);
      }
      if (result === STAYS) return this.wait(way, attempt, syscall, timeout, signal, address);
      if (result < 0 && !dontWait) {
        const full = result === NO_BUFFERS && way === WRITABLE;
        if (full && timeout === 0) throw fullError(syscall);
        if (full || result === AGAIN) return this.wait(way, attempt, syscall, timeout, signal, address, full);
      }
      if (result < 0) throw this.error(result, syscall, address);
      return outOfTurn() ? turn().then(() => result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether a call is tried at once. Whoever waited first is first; who asks once is answered, unless bytes got mixed up. */
  #asks(readiness: Readiness, way: number, once: boolean): boolean {
    if (readiness.busy(way)) return once && way !== WRITABLE;
    if (once || way !== READABLE || this.type === constants.SOCK_STREAM) return true;
    return this.closed || !readiness.barren;
  }

  /** Waits until `attempt` says something other than `-EAGAIN`, and for buffer space when it says `-ENOBUFS`. */
  wait(
    direction: number,
    attempt: () => number,
    syscall: string,
    timeout: number,
    signal: AbortSignal | undefined,
    address?: Uint8Array,
    full = false,
  ): Promise<number> {
    if (this.closed) return Promise.reject(this.error(-errnos.EBADF, syscall));
    if (timeout === 0) return Promise.reject(timeoutError(syscall));
    const readiness = this.#waiters(full ? NO_BUFFERS : AGAIN);
    return readiness.wait(this, direction, attempt, syscall, timeout, signal, address, full);
  }

  /** Waits until one of poll(2)'s `events` stands, or an error or a hang-up; which do. */
  look(events: number, options: WaitOptions | undefined): Promise<number> {
    try {
      const { timeout, signal } = waiting(options, 'poll');
      const { slot, generation } = this;
      const stands = this.done(native.poll(slot, generation, events), 'poll');
      if (stands !== 0) return outOfTurn() ? turn().then(() => stands) : Promise.resolve(stands);
      if (timeout === 0) throw timeoutError('poll');
      return this.#waiters(AGAIN).look(this, events, timeout, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param first what the first try said, where it made them */
  #waiters(first: number): Readiness {
    if (this.#readiness === undefined) {
      this.#readiness = new Readiness(this.slot, this.generation, this.#referenced);
      this.#readiness.tried(WRITABLE, first);
    }
    return this.#readiness;
  }

  get referenced(): boolean {
    return this.#referenced;
  }

  /** Whether waits keep the event loop alive. */
  set referenced(referenced: boolean) {
    if (referenced === this.#referenced) return;
    this.#referenced = referenced;
    if (!this.closed) this.#readiness?.reference(referenced);
  }

  get counters(): Counters {
    const now =
      this.closed || native.counts(this.slot, this.generation, countsBytes) < 0 ? this.#last : counts;
    return countersOf(now, this.#readiness?.counters);
  }

  /** A result that is no error; errors are thrown. */
  done(result: number, syscall: string, address?: Uint8Array): number {
    if (result < 0) throw this.error(result, syscall, address);
    return result;
  }

  /** As {@link done}, for calls that take a part of a buffer. */
  moved(
    result: number,
    syscall: string,
    name: string,
    buffer: Uint8Array,
    offset: number,
    length: number,
    address?: Uint8Array,
  ): number {
    return this.done(explained(result, name, buffer, offset, length), syscall, address);
  }

  error(result: number, syscall: string, address?: Uint8Array): SocketError {
    const error = this.#explained(result, syscall, address);
    if (failed.hasSubscribers) failed.publish({ socket: this.socket, error });
    return error;
  }

  #explained(result: number, syscall: string, address?: Uint8Array): SocketError {
    if (this.closed && result === -errnos.EBADF) return systemError(result, syscall, 'this Socket is closed');
    const { family, type, protocol, foreign } = this;
    return systemError(result, syscall, hint(result, { syscall, family, type, protocol, foreign, address }));
  }
}

/** How many bytes a call of many may move at once: all of them, where it may not wait. */
export function atOnce(options: (WaitOptions & Flags) | undefined): number {
  const once = options?.timeout === 0 || ((options?.flags ?? 0) & constants.MSG_DONTWAIT) !== 0;
  return once ? Number.POSITIVE_INFINITY : AT_ONCE;
}

/** Timeout (-1 for none) and signal of a call that waits on the event loop. */
export function waiting(
  options: WaitOptions | undefined,
  syscall: string,
): { timeout: number; signal: AbortSignal | undefined } {
  if (options === undefined) return FOREVER;
  const { timeout, signal } = checkOptions(options);
  const checked = checkSignal(signal);
  if (checked?.aborted) throw abortError(checked, syscall);
  return { timeout: checkTimeout(timeout), signal: checked };
}

const FOREVER = Object.freeze({ timeout: -1, signal: undefined });
