/**
 * Timeouts of calls that wait: any number of them over one timer of the runtime's.
 *
 * A hierarchical timing wheel (G. Varghese, A. Lauck, 1987): seven levels of 32 slots, of 1 ms, 32 ms … 12 days each. A
 * timeout stands in the slot of the level that its distance asks for, and moves to a finer level when the time of its slot
 * has come. Adding and removing cost the same however many there are.
 */

import { timers } from './runtime.ts';

/** What a timeout belongs to. */
export interface Timed {
  /** The time is up. */
  expire(): void;
}

const LEVELS = 7;
/** Slots per level, 2^5: one integer's bits say which of them hold something. */
const SLOTS = 32;
const BITS = 5;
/** Milliseconds of a slot, by level. */
const SPAN: readonly number[] = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);
/** The longest delay that the runtime's timer takes. */
const LONGEST = 0x7fffffff;

/** A place in the wheel, and a link of its slot's ring. */
class Link {
  next: Link = this;
  previous: Link = this;
}

/** One timeout, in the wheel until it expires or is cleared. */
export class Timeout extends Link {
  readonly owner: Timed;
  /** Milliseconds of {@link performance.now}, rounded up. */
  readonly due: number;
  /** Where it stands: level * SLOTS + slot; -1 when nowhere. */
  place = -1;

  constructor(owner: Timed, due: number) {
    super();
    this.owner = owner;
    this.due = due;
  }
}

class Wheel {
  /** The ring of each slot, made when it is first needed. */
  readonly #rings: (Link | undefined)[] = new Array(LEVELS * SLOTS).fill(undefined);
  /** Which slots hold something, by level. */
  readonly #filled: Int32Array = new Int32Array(LEVELS);
  #size = 0;
  /** The time up to which the slots were looked at. */
  #now = 0;
  /** The runtime's timer, and when it fires. */
  #timer: NodeJS.Timeout | undefined;
  #wakes = Number.POSITIVE_INFINITY;
  readonly #wake = (): void => this.#turn();

  add(owner: Timed, milliseconds: number): Timeout {
    const now = performance.now();
    if (this.#size === 0) this.#now = Math.floor(now);
    const timeout = new Timeout(owner, Math.ceil(now + milliseconds));
    this.#size += 1;
    const begins = this.#put(timeout);
    if (begins < this.#wakes) this.#wakeAt(begins, now);
    return timeout;
  }

  remove(timeout: Timeout): void {
    if (timeout.place < 0) return;
    this.#unlink(timeout);
    // The timer stays: it finds nothing, once, and the next timeout may need it.
    this.#size -= 1;
  }

  /** Into the slot for its distance; when that slot's time comes. */
  #put(timeout: Timeout): number {
    const distance = Math.max(1, timeout.due - this.#now);
    const level = Math.floor((31 - Math.clz32(distance)) / BITS);
    const span = SPAN[level] as number;
    const count = Math.floor((this.#now + distance) / span);
    const slot = count % SLOTS;
    const place = level * SLOTS + slot;
    let ring = this.#rings[place];
    if (ring === undefined) {
      ring = new Link();
      this.#rings[place] = ring;
    }
    timeout.place = place;
    timeout.next = ring;
    timeout.previous = ring.previous;
    ring.previous.next = timeout;
    ring.previous = timeout;
    this.#filled[level] = (this.#filled[level] as number) | (1 << slot);
    return count * span;
  }

  #unlink(timeout: Timeout): void {
    const { next, previous, place } = timeout;
    next.previous = previous;
    previous.next = next;
    timeout.next = timeout;
    timeout.previous = timeout;
    timeout.place = -1;
    // The last one of its slot: both neighbours were the ring.
    if (next === previous && next === this.#rings[place]) {
      const level = place >> BITS;
      this.#filled[level] = (this.#filled[level] as number) & ~(1 << (place & (SLOTS - 1)));
    }
  }

  /** When the next filled slot's time comes. */
  #soonest(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const filled = this.#filled[level] as number;
      if (filled === 0) continue;
      const span = SPAN[level] as number;
      const count = Math.floor(this.#now / span);
      // Turned so that the slot after the present one comes first: the present one stands for a whole round.
      const shift = (count + 1) % SLOTS;
      const turned = (filled >>> shift) | (filled << (SLOTS - shift));
      const first = 31 - Math.clz32(turned & -turned);
      const begins = (count + 1 + first) * span;
      if (begins < soonest) soonest = begins;
    }
    return soonest;
  }

  /** The runtime's timer has fired. */
  #turn(): void {
    this.#timer = undefined;
    this.#wakes = Number.POSITIVE_INFINITY;
    let now = performance.now();
    while (this.#size > 0) {
      const begins = this.#soonest();
      if (begins > now) {
        // A long list of expired ones takes its time.
        now = performance.now();
        if (begins <= now) continue;
        this.#now = Math.max(this.#now, Math.floor(now));
        this.#wakeAt(begins, now);
        return;
      }
      this.#now = begins;
      this.#emptyAll(begins, now);
    }
  }

  /**
   * Empties the slots that begin at this time, of all levels: it is the present from now on, and what stood in a present slot
   * would be taken for what comes a whole round later. The coarsest is first, since the rest of it moves to finer ones.
   */
  #emptyAll(begins: number, now: number): void {
    for (let level = LEVELS - 1; level >= 0; level--) {
      const count = begins / (SPAN[level] as number);
      if (!Number.isInteger(count)) continue;
      const slot = count % SLOTS;
      if ((this.#filled[level] as number) & (1 << slot)) {
        this.#empty(this.#rings[level * SLOTS + slot] as Link, now);
      }
    }
  }

  /** Expires what is due in a slot, and moves the rest to finer ones. */
  #empty(ring: Link, now: number): void {
    // What an owner adds meanwhile goes to another slot, or to this one for the next round.
    const last = ring.previous;
    let link: Link;
    do {
      link = ring.next;
      if (!(link instanceof Timeout)) return;
      this.#unlink(link);
      if (link.due <= now) {
        this.#size -= 1;
        link.owner.expire();
      } else this.#put(link);
    } while (link !== last);
  }

  #wakeAt(time: number, now: number): void {
    timers().clearTimeout(this.#timer);
    this.#wakes = time;
    // The poller of the socket keeps the event loop alive, where it should be.
    const wait = Math.min(LONGEST, Math.max(1, Math.ceil(time - now)));
    this.#timer = timers().setTimeout(this.#wake, wait).unref();
  }
}

const wheel: Wheel = new Wheel();

/** Calls `owner.expire()` after so many milliseconds, never earlier, fractions allowed. Does not keep the loop alive. */
export function startTimeout(owner: Timed, milliseconds: number): Timeout {
  return wheel.add(owner, milliseconds);
}

/** Ends a timeout; one that has expired is let be. */
export function clearOneTimeout(timeout: Timeout): void {
  wheel.remove(timeout);
}
