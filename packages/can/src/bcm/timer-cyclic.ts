import { checkObject } from '@sockeye/addr/check';
import { errnos, SocketError, type WaitOptions } from '@sockeye/core';
import type { BcmFrame } from '../bcm-message.ts';
import {
  type BroadcastBus,
  type CyclicContent,
  type CyclicJob,
  type CyclicRetiming,
  type CyclicStatus,
  type CyclicTiming,
  type CyclicUpdate,
  checkContent,
  checkTiming,
  milliseconds,
  type TimingPlan,
} from './options.ts';
import { Ending, Waiters } from './wait.ts';

/** What passes: the frame is lost, as it is when the kernel sends, and the job goes on. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'ENETDOWN',
  'ENOBUFS',
  'EAGAIN',
  'ERR_SOCKET_TIMEOUT',
]);

/** A transmission by timers. What is due when nothing could be sent is left out, and the beat is kept. */
export class TimerCyclic implements CyclicJob {
  readonly by = 'timer';
  readonly #bus: BroadcastBus;
  readonly #over: (job: TimerCyclic) => void;
  readonly #ending: Ending = new Ending();
  readonly #counted: Waiters = new Waiters();
  #frames: readonly BcmFrame[];
  #plan: TimingPlan;
  /** Of the first interval, so many are still to come. */
  #count: number;
  /** The frame that is next. */
  #index = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When it is due, by the clock of performance.now(). */
  #due: number;
  #sending = false;
  #missed = 0;
  #referenced = true;

  constructor(
    bus: BroadcastBus,
    frames: readonly BcmFrame[],
    plan: TimingPlan,
    over: (job: TimerCyclic) => void,
  ) {
    this.#bus = bus;
    this.#frames = frames;
    this.#plan = plan;
    this.#count = plan.count;
    this.#over = over;
    this.#due = performance.now();
    this.#fire();
  }

  #fire(): void {
    this.#send();
    const period = (this.#count > 0 ? this.#plan.ival1 : this.#plan.ival2) / 1000;
    if (this.stopped || period === 0) {
      this.#timer = undefined;
      return;
    }
    this.#due += period;
    const now = performance.now();
    if (this.#due <= now) {
      const late = Math.floor((now - this.#due) / period) + 1;
      this.#missed += late;
      this.#due += late * period;
    }
    // Timers cut fractions off, and would come early.
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(this.#due - now));
    if (!this.#referenced) this.#timer.unref();
  }

  #send(): void {
    const frame = this.#frames[this.#index]!;
    this.#index = (this.#index + 1) % this.#frames.length;
    if (this.#count > 0 && --this.#count === 0) this.#counted.done();
    if (this.#sending) {
      this.#missed++;
      return;
    }
    this.#sending = true;
    this.#bus.send(frame).then(
      () => {
        this.#sending = false;
      },
      (error: SocketError) => {
        this.#sending = false;
        if (PASSING.has(error.code)) this.#missed++;
        else this.#end(error);
      },
    );
  }

  get frames(): readonly BcmFrame[] {
    return this.#frames;
  }

  get stopped(): boolean {
    return this.#ending.over;
  }

  get ended(): Promise<Error | undefined> {
    return this.#ending.ended;
  }

  update(content: CyclicContent, options: CyclicUpdate = {}): void {
    checkObject('options', options);
    const frames = checkContent(content, this.#frames);
    this.#ending.check();
    if (options.fromFirst === true || frames.length !== this.#frames.length) this.#index = 0;
    this.#frames = frames;
    if (options.announce === true) this.#send();
  }

  retime(timing: CyclicTiming, options: CyclicRetiming = {}): void {
    checkObject('options', options);
    const plan = checkTiming(timing);
    this.#ending.check();
    this.#plan = plan;
    this.#count = plan.count;
    if (plan.count === 0) this.#counted.done();
    if (options.restart !== true && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#index = 0;
    this.#due = performance.now();
    this.#fire();
  }

  status(): CyclicStatus {
    this.#ending.check();
    const { ival1, ival2 } = this.#plan;
    const first = milliseconds(ival1);
    return {
      by: 'timer',
      frames: this.#frames,
      every: milliseconds(ival2),
      first: first === undefined ? undefined : { count: this.#count, every: first },
      missed: this.#missed,
    };
  }

  async counted(options: WaitOptions = {}): Promise<void> {
    checkObject('options', options);
    this.#ending.check();
    const waiting = this.#counted.wait('counted', options);
    if (this.#count === 0) this.#counted.done();
    await waiting;
  }

  stop(): void {
    this.#end(undefined);
  }

  close(): void {
    this.stop();
  }

  #end(reason: Error | undefined): void {
    if (!this.#ending.end(reason)) return;
    clearTimeout(this.#timer);
    const words = 'counted ECANCELED: the job ended while this call waited';
    this.#counted.fail(reason ?? new SocketError(words, { code: 'ECANCELED', errno: -errnos.ECANCELED }));
    this.#over(this);
  }

  ref(): this {
    this.#referenced = true;
    this.#timer?.ref();
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#timer?.unref();
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
