import type { WatchEvent } from './options.ts';
import { aborted, checkSignal } from './wait.ts';

type Result = IteratorResult<WatchEvent, undefined>;

/** Events on their way to whoever iterates over them. */
export class EventQueue {
  readonly #events: WatchEvent[] = [];
  readonly #waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #abort: () => void;
  #error: Error | undefined;
  #over = false;

  /** @param end is called when the signal ends it */
  constructor(signal: AbortSignal | undefined, end: () => void) {
    checkSignal(signal);
    this.#signal = signal;
    this.#abort = (): void => {
      this.fail(aborted(signal as AbortSignal, 'watch'));
      end();
    };
    if (signal?.aborted) this.fail(aborted(signal, 'watch'));
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether somebody waits. */
  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** How many wait to be taken. */
  get length(): number {
    return this.#events.length;
  }

  push(event: WatchEvent): void {
    if (this.#over) return;
    const first = this.#waiting.shift();
    if (first === undefined) this.#events.push(event);
    else first.resolve({ done: false, value: event });
  }

  next(): Promise<Result> {
    const value = this.#events.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Ends the iteration by an error, told once, after what is there already. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#end();
    const first = this.#waiting.shift();
    if (first === undefined) this.#error = error;
    else first.reject(error);
    this.#release();
  }

  /** Ends the iteration now. */
  close(): void {
    this.#end();
    this.#events.length = 0;
    this.#error = undefined;
    this.#release();
  }

  #end(): void {
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  #release(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }
}
