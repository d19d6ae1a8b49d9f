import { checkInteger, checkObject } from '@sockeye/addr/check';
import type { WaitOptions } from '@sockeye/core';
import type { NetlinkMessage } from './message.ts';
import { abortError, timeoutError } from './netlink-error.ts';

/** A request that was sent: what came for it so far, who waits for it, and for how long. */
export class Pending {
  readonly request: string;
  readonly dump: boolean;
  readonly messages: NetlinkMessage[] = [];
  /** What was listed changed meanwhile. */
  interrupted = false;
  /** Nobody waits any more: answered, refused, or given up. */
  settled = false;
  readonly answer: Promise<NetlinkMessage[]>;
  /** Resolves when the kernel is done with it. */
  readonly finished: Promise<void>;
  finish!: () => void;
  #resolve!: (messages: NetlinkMessage[]) => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.fail(abortError(this.request, this.#signal as AbortSignal));

  constructor(request: string, dump: boolean, options: WaitOptions) {
    checkObject('options', options);
    const { timeout, signal } = options;
    this.request = request;
    this.dump = dump;
    this.#signal = signal;
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever asked waits for it, later.
    this.answer.catch(() => {});
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
      checkInteger('timeout', timeout, 0, 0x7fffffff);
      this.#timer = setTimeout(() => this.fail(timeoutError(request)), timeout);
    }
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  succeed(): void {
    if (this.#settle()) this.#resolve(this.messages);
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    return true;
  }
}
