/** How long a call waits: a timeout and a signal, and what they end a wait with. */
import { outOfRange, wrongType } from '@sockeye/addr/check';
import { SocketError, type WaitOptions } from '@sockeye/core';

/** The error of a wait that a signal has ended. */
export function aborted(signal: AbortSignal): SocketError {
  const { reason } = signal;
  if (reason instanceof SocketError) return reason;
  const error = new SocketError('The operation was aborted', { code: 'ABORT_ERR', cause: reason });
  error.name = 'AbortError';
  return error;
}

/** What the promise says, or that the signal was aborted before. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => {};
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(aborted(signal));
  });
  left.catch(() => {});
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([promise, left]);
  } catch (error) {
    throw signal.aborted ? aborted(signal) : error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** A timeout and a signal as one signal. */
export class Limit {
  readonly signal: AbortSignal;
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor({ timeout, signal }: WaitOptions, what: string) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#outer = signal;
    this.#onAbort = () => controller.abort(signal?.reason);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw wrongType('signal', 'an AbortSignal', signal);
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
      if (typeof timeout !== 'number') throw wrongType('timeout', 'a number of milliseconds', timeout);
      if (!(timeout >= 0 && timeout <= 0x7fffffff))
        throw outOfRange('timeout', 'from 0 to 2147483647 milliseconds', timeout);
      const late = new SocketError(`${what}: the timeout ran out`, {
        code: 'ERR_SOCKET_TIMEOUT',
        syscall: what,
      });
      this.#timer = setTimeout(() => controller.abort(late), timeout);
    }
    if (signal?.aborted) controller.abort(signal.reason);
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }
}
