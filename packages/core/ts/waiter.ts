/** One call that waits, and the queues in which calls stand. */
import { abortError, canceledError, fullError, timeoutError } from './errors.ts';
import { clearOneTimeout, startTimeout, type Timed, type Timeout } from './timers.ts';

/** Whoever hears that a call waits no more, by its timeout or its signal. */
export interface Left {
  left(): void;
}

/** Whose calls wait: says what a failed one is told. */
export interface Owner {
  error(result: number, syscall: string, address?: Uint8Array): Error;
}

/** A call that waits. It leaves its queue by being settled, by its timeout, by its signal, or by the close. */
export class Waiter implements Timed {
  /** Tries the call: a count, or `-errno`. */
  readonly attempt: () => number;
  readonly syscall: string;
  /** poll(2)'s events, of who looks only; 0 for a call. */
  readonly events: number;
  readonly #resolve: (result: number) => void;
  readonly #reject: (error: Error) => void;
  readonly #owner: Owner;
  readonly #address: Uint8Array | undefined;
  /** The queue that it stands in, and its neighbours there. */
  queue: Queue | undefined;
  next: Waiter | undefined;
  previous: Waiter | undefined;
  /** When it came, where a full queue of the interface was known by then; ms of performance.now(), 0 for not. */
  since = 0;
  /** Its last try was told ENOBUFS, or that of whom it stands behind. */
  full = false;
  /** It has a timeout of its own. */
  bounded = false;
  #timeout: Timeout | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;
  /** Who is told when it has left by itself. */
  #left: Left | undefined;

  constructor(
    owner: Owner,
    events: number,
    attempt: () => number,
    syscall: string,
    address: Uint8Array | undefined,
    resolve: (result: number) => void,
    reject: (error: Error) => void,
  ) {
    this.#owner = owner;
    this.events = events;
    this.attempt = attempt;
    this.syscall = syscall;
    this.#address = address;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Bounds the wait; `left` is told when that has ended it. */
  bound(timeout: number, signal: AbortSignal | undefined, left: Left): void {
    if (timeout < 0 && signal === undefined) return;
    this.#left = left;
    if (signal?.aborted) {
      // By a getter, while the call was tried: it tells nobody any more.
      this.#leave(abortError(signal, this.syscall));
      return;
    }
    if (timeout >= 0) {
      this.bounded = true;
      this.#timeout = startTimeout(this, timeout);
    }
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => this.#leave(abortError(signal, this.syscall));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Ends the wait with a result. */
  settle(result: number): void {
    this.#done();
    if (result < 0) this.#reject(this.#owner.error(result, this.syscall, this.#address));
    else this.#resolve(result);
  }

  /** Ends the wait with an error. */
  fail(error: Error): void {
    this.#done();
    this.#reject(error);
  }

  expire(): void {
    this.#leave(this.full ? fullError(this.syscall) : timeoutError(this.syscall));
  }

  cancel(): void {
    this.fail(canceledError(this.syscall));
  }

  #leave(error: Error): void {
    if (this.queue === undefined) return;
    const left = this.#left;
    this.fail(error);
    left?.left();
  }

  #done(): void {
    this.queue?.remove(this);
    if (this.#timeout !== undefined) {
      clearOneTimeout(this.#timeout);
      this.#timeout = undefined;
    }
    if (this.#onAbort !== undefined) {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#onAbort = undefined;
    }
  }
}

/** Waiters in the order in which they came: all that is done to it costs the same however long it is. */
export class Queue {
  /** Who came first. */
  first: Waiter | undefined;
  size = 0;
  #last: Waiter | undefined;

  /** All of them, as they stand now. */
  all(): Waiter[] {
    const all: Waiter[] = [];
    for (let waiter = this.first; waiter !== undefined; waiter = waiter.next) all.push(waiter);
    return all;
  }

  push(waiter: Waiter): void {
    const last = this.#last;
    waiter.queue = this;
    waiter.previous = last;
    if (last === undefined) this.first = waiter;
    else last.next = waiter;
    this.#last = waiter;
    this.size += 1;
  }

  remove(waiter: Waiter): void {
    const { next, previous } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.next = undefined;
    waiter.previous = undefined;
    waiter.queue = undefined;
    this.size -= 1;
  }
}
