import type { NamespaceOptions } from '@sockeye/core';
import {
  type BcmFrame,
  CAN_FD_FRAME,
  RX_ANNOUNCE_RESUME,
  RX_CHANGED,
  RX_CHECK_DLC,
  RX_FILTER_ID,
  RX_NO_AUTOTIMER,
  RX_READ,
  RX_SETUP,
  RX_STATUS,
  RX_TIMEOUT,
  SETTIMER,
  STARTTIMER,
} from '../bcm-message.ts';
import { decodeFdFrame } from '../fd.ts';
import { decodeClassicFrame } from '../frame.ts';
import { CAN_ID, CAN_MTU, CANFD_MTU, DATA, LEN, writeHostU32 } from '../layout.ts';
import { milliseconds, type Watch, type WatchEvent, type WatchPlan, type WatchStatus } from './options.ts';
import { EventQueue } from './queue.ts';
import { BcmSocket, type Receiver, type Told } from './socket.ts';
import { endedError } from './wait.ts';

/** Which of the multiplexed messages it is. */
export function messageOf({ multiplex }: WatchPlan, data: Uint8Array): number | undefined {
  if (multiplex === undefined) return undefined;
  const { mask, messages } = multiplex;
  const found = messages.findIndex(({ value }) =>
    mask.every((bits, at) => (bits & (data[at] ?? 0)) === value[at]),
  );
  return found < 0 ? undefined : found;
}

/**
 * A watch of the kernel's. It has a socket of its own: the kernel keeps one filter for each identifier of a socket, and what one
 * watch leaves unread must not take the room of another.
 */
export class KernelWatch implements Watch, Receiver {
  readonly by = 'kernel';
  readonly #socket: BcmSocket;
  readonly #plan: WatchPlan;
  readonly #queue: EventQueue;
  readonly #flags: number;
  readonly #frames: readonly BcmFrame[];
  readonly #closed: (watch: KernelWatch) => void;
  #absent = false;
  #dropped = 0;

  constructor(
    ifindex: number,
    plan: WatchPlan,
    signal: AbortSignal | undefined,
    closed: (watch: KernelWatch) => void,
    options?: NamespaceOptions,
  ) {
    this.#plan = plan;
    this.#closed = closed;
    this.#frames = framesOf(plan);
    this.#flags =
      (plan.fd ? CAN_FD_FRAME : 0) |
      (this.#frames.length === 0 ? RX_FILTER_ID : 0) |
      (plan.checkLength ? RX_CHECK_DLC : 0) |
      (plan.autoTimer ? 0 : RX_NO_AUTOTIMER) |
      (plan.announceResume ? RX_ANNOUNCE_RESUME : 0);
    this.#queue = new EventQueue(signal, () => this.#shut());
    this.#socket = new BcmSocket(ifindex, Math.max(1, this.#frames.length), this, options);
    try {
      if (!this.#queue.over) this.#setup(SETTIMER | (plan.absentAtStart ? STARTTIMER : 0));
      else this.#shut();
    } catch (error) {
      this.#shut();
      throw error;
    }
  }

  #setup(flags: number): void {
    const { absentAfter, throttle, canId } = this.#plan;
    this.#socket.request({
      opcode: RX_SETUP,
      flags: this.#flags | flags,
      ival1: absentAfter,
      ival2: throttle,
      canId,
      frames: this.#frames,
    });
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    const next = this.#queue.next();
    this.#socket.read();
    return next;
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  rearm(): void {
    if (this.closed) throw endedError();
    this.#setup(STARTTIMER);
  }

  status(): WatchStatus {
    if (this.closed) throw endedError();
    const { canId, fd } = this.#plan;
    const asked = { opcode: RX_READ, flags: fd ? CAN_FD_FRAME : 0, canId };
    const { ival1, ival2 } = this.#socket.ask(asked, RX_STATUS);
    return { by: 'kernel', throttle: milliseconds(ival2), absentAfter: milliseconds(ival1) };
  }

  close(): void {
    this.#shut();
    this.#queue.close();
  }

  #shut(): void {
    this.#socket.close();
    this.#closed(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  wants(): boolean {
    return this.#queue.wanted;
  }

  told({ message, ifindex, timestampNs, dropped }: Told): void {
    if (dropped !== this.#dropped) {
      // The kernel counts with 32 bits.
      this.#queue.push({ type: 'overrun', lost: (dropped - this.#dropped) >>> 0 });
      this.#dropped = dropped;
    }
    if (message.opcode === RX_TIMEOUT) {
      this.#absent = true;
      this.#queue.push({ type: 'absent' });
      return;
    }
    const [frame] = message.frames;
    if (message.opcode !== RX_CHANGED || frame === undefined) return;
    const resumed = this.#absent;
    this.#absent = false;
    const which = messageOf(this.#plan, frame.data);
    this.#queue.push({ type: 'changed', frame, message: which, resumed, ifindex, timestampNs });
  }

  down(): void {
    this.#queue.push({ type: 'down' });
  }

  failed(error: Error): void {
    this.#queue.fail(error);
    this.#shut();
  }
}

/** The frames behind RX_SETUP: none; a mask; or the multiplexer's mask, then its messages, value and mask in one. */
function framesOf({ canId, fd, mask, multiplex }: WatchPlan): BcmFrame[] {
  if (mask !== undefined) return [frameWith(canId, fd, mask)];
  if (multiplex === undefined) return [];
  return [
    frameWith(canId, fd, multiplex.mask),
    ...multiplex.messages.map(({ value, mask }) =>
      frameWith(
        canId,
        fd,
        value.map((byte, at) => byte | mask[at]!),
      ),
    ),
  ];
}

function frameWith(canId: number, fd: boolean, data: Uint8Array): BcmFrame {
  const bytes = new Uint8Array(fd ? CANFD_MTU : CAN_MTU);
  writeHostU32(bytes, CAN_ID, canId);
  bytes[LEN] = data.length;
  bytes.set(data, DATA);
  return fd ? decodeFdFrame(bytes) : decodeClassicFrame(bytes);
}
