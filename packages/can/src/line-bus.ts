/** What buses over a stream of text have in common: lines in, lines out, and a stream that ends or fails. */
import type { Duplex } from 'node:stream';
import { checkObject, wrongType } from '@sockeye/addr/check';
import type { CanWaitOptions } from './bus.ts';
import { abortError, CanBusError, canceledError, timeoutError } from './bus-error.ts';
import type { CanFrame } from './frame.ts';
import { HubBus, type HubBusOptions } from './hub-bus.ts';

interface Waiting {
  readonly line: string;
  readonly done: (error?: Error) => void;
}

/** Characters of a line that has no end, after which what came is thrown away. */
const LONGEST = 1024;

export abstract class LineBus extends HubBus {
  readonly #stream: Duplex;
  /** What ends a line. */
  readonly #ends: RegExp;
  readonly #waiting: Waiting[] = [];
  #text = '';
  #malformed = 0;

  constructor(
    stream: Duplex,
    ends: RegExp,
    name: string,
    kinds: { fd: boolean; xl: boolean; confirms: boolean },
    options: HubBusOptions,
  ) {
    super(name, kinds, options);
    this.#stream = stream;
    this.#ends = ends;
    stream.on('data', this.#came);
    stream.on('drain', this.#drained);
    stream.on('error', this.#lost);
    stream.on('close', this.#ended);
    stream.on('end', this.#ended);
  }

  /** Lines that came and were none, or frames that were none. */
  get malformed(): number {
    return this.#malformed;
  }

  /** A line, with what ends it. False where it is none. */
  protected abstract line(text: string): boolean;

  /** A frame as a line, with what ends it. */
  protected abstract text(frame: CanFrame): string;

  readonly #came = (chunk: Uint8Array | string): void => {
    this.#text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
    for (let end = this.#ends.exec(this.#text); end !== null; end = this.#ends.exec(this.#text)) {
      const at = end.index + end[0].length;
      const line = this.#text.slice(0, at);
      this.#text = this.#text.slice(at);
      if (!this.#understood(line)) this.#malformed += 1;
    }
    if (this.#text.length > LONGEST) {
      this.#text = '';
      this.#malformed += 1;
    }
  };

  #understood(line: string): boolean {
    try {
      return this.line(line);
    } catch {
      // A frame that is none.
      return false;
    }
  }

  protected override async transmit(frame: CanFrame, options: CanWaitOptions): Promise<void> {
    await this.write(this.text(frame), options);
  }

  /** Writes a line when the stream has room. */
  protected write(line: string, { timeout, signal }: CanWaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        line,
        done: (error) => {
          const at = this.#waiting.indexOf(waiting);
          if (at >= 0) this.#waiting.splice(at, 1);
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const aborted = (): void => waiting.done(abortError(signal as AbortSignal));
      let timer: ReturnType<typeof setTimeout> | undefined;
      this.#waiting.push(waiting);
      this.#drained();
      if (!this.#waiting.includes(waiting)) return;
      if (timeout === 0) waiting.done(timeoutError('send'));
      else if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
        timer = setTimeout(() => waiting.done(timeoutError('send')), timeout);
      }
      signal?.addEventListener('abort', aborted);
    });
  }

  readonly #drained = (): void => {
    const stream = this.#stream;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!stream.writable) {
        next.done(new CanBusError('EPIPE', `send EPIPE: the stream of ${this.name} has ended`));
        continue;
      }
      if (stream.writableNeedDrain) return;
      stream.write(next.line, 'latin1');
      next.done();
    }
  };

  readonly #lost = (error: Error): void => {
    if (!this.closed) this.failed(error);
  };

  readonly #ended = (): void => {
    if (this.closed || this.#gone) return;
    this.#gone = true;
    this.failed(new CanBusError('ECONNRESET', `recv ECONNRESET: the stream of ${this.name} has ended`));
    this.#drained();
  };
  #gone = false;

  /** What is written before the stream is ended. */
  protected abstract farewell(): string;

  protected override async disconnect(): Promise<void> {
    const stream = this.#stream;
    for (const { done } of this.#waiting.slice()) done(canceledError('send'));
    stream.off('data', this.#came);
    stream.off('drain', this.#drained);
    if (!stream.destroyed && stream.writable) {
      const words = this.farewell();
      await new Promise<void>((resolve) => {
        // Who does not read is not waited for.
        const late = setTimeout(resolve, 1000);
        const through = (): void => {
          clearTimeout(late);
          resolve();
        };
        stream.once('close', through);
        stream.end(words, through);
      });
    }
    stream.destroy();
  }
}

export function checkStream(stream: Duplex): void {
  checkObject('stream', stream);
  if (typeof stream.write !== 'function' || typeof stream.on !== 'function') {
    throw wrongType('stream', 'a Duplex', stream);
  }
}
