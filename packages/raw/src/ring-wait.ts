import { errnos, SocketError } from '@sockeye/core';

/** A packet that came just before the interface went down is waited for so much longer than the kernel holds it back. */
const LAST_PACKETS = 50;

/** The longest pause, in milliseconds, where poll(2) says that there is something and all there is is the reader's already. */
const LONGEST_PAUSE = 64;

/** How long a call waits: as long as its caller says, or while the last packets of an interface that is down may come. */
export class Patience {
  readonly #end: number;
  #drained: number;
  #from = 0;

  /** `drained`: until when the last packets may come, as `performance.now` has it. */
  constructor(timeout: number | undefined, drained: number = Number.POSITIVE_INFINITY) {
    this.#end = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    this.#drained = drained;
  }

  /**
   * Milliseconds to wait for at most; negative when nothing more comes.
   * @param waited whether it was waited before, which helped nothing: poll(2) may tell of what is the reader's already
   * @throws ERR_SOCKET_TIMEOUT when it was, and the time is over
   */
  next(waited: boolean): number {
    this.#from = performance.now();
    if (waited && this.#from >= this.#end && this.#end < this.#drained) throw timedOut('poll');
    if (this.#from >= this.#drained) return -1;
    return Math.max(0, Math.min(this.#end, this.#drained) - this.#from);
  }

  /** What is left of that, as an option of waits. */
  left(limit: number): number | undefined {
    if (limit === Number.POSITIVE_INFINITY) return undefined;
    return Math.max(0, limit - (performance.now() - this.#from));
  }

  /** @throws ERR_SOCKET_TIMEOUT, ABORT_ERR when the time is over or the signal aborted. */
  check(syscall: string, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) {
      const error = new SocketError('The operation was aborted', {
        code: 'ABORT_ERR',
        syscall,
        cause: signal.reason,
      });
      error.name = 'AbortError';
      throw error;
    }
    if (performance.now() < this.#end) return;
    throw timedOut(syscall);
  }

  /** The interface is down: that is how long the last packets are waited for. */
  until(drained: number): void {
    this.#drained = drained;
  }

  /** Whether an error says only that the last packets have been waited for. */
  ends(error: unknown): boolean {
    return (error as { code?: unknown }).code === 'ERR_SOCKET_TIMEOUT' && this.#drained <= this.#end;
  }
}

/** Until when the last packets of an interface may come that is down by now, as `performance.now` has it. */
export function lastPackets(retireMs: number): number {
  return performance.now() + (retireMs > 0 ? retireMs + LAST_PACKETS : 0);
}

/** The pause after one that did not help, in milliseconds. */
export function longer(pause: number): number {
  return Math.min(LONGEST_PAUSE, pause * 2 || 1);
}

/** Sleeps until the time is over or the signal is aborted. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
  });
}

const nap: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps, blocking this thread. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(nap, 0, 0, milliseconds);
}

/** Lets the event loop have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function timedOut(syscall: string): SocketError {
  return new SocketError(`${syscall}: the timeout ran out`, { code: 'ERR_SOCKET_TIMEOUT', syscall });
}

/** What a call that waited fails with when the ring is closed. */
export function canceled(): SocketError {
  const errno = -errnos.ECANCELED;
  return new SocketError('poll ECANCELED: the ring was closed while this call waited', {
    code: 'ECANCELED',
    errno,
    syscall: 'poll',
  });
}
