/** How calls wait in memory: whose turn it is, timeouts, signals, pauses. The rules are those of `handle.ts`. */

import { type Flags, patience, type SyncOptions } from '../arguments.ts';
import { constants, errnos } from '../constants.ts';
import type { Counters } from '../counters.ts';
import {
  abortError,
  canceledError,
  fullError,
  type SocketError,
  systemError,
  timeoutError,
} from '../errors.ts';
import { waiting } from '../handle.ts';
import { AGAIN, NO_BUFFERS, READABLE, turn, type WaitOptions, WRITABLE } from '../wait.ts';
import type { Alarm, Clock } from './clock.ts';

/** As the pauses of `readiness.ts`, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;
const LONGEST_FULL = 30_000;
/** Rounds of calls after which the event loop gets its turn. */
const BURST = 128;

interface Waiter {
  readonly attempt: () => number;
  readonly syscall: string;
  readonly resolve: (result: number) => void;
  readonly reject: (error: unknown) => void;
  readonly since: number;
  readonly bounded: boolean;
  full: boolean;
  alarm: Alarm | undefined;
  clean: () => void;
}

/** What calls wait for: a clock, and what happens by itself. */
export interface Happenings {
  readonly clock: Clock;
  /** When the next thing happens, if one will. */
  next(): number | undefined;
  /** Has all happen whose time has come. */
  run(): void;
}

let rounds = 0;

/** The calls of one socket. */
export class Calls {
  readonly counters: Counters = {
    waits: 0,
    wakeUps: 0,
    wouldBlocks: 0,
    noBuffers: 0,
    pauses: 0,
    bytesIn: 0,
    messagesIn: 0,
    bytesOut: 0,
    messagesOut: 0,
  };
  closed = false;
  readonly #world: Happenings;
  /** Whether a call could be made now, as far as poll tells. */
  readonly #ready: (direction: number) => boolean;
  readonly #readers: Waiter[] = [];
  readonly #writers: Waiter[] = [];
  readonly #lookers: Waiter[] = [];
  #told = false;
  #pause = 0;
  #pausing: Alarm | undefined;

  constructor(world: Happenings, ready: (direction: number) => boolean) {
    this.#world = world;
    this.#ready = ready;
  }

  /** The Promise form of everything. */
  run(direction: number, attempt: () => number, syscall: string, options?: WaitOptions): Promise<number> {
    try {
      const { timeout, signal } = waiting(options, syscall);
      const flags = (options as Flags | undefined)?.flags ?? 0;
      const once = (flags & constants.MSG_DONTWAIT) !== 0;
      const queue = this.#queue(direction);
      const asks = queue.length === 0 || ((once || timeout === 0) && direction !== WRITABLE);
      const result = asks ? this.#try(attempt) : AGAIN;
      const full = result === NO_BUFFERS && direction === WRITABLE;
      if (full && timeout === 0 && !once) throw fullError(syscall);
      if (once || (result !== AGAIN && !full)) return this.#resolved(this.done(result, syscall));
      if (timeout === 0) throw timeoutError(syscall);
      return this.#wait(queue, attempt, syscall, timeout, signal, full);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits until `look` says something but 0, which holds nobody back. */
  look(look: () => number, options: WaitOptions | undefined): Promise<number> {
    try {
      const { timeout, signal } = waiting(options, 'poll');
      const stands = this.done(look(), 'poll');
      if (stands !== 0) return this.#resolved(stands);
      if (timeout === 0) throw timeoutError('poll');
      return this.#wait(this.#lookers, () => look() || AGAIN, 'poll', timeout, signal, false);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Successes one after another must not keep timers from running. */
  #resolved(result: number): Promise<number> {
    rounds += 1;
    if (rounds < BURST) return Promise.resolve(result);
    rounds = 0;
    return turn().then(() => result);
  }

  #wait(
    queue: Waiter[],
    attempt: () => number,
    syscall: string,
    timeout: number,
    signal: AbortSignal | undefined,
    full: boolean,
  ): Promise<number> {
    this.counters.waits += 1;
    const { clock } = this.#world;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        attempt,
        syscall,
        resolve,
        reject,
        since: clock.now(),
        bounded: timeout >= 0,
        full,
        alarm: undefined,
        clean: () => {},
      };
      queue.push(waiter);
      const leave = (error: Error): void => {
        this.#settle(queue, waiter, () => reject(error));
        this.tell();
      };
      if (timeout >= 0) {
        const expire = (): void => leave(waiter.full ? fullError(syscall) : timeoutError(syscall));
        waiter.alarm = clock.after(timeout, expire);
      }
      if (signal !== undefined) {
        const abort = (): void => leave(abortError(signal, syscall));
        signal.addEventListener('abort', abort, { once: true });
        waiter.clean = () => signal.removeEventListener('abort', abort);
      }
      if (full) this.#rest();
      // Faults may have it told EAGAIN although it could be done: nothing else will wake it then.
      else if (queue !== this.#lookers && this.#ready(this.#direction(queue))) this.#rest();
    });
  }

  /** Takes it out of its queue, and tells it. */
  #settle(queue: Waiter[], waiter: Waiter, tell: () => void): void {
    const index = queue.indexOf(waiter);
    if (index < 0) return;
    queue.splice(index, 1);
    waiter.alarm?.clear();
    waiter.clean();
    tell();
  }

  /** Something may be possible that was not: those who wait try, once the code that runs now is through. */
  readonly tell = (): void => {
    if (this.#told || this.#readers.length + this.#writers.length + this.#lookers.length === 0) return;
    this.#told = true;
    rounds += 1;
    if (rounds < BURST) queueMicrotask(this.#go);
    else {
      rounds = 0;
      setImmediate(this.#go);
    }
  };

  readonly #go = (): void => {
    this.#told = false;
    if (this.closed) return;
    this.counters.wakeUps += 1;
    const read = this.#serve(this.#readers);
    const written = this.#serve(this.#writers);
    for (const waiter of [...this.#lookers]) this.#ask(this.#lookers, waiter);
    if (read || written) this.#pause = 0;
    for (const queue of [this.#readers, this.#writers]) {
      const [first] = queue;
      if (first !== undefined && (first.full || this.#ready(this.#direction(queue)))) this.#rest();
    }
  };

  /** Has those who wait try in order until one would block; whether any got through. */
  #serve(queue: Waiter[]): boolean {
    let progress = false;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (!this.#ask(queue, first)) break;
      progress = true;
    }
    return progress;
  }

  /** Whether it is through. */
  #ask(queue: Waiter[], waiter: Waiter): boolean {
    if (!queue.includes(waiter)) return true;
    let result: number;
    try {
      result = this.#try(waiter.attempt);
    } catch (error) {
      this.#settle(queue, waiter, () => waiter.reject(error));
      return true;
    }
    waiter.full = result === NO_BUFFERS && queue === this.#writers;
    const patient = waiter.bounded || this.#world.clock.now() - waiter.since < LONGEST_FULL;
    if (result === AGAIN || (waiter.full && patient)) return false;
    this.#settle(queue, waiter, () => {
      if (result < 0) waiter.reject(this.error(result, waiter.syscall));
      else waiter.resolve(result);
    });
    return true;
  }

  /** Tries again after a while, since nothing tells when. */
  #rest(): void {
    if (this.#pausing !== undefined) return;
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE);
    this.counters.pauses += 1;
    this.#pausing = this.#world.clock.after(this.#pause, () => {
      this.#pausing = undefined;
      this.tell();
    });
  }

  #try(attempt: () => number): number {
    const result = attempt();
    if (result === AGAIN) this.counters.wouldBlocks += 1;
    else if (result === NO_BUFFERS) this.counters.noBuffers += 1;
    return result;
  }

  #queue(direction: number): Waiter[] {
    return direction === READABLE ? this.#readers : this.#writers;
  }

  #direction(queue: Waiter[]): number {
    return queue === this.#readers ? READABLE : WRITABLE;
  }

  /** The Sync form of everything: a blocked thread has time pass, and what is on its way arrive, but runs no code of others. */
  block(direction: number, attempt: () => number, syscall: string, options?: SyncOptions & Flags): number {
    const { timeout } = patience(options);
    const once = ((options?.flags ?? 0) & constants.MSG_DONTWAIT) !== 0;
    const { clock } = this.#world;
    const end = timeout < 0 ? Number.POSITIVE_INFINITY : clock.now() + timeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
      const result = attempt();
      if (once || (result !== AGAIN && result !== NO_BUFFERS)) return this.done(result, syscall);
      const now = clock.now();
      if (now >= end) throw result === NO_BUFFERS ? fullError(syscall) : timeoutError(syscall);
      let next = this.#world.next() ?? Number.POSITIVE_INFINITY;
      if (result === NO_BUFFERS || this.#ready(direction)) next = Math.min(next, now + pause);
      const until = Math.min(next, end);
      if (until === Number.POSITIVE_INFINITY) throw deadlock(syscall);
      clock.sleep(Math.max(0, until - now));
      this.#world.run();
    }
  }

  /** All who wait get ECANCELED. */
  cancel(): void {
    this.closed = true;
    this.#pausing?.clear();
    for (const queue of [this.#readers, this.#writers, this.#lookers]) {
      for (const waiter of [...queue]) {
        this.#settle(queue, waiter, () => waiter.reject(canceledError(waiter.syscall)));
      }
    }
  }

  done(result: number, syscall: string): number {
    if (result < 0) throw this.error(result, syscall);
    return result;
  }

  error(result: number, syscall: string): SocketError {
    const words = this.closed && result === -errnos.EBADF ? 'this Socket is closed' : undefined;
    return systemError(result, syscall, words);
  }
}

/** A call that blocks would wait for what only this thread can do. */
function deadlock(syscall: string): SocketError {
  const words = 'nothing is on its way, and while this call waits nobody can send it: give it a timeout';
  return systemError(-errnos.EDEADLK, syscall, words);
}
