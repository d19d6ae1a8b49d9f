import type { SocketError } from '@sockeye/core';
import type { BcmFrame } from '../bcm-message.ts';
import type { CanFrames, Reception } from '../bus.ts';
import { CAN_EFF_FLAG, CAN_EFF_MASK, CAN_RTR_FLAG } from '../id.ts';
import {
  type BroadcastBus,
  canIdOf,
  checkFrame,
  milliseconds,
  type Watch,
  type WatchChanged,
  type WatchEvent,
  type WatchPlan,
  type WatchStatus,
} from './options.ts';
import { EventQueue } from './queue.ts';
import { endedError } from './wait.ts';
import { messageOf } from './watch.ts';

/** So many events wait to be taken; what comes then is lost, and counted. */
const MOST = 4096;

/** A watch by reading the bus. */
export class TimerWatch implements Watch {
  readonly by = 'timer';
  readonly #plan: WatchPlan;
  readonly #queue: EventQueue;
  readonly #over: (watch: TimerWatch) => void;
  readonly #abort: AbortController = new AbortController();
  /** What was told last, or is to be; by message of the multiplexer. */
  readonly #last: Map<number | undefined, BcmFrame> = new Map();
  /** What changed while the throttle was on. */
  readonly #held: Map<number | undefined, WatchChanged> = new Map();
  #throttle: NodeJS.Timeout | undefined;
  #absence: NodeJS.Timeout | undefined;
  #absent = false;
  #lost = 0;
  /** What was queued for other readers before is not for this. */
  readonly #since: bigint = nowNs();
  #closed = false;

  constructor(
    bus: BroadcastBus,
    plan: WatchPlan,
    signal: AbortSignal | undefined,
    over: (watch: TimerWatch) => void,
  ) {
    this.#plan = plan;
    this.#over = over;
    this.#queue = new EventQueue(signal, () => this.#shut());
    if (this.#queue.over) {
      this.#shut();
      return;
    }
    const first = this.#frames(bus);
    if (plan.absentAtStart) this.#expect();
    void this.#run(bus, first);
  }

  /** It listens from this call on. */
  #frames(bus: BroadcastBus): CanFrames {
    const { canId } = this.#plan;
    const filters = [{ canId, canMask: EXACTLY }];
    return bus.frames({ signal: this.#abort.signal, filters });
  }

  async #run(bus: BroadcastBus, first: CanFrames): Promise<void> {
    let frames = first;
    while (!this.#closed) {
      try {
        for await (const frame of frames) {
          if (this.#closed) break;
          if (!frame.xl && !frame.error) this.#take(frame, frame);
        }
        if (!this.#closed) this.close();
      } catch (error) {
        if (this.#closed) break;
        if ((error as SocketError).code === 'ENETDOWN') {
          this.#tell({ type: 'down' });
          frames = this.#frames(bus);
        } else {
          this.#queue.fail(error as Error);
          this.#shut();
        }
      }
    }
  }

  #take(given: BcmFrame, { ifindex, timestampNs: stamp }: Reception): void {
    const { canId, fd, mask, multiplex, autoTimer, throttle } = this.#plan;
    if (given.fd !== fd || canIdOf(given) !== canId || isStale(stamp, this.#since)) return;
    const frame = checkFrame(given);
    clearTimeout(this.#absence);
    const resumed = this.#absent;
    const message = messageOf(this.#plan, frame.data);
    const content =
      multiplex === undefined ? mask : message === undefined ? NONE : multiplex.messages[message]!.mask;
    if (autoTimer) this.#expect();
    if (content === NONE || (content !== undefined && !this.#differs(frame, message, content))) return;
    this.#last.set(message, frame);
    const timestampNs = stamp === 0n ? undefined : stamp;
    const event: WatchChanged = { type: 'changed', frame, message, resumed, ifindex, timestampNs };
    if (throttle > 0 && this.#throttle !== undefined) {
      this.#held.set(message, event);
      return;
    }
    this.#tell(event);
    if (throttle > 0) this.#calm();
  }

  /** Whether it is to be told where only content counts. */
  #differs({ data }: BcmFrame, message: number | undefined, mask: Uint8Array): boolean {
    const last = this.#last.get(message)?.data;
    if (last === undefined) return true;
    if (this.#plan.checkLength && last.length !== data.length) return true;
    return mask.some((bits, at) => (((data[at] ?? 0) ^ (last[at] ?? 0)) & bits) !== 0);
  }

  #tell(event: WatchEvent): void {
    if (event.type === 'changed') this.#absent = false;
    if (this.#queue.length >= MOST) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) this.#queue.push({ type: 'overrun', lost: this.#lost });
    this.#lost = 0;
    this.#queue.push(event);
  }

  /** Lets the time of the throttle pass, and tells what changed meanwhile. */
  #calm(): void {
    this.#throttle = setTimeout(() => {
      this.#throttle = undefined;
      if (this.#held.size === 0) return;
      for (const event of this.#held.values()) this.#tell(event);
      this.#held.clear();
      this.#calm();
    }, this.#plan.throttle / 1000);
  }

  /** Begins the time of an absence anew. */
  #expect(): void {
    clearTimeout(this.#absence);
    const { absentAfter, announceResume } = this.#plan;
    if (absentAfter === 0) return;
    this.#absence = setTimeout(() => {
      if (announceResume) this.#last.clear();
      this.#tell({ type: 'absent' });
      this.#absent = true;
    }, absentAfter / 1000);
  }

  get closed(): boolean {
    return this.#closed;
  }

  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    return this.#queue.next();
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  rearm(): void {
    if (this.#closed) throw endedError();
    this.#last.clear();
    this.#expect();
  }

  status(): WatchStatus {
    if (this.#closed) throw endedError();
    const { throttle, absentAfter } = this.#plan;
    return { by: 'timer', throttle: milliseconds(throttle), absentAfter: milliseconds(absentAfter) };
  }

  close(): void {
    this.#shut();
    this.#queue.close();
  }

  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#throttle);
    clearTimeout(this.#absence);
    this.#abort.abort();
    this.#over(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Nanoseconds since 1970: no later than whoever stamps frames has it. */
export function nowNs(): bigint {
  const ms = Math.min(Date.now(), performance.timeOrigin + performance.now());
  return BigInt(Math.floor(ms * 1000)) * 1000n;
}

/** Whether a frame came before; 0 is a bus that does not say. */
export const isStale = (timestampNs: bigint, since: bigint): boolean =>
  timestampNs !== 0n && timestampNs < since;

/** A canid_t whose bits all count. CAN_ERR_FLAG, which would say "error frames", is left out. */
const EXACTLY: number = (CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK) >>> 0;
/** Of a frame that none of the messages fits. */
const NONE: Uint8Array = new Uint8Array(0);
