import { checkInteger, checkObject } from '@sockeye/addr/check';
import type { CanBatches, CanBatchOptions } from './bus.ts';
import { FrameBatch, type FrameRows, WrittenRows } from './frame-view.ts';
import type { FrameHub, Reader } from './hub.ts';

/** Frames of a batch, unless something else is said. */
const MAX = 256;

/** What receives many frames by itself, where nobody else is asking. */
export interface DirectRows extends FrameRows {
  /** Whether what it receives may be handed on as it is. */
  readonly usable: boolean;
  /** Gives what it received to all who read, where it may not. */
  readonly redirect: () => void;
  /** Waits for frames, which are then its rows. */
  receive(signal: AbortSignal | undefined): Promise<unknown>;
}

const DONE: IteratorResult<FrameBatch, undefined> = Object.freeze({ done: true, value: undefined });

/** Frames of a bus, many at a time, in memory that is used again. */
export class FrameBatches implements CanBatches {
  readonly #hub: FrameHub;
  readonly #reader: Reader;
  readonly #signal: AbortSignal | undefined;
  readonly #max: number;
  readonly #size: number;
  readonly #direct: DirectRows | undefined;
  readonly #directBatch: FrameBatch | undefined;
  #written: [WrittenRows, FrameBatch] | undefined;
  #ended = false;

  /** @param size bytes of the largest frame */
  constructor(
    hub: FrameHub,
    options: CanBatchOptions | undefined,
    size: number,
    direct?: (max: number) => DirectRows,
  ) {
    checkObject('options', options ?? {});
    const { max = MAX, signal, filters } = options ?? {};
    this.#max = checkInteger('max', max, 1, 1024);
    this.#hub = hub;
    this.#size = size;
    this.#reader = hub.open({ signal, filters });
    this.#signal = signal;
    // What only some of the frames are wanted of goes through the filters in JavaScript.
    if (direct !== undefined && filters === undefined) {
      this.#direct = direct(max);
      this.#directBatch = new FrameBatch(this.#direct);
    }
  }

  get dropped(): number {
    return this.#reader.dropped;
  }

  async next(): Promise<IteratorResult<FrameBatch, undefined>> {
    if (this.#ended) return DONE;
    const direct = this.#direct;
    if (direct === undefined || !direct.usable || this.#reader.busy || !this.#hub.claim()) {
      return this.#fromQueue();
    }
    try {
      await direct.receive(this.#signal);
      if (!direct.usable) direct.redirect();
      else if (this.#hub.others(this.#reader) > 0) {
        for (const frame of this.#directBatch as FrameBatch) this.#hub.push(frame.copy(), this.#reader);
      }
    } catch (error) {
      const closed = this.#hub.closed;
      await this.return();
      if (closed) return DONE;
      this.#hub.failOthers(error as Error);
      throw error;
    } finally {
      this.#hub.release();
    }
    if (!direct.usable) return this.#fromQueue();
    return { done: false, value: this.#directBatch as FrameBatch };
  }

  async #fromQueue(): Promise<IteratorResult<FrameBatch, undefined>> {
    if (this.#written === undefined) {
      const made = new WrittenRows(this.#max, this.#size);
      this.#written = [made, new FrameBatch(made)];
    }
    const [rows, batch] = this.#written;
    const { done, value } = await this.#reader.next();
    if (done) {
      this.#ended = true;
      return DONE;
    }
    rows.clear();
    rows.add(value);
    while (rows.length < this.#max) {
      const frame = this.#reader.shift();
      if (frame === undefined) break;
      rows.add(frame);
    }
    return { done: false, value: batch };
  }

  async return(): Promise<IteratorResult<FrameBatch, undefined>> {
    this.#ended = true;
    await this.#reader.return();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
