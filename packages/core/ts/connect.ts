/** connect(2) on the event loop. */
import { setTimeout } from 'node:timers';
import { native } from './binding.ts';
import { errnos } from './constants.ts';
import { abortError, canceledError, timeoutError } from './errors.ts';
import { type Handle, waiting } from './handle.ts';
import { AGAIN, type WaitOptions, WRITABLE } from './wait.ts';

/** Pauses between two tries, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;

export async function connect(handle: Handle, address: Uint8Array, options?: WaitOptions): Promise<void> {
  const { timeout, signal } = waiting(options, 'connect');
  const start = (): number => native.connect(handle.slot, handle.generation, address);
  let result = start();
  if (result === AGAIN) result = await backlog(handle, start, timeout, signal);
  if (result === -errnos.EINPROGRESS) {
    const finished = (): number => native.connected(handle.slot, handle.generation);
    result = await handle.wait(WRITABLE, finished, 'connect', timeout, signal, address);
    // Until it is asked once more, Linux takes the connection for one under way: a second connect would succeed.
    if (result === 0) start();
  }
  handle.done(result, 'connect', address);
}

/** The backlog of a Unix socket is full, which no poll tells the end of: tries again with growing pauses. */
async function backlog(
  handle: Handle,
  start: () => number,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const end = timeout < 0 ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const left = end - performance.now();
    if (left <= 0) throw timeoutError('connect');
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(pause, left));
      if (!handle.referenced) timer.unref();
    });
    if (signal?.aborted) throw abortError(signal, 'connect');
    if (handle.closed) throw canceledError('connect');
    const result = start();
    if (result !== AGAIN) return result;
  }
}
