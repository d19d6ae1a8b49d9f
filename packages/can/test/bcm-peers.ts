/** Other nodes for the contract of the broadcast manager: a raw CAN socket, and a bus in this process. */
import { can } from '@sockeye/addr';
import { constants, errnos, ifNameToIndex, MessageBuffer, Socket } from '@sockeye/core';
import { controlSpace, decodeControl } from '@sockeye/core/cmsg';
import type { BroadcastBus } from '../src/bcm.ts';
import type { CanBus, CanFrames, ReceivedFrame } from '../src/bus.ts';
import { type CanFilter, type KernelFilter, kernelFilter } from '../src/filter.ts';
import { type CanFrame, decodeFrame, encodeFrame } from '../src/frame.ts';
import { encodeCanId } from '../src/id.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { CANXL_MTU } from '../src/xl.ts';
import type { Peer } from './bcm-contract.ts';

interface Seen {
  readonly text: string;
  readonly ms: number;
}

/** Milliseconds in which frames that are waited for must come. */
const PATIENCE = 20_000;

/** A raw socket with the kernel's time stamps. It hears what it does not send. */
export class RawPeer implements Peer {
  readonly #socket: Socket;
  readonly #bytes = new Uint8Array(72);
  readonly #beside = new MessageBuffer({ control: controlSpace(16) });

  constructor(bus: string) {
    const { AF_CAN, SOCK_RAW, CAN_RAW, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, SOL_SOCKET } = constants;
    this.#socket = Socket.create(AF_CAN, SOCK_RAW, CAN_RAW);
    this.#socket.setsockopt(SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1);
    this.#socket.setsockopt(SOL_SOCKET, constants.SO_TIMESTAMPNS, 1);
    this.#socket.setsockopt(SOL_SOCKET, constants.SO_RCVBUF, 4 << 20);
    this.#socket.bind(can(ifNameToIndex(bus)));
  }

  async send(text: string): Promise<void> {
    await this.#socket.send(this.#bytes.slice(0, encodeFrame(parseFrame(text), this.#bytes)), {
      timeout: PATIENCE,
    });
  }

  #seen(size: number): Seen {
    const text = formatFrame(decodeFrame(this.#bytes.subarray(0, size)));
    const stamp = this.#beside
      .control()
      .map(decodeControl)
      .find(({ kind }) => kind === 'timestamp');
    if (stamp?.kind !== 'timestamp') throw new Error('no time stamp');
    return { text, ms: Number(stamp.time / 1000n) / 1000 };
  }

  async take(count: number): Promise<Seen[]> {
    const seen: Seen[] = [];
    while (seen.length < count) {
      const size = await this.#socket.recvMsgInto(this.#bytes, this.#beside, { timeout: PATIENCE });
      seen.push(this.#seen(size));
    }
    return seen;
  }

  now(): string[] {
    return this.all().map(({ text }) => text);
  }

  /** What came since the last call, with its time. */
  all(): Seen[] {
    const seen: Seen[] = [];
    for (;;) {
      const size = this.#socket.tryRecvMsgInto(this.#bytes, this.#beside);
      if (size === -errnos.EAGAIN) return seen;
      if (size < 0) throw new Error(`recvmsg: ${size}`);
      seen.push(this.#seen(size));
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** A node of any bus, which reads all the time. */
export class BusPeer implements Peer {
  readonly #bus: CanBus;
  readonly #seen: Seen[] = [];
  #arrived: (() => void) | undefined;

  constructor(bus: CanBus) {
    this.#bus = bus;
    void this.#read(bus.frames());
  }

  async #read(frames: CanFrames): Promise<void> {
    for await (const frame of frames) {
      this.#seen.push({ text: formatFrame(frame), ms: Number(frame.timestampNs / 1000n) / 1000 });
      this.#arrived?.();
    }
  }

  send(text: string): Promise<void> {
    return this.#bus.send(parseFrame(text));
  }

  async take(count: number): Promise<Seen[]> {
    while (this.#seen.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.#seen.splice(0, count);
  }

  now(): string[] {
    return this.#seen.splice(0).map(({ text }) => text);
  }

  close(): void {
    void this.#bus.close();
  }
}

/** A listener's frames, on a {@link Wire}. */
class Heard implements CanFrames {
  readonly dropped = 0;
  readonly #queue: ReceivedFrame[] = [];
  readonly #filters: readonly Required<KernelFilter>[] | undefined;
  #waiting: {
    resolve(result: IteratorResult<ReceivedFrame, undefined>): void;
    reject(error: Error): void;
  }[] = [];
  #error: Error | undefined;
  #over = false;

  constructor(filters: readonly CanFilter[] | undefined) {
    this.#filters = filters?.map(kernelFilter);
  }

  push(frame: ReceivedFrame): void {
    const canId = encodeCanId(frame.id, frame.xl ? {} : frame);
    const passes = ({ canId: id, canMask, inverted }: Required<KernelFilter>): boolean =>
      ((canId & canMask) === (id & canMask)) !== inverted;
    if (this.#over || this.#filters?.some(passes) === false) return;
    const first = this.#waiting.shift();
    if (first === undefined) this.#queue.push(frame);
    else first.resolve({ done: false, value: frame });
  }

  end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    const [first, ...rest] = this.#waiting.splice(0);
    if (error === undefined) first?.resolve({ done: true, value: undefined });
    else if (first === undefined) this.#error = error;
    else first.reject(error);
    for (const { resolve } of rest) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<ReceivedFrame, undefined>> {
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) return Promise.reject(error);
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<ReceivedFrame, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }
}

/** A node of a bus in this process, as much of one as the broadcast manager needs; several on a Set are a bus. */
export class Wire implements Peer {
  readonly #nodes: Set<Wire>;
  readonly #heard: Set<Heard> = new Set();
  readonly #seen: Seen[] = [];
  #arrived: (() => void) | undefined;
  /** What sending fails with. */
  fault: Error | undefined;

  constructor(nodes: Set<Wire>) {
    this.#nodes = nodes;
    nodes.add(this);
  }

  /** The bus that a manager has. */
  get bus(): BroadcastBus {
    return {
      send: async (frame) => {
        if (this.fault !== undefined) throw this.fault;
        const bytes = new Uint8Array(CANXL_MTU);
        const data = bytes.subarray(0, encodeFrame(frame, bytes));
        for (const node of this.#nodes) if (node !== this) node.#hear(decodeFrame(data.slice()));
      },
      frames: ({ signal, filters } = {}) => {
        const heard = new Heard(filters);
        this.#heard.add(heard);
        const error = Object.assign(new Error('aborted'), { name: 'AbortError', code: 'ABORT_ERR' });
        signal?.addEventListener('abort', () => heard.end(error), { once: true });
        return heard;
      },
    };
  }

  #hear(frame: CanFrame): void {
    const ms = performance.now();
    const timestampNs = BigInt(Date.now()) * 1_000_000n;
    for (const heard of this.#heard) heard.push({ ...frame, ifindex: 0, direction: 'rx', timestampNs });
    this.#seen.push({ text: formatFrame(frame), ms });
    this.#arrived?.();
  }

  /** Ends all that listen, by an error or without. */
  end(error?: Error): void {
    for (const heard of this.#heard) heard.end(error);
    this.#heard.clear();
  }

  send(text: string): Promise<void> {
    return this.bus.send(parseFrame(text));
  }

  async take(count: number): Promise<Seen[]> {
    while (this.#seen.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    return this.#seen.splice(0, count);
  }

  now(): string[] {
    return this.#seen.splice(0).map(({ text }) => text);
  }

  close(): void {
    this.#nodes.delete(this);
    this.end();
  }
}
