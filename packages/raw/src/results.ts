import { setMaxListeners } from 'node:events';
import { SocketError } from '@sockeye/core';

/** Results of work that goes on while somebody reads them one by one. */
export class Results<T> {
  readonly #waiting: T[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  push(result: T): void {
    this.#waiting.push(result);
    this.#wake?.();
  }

  /** Nothing more comes; with an error, that is thrown once the results before it are read. */
  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift() as T;
      if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}

/** Waits; less when the signal is aborted, which is no error here. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * Runs `work`, which pushes results, beside the one who reads them: when reading ends early, its signal is aborted and waited
 * for. An abort by `signal` is thrown.
 */
export async function* beside<T>(
  signal: AbortSignal | undefined,
  work: (results: Results<T>, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<T, void, void> {
  if (signal?.aborted) throw abortError(signal);
  const results = new Results<T>();
  const stop = new AbortController();
  // As many listen as there are questions.
  setMaxListeners(0, stop.signal);
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const working = work(results, stop.signal).then(
    () => results.end(signal?.aborted ? abortError(signal) : undefined),
    (error: unknown) => results.end(error),
  );
  try {
    yield* results.read();
  } finally {
    stop.abort();
    signal?.removeEventListener('abort', onAbort);
    await working;
  }
}

/** The error of what was ended by a signal. */
export function abortError(signal: AbortSignal | undefined): SocketError {
  const error = new SocketError('it was aborted', { code: 'ABORT_ERR', cause: signal?.reason });
  error.name = 'AbortError';
  return error;
}
