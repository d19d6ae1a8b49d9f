/**
 * Waiting on the event loop. Each environment tells one function of readiness; it runs the calls that wait, in the order
 * in which they came, until one would block again.
 */
import { type Native, native } from './binding.ts';
import { wrongValue } from './check.ts';
import { errnos } from './constants.ts';
import { abortError, canceledError, systemError, timeoutError } from './errors.ts';

export const READABLE = 1;
export const WRITABLE = 2;
/** What select(2) calls an exceptional condition: a filled error queue, urgent data. */
export const EXCEPTIONAL = 1;
const FAULTY = 4;

/** `-EAGAIN`: what a native call returns when it would block. */
export const AGAIN: number = -errnos.EAGAIN;

/** Options of the Promise form of every call that can wait. */
export interface WaitOptions {
  /** Milliseconds; undefined waits for ever, 0 asks once. Running out rejects with `ERR_SOCKET_TIMEOUT`. */
  timeout?: number | undefined;
  /** Aborting rejects with an `AbortError`. */
  signal?: AbortSignal | undefined;
}

/** A call that waits: tried again whenever the socket is ready. */
interface Waiter {
  attempt: () => number;
  settle: (result: number) => void;
  fail: (error: Error) => void;
  syscall: string;
}

/** The first pause after an error that no call explains, and the longest, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;

/** Ready so often in a row with nothing to be had: the poller cannot tell what these calls wait for. */
const FRUITLESS = 3;

/** What the native part polls for, when it may have stopped by itself. */
const UNKNOWN = -1;

/** Where the waiters of all copies of this module in the environment meet: CommonJS and ES modules have one each. */
const WATCHED = Symbol.for('@sockeye/core: sockets that are waited for');

const watched: Map<number, Readiness> = (native as Shared)[WATCHED] ?? setUp();

interface Shared extends Native {
  [WATCHED]?: Map<number, Readiness>;
}

/** The first copy tells the native part whom to call. */
function setUp(): Map<number, Readiness> {
  const sockets = new Map<number, Readiness>();
  const onReady = (slot: number, events: number): void => sockets.get(slot)?.ready(events);
  // Bun and Deno export names of libuv's that abort or do nothing when they are called.
  const { uv, bun, deno } = process.versions;
  const hasLibuv = uv !== undefined && bun === undefined && deno === undefined;
  const wanted = process.env.SOCKEYE_ENGINE || undefined;
  if (wanted !== undefined && wanted !== 'uv' && wanted !== 'thread') {
    throw wrongValue('The environment variable SOCKEYE_ENGINE', "'uv' or 'thread'", wanted);
  }
  native.setup(onReady, () => {}, hasLibuv && wanted !== 'thread', deno === undefined);
  Object.defineProperty(native, WATCHED, { value: sockets });
  return sockets;
}

/** The waiters of one socket. */
export class Readiness {
  readonly #slot: number;
  readonly #generation: number;
  readonly #readers: Waiter[] = [];
  readonly #writers: Waiter[] = [];
  #armed = 0;
  #pause = 0;
  #fruitless = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(slot: number, generation: number) {
    this.#slot = slot;
    this.#generation = generation;
  }

  /** Whether calls wait in this direction already: a new one goes behind them. */
  busy(direction: number): boolean {
    return this.#queue(direction).length > 0;
  }

  /** Resolves with the first result of `attempt` that is not `-EAGAIN`. */
  wait(
    direction: number,
    attempt: () => number,
    syscall: string,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const queue = this.#queue(direction);
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        attempt,
        syscall,
        settle: (result) => {
          done();
          resolve(result);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      const leave = (error: Error): void => {
        const index = queue.indexOf(waiter);
        if (index < 0) return;
        queue.splice(index, 1);
        waiter.fail(error);
        this.#go();
      };
      const onAbort = (): void => leave(abortError(signal as AbortSignal, syscall));
      queue.push(waiter);
      const armed = this.#rearm();
      if (armed < 0) {
        queue.splice(queue.indexOf(waiter), 1);
        if (this.#interest() === 0) watched.delete(this.#slot);
        reject(unwatched(armed, syscall));
        return;
      }
      if (timeout >= 0) timer = setTimeout(() => leave(timeoutError(syscall)), timeout);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** The socket is closing: all who wait get ECANCELED. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    watched.delete(this.#slot);
    const waiters = [...this.#readers.splice(0), ...this.#writers.splice(0)];
    for (const waiter of waiters) waiter.fail(canceledError(waiter.syscall));
  }

  /** The poller has news. */
  ready(events: number): void {
    streak = 0;
    let progress = false;
    if (events & READABLE) progress = this.#run(this.#readers) || progress;
    if (events & WRITABLE) progress = this.#run(this.#writers) || progress;
    this.#fruitless = progress ? 0 : this.#fruitless + 1;
    if (progress || ((events & FAULTY) === 0 && this.#fruitless < FRUITLESS)) {
      if (progress) this.#pause = 0;
      // The native part may have stopped the poller by itself: tell it anew, even when nobody waits any more.
      if (events & FAULTY) this.#armed = UNKNOWN;
      this.#go();
      return;
    }
    // An error stands that none of the waiting calls takes away (a filled error queue, urgent data): polling would spin,
    // so ask again after a while.
    if (this.#interest() === 0) {
      this.#rearm();
      return;
    }
    this.#arm(0);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const read = this.#run(this.#readers);
      if (this.#run(this.#writers) || read) {
        this.#fruitless = 0;
        this.#pause = 0;
      }
      this.#go();
    }, this.#pause);
  }

  #queue(direction: number): Waiter[] {
    return direction === READABLE ? this.#readers : this.#writers;
  }

  #interest(): number {
    return (this.#readers.length > 0 ? READABLE : 0) | (this.#writers.length > 0 ? WRITABLE : 0);
  }

  /** Runs calls until one would block; whether any got through. */
  #run(queue: Waiter[]): boolean {
    let progress = false;
    for (let waiter = queue[0]; waiter !== undefined; waiter = queue[0]) {
      let result: number;
      try {
        result = waiter.attempt();
      } catch (error) {
        // A buffer that was detached meanwhile, for example: its own caller hears of it, the others go on.
        queue.shift();
        waiter.fail(error as Error);
        continue;
      }
      if (result === AGAIN) break;
      progress = true;
      queue.shift();
      waiter.settle(result);
    }
    return progress;
  }

  /** Polls on for those who still wait; when that cannot be, they are told. */
  #go(): void {
    const armed = this.#rearm();
    if (armed >= 0) return;
    watched.delete(this.#slot);
    for (const waiter of [...this.#readers.splice(0), ...this.#writers.splice(0)]) {
      waiter.fail(unwatched(armed, waiter.syscall));
    }
  }

  #rearm(): number {
    // While a pause runs, its end arms.
    if (this.#timer !== undefined) return 0;
    const interest = this.#interest();
    if (interest === 0) watched.delete(this.#slot);
    else watched.set(this.#slot, this);
    return this.#arm(interest);
  }

  #arm(interest: number): number {
    if (interest === this.#armed) return 0;
    const result = native.arm(this.#slot, this.#generation, interest);
    if (result >= 0) this.#armed = interest;
    return result;
  }
}

function unwatched(result: number, syscall: string): Error {
  const without = result === -errnos.ENOTSUP ? 'this runtime offers no libuv to wait with' : undefined;
  return systemError(result, syscall, without ?? 'the event loop cannot watch this socket');
}

/** Successes without waiting after which the event loop gets its turn. */
const BURST = 128;
let streak = 0;

/** Whether so many calls have succeeded at once in a row that timers and other sockets would starve. */
export function outOfTurn(): boolean {
  streak += 1;
  return streak >= BURST;
}

/** Lets the event loop turn once. */
export function turn(): Promise<void> {
  streak = 0;
  return new Promise((resolve) => setImmediate(resolve));
}
