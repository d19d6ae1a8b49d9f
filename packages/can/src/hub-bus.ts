/** What buses have in common that are no sockets: frames are pushed to them, and one at a time is given away. */
import { checkObject, wrongType } from '@sockeye/addr/check';
import { FrameBatches } from './batches.ts';
import type {
  CanBatches,
  CanBatchOptions,
  CanBus,
  CanDirection,
  CanFrames,
  CanReceiveOptions,
  CanRecvOptions,
  CanSendOptions,
  CanWaitOptions,
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

/** What such a bus hears; as the options of a CAN socket of these names. */
export interface HubBusOptions {
  readonly filters?: readonly CanFilter[] | undefined;
  readonly joinFilters?: boolean | undefined;
  /** Error frames: all with true, or of some classes. Default none. */
  readonly errors?: boolean | readonly ErrorClass[] | undefined;
  /** Frames that are kept while nobody reads, and for each iteration: 8,192 unless given. What comes then is dropped and counted. */
  readonly queue?: number | undefined;
}

export abstract class HubBus implements CanBus {
  readonly name: string;
  readonly fd: boolean;
  readonly xl: boolean;
  readonly #hub: FrameHub;
  readonly #passes: Matcher;
  readonly #confirms: boolean;

  constructor(name: string, kinds: { fd: boolean; xl: boolean; confirms: boolean }, options: HubBusOptions) {
    checkObject('options', options);
    const { filters, joinFilters = false, errors = false, queue } = options;
    const mask = typeof errors === 'boolean' ? (errors ? errorMask() : 0) : errorMask(errors);
    this.name = name;
    this.fd = kinds.fd;
    this.xl = kinds.xl;
    this.#confirms = kinds.confirms;
    this.#passes = matcher(filters, { joined: checkFlag('joinFilters', joinFilters), errorMask: mask });
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
    if (options.confirm && !this.#confirms) {
      throw new CanBusError(
        'ENOTSUP',
        `send ENOTSUP: ${this.name} does not tell when a frame was on the bus`,
      );
    }
    await this.transmit(sent, options);
  }

  /** Gives a frame away, which is nobody else's. */
  protected abstract transmit(frame: CanFrame, options: CanWaitOptions): Promise<void> | void;

  /** Ends what carries the frames. */
  protected abstract disconnect(): Promise<void> | void;

  recv(options?: CanRecvOptions): Promise<ReceivedFrame> {
    return this.#hub.recv(options);
  }

  frames(options?: CanReceiveOptions): CanFrames {
    return this.#hub.open(options);
  }

  batches(options?: CanBatchOptions): CanBatches {
    return new FrameBatches(this.#hub, options, this.xl ? CANXL_MTU : CANFD_MTU);
  }

  /** A frame came, in memory of its own. */
  protected arrived(
    frame: CanFrame,
    direction: CanDirection,
    timestampNs: bigint = now(),
    ifindex = 0,
  ): void {
    if (this.#passes(canIdOf(frame))) this.#hub.push(receivedFrame(frame, ifindex, direction, timestampNs));
  }

  /** Tells all who wait; who does not is told next. */
  protected failed(error: Error): void {
    this.#hub.fail(error);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#hub.end();
    await this.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Nanoseconds since 1970, as fine as the clock is. */
const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

/** The frame as it will be received, in memory of its own; what is none is refused. */
export function copyOf(frame: CanFrameFields): CanFrame {
  const bytes = new Uint8Array(frame?.xl === true ? CANXL_MTU : CANFD_MTU);
  return decodeFrame(bytes.subarray(0, encodeFrame(frame, bytes)));
}

export function checkFlag(name: string, value: boolean): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}
