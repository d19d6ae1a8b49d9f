/** How long frames keep a bus busy: their bits on the wire, stuff bits included, and what that is of the time. Pure. */
import { checkInteger, checkObject, wrongValue } from '@sockeye/addr/check';
import type { CanBus } from './bus.ts';
import { fdLengthToDlc, fdPaddedLength } from './fd.ts';
import type { CanFrame } from './frame.ts';
import type { FrameView } from './frame-view.ts';

/** Bits of a frame, by the rate at which they are sent. */
export interface FrameBits {
  readonly arbitration: number;
  /** At the rate of the data phase: 0 without BRS. */
  readonly data: number;
}

/** A bit stream, of which the stuff bits are counted as it goes by: one after five equal ones (ISO 11898-1, 10.5). */
class Stuffing {
  bits = 0;
  stuffed = 0;
  crc = 0;
  #last = -1;
  #run = 0;

  /** The low `count` bits of `value`, the highest first. */
  add(value: number, count: number): void {
    for (let at = count - 1; at >= 0; at--) {
      const bit = (value >>> at) & 1;
      this.bits += 1;
      // CRC-15-CAN, x^15+x^14+x^10+x^8+x^7+x^4+x^3+1, of the bits without stuff bits.
      this.crc = ((this.crc << 1) ^ (((this.crc >>> 14) ^ bit) & 1 ? 0x4599 : 0)) & 0x7fff;
      this.#run = bit === this.#last ? this.#run + 1 : 1;
      this.#last = bit;
      if (this.#run === 5) {
        this.stuffed += 1;
        this.#last = bit ^ 1;
        this.#run = 1;
      }
    }
  }

  get total(): number {
    return this.bits + this.stuffed;
  }
}

/** What comes behind the CRC: its delimiter, the acknowledgement and its delimiter, the end of the frame, the intermission. */
const CRC_DELIMITER = 1;
const TAIL = 2 + 7 + 3;

/**
 * The bits that a frame takes, with its stuff bits and the intermission behind it.
 * @throws ERR_INVALID_ARG_VALUE for error frames, which were never on the bus, and for XL frames
 */
export function frameBits(frame: CanFrame | FrameView): FrameBits {
  checkObject('frame', frame);
  if (frame.error || frame.xl) throw wrongValue('frame', 'a classic frame or an FD frame', frame);
  const { value, extended } = frame.id;
  const stream = new Stuffing();
  stream.add(0, 1);
  if (extended) {
    stream.add(value >>> 18, 11);
    // SRR and IDE.
    stream.add(0b11, 2);
    stream.add(value, 18);
  } else stream.add(value, 11);
  return frame.fd ? fdBits(frame, stream, extended) : classicBits(frame, stream);
}

function classicBits(frame: CanFrame | FrameView, stream: Stuffing): FrameBits {
  const { data } = frame;
  const length = 'length' in frame ? frame.length : data.length;
  stream.add(Number(frame.remote), 1);
  // IDE and r0, or r1 and r0.
  stream.add(0, 2);
  stream.add(('len8Dlc' in frame && frame.len8Dlc) || length, 4);
  for (const byte of data) stream.add(byte, 8);
  stream.add(stream.crc, 15);
  return { arbitration: stream.total + CRC_DELIMITER + TAIL, data: 0 };
}

function fdBits(frame: CanFrame | FrameView, stream: Stuffing, extended: boolean): FrameBits {
  const { data } = frame;
  const fast = 'bitRateSwitch' in frame && frame.bitRateSwitch;
  // RRS, of a standard frame IDE, FDF, res, BRS.
  stream.add(0, extended ? 1 : 2);
  stream.add(0b10, 2);
  stream.add(Number(fast), 1);
  const slow = stream.total;
  stream.add(Number('errorStateIndicator' in frame && frame.errorStateIndicator), 1);
  stream.add(fdLengthToDlc(data.length), 4);
  const padded = fdPaddedLength(data.length);
  for (let at = 0; at < padded; at++) stream.add(data[at] ?? 0, 8);
  // The count of stuff bits and the CRC, with a fixed stuff bit before every four.
  const check = 4 + (padded <= 16 ? 17 : 21);
  const rest = stream.total - slow + check + Math.ceil(check / 4) + CRC_DELIMITER;
  return fast ? { arbitration: slow + TAIL, data: rest } : { arbitration: slow + rest + TAIL, data: 0 };
}

export interface BusLoadOptions {
  /** Bits a second. */
  readonly bitrate: number;
  /** Bits a second of the data phase of FD frames; {@link bitrate} unless given. */
  readonly dataBitrate?: number | undefined;
}

/** What passed in a time. */
export interface LoadFigures {
  readonly frames: number;
  /** Error frames, and XL frames, of which the bits are not counted. */
  readonly uncounted: number;
  /** Bytes of data. */
  readonly bytes: number;
  /** Bits at either rate. */
  readonly bits: number;
  /** Milliseconds that were measured. */
  readonly elapsed: number;
  /** The part of the time that the bus was busy, 0 to 1. */
  readonly load: number;
}

/** Adds up frames. */
export class BusLoad {
  readonly #bitrate: number;
  readonly #dataBitrate: number;
  #frames = 0;
  #uncounted = 0;
  #bytes = 0;
  #arbitration = 0;
  #data = 0;
  #since: number = performance.now();

  constructor(options: BusLoadOptions) {
    checkObject('options', options);
    const { bitrate, dataBitrate = bitrate } = options;
    this.#bitrate = checkInteger('bitrate', bitrate, 1, 1e9);
    this.#dataBitrate = checkInteger('dataBitrate', dataBitrate, 1, 1e9);
  }

  add(frame: CanFrame | FrameView): void {
    if (frame.error || frame.xl) {
      this.#uncounted += 1;
      return;
    }
    const { arbitration, data } = frameBits(frame);
    this.#frames += 1;
    this.#bytes += frame.data.length;
    this.#arbitration += arbitration;
    this.#data += data;
  }

  /**
   * The figures since the last call, and begins anew.
   * @param elapsed milliseconds; those that have passed unless given, for frames with times of their own
   */
  take(elapsed: number = performance.now() - this.#since): LoadFigures {
    const busy = this.#arbitration / this.#bitrate + this.#data / this.#dataBitrate;
    const figures: LoadFigures = {
      frames: this.#frames,
      uncounted: this.#uncounted,
      bytes: this.#bytes,
      bits: this.#arbitration + this.#data,
      elapsed,
      load: elapsed > 0 ? (1000 * busy) / elapsed : 0,
    };
    this.#frames = 0;
    this.#uncounted = 0;
    this.#bytes = 0;
    this.#arbitration = 0;
    this.#data = 0;
    this.#since = performance.now();
    return figures;
  }
}

export interface LoadOptions extends BusLoadOptions {
  /** Milliseconds between figures: 1,000 unless given. */
  readonly every?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The load of a bus, again and again, by what is received: an own frame counts where the bus receives those. The iteration ends
 * with the bus, or as its frames do.
 */
export async function* busLoad(
  bus: CanBus,
  options: LoadOptions,
): AsyncGenerator<LoadFigures, void, undefined> {
  const meter = new BusLoad(options);
  const every = checkInteger('every', options.every ?? 1000, 1, 0x7fffffff);
  const batches = bus.batches({ signal: options.signal });
  let wake = (): void => {};
  let ended = false;
  const reading = (async () => {
    try {
      for await (const batch of batches) for (const frame of batch) meter.add(frame);
    } finally {
      ended = true;
      wake();
    }
  })();
  // It is waited for below.
  reading.catch(() => {});
  try {
    while (!ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, every);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (!ended) yield meter.take();
    }
    await reading;
  } finally {
    await batches.return();
  }
}
