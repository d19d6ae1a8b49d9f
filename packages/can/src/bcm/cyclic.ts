import { checkObject } from '@sockeye/addr/check';
import { errnos, SocketError, type WaitOptions } from '@sockeye/core';
import {
  type BcmFrame,
  CAN_FD_FRAME,
  SETTIMER,
  STARTTIMER,
  TX_ANNOUNCE,
  TX_COUNTEVT,
  TX_DELETE,
  TX_READ,
  TX_RESET_MULTI_IDX,
  TX_SETUP,
  TX_STATUS,
} from '../bcm-message.ts';
import {
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
import type { BcmSocket } from './socket.ts';
import { Ending, Waiters } from './wait.ts';

/** What can only be refused since the interface, or the socket, is gone already. */
const GONE: ReadonlySet<string | undefined> = new Set(['ENODEV', 'ENOTCONN', 'EBADF']);

/**
 * A transmission by the kernel.
 *
 * @param label what the kernel knows it by on this socket
 * @param changed is called when it has ended, and when it begins or ceases to hold the process
 */
export class KernelCyclic implements CyclicJob {
  readonly by = 'kernel';
  readonly #socket: BcmSocket;
  readonly #label: number;
  readonly #changed: (job: KernelCyclic) => void;
  readonly #ending: Ending = new Ending();
  readonly #counted: Waiters = new Waiters();
  #frames: readonly BcmFrame[];
  #plan: TimingPlan;
  #referenced = true;

  constructor(
    socket: BcmSocket,
    label: number,
    frames: readonly BcmFrame[],
    plan: TimingPlan,
    changed: (job: KernelCyclic) => void,
  ) {
    this.#socket = socket;
    this.#label = label;
    this.#frames = frames;
    this.#plan = plan;
    this.#changed = changed;
    this.#setup(SETTIMER | STARTTIMER, frames, plan);
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

  get referenced(): boolean {
    return this.#referenced;
  }

  get #kind(): number {
    return this.#frames[0]!.fd ? CAN_FD_FRAME : 0;
  }

  /** All flags go with each message: the kernel forgets those before. */
  #setup(flags: number, frames: readonly BcmFrame[], { count, ival1, ival2 }: TimingPlan): void {
    this.#ending.check();
    const notice = count > 0 ? TX_COUNTEVT : 0;
    const opcode = TX_SETUP;
    const canId = this.#label;
    this.#socket.request({ opcode, flags: flags | notice | this.#kind, count, ival1, ival2, canId, frames });
    this.#frames = frames;
    this.#plan = { count, ival1, ival2 };
  }

  update(content: CyclicContent, options: CyclicUpdate = {}): void {
    checkObject('options', options);
    const { announce = false, fromFirst = false } = options;
    const flags = (announce ? TX_ANNOUNCE : 0) | (fromFirst ? TX_RESET_MULTI_IDX : 0);
    this.#setup(flags, checkContent(content, this.#frames), this.#plan);
    // An announced frame counts, and of the last that counts the kernel does not tell then.
    if (announce && this.#counted.some && this.#left().count === 0) this.expired();
  }

  retime(timing: CyclicTiming, options: CyclicRetiming = {}): void {
    checkObject('options', options);
    const plan = checkTiming(timing);
    this.#ending.check();
    // A timer that has run out takes no new time: it has to be started.
    const idle = this.#plan.ival2 === 0 && this.#left().count === 0;
    const start = options.restart === true || idle ? STARTTIMER | TX_RESET_MULTI_IDX : 0;
    this.#setup(SETTIMER | start, this.#frames, plan);
    if (plan.count === 0) this.expired();
  }

  #left(): ReturnType<BcmSocket['ask']> {
    this.#ending.check();
    return this.#socket.ask({ opcode: TX_READ, flags: this.#kind, canId: this.#label }, TX_STATUS);
  }

  status(): CyclicStatus {
    const { frames, count, ival1, ival2 } = this.#left();
    const first = milliseconds(ival1);
    return {
      by: 'kernel',
      frames,
      every: milliseconds(ival2),
      first: first === undefined ? undefined : { count, every: first },
      missed: undefined,
    };
  }

  async counted(options: WaitOptions = {}): Promise<void> {
    checkObject('options', options);
    const waiting = this.#counted.wait('counted', options);
    // The kernel tells of the end once, and not where the first frame was the last.
    try {
      if (this.#left().count === 0) this.expired();
    } catch (error) {
      this.#counted.fail(error as Error);
    }
    await waiting;
  }

  /** The frames of `first` are sent. */
  expired(): void {
    this.#counted.done();
  }

  stop(): void {
    if (this.stopped) return;
    try {
      this.#socket.request({ opcode: TX_DELETE, flags: this.#kind, canId: this.#label });
    } catch (error) {
      if (!GONE.has((error as SocketError).code)) throw error;
    }
    this.end();
  }

  end(reason?: Error): void {
    if (!this.#ending.end(reason)) return;
    const words = 'counted ECANCELED: the job ended while this call waited';
    this.#counted.fail(reason ?? new SocketError(words, { code: 'ECANCELED', errno: -errnos.ECANCELED }));
    this.#changed(this);
  }

  ref(): this {
    this.#referenced = true;
    this.#changed(this);
    return this;
  }

  unref(): this {
    this.#referenced = false;
    this.#changed(this);
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
