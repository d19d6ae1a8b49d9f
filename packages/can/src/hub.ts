/** Who reads from a bus: iterations, which get every frame, and single receives, which get one each; and the queue for nobody yet. */
import { checkInteger, checkObject, outOfRange, wrongType } from '@sockeye/addr/check';
import type { CanFrames, CanReceiveOptions, CanRecvOptions, ReceivedFrame } from './bus.ts';
import { abortError, canceledError, closedError, timeoutError } from './bus-error.ts';
import { canIdOf, type Matcher, matcher } from './match.ts';

/** Frames that are kept for an iteration, or for nobody yet, unless something else is said. */
export const QUEUE = 8192;

/** Where frames come from when they have to be asked for. */
export interface Source {
  /** Waits for frames and pushes what came. `single` says that one is all that is wanted. */
  readonly read: (signal: AbortSignal, single: boolean) => Promise<void>;
  /** Pushes a frame if one is there. */
  readonly poll: () => void;
}

interface Taker {
  readonly passes: Matcher | undefined;
  readonly take: (frame: ReceivedFrame) => void;
  readonly fail: (error: Error) => void;
}

export class FrameHub {
  readonly limit: number;
  readonly #source: Source | undefined;
  readonly #readers: Set<Reader> = new Set();
  readonly #takers: Set<Taker> = new Set();
  readonly #backlog: ReceivedFrame[] = [];
  #error: Error | undefined;
  #closed = false;
  #pulling: AbortController | undefined;
  #claimed = false;
  #listeners = 0;
  /** Frames lost since nobody read them and the queue was full. */
  dropped = 0;

  constructor(source?: Source, limit: number = QUEUE) {
    this.#source = source;
    this.limit = checkInteger('queue', limit, 1, 1 << 24);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How many read besides `reader`. */
  others(reader?: Reader): number {
    return (
      this.#readers.size + this.#takers.size - (reader !== undefined && this.#readers.has(reader) ? 1 : 0)
    );
  }

  /** Gives a frame to all who read, save one. */
  push(frame: ReceivedFrame, save?: Reader): void {
    const canId = canIdOf(frame);
    for (const reader of this.#readers) if (reader !== save) reader.push(frame, canId);
    for (const taker of this.#takers) {
      if (taker.passes !== undefined && !taker.passes(canId)) continue;
      this.#takers.delete(taker);
      taker.take(frame);
      return;
    }
    if (this.#readers.size > 0) return;
    if (this.#backlog.length >= this.limit) this.dropped += 1;
    else this.#backlog.push(frame);
  }

  /** Tells all who wait; who does not is told next. */
  fail(error: Error): void {
    let told = false;
    for (const reader of this.#readers) {
      reader.fail(error);
      told = true;
    }
    for (const taker of this.#takers) {
      this.#takers.delete(taker);
      taker.fail(error);
      told = true;
    }
    if (!told) this.#error = error;
  }

  /** As {@link fail}, where somebody has been told already. */
  failOthers(error: Error): void {
    if (this.others() > 0) this.fail(error);
  }

  /** The bus is closed. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#backlog.length = 0;
    for (const taker of this.#takers) taker.fail(canceledError('recv'));
    this.#takers.clear();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#pulling?.abort();
  }

  /** An iteration from now on. */
  open(options: CanReceiveOptions = {}): Reader {
    checkObject('options', options);
    const { signal, filters } = options;
    checkSignal(signal);
    const reader = new Reader(this, signal, filters === undefined ? undefined : matcher(filters));
    if (this.#closed) {
      reader.end();
      return reader;
    }
    this.#readers.add(reader);
    for (const frame of this.#backlog.splice(0)) reader.push(frame, canIdOf(frame));
    if (this.#error !== undefined) {
      reader.fail(this.#error);
      this.#error = undefined;
    }
    return reader;
  }

  /** An iteration has ended; what it leaves is there for the next. */
  leave(reader: Reader, rest: readonly ReceivedFrame[]): void {
    if (!this.#readers.delete(reader)) return;
    if (this.#readers.size === 0 && !this.#closed) this.#backlog.unshift(...rest);
    this.idle();
  }

  /** Takes what nobody has taken yet. */
  shift(passes?: Matcher): ReceivedFrame | undefined {
    for (let frame = this.#backlog.shift(); frame !== undefined; frame = this.#backlog.shift()) {
      if (passes === undefined || passes(canIdOf(frame))) return frame;
    }
    return undefined;
  }

  /** The next frame. */
  recv(options: CanRecvOptions = {}): Promise<ReceivedFrame> {
    try {
      checkObject('options', options);
      const { signal, timeout, filters } = options;
      checkWait(timeout, signal);
      if (this.#closed) throw closedError('recv');
      if (signal?.aborted) throw abortError(signal);
      const passes = filters === undefined ? undefined : matcher(filters);
      const there = this.shift(passes);
      if (there !== undefined) return Promise.resolve(there);
      if (this.#error !== undefined) {
        const error = this.#error;
        this.#error = undefined;
        throw error;
      }
      return this.#waitFor(passes, timeout, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #waitFor(
    passes: Matcher | undefined,
    timeout: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ReceivedFrame> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const settle = (): void => {
        this.#takers.delete(taker);
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const give = (error: Error): void => {
        fail(error);
        this.idle();
      };
      const aborted = (): void => give(abortError(signal as AbortSignal));
      const taker: Taker = {
        passes,
        take: (frame) => {
          settle();
          resolve(frame);
        },
        fail,
      };
      this.#takers.add(taker);
      signal?.addEventListener('abort', aborted);
      if (timeout === 0) {
        try {
          if (!this.#claimed && this.#pulling === undefined) this.#source?.poll();
        } catch (error) {
          fail(error as Error);
        }
        if (this.#takers.has(taker)) give(timeoutError('recv'));
        return;
      }
      if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY)
        timer = setTimeout(() => give(timeoutError('recv')), timeout);
      this.want();
    });
  }

  /** Whether anybody waits. */
  get #wanted(): boolean {
    if (this.#takers.size > 0 || this.#listeners > 0) return true;
    for (const reader of this.#readers) if (reader.waits) return true;
    return false;
  }

  /** Somebody waits: frames are asked for, if that is not being done. */
  want(): void {
    if (this.#source === undefined || this.#claimed || this.#pulling !== undefined) return;
    void this.#pullFrom(this.#source);
  }

  async #pullFrom(source: Source): Promise<void> {
    const controller = new AbortController();
    this.#pulling = controller;
    try {
      while (this.#wanted && !controller.signal.aborted) {
        const single = this.#readers.size === 0 && this.#takers.size === 1;
        await source.read(controller.signal, single);
      }
    } catch (error) {
      if (!this.#closed && !controller.signal.aborted) this.fail(error as Error);
    } finally {
      this.#pulling = undefined;
    }
    if (!this.#closed && this.#wanted) this.want();
  }

  /** Somebody no longer waits: if he was the last one, nothing is asked for any more. */
  idle(): void {
    if (!this.#wanted) this.#pulling?.abort();
  }

  /** Somebody wants frames to be asked for, who is not told of them here; until {@link unlisten}. */
  listen(): void {
    this.#listeners += 1;
    this.want();
  }

  unlisten(): void {
    this.#listeners -= 1;
    this.idle();
  }

  /** Whether the caller may ask by itself; to be given back by {@link release}. */
  claim(): boolean {
    if (this.#claimed || this.#pulling !== undefined) return false;
    this.#claimed = true;
    return true;
  }

  release(): void {
    this.#claimed = false;
    if (!this.#closed && this.#wanted) this.want();
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<ReceivedFrame, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const DONE: IteratorResult<ReceivedFrame, undefined> = Object.freeze({ done: true, value: undefined });

/** An iteration. */
export class Reader implements CanFrames {
  readonly #hub: FrameHub;
  readonly #signal: AbortSignal | undefined;
  readonly #passes: Matcher | undefined;
  readonly #waiting: Waiting[] = [];
  #queue: ReceivedFrame[] = [];
  #head = 0;
  #error: Error | undefined;
  #ended = false;
  dropped = 0;

  constructor(hub: FrameHub, signal: AbortSignal | undefined, passes: Matcher | undefined) {
    this.#hub = hub;
    this.#signal = signal;
    this.#passes = passes;
    signal?.addEventListener('abort', this.#aborted);
    if (signal?.aborted) queueMicrotask(this.#aborted);
  }

  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether something is there, be it an error. */
  get busy(): boolean {
    return this.queued > 0 || this.#error !== undefined || this.#ended;
  }

  /** Frames that are there. */
  get queued(): number {
    return this.#queue.length - this.#head;
  }

  push(frame: ReceivedFrame, canId: number): void {
    if (this.#ended || (this.#passes !== undefined && !this.#passes(canId))) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: frame });
    else if (this.queued >= this.#hub.limit) this.dropped += 1;
    else this.#queue.push(frame);
  }

  /** The frames before it come first. */
  fail(error: Error): void {
    this.#error = error;
    if (this.#waiting.length > 0) this.#fall();
  }

  #fall(): void {
    const error = this.#error as Error;
    this.#error = undefined;
    const waiting = this.#waiting.shift();
    this.#finish();
    waiting?.reject(error);
  }

  end(): void {
    this.#queue = [];
    this.#head = 0;
    this.#finish();
  }

  readonly #aborted = (): void => {
    this.fail(abortError(this.#signal as AbortSignal));
  };

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#aborted);
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE);
    this.#hub.leave(this, this.#queue.slice(this.#head));
    this.#queue = [];
    this.#head = 0;
  }

  /** What is there, without waiting. */
  shift(): ReceivedFrame | undefined {
    const frame = this.#queue[this.#head];
    if (frame === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  next(): Promise<IteratorResult<ReceivedFrame, undefined>> {
    // Abort goes before what is queued, which is there for the next.
    if (this.#signal?.aborted && !this.#ended) this.#error ??= abortError(this.#signal);
    if (this.#error?.name !== 'AbortError') {
      const frame = this.shift();
      if (frame !== undefined) return Promise.resolve({ done: false, value: frame });
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#error !== undefined) this.#fall();
      else this.#hub.want();
    });
  }

  return(): Promise<IteratorResult<ReceivedFrame, undefined>> {
    this.#finish();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }
}

/** Throws for a timeout or a signal that is none. */
export function checkWait(timeout: unknown, signal: unknown): void {
  if (timeout !== undefined) {
    if (typeof timeout !== 'number') throw wrongType('timeout', 'a number of milliseconds', timeout);
    if (!(timeout >= 0 && (timeout <= LONGEST || timeout === Number.POSITIVE_INFINITY))) {
      throw outOfRange('timeout', `from 0 to ${LONGEST} milliseconds, or undefined`, timeout);
    }
  }
  checkSignal(signal);
}

/** What setTimeout takes. */
const LONGEST = 0x7fffffff;

function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) {
    throw wrongType('signal', 'an AbortSignal', signal);
  }
}
