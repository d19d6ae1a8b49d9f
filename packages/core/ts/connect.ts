/** connect(2) on the event loop. */

import { native } from './binding.ts';
import { checkBytes, checkOptions, checkTimeout } from './check.ts';
import { errnos } from './constants.ts';
import { abortError, canceledError, timeoutError } from './errors.ts';
import { type Handle, waiting } from './handle.ts';
import { timers } from './runtime.ts';
import { AGAIN, type WaitOptions, WRITABLE } from './wait.ts';

/** Pauses between two tries, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;

export async function connect(handle: Handle, address: Uint8Array, options?: WaitOptions): Promise<void> {
  const { timeout, signal } = waiting(options, 'connect');
  const start = (): number => native.connect(handle.slot, handle.generation, address);
  let result = start();
  if (result === AGAIN) result = await backlog(handle, start, timeout, signal);
  if (result === -errnos.EINPROGRESS) return finishConnect(handle, address, options);
  handle.done(result, 'connect', address);
}

/** Waits for how a connection comes out that is under way. */
export async function finishConnect(
  handle: Handle,
  address: Uint8Array,
  options?: WaitOptions,
): Promise<void> {
  const { timeout, signal } = waiting(options, 'connect');
  const finished = (): number => native.connected(handle.slot, handle.generation);
  // On this host the peer has answered by now, most often: nothing needs to be waited for then.
  let result = timeout === 0 ? AGAIN : finished();
  if (result === AGAIN) result = await handle.wait(WRITABLE, finished, 'connect', timeout, signal, address);
  handle.done(result, 'connect', address);
  // Until it is asked once more, Linux takes the connection for one under way: a second connect would succeed.
  native.connect(handle.slot, handle.generation, address);
}

/** Bytes that go out first on a new connection. */
export interface FirstData {
  /** Sent along with the first segment where TCP's fast open allows, otherwise once connected. */
  data?: Uint8Array | undefined;
}

export function firstData(options: FirstData | undefined): Uint8Array | undefined {
  const { data } = checkOptions(options);
  return data === undefined ? undefined : checkBytes('data', data);
}

/** How many milliseconds are left of a timeout, whenever it is asked. */
export function remaining(timeout: number | undefined): () => number | undefined {
  const limit = checkTimeout(timeout);
  const end = performance.now() + limit;
  return () => (limit < 0 ? undefined : Math.max(0, end - performance.now()));
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
      const timer = timers().setTimeout(resolve, Math.min(pause, left));
      if (!handle.referenced) timer.unref();
    });
    if (signal?.aborted) throw abortError(signal, 'connect');
    if (handle.closed) throw canceledError('connect');
    const result = start();
    if (result !== AGAIN) return result;
  }
}
