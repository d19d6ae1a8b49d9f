import { checkInteger, wrongType } from '@sockeye/addr/check';
import { SocketError, type WaitOptions } from '@sockeye/core';
import { abortError } from './results.ts';

/** How a question is asked. */
export interface AskOptions {
  /** Milliseconds that each try waits for its answer. Default 1000. */
  readonly timeout?: number | undefined;
  /** Tries after the first. Default 0. */
  readonly retries?: number | undefined;
  /** Aborting rejects with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer that belongs to a question. */
export interface Answer<Reply> {
  readonly reply: Reply;
  /** Milliseconds from the sending of the try that it answers to its arrival, to fractions of a microsecond. */
  readonly rttMs: number;
  /** Which try it answers: 0 for the first. */
  readonly attempt: number;
}

/** Waits for the next packet that may be an answer. */
export type Receive<Reply> = (options: WaitOptions) => Promise<Reply>;

interface Question<Reply> {
  sentAt: number;
  readonly attempt: number;
  readonly heard: (reply: Reply, arrived: number, attempt: number, sentAt: number) => void;
  readonly failed: (error: unknown) => void;
}

/** Codes of errors that ICMP messages leave on a socket, to be told by whatever call comes next. */
const LEFT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EMSGSIZE',
  'EPROTO',
  'EACCES',
  'ENOPROTOOPT',
  'EOPNOTSUPP',
  'ECONNRESET',
  'EHOSTDOWN',
  'ENONET',
]);

/** Whether an error may be one that an ICMP message left, and not the call's own. */
export function wasLeft(error: unknown): boolean {
  return error instanceof SocketError && LEFT.has(error.code);
}

/**
 * Questions and answers over one socket, many at once: a packet is sent, and the one packet that has the same key is its answer. It
 * receives only while somebody waits. The sockets are the caller's.
 */
export class Asker<Reply> {
  readonly #receives: readonly Receive<Reply>[];
  readonly #keyOf: (reply: Reply) => string | number | undefined;
  readonly #questions = new Map<string | number, Question<Reply>>();
  #listening: AbortController | undefined;

  /**
   * @param receive waits for the next packet; several, where answers come by several ways, as a socket's packets and errors
   * @param keyOf which question a packet answers; undefined for none
   */
  constructor(
    receive: Receive<Reply> | readonly Receive<Reply>[],
    keyOf: (reply: Reply) => string | number | undefined,
  ) {
    this.#receives = typeof receive === 'function' ? [receive] : receive;
    this.#keyOf = keyOf;
  }

  /** How many questions wait for their answers; a question that is tried again counts for each try. */
  get pending(): number {
    return this.#questions.size;
  }

  /**
   * Sends, and waits for the answer; sends again when there is none in time. Undefined when none came to any try. An answer to an earlier
   * try counts, and its time is that try's.
   *
   * @param keyOf the key of a try's answer: of each its own, where they can be told apart
   * @param send sends one try; it is called again where an ICMP error about another question made it fail
   * @throws what `send` and receiving throw, ABORT_ERR
   */
  async ask(
    keyOf: (attempt: number) => string | number,
    send: (attempt: number) => unknown,
    options: AskOptions = {},
  ): Promise<Answer<Reply> | undefined> {
    const timeout = checkInteger('timeout', options.timeout ?? 1000, 0, 0x7fffffff);
    const retries = checkInteger('retries', options.retries ?? 0, 0, 1000);
    const { signal } = options;
    if (typeof send !== 'function') throw wrongType('send', 'a function', send);
    if (signal?.aborted) throw abortError(signal);
    const keys = new Set<string | number>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let onAbort: (() => void) | undefined;
    let done = false;
    try {
      return await new Promise<Answer<Reply> | undefined>((resolve, reject) => {
        const aborted = (): void => reject(abortError(signal));
        signal?.addEventListener('abort', aborted, { once: true });
        onAbort = aborted;
        const heard: Question<Reply>['heard'] = (reply, arrived, attempt, sentAt) =>
          resolve({ reply, rttMs: Math.max(0, arrived - sentAt), attempt });
        const attemptOnce = async (attempt: number): Promise<void> => {
          const key = keyOf(attempt);
          const question = { sentAt: performance.now(), attempt, heard, failed: reject };
          if (!keys.has(key)) {
            if (this.#questions.has(key)) throw new Error(`the question ${key} is being asked`);
            keys.add(key);
          }
          this.#questions.set(key, question);
          this.#listen();
          await sendOnce(question, () => send(attempt));
          // The answer may have been quicker than the sending's Promise.
          if (done) return;
          timer = setTimeout(() => {
            if (attempt < retries) attemptOnce(attempt + 1).catch(reject);
            else resolve(undefined);
          }, timeout);
        };
        attemptOnce(0).catch(reject);
      });
    } finally {
      done = true;
      clearTimeout(timer);
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      for (const key of keys) this.#questions.delete(key);
      if (this.#questions.size === 0) this.#rest();
    }
  }

  #listen(): void {
    if (this.#listening !== undefined) return;
    const listening = new AbortController();
    this.#listening = listening;
    for (const receive of this.#receives) void this.#hear(receive, listening);
  }

  #rest(): void {
    this.#listening?.abort();
    this.#listening = undefined;
  }

  async #hear(receive: Receive<Reply>, listening: AbortController): Promise<void> {
    const { signal } = listening;
    while (!signal.aborted) {
      let reply: Reply;
      try {
        reply = await receive({ signal });
      } catch (error) {
        if (signal.aborted) return;
        if (wasLeft(error)) continue;
        listening.abort();
        if (this.#listening === listening) this.#listening = undefined;
        for (const { failed } of this.#questions.values()) failed(error);
        return;
      }
      const arrived = performance.now();
      const key = this.#keyOf(reply);
      const question = key === undefined ? undefined : this.#questions.get(key);
      question?.heard(reply, arrived, question.attempt, question.sentAt);
    }
  }
}

/** Sends; once more for each error that was left by another question's ICMP message, at most some times. */
async function sendOnce<Reply>(question: Question<Reply>, send: () => unknown): Promise<void> {
  for (let turn = 0; ; turn++) {
    try {
      question.sentAt = performance.now();
      await send();
      return;
    } catch (error) {
      if (turn === MOST_LEFT || !wasLeft(error)) throw error;
    }
  }
}

const MOST_LEFT = 3;
