import type { SocketError } from '@sockeye/core';
import type { NetlinkMessage } from './message.ts';

/** Messages were lost before this point: whoever keeps a copy of the kernel's state lists it anew. */
export interface Overrun {
  readonly kind: 'overrun';
}

/** Messages that wait for one listener; what comes beyond them is lost, and it is told. */
const MOST = 8192;

const OVERRUN: Overrun = { kind: 'overrun' };

/** Those who listen to one group of messages: a queue, and whoever waits at its end. */
export class Listener implements AsyncIterableIterator<NetlinkMessage | Overrun> {
  readonly #queue: (NetlinkMessage | Overrun)[] = [];
  readonly #waiting: {
    resolve: (result: IteratorResult<NetlinkMessage | Overrun>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  readonly #left: (listener: Listener) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = (): void => this.fail(this.#abortError());
  readonly #abortError: () => SocketError;
  #ended = false;
  #error: unknown;

  /** `left` is called once, when nobody listens any more. */
  constructor(
    left: (listener: Listener) => void,
    signal: AbortSignal | undefined,
    abortError: () => SocketError,
  ) {
    this.#left = left;
    this.#signal = signal;
    this.#abortError = abortError;
    signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  push(item: NetlinkMessage | undefined): void {
    const full = this.#queue.length >= MOST;
    const next = item === undefined || full ? OVERRUN : item;
    if (next === OVERRUN && this.#queue.at(-1) === OVERRUN) return;
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#queue.push(next);
    else waiter.resolve({ done: false, value: next });
  }

  /** Ends it; those who wait, or the next one, get the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#end();
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#error = error;
    else waiter.reject(error);
    for (const other of this.#waiting.splice(0)) other.resolve({ done: true, value: undefined });
  }

  #end(): void {
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#left(this);
  }

  async next(): Promise<IteratorResult<NetlinkMessage | Overrun>> {
    const item = this.#queue.shift();
    if (item !== undefined) return { done: false, value: item };
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      throw error;
    }
    if (this.#ended) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<NetlinkMessage | Overrun>> {
    if (!this.#ended) this.#end();
    this.#queue.length = 0;
    for (const waiter of this.#waiting.splice(0)) waiter.resolve({ done: true, value: undefined });
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
