/** Who waits for one socket, in which direction; runs their calls when it is ready. */

import { native } from './binding.ts';
import { constants, errnos } from './constants.ts';
import { systemError } from './errors.ts';
import { timers } from './runtime.ts';
import {
  AGAIN,
  arm,
  EXCEPTIONAL,
  FAULTY,
  NO_BUFFERS,
  READABLE,
  STAYS,
  type Told,
  turned,
  UNREFERENCED,
  type Waits,
  WRITABLE,
  watched,
} from './wait.ts';
import { type Left, type Owner, Queue, Waiter } from './waiter.ts';

/** The first pause after an error that no call explains or a full queue, and the longest, in milliseconds. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 64;

/** How long a send without a timeout waits for buffer space, in milliseconds; `sys/wait.rs` has the same. */
const LONGEST_FULL = 30_000;

/** Ready so often in a row with nothing to be had: the poller cannot tell what these calls wait for. */
const FRUITLESS = 3;

/** So often in a row a receive right after one that had waited found nothing: the next ones wait without asking. */
const BARREN = 4;
/** One in so many asks all the same, so that more traffic is noticed. */
const SAMPLE = 16;

/** poll(2)'s bits that need not be asked for, and those that can be. */
const FAILED = constants.POLLERR | constants.POLLHUP;
const SOMETHING = constants.POLLIN | constants.POLLOUT | constants.POLLPRI;

/** What the native part polls for, when it may have stopped by itself. */
const UNKNOWN = -1;

/** A queue in which nobody ever stands. */
const NOBODY = new Queue();

/** The waiters of one socket. */
export class Readiness implements Told, Left {
  readonly counters: Waits = { waits: 0, wakeUps: 0, wouldBlocks: 0, noBuffers: 0, pauses: 0 };
  readonly #slot: number;
  readonly #generation: number;
  // Most sockets wait in one direction: queues are made when first needed.
  #readers: Queue = NOBODY;
  #writers: Queue = NOBODY;
  #exceptional: Queue = NOBODY;
  /** Those who only look, in any direction: they hold nobody back. */
  #lookers: Queue = NOBODY;
  /** poll(2)'s events that they look for, at most. */
  #looksFor = 0;
  #unreferenced: number;
  /** Whether it stands in `watched`. */
  #listed = false;
  /** The socket was closed. */
  #over = false;
  #armed = 0;
  /** The pause after a fault, and its timer. */
  #pause = 0;
  #fruitless = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The pause for buffer space, its timer, and since when there has been none. */
  #roomPause = 0;
  #roomTimer: NodeJS.Timeout | undefined;
  #fullSince = 0;
  /** A send of much gives the event loop its turn. */
  #turn: NodeJS.Immediate | undefined;
  /** The last receive that waited has just succeeded. */
  #fresh = false;
  #barren = 0;
  #skipped = 0;

  constructor(slot: number, generation: number, referenced: boolean) {
    this.#slot = slot;
    this.#generation = generation;
    this.#unreferenced = referenced ? 0 : UNREFERENCED;
  }

  /** Whether calls wait in this direction already: a new one goes behind them. */
  busy(direction: number): boolean {
    return this.#queue(direction).size > 0;
  }

  /**
   * Whether a receive had better wait without asking: it follows right after one that had waited, and such ones have found
   * nothing lately.
   */
  get barren(): boolean {
    if (!this.#fresh || this.#barren < BARREN) return false;
    this.#skipped = (this.#skipped + 1) % SAMPLE;
    if (this.#skipped === 0) return false;
    this.#fresh = false;
    return true;
  }

  /** What a first try said. */
  tried(direction: number, result: number): void {
    if (result === AGAIN) this.counters.wouldBlocks += 1;
    else if (result === NO_BUFFERS) this.counters.noBuffers += 1;
    if (direction !== READABLE || !this.#fresh) return;
    this.#fresh = false;
    this.#barren = result === AGAIN ? this.#barren + 1 : 0;
  }

  /**
   * Resolves with the first result of `attempt` that is not `-EAGAIN`, and rejects with the error of a negative one.
   *
   * @param full the first try was told ENOBUFS
   */
  wait(
    owner: Owner,
    direction: number,
    attempt: () => number,
    syscall: string,
    timeout: number,
    signal: AbortSignal | undefined,
    address: Uint8Array | undefined,
    full: boolean,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(owner, 0, attempt, syscall, address, resolve, reject);
      this.#join(this.#queueFor(direction), waiter, timeout, signal, full);
    });
  }

  /** Resolves with those of poll(2)'s `events` that stand, or with errors and hang-ups, as soon as there are any. */
  look(owner: Owner, events: number, timeout: number, signal: AbortSignal | undefined): Promise<number> {
    if (this.#lookers === NOBODY) this.#lookers = new Queue();
    const queue = this.#lookers;
    this.#looksFor |= events;
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(owner, events, nothing, 'poll', undefined, resolve, reject);
      this.#join(queue, waiter, timeout, signal, false);
    });
  }

  #join(queue: Queue, waiter: Waiter, timeout: number, signal: AbortSignal | undefined, full: boolean): void {
    queue.push(waiter);
    this.counters.waits += 1;
    if (this.#fullSince !== 0 && queue === this.#writers) {
      waiter.since = performance.now();
      waiter.full = true;
    }
    if (full) this.#awaitRoom(waiter);
    const armed = this.#rearm();
    if (armed < 0) {
      waiter.fail(unwatched(armed, waiter.syscall));
      return;
    }
    waiter.bound(timeout, signal, this);
  }

  /** Somebody has left by timeout or signal: the next may have its turn, or nobody waits any more. */
  left(): void {
    this.#go();
  }

  /** Whether the waits keep the event loop alive from now on. */
  reference(referenced: boolean): void {
    this.#unreferenced = referenced ? 0 : UNREFERENCED;
    for (const timer of [this.#timer, this.#roomTimer]) {
      if (referenced) timer?.ref();
      else timer?.unref();
    }
    this.#go();
  }

  /** The socket is closing: all who wait get ECANCELED. */
  cancel(): void {
    this.#over = true;
    if (this.#timer !== undefined) timers().clearTimeout(this.#timer);
    if (this.#roomTimer !== undefined) timers().clearTimeout(this.#roomTimer);
    clearImmediate(this.#turn);
    this.#timer = undefined;
    this.#roomTimer = undefined;
    this.#turn = undefined;
    if (this.#listed) watched.delete(this.#slot);
    this.#listed = false;
    for (const waiter of this.#everybody()) waiter.cancel();
  }

  /** The poller has news. */
  ready(events: number): void {
    turned();
    this.counters.wakeUps += 1;
    const progress = this.#runAll(events);
    this.#fruitless = progress ? 0 : this.#fruitless + 1;
    if (progress || ((events & (FAULTY | EXCEPTIONAL)) === 0 && this.#fruitless < FRUITLESS)) {
      if (progress) this.#pause = 0;
      // The native part may have stopped the poller by itself: tell it anew, even when nobody waits any more.
      if (events & FAULTY) this.#armed = UNKNOWN;
      this.#go();
      return;
    }
    // Something stands that none of the waiting calls takes away (a filled error queue, urgent data): polling would spin,
    // so ask again after a while.
    if (this.#interest() === 0) {
      if (events & FAULTY) this.#armed = UNKNOWN;
      this.#rearm();
      return;
    }
    this.#arm(0);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE);
    this.counters.pauses += 1;
    this.#timer ??= this.#after(this.#pause, () => {
      this.#timer = undefined;
      if (this.#runAll(READABLE | WRITABLE | EXCEPTIONAL)) {
        this.#fruitless = 0;
        this.#pause = 0;
      }
      this.#go();
    });
  }

  later(events: number): void {
    this.#armed = 0;
    const again = setImmediate(() => {
      if (!this.#over) this.ready(events);
    });
    if (this.#unreferenced) again.unref();
  }

  /** Runs the calls of these directions; whether any got through. */
  #runAll(events: number): boolean {
    let progress = false;
    let urgent = 0;
    let ready = events;
    if (events & EXCEPTIONAL) {
      // First, since what they take keeps the poller awake. And a receive that finds nothing but urgent data throws it away
      // (Linux, tcp_recvmsg), so the others are run only when poll(2) has something for them.
      progress = this.#runEach() || progress;
      const stands = native.poll(this.#slot, this.#generation, SOMETHING);
      if (stands >= 0) {
        urgent = stands & constants.POLLPRI;
        ready =
          (stands & (constants.POLLIN | FAILED) && READABLE) |
          (stands & (constants.POLLOUT | FAILED) && WRITABLE);
      }
    }
    if (ready & READABLE && this.#readers.size > 0) {
      const received = this.#run(this.#readers);
      this.#fresh = received && this.#readers.size === 0;
      progress = received || progress;
    }
    // While there is no buffer space the timer asks.
    const writes = ready & WRITABLE && this.#mayWrite;
    if (writes && this.#writers.size > 0) progress = this.#run(this.#writers) || progress;
    // Last, so that they see what the calls have left.
    const lookers = this.#lookers;
    if (lookers.size > 0) progress = this.#runLookers(lookers, urgent) || progress;
    return progress;
  }

  /** Runs calls until one would block; whether any got through. */
  #run(queue: Queue): boolean {
    let progress = false;
    for (let waiter = queue.first; waiter !== undefined; waiter = queue.first) {
      const result = this.#try(waiter);
      // A getter of the caller's has closed the socket, for example.
      if (waiter.queue !== queue) continue;
      if (result === NO_BUFFERS && queue === this.#writers && this.#awaitRoom(waiter)) break;
      // Whoever fails for want of space leaves the time of the others running.
      if (queue === this.#writers && result !== NO_BUFFERS) {
        this.#fullSince = 0;
        this.#roomPause = 0;
      }
      if (result === AGAIN) break;
      progress = true;
      if (result === STAYS) {
        if (queue === this.#writers) this.#yield();
        break;
      }
      waiter.settle(result);
    }
    return progress;
  }

  /** Runs each of the calls that wait for something exceptional: which of them is meant cannot be told. */
  #runEach(): boolean {
    const queue = this.#exceptional;
    let progress = false;
    for (const waiter of queue.all()) {
      // Closed by a getter of another call's.
      if (waiter.queue !== queue) continue;
      const result = this.#try(waiter);
      if (waiter.queue === queue && result === AGAIN) continue;
      progress = true;
      if (waiter.queue === queue) waiter.settle(result);
    }
    return progress;
  }

  /** Asks poll(2) once for all who only look. */
  #runLookers(lookers: Queue, urgent: number): boolean {
    const now = native.poll(this.#slot, this.#generation, this.#looksFor);
    const stands = now < 0 ? now : now | urgent;
    let progress = false;
    this.#looksFor = 0;
    for (const waiter of lookers.all()) {
      const seen = stands < 0 ? stands : stands & (waiter.events | FAILED);
      if (seen === 0) this.#looksFor |= waiter.events;
      else {
        progress = true;
        waiter.settle(seen);
      }
    }
    return progress;
  }

  /** What a waiter's call says. One that throws has its own caller told, and the others go on. */
  #try(waiter: Waiter): number {
    waiter.full = false;
    try {
      const result = waiter.attempt();
      if (result === AGAIN) this.counters.wouldBlocks += 1;
      else if (result === NO_BUFFERS) this.counters.noBuffers += 1;
      return result;
    } catch (error) {
      // A buffer that was detached meanwhile, for example.
      if (waiter.queue !== undefined) waiter.fail(error as Error);
      return AGAIN;
    }
  }

  /** A send was told ENOBUFS, which no poller tells the end of: asks again after a pause, unless it has waited enough. */
  #awaitRoom(waiter: Waiter): boolean {
    const now = performance.now();
    this.#fullSince ||= now;
    if (!waiter.bounded && now - Math.max(waiter.since, this.#fullSince) >= LONGEST_FULL) return false;
    waiter.full = true;
    if (this.#roomTimer !== undefined) return true;
    this.#roomPause = Math.min(LONGEST_PAUSE, this.#roomPause * 2 || FIRST_PAUSE);
    this.counters.pauses += 1;
    this.#roomTimer = this.#after(this.#roomPause, () => {
      this.#roomTimer = undefined;
      if (this.#writers.size === 0) {
        this.#fullSince = 0;
        this.#roomPause = 0;
      } else this.#run(this.#writers);
      this.#go();
    });
    return true;
  }

  /** Has the writers go on when the event loop has had its turn, which a poller in a thread does not wait for. */
  #yield(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#run(this.#writers);
      this.#go();
    });
    if (this.#unreferenced) this.#turn.unref();
  }

  #after(milliseconds: number, work: () => void): NodeJS.Timeout {
    const timer = timers().setTimeout(work, milliseconds);
    if (this.#unreferenced) timer.unref();
    return timer;
  }

  #queue(direction: number): Queue {
    if (direction === READABLE) return this.#readers;
    return direction === WRITABLE ? this.#writers : this.#exceptional;
  }

  /** As {@link #queue}, for one who will stand in it. */
  #queueFor(direction: number): Queue {
    const queue = this.#queue(direction);
    if (queue !== NOBODY) return queue;
    const made = new Queue();
    if (direction === READABLE) this.#readers = made;
    else if (direction === WRITABLE) this.#writers = made;
    else this.#exceptional = made;
    return made;
  }

  /** Whether the writers' next try is the poller's to tell of. */
  get #mayWrite(): boolean {
    return this.#roomTimer === undefined && this.#turn === undefined;
  }

  #interest(): number {
    let interest = 0;
    if (this.#readers.size > 0) interest |= READABLE;
    if (this.#writers.size > 0 && this.#mayWrite) interest |= WRITABLE;
    if (this.#exceptional.size > 0) interest |= EXCEPTIONAL;
    if (this.#lookers.size > 0) {
      if (this.#looksFor & constants.POLLIN) interest |= READABLE;
      if (this.#looksFor & constants.POLLOUT) interest |= WRITABLE;
      if (this.#looksFor & constants.POLLPRI) interest |= EXCEPTIONAL;
    }
    return interest === 0 ? 0 : interest | this.#unreferenced;
  }

  #everybody(): Waiter[] {
    const queues = [this.#exceptional, this.#readers, this.#writers, this.#lookers];
    return queues.flatMap((queue) => queue.all());
  }

  /** Polls on for those who still wait; when that cannot be, they are told. */
  #go(): void {
    const armed = this.#rearm();
    if (armed >= 0) return;
    for (const waiter of this.#everybody()) waiter.fail(unwatched(armed, waiter.syscall));
  }

  #rearm(): number {
    // Closed by a call that ran just now; the slot may be another socket's already. While a pause runs, its end arms.
    if (this.#over || this.#timer !== undefined) return 0;
    if (!this.#listed) {
      watched.set(this.#slot, this);
      this.#listed = true;
    }
    return this.#arm(this.#interest());
  }

  #arm(interest: number): number {
    if (interest === this.#armed) return 0;
    const result = arm(this.#slot, this.#generation, interest);
    if (result >= 0) this.#armed = interest;
    return result;
  }
}

/** What a call that only looks would do. */
const nothing = (): number => AGAIN;

function unwatched(result: number, syscall: string): Error {
  const without = result === -errnos.ENOTSUP ? 'this runtime offers no libuv to wait with' : undefined;
  return systemError(result, syscall, without ?? 'the event loop cannot watch this socket');
}
