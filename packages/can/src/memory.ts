/** A bus in memory, for tests and simulations on every platform: no kernel, nothing of Node.js. */
import { checkObject, wrongType, wrongValue } from '@sockeye/addr/check';
import { CanBusError } from './bus-error.ts';
import type { CanFrame, CanFrameFields } from './frame.ts';
import { checkFlag, copyOf, HubBus, type HubBusOptions } from './hub-bus.ts';

export interface VirtualCanOptions {
  /** Default `memory`. */
  readonly name?: string | undefined;
  /** Whether it carries CAN FD frames. Default true. */
  readonly fd?: boolean | undefined;
  /** Whether it carries CAN XL frames. Default true. */
  readonly xl?: boolean | undefined;
}

/** What a node of a bus hears. Error frames are those that {@link VirtualCan.report} makes. */
export interface VirtualCanNodeOptions extends HubBusOptions {
  /** Whether the node receives what it sent itself. Default false. */
  readonly receiveOwn?: boolean | undefined;
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
export class MemoryBus extends HubBus {
  readonly #wire: VirtualCan;
  readonly #nodes: Set<MemoryBus>;
  readonly #receiveOwn: boolean;

  /** Not for callers: {@link VirtualCan.open} makes them. */
  constructor(wire: VirtualCan, nodes: Set<MemoryBus>, options: VirtualCanNodeOptions) {
    super(wire.name, { fd: wire.fd, xl: wire.xl, confirms: true }, options);
    this.#wire = wire;
    this.#nodes = nodes;
    this.#receiveOwn = checkFlag('receiveOwn', options.receiveOwn ?? false);
  }

  protected override transmit(frame: CanFrame): void {
    if (!this.#wire.up) throw new CanBusError('ENETDOWN', `send ENETDOWN: ${this.name} is down`);
    for (const node of this.#nodes) node.hear(frame, node === this);
  }

  /** Not for callers: a frame is on the bus. */
  hear(frame: CanFrame, own: boolean): void {
    // Each has bytes of its own.
    if (!own || this.#receiveOwn) this.arrived({ ...frame, data: frame.data.slice() }, own ? 'own' : 'rx');
  }

  /** Not for callers: the bus went down. */
  wentDown(): void {
    this.failed(new CanBusError('ENETDOWN', `recv ENETDOWN: ${this.name} is down`));
  }

  protected override disconnect(): void {
    this.#nodes.delete(this);
  }
}
