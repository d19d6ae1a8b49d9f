import { outOfRange, wrongType } from '@sockeye/addr/check';
import { errnos, SocketError, type WaitOptions } from '@sockeye/core';

/** Those who wait for one thing. */
export class Waiters {
  readonly #waiting: Set<{ resolve(): void; reject(error: Error): void }> = new Set();

  get some(): boolean {
    return this.#waiting.size > 0;
  }

  /** Waits until {@link done}. Throws what {@link fail} is given, ERR_SOCKET_TIMEOUT, ABORT_ERR. */
  async wait(what: string, { timeout, signal }: WaitOptions = {}): Promise<void> {
    checkTimeout(timeout);
    checkSignal(signal);
    if (signal?.aborted) throw aborted(signal, what);
    let timer: NodeJS.Timeout | undefined;
    let abort: (() => void) | undefined;
    let waiter: { resolve(): void; reject(error: Error): void } | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { resolve, reject };
        this.#waiting.add(waiter);
        if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
          const error = new SocketError(`${what}: the timeout ran out`, { code: 'ERR_SOCKET_TIMEOUT' });
          timer = setTimeout(reject, timeout, error);
        }
        if (signal !== undefined) {
          abort = (): void => reject(aborted(signal, what));
          signal.addEventListener('abort', abort, { once: true });
        }
      });
    } finally {
      clearTimeout(timer);
      if (abort !== undefined) signal?.removeEventListener('abort', abort);
      if (waiter !== undefined) this.#waiting.delete(waiter);
    }
  }

  done(): void {
    for (const { resolve } of this.#waiting) resolve();
  }

  fail(error: Error): void {
    for (const { reject } of this.#waiting) reject(error);
  }
}

function checkTimeout(timeout: unknown): void {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return;
  if (typeof timeout !== 'number') throw wrongType('timeout', 'a number of milliseconds', timeout);
  if (!(timeout >= 0 && timeout <= 0x7fffffff)) {
    throw outOfRange('timeout', `from 0 to ${0x7fffffff} milliseconds`, timeout);
  }
}

/** An AbortSignal, or nothing. Throws ERR_INVALID_ARG_TYPE. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    !('aborted' in signal) ||
    !('addEventListener' in signal)
  ) {
    throw wrongType('signal', 'an AbortSignal', signal);
  }
}

/** The error of what a signal ended, as Node.js has it. */
export function aborted(signal: AbortSignal, what: string): SocketError {
  const error = new SocketError(`${what}: the operation was aborted`, {
    code: 'ABORT_ERR',
    cause: signal.reason,
  });
  error.name = 'AbortError';
  return error;
}

/** What is done with a job, an answer or a watch that has ended. */
export function endedError(): SocketError {
  return new SocketError('sendmsg EBADF: this was stopped', {
    code: 'EBADF',
    errno: -errnos.EBADF,
    syscall: 'sendmsg',
  });
}

/** How a job or an answer ends: once, for a reason or for none. */
export class Ending {
  readonly ended: Promise<Error | undefined>;
  #settle: ((reason: Error | undefined) => void) | undefined;
  #reason: Error | undefined;

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get over(): boolean {
    return this.#settle === undefined;
  }

  /** Throws why it has ended, where it has. */
  check(): void {
    if (this.over) throw this.#reason ?? endedError();
  }

  /** Whether this was the first call. */
  end(reason?: Error): boolean {
    const settle = this.#settle;
    if (settle === undefined) return false;
    this.#settle = undefined;
    this.#reason = reason;
    settle(reason);
    return true;
  }
}
