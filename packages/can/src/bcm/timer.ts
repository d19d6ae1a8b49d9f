/** The broadcast manager of a bus that is not the kernel's: the same interface, by timers of this process. */
import type { SocketError } from '@sockeye/core';
import type { BcmFrame, BcmFrameFields } from '../bcm-message.ts';
import type { CanFrames } from '../bus.ts';
import type { CanId } from '../id.ts';
import { checkUpdate } from './answer.ts';
import {
  type BroadcastBus,
  type BroadcastManager,
  type CyclicJob,
  type CyclicTiming,
  checkAnswer,
  checkFrames,
  checkTiming,
  checkWatch,
  type RemoteAnswer,
  type Watch,
  type WatchOptions,
} from './options.ts';
import { TimerCyclic } from './timer-cyclic.ts';
import { isStale, nowNs, TimerWatch } from './timer-watch.ts';
import { Ending, endedError } from './wait.ts';

/**
 * The broadcast manager over any bus. Frames go when this process comes to it: a period has no drift, but while JavaScript is busy
 * nothing is sent, and what was missed is not made up for ({@link CyclicJob.status} counts it). A watch hears what the bus's
 * `frames()` gives.
 */
export class TimerBcm implements BroadcastManager {
  readonly by = 'timer';
  readonly #bus: BroadcastBus;
  readonly #running: Set<{ close(): void }> = new Set();
  #closed = false;

  /** @param bus stays open when this is closed */
  constructor(bus: BroadcastBus) {
    this.#bus = bus;
  }

  get closed(): boolean {
    return this.#closed;
  }

  #use(): void {
    if (this.#closed) throw endedError();
  }

  async cyclic(frames: BcmFrameFields | readonly BcmFrameFields[], timing: CyclicTiming): Promise<CyclicJob> {
    const list = checkFrames(frames);
    const plan = checkTiming(timing);
    this.#use();
    const job = new TimerCyclic(this.#bus, list, plan, (ended) => this.#running.delete(ended));
    if (!job.stopped) this.#running.add(job);
    return job;
  }

  watch(id: CanId | number, options: WatchOptions = {}): Watch {
    const plan = checkWatch(id, options);
    this.#use();
    const watch = new TimerWatch(this.#bus, plan, options.signal, (closed) => this.#running.delete(closed));
    if (!watch.closed) this.#running.add(watch);
    return watch;
  }

  answer(frame: BcmFrameFields): RemoteAnswer {
    const checked = checkAnswer(frame);
    this.#use();
    const answer = new TimerAnswer(this.#bus, checked, (ended) => this.#running.delete(ended));
    this.#running.add(answer);
    return answer;
  }

  close(): void {
    this.#closed = true;
    for (const one of [...this.#running]) one.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** An answer to remote requests, given by reading the bus. */
class TimerAnswer implements RemoteAnswer {
  readonly by = 'timer';
  readonly #abort: AbortController = new AbortController();
  readonly #ending: Ending = new Ending();
  readonly #over: (answer: TimerAnswer) => void;
  readonly #since: bigint = nowNs();
  #frame: BcmFrame;

  constructor(bus: BroadcastBus, frame: BcmFrame, over: (answer: TimerAnswer) => void) {
    this.#frame = frame;
    this.#over = over;
    void this.#run(bus, this.#frames(bus));
  }

  /** It listens from this call on. */
  #frames(bus: BroadcastBus): CanFrames {
    const filters = [{ id: this.#frame.id, remote: true }];
    return bus.frames({ signal: this.#abort.signal, filters });
  }

  async #run(bus: BroadcastBus, first: CanFrames): Promise<void> {
    let frames = first;
    while (!this.stopped) {
      try {
        for await (const { remote, timestampNs } of frames) {
          if (this.stopped) break;
          // As in the kernel, an answer that finds no room is lost, and the next request gets one.
          if (remote && !isStale(timestampNs, this.#since)) await bus.send(this.#frame).catch(() => {});
        }
        this.#end(undefined);
      } catch (error) {
        if ((error as SocketError).code === 'ENETDOWN') frames = this.#frames(bus);
        else this.#end(error as Error);
      }
    }
  }

  get frame(): BcmFrame {
    return this.#frame;
  }

  get stopped(): boolean {
    return this.#ending.over;
  }

  get ended(): Promise<Error | undefined> {
    return this.#ending.ended;
  }

  update(content: Uint8Array | BcmFrameFields): void {
    this.#ending.check();
    this.#frame = checkUpdate(content, this.#frame);
  }

  stop(): void {
    this.#end(undefined);
  }

  close(): void {
    this.stop();
  }

  #end(reason: Error | undefined): void {
    if (!this.#ending.end(reason)) return;
    this.#abort.abort();
    this.#over(this);
  }

  /** Whether the process lives on is for the bus to say, which is read. */
  ref(): this {
    return this;
  }

  /** As {@link ref}. */
  unref(): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
