/** A bus in memory, for tests and simulations on every platform: no kernel, nothing of Node.js. */
import { checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { FrameBatches } from './batches.ts';
import type {
  CanBatches,
  CanBatchOptions,
  CanBus,
  CanFrames,
  CanReceiveOptions,
  CanRecvOptions,
  CanSendOptions,
  ReceivedFrame,
} from './bus.ts';
import { abortError, CanBusError, closedError } from './bus-error.ts';
import { type ErrorClass, errorMask } from './error-frame.ts';
import type { CanFilter } from './filter.ts';
import { type CanFrame, type CanFrameFields, decodeFrame, encodeFrame } from './frame.ts';
import { receivedFrame } from './frame-view.ts';
import { checkWait, FrameHub } from './hub.ts';
import { CANFD_MTU, CANXL_MTU } from './layout.ts';
import { canIdOf, type Matcher, matcher } from './match.ts';

export interface VirtualCanOptions {
  /** Default `memory`. */
  readonly name?: string | undefined;
  /** Whether it carries CAN FD frames. Default true. */
  readonly fd?: boolean | undefined;
  /** Whether it carries CAN XL frames. Default true. */
  readonly xl?: boolean | undefined;
}

/** What a node of a bus hears; as the options of a CAN socket of these names. */
export interface VirtualCanNodeOptions {
  readonly filters?: readonly CanFilter[] | undefined;
  readonly joinFilters?: boolean | undefined;
  readonly receiveOwn?: boolean | undefined;
  /** Error frames, which {@link VirtualCan.report} makes: all with true, or of some classes. Default none. */
  readonly errors?: boolean | readonly ErrorClass[] | undefined;
  /** Frames that are kept while nobody reads, and for each iteration: 8,192 unless given. What comes then is dropped and counted. */
  readonly queue?: number | undefined;
}

/**
 * A bus: what one node sends, all others receive, in one order. Each is to the others another host, so `direction` is `rx`, and
 * `own` for what a node that asked for it hears of itself.
 */
export class VirtualCan {
  readonly name: string;
  readonly fd: boolean;
  readonly xl: boolean;
  readonly #nodes: Set<MemoryBus> = new Set();
  #up = true;

  constructor(options: VirtualCanOptions = {}) {
    checkObject('options', options);
    const { name = 'memory', fd = true, xl = true } = options;
    if (typeof name !== 'string') throw wrongType('name', 'a string', name);
    this.name = name;
    this.fd = checkFlag('fd', fd);
    this.xl = checkFlag('xl', xl);
  }

  /** One more node. */
  open(options: VirtualCanNodeOptions = {}): MemoryBus {
    const node: MemoryBus = new MemoryBus(this, this.#nodes, options);
    this.#nodes.add(node);
    return node;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Takes it down, which fails who waits with ENETDOWN, once, and who sends; or up. */
  setUp(up: boolean): void {
    if (checkFlag('up', up) === this.#up) return;
    this.#up = up;
    if (!up) for (const node of this.#nodes) node.wentDown();
  }

  /** Has a controller report an error: who asked for its class receives the error frame. */
  report(frame: CanFrameFields): void {
    const made = copyOf(frame);
    if (!made.error) throw wrongValue('frame', 'an error frame', frame);
    for (const node of this.#nodes) node.hear(made, false);
  }
}

/** A node of a {@link VirtualCan}. */
export class MemoryBus implements CanBus {
  readonly name: string;
  readonly fd: boolean;
  readonly xl: boolean;
  readonly #wire: VirtualCan;
  readonly #nodes: Set<MemoryBus>;
  readonly #passes: Matcher;
  readonly #receiveOwn: boolean;
  readonly #hub: FrameHub;

  /** Not for callers: {@link VirtualCan.open} makes them. */
  constructor(wire: VirtualCan, nodes: Set<MemoryBus>, options: VirtualCanNodeOptions) {
    checkObject('options', options);
    const { filters, joinFilters: joined = false, receiveOwn = false, errors = false, queue } = options;
    this.#wire = wire;
    this.#nodes = nodes;
    this.name = wire.name;
    this.fd = wire.fd;
    this.xl = wire.xl;
    this.#receiveOwn = checkFlag('receiveOwn', receiveOwn);
    const mask = typeof errors === 'boolean' ? (errors ? errorMask() : 0) : errorMask(errors);
    this.#passes = matcher(filters, { joined: checkFlag('joinFilters', joined), errorMask: mask });
    this.#hub = new FrameHub(undefined, queue);
  }

  get closed(): boolean {
    return this.#hub.closed;
  }

  /** Frames that were dropped since nobody read them. */
  get dropped(): number {
    return this.#hub.dropped;
  }

  async send(frame: CanFrameFields, options: CanSendOptions = {}): Promise<void> {
    checkObject('options', options);
    checkWait(options.timeout, options.signal);
    const sent = copyOf(frame);
    if (this.closed) throw closedError('send');
    if (options.signal?.aborted) throw abortError(options.signal);
    if ((sent.fd && !this.fd) || (sent.xl && !this.xl)) {
      throw new CanBusError('EINVAL', `send EINVAL: ${this.name} carries no ${sent.fd ? 'FD' : 'XL'} frames`);
    }
    if (!this.#wire.up) throw new CanBusError('ENETDOWN', `send ENETDOWN: ${this.name} is down`);
    for (const node of this.#nodes) node.hear(sent, node === this);
  }

  recv(options?: CanRecvOptions): Promise<ReceivedFrame> {
    return this.#hub.recv(options);
  }

  frames(options?: CanReceiveOptions): CanFrames {
    return this.#hub.open(options);
  }

  batches(options?: CanBatchOptions): CanBatches {
    return new FrameBatches(this.#hub, options, this.xl ? CANXL_MTU : CANFD_MTU);
  }

  /** Not for callers: a frame is on the bus. */
  hear(frame: CanFrame, own: boolean): void {
    if ((own && !this.#receiveOwn) || !this.#passes(canIdOf(frame))) return;
    // Each has bytes of its own.
    const copied = { ...frame, data: frame.data.slice() };
    this.#hub.push(receivedFrame(copied, 0, own ? 'own' : 'rx', now()));
  }

  /** Not for callers: the bus went down. */
  wentDown(): void {
    this.#hub.fail(new CanBusError('ENETDOWN', `recv ENETDOWN: ${this.name} is down`));
  }

  async close(): Promise<void> {
    this.#nodes.delete(this);
    this.#hub.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Nanoseconds since 1970, as fine as the clock is. */
const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

/** The frame as it will be received, in memory of its own; what is none is refused. */
function copyOf(frame: CanFrameFields): CanFrame {
  const bytes = new Uint8Array(frame?.xl === true ? CANXL_MTU : CANFD_MTU);
  return decodeFrame(bytes.subarray(0, encodeFrame(frame, bytes)));
}

function checkFlag(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}
