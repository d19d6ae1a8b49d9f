/** Time, as in-memory sockets take it: the real one, or one that a test moves. */
import { clearTimeout, setTimeout } from 'node:timers';
import { checkTimeout, wrongType } from '../check.ts';

/** Something that is to happen; `clear` calls it off. */
export interface Alarm {
  clear(): void;
}

/** Where the sockets of a network have their time from: delays, timeouts, pauses. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Has `work` done in so many milliseconds. */
  after(milliseconds: number, work: () => void): Alarm;
  /** Lets so much time pass for a call that blocks this thread: nothing else runs meanwhile. */
  sleep(milliseconds: number): void;
}

/** Time as it passes. */
export class RealClock implements Clock {
  readonly #cell: Int32Array = new Int32Array(new SharedArrayBuffer(4));

  now(): number {
    return performance.now();
  }

  after(milliseconds: number, work: () => void): Alarm {
    const timer = setTimeout(work, milliseconds);
    return { clear: () => clearTimeout(timer) };
  }

  sleep(milliseconds: number): void {
    Atomics.wait(this.#cell, 0, 0, milliseconds);
  }
}

interface Due {
  at: number;
  work: () => void;
}

/**
 * Time that stands still until {@link advance} moves it: an hour's timeout is tested in no time, and always comes out the same.
 * A `…Sync` call that waits moves it too, since for a blocked thread time passes; what came due meanwhile is done afterwards.
 */
export class VirtualClock implements Clock {
  #now = 0;
  /** By time, and of the same time in the order in which they were asked for. */
  readonly #due: Due[] = [];
  #late = false;

  now(): number {
    return this.#now;
  }

  /** How many things are to happen. */
  get pending(): number {
    return this.#due.length;
  }

  after(milliseconds: number, work: () => void): Alarm {
    if (typeof work !== 'function') throw wrongType('work', 'a function', work);
    const due: Due = { at: this.#now + Math.max(0, checkTimeout(milliseconds)), work };
    let at = this.#due.length;
    while (at > 0 && (this.#due[at - 1] as Due).at > due.at) at -= 1;
    this.#due.splice(at, 0, due);
    return {
      clear: () => {
        const index = this.#due.indexOf(due);
        if (index >= 0) this.#due.splice(index, 1);
      },
    };
  }

  /**
   * Moves time on. What comes due on the way is done at its time and in order, and the code that waited for it runs before the
   * next: so a call that it makes, with a delay of its own, comes in where it belongs.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + Math.max(0, checkTimeout(milliseconds));
    await settled();
    for (let next = this.#due[0]; next !== undefined && next.at <= end; next = this.#due[0]) {
      this.#due.shift();
      this.#now = Math.max(this.#now, next.at);
      next.work();
      await settled();
    }
    this.#now = Math.max(this.#now, end);
  }

  sleep(milliseconds: number): void {
    this.#now += milliseconds;
    if (this.#late) return;
    this.#late = true;
    setImmediate(() => {
      this.#late = false;
      for (let next = this.#due[0]; next !== undefined && next.at <= this.#now; next = this.#due[0]) {
        this.#due.shift();
        next.work();
      }
    });
  }
}

/** All that can go on without time passing has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
