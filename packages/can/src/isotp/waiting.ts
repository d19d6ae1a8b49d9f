/** Calls that wait: whose turn it is, and until when. */
import { checkObject, outOfRange, wrongType } from '@sockeye/addr/check';
import type { WaitOptions } from '@sockeye/core';
import { abortError, timeoutError } from './error.ts';

const LONGEST_TIMER = 2 ** 31 - 1;

/** How long a call may take: its options, checked, and what is left of its time. */
export class Patience {
  readonly signal: AbortSignal | undefined;
  readonly #end: number;
  readonly #bounded: boolean;
  readonly #syscall: string;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE; ABORT_ERR where the signal is aborted already */
  constructor(options: WaitOptions | undefined, syscall: string) {
    if (options !== undefined) checkObject('options', options);
    const { timeout, signal } = options ?? {};
    if (timeout !== undefined) {
      if (typeof timeout !== 'number') throw wrongType('timeout', 'a number of milliseconds', timeout);
      if (!(timeout >= 0)) throw outOfRange('timeout', 'milliseconds, 0 or more', timeout);
    }
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw wrongType('signal', 'an AbortSignal', signal);
    if (signal?.aborted) throw abortError(signal, syscall);
    this.signal = signal;
    this.#bounded = timeout !== undefined;
    this.#end = timeout === undefined || timeout === 0 ? 0 : performance.now() + timeout;
    this.#syscall = syscall;
  }

  /** Milliseconds that are left, undefined for ever; 0 asks once. */
  get left(): number | undefined {
    if (!this.#bounded) return undefined;
    return this.#end === 0 ? 0 : Math.max(0, this.#end - performance.now());
  }

  /** What is left, as options of a call of core's. */
  get options(): WaitOptions {
    return { timeout: this.left, signal: this.signal };
  }

  /**
   * Waits until `begin`'s `done` is called. `begin` returns what takes it out of its queue again, for the case that time runs
   * out or the signal aborts.
   */
  wait<T>(begin: (done: (value: T) => void, fail: (error: unknown) => void) => () => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { left, signal } = this;
      let timer: NodeJS.Timeout | undefined;
      const clean = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const leave = begin(
        (value) => {
          clean();
          resolve(value);
        },
        (error) => {
          clean();
          reject(error);
        },
      );
      const giveUp = (error: unknown): void => {
        clean();
        leave();
        reject(error);
      };
      const onAbort = (): void => giveUp(abortError(signal as AbortSignal, this.#syscall));
      signal?.addEventListener('abort', onAbort, { once: true });
      if (left !== undefined && left <= LONGEST_TIMER) {
        timer = setTimeout(() => giveUp(timeoutError(this.#syscall)), left);
      }
    });
  }
}

/** One at a time, in the order of asking. */
export class Turns {
  readonly #waiting: { grant: () => void; fail: (error: unknown) => void }[] = [];
  #taken = false;

  /** Waits for one's turn, undefined where it is at once; {@link leave} ends it. */
  take(patience: Patience): Promise<void> | undefined {
    if (!this.#taken) {
      this.#taken = true;
      return undefined;
    }
    return patience.wait<void>((done, fail) => {
      const one = { grant: () => done(), fail };
      this.#waiting.push(one);
      return () => {
        const at = this.#waiting.indexOf(one);
        if (at >= 0) this.#waiting.splice(at, 1);
      };
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next.grant();
  }

  /** Fails all that wait. */
  cancel(error: () => unknown): void {
    for (const { fail } of this.#waiting.splice(0)) fail(error());
  }
}
