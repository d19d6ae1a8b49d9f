/** NMEA 2000 messages over a bus of frames, or a J1939 network: those of one frame, and fast-packet, both ways. */
import {
  checkBytes,
  checkInteger,
  checkObject,
  checkUint,
  outOfRange,
  wrongType,
  wrongValue,
} from '@sockeye/addr/check';
import type { CanBus, CanWaitOptions } from '../bus.ts';
import { J1939 } from './ecu.ts';
import {
  encodeFastPacket,
  type FastPacketCounters,
  type FastPacketOptions,
  FastPacketReassembler,
  MAX_FAST_PACKET,
} from './fast-packet.ts';
import { Limit, untilAborted } from './limit.ts';
import { BROADCAST, checkPgn, decodePduId, encodePduId, isPdu1, MAX_ADDRESS } from './pgn.ts';

/** A message, whole. */
export interface Nmea2000Message {
  readonly pgn: number;
  /** 0, the most urgent, to 7. */
  readonly priority: number;
  /** Address of the sender. */
  readonly from: number;
  /** Address of the receiver; 0xff for everybody. */
  readonly to: number;
  readonly data: Uint8Array;
  /** When its last frame came: nanoseconds since 1970; undefined where nobody says. */
  readonly timestampNs: bigint | undefined;
}

/** What is to be sent. */
export interface Nmea2000MessageFields {
  readonly pgn: number;
  /** Address of the receiver; everybody unless given. */
  readonly to?: number | undefined;
  readonly data: Uint8Array;
  /** 0 to 7; 6 unless given. */
  readonly priority?: number | undefined;
}

export interface Nmea2000Options extends FastPacketOptions {
  /**
   * Which parameter groups are sent as fast-packets, by their definitions. Those that NMEA 2000 reserves for that, 126720 and 130816 to
   * 131071, need not be named.
   */
  readonly fast: Iterable<number> | ((pgn: number) => boolean);
  /** Over a bus of frames: the address to send from, and for which to receive what is not for all; without one all is received. */
  readonly address?: number | undefined;
}

export interface Nmea2000ReceiveOptions {
  /** Parameter groups to receive; all unless given. */
  readonly pgn?: number | readonly number[] | undefined;
  /** Ends the iteration with ABORT_ERR. */
  readonly signal?: AbortSignal | undefined;
}

/** A frame as either carrier has it. */
interface Frame {
  readonly pgn: number;
  readonly priority: number;
  readonly source: number;
  readonly destination: number;
  readonly data: Uint8Array;
  readonly timestampNs: bigint | undefined;
}

/** Frames from the moment that it was made. */
interface Listening {
  /** The next one; undefined when it is over. */
  next(): Promise<Frame | undefined>;
  close(): Promise<unknown>;
}

/** What frames go over. */
interface Carrier {
  /** Nothing can be sent: there is no address to send from. */
  readonly mute: boolean;
  send(message: Required<Nmea2000MessageFields>, data: Uint8Array, options: CanWaitOptions): Promise<void>;
  listen(signal: AbortSignal | undefined): Listening;
}

const FRAME = 8;
/** Proprietary fast-packet groups: to one, and to all. */
const PROPRIETARY = 0x1ef00;
const PROPRIETARY_FIRST = 0x1ff00;

/** Frames by a bus: identifiers are made and read here. */
function overBus(bus: CanBus, address: number | undefined): Carrier {
  return {
    mute: address === undefined,
    send: ({ pgn, to, priority }, data, options) => {
      const source = address ?? BROADCAST;
      return bus.send({ id: encodePduId({ pgn, priority, source, destination: to }), data }, options);
    },
    listen(signal) {
      const frames = bus.frames({ signal });
      const next = async (): Promise<Frame | undefined> => {
        for (;;) {
          const { value, done } = await frames.next();
          if (done || value === undefined) return undefined;
          // No others are NMEA 2000's.
          if (value.fd || value.xl || value.remote || value.error || !value.id.extended) continue;
          const { id, data, timestampNs } = value;
          const frame = {
            ...decodePduId(id),
            data,
            timestampNs: timestampNs === 0n ? undefined : timestampNs,
          };
          const { destination } = frame;
          if (address === undefined || destination === BROADCAST || destination === address) return frame;
        }
      };
      return { next, close: () => frames.return() };
    },
  };
}

/** Frames as messages of 8 bytes; what the kernel has put together by J1939's own transport comes as well. */
function overJ1939(ecu: J1939): Carrier {
  return {
    // That it has no address it says itself.
    mute: false,
    send: ({ pgn, to, priority }, data, options) =>
      ecu.send({ pgn, priority, to: isPdu1(pgn) ? to : undefined, data }, options),
    listen(signal) {
      const messages = ecu.messages({ signal });
      const next = async (): Promise<Frame | undefined> => {
        const { value, done } = await messages.next();
        if (done || value === undefined) return undefined;
        const { pgn, priority, from, to, data, timestampNs } = value;
        return { pgn, priority, source: from, destination: to, data, timestampNs };
      };
      return { next, close: () => messages.return() };
    },
  };
}

/** Whole messages, from the moment that this was made. Leaving a `for await` closes it. */
export class Nmea2000Messages implements AsyncIterableIterator<Nmea2000Message>, AsyncDisposable {
  readonly #listening: Listening;
  readonly #fast: (pgn: number) => boolean;
  readonly #wanted: ReadonlySet<number> | undefined;
  readonly #reassembler: FastPacketReassembler;
  #turn: Promise<unknown> = Promise.resolve();
  #done = false;

  /** @internal */
  constructor(
    listening: Listening,
    fast: (pgn: number) => boolean,
    wanted: ReadonlySet<number> | undefined,
    reassembler: FastPacketReassembler,
  ) {
    this.#listening = listening;
    this.#fast = fast;
    this.#wanted = wanted;
    this.#reassembler = reassembler;
  }

  /** How messages ended, and why some did not come. */
  get counters(): Readonly<FastPacketCounters> {
    return this.#reassembler.counters;
  }

  /** The next message; done once it was closed. Throws what the bus does: ENETDOWN, ABORT_ERR … */
  next(): Promise<IteratorResult<Nmea2000Message, undefined>> {
    const next = this.#turn.then(() => this.#next());
    this.#turn = next.catch(() => {});
    return next;
  }

  async #next(): Promise<IteratorResult<Nmea2000Message, undefined>> {
    while (!this.#done) {
      const frame = await this.#listening.next();
      if (frame === undefined) break;
      const { pgn, priority, source: from, destination: to, timestampNs } = frame;
      if (this.#wanted !== undefined && !this.#wanted.has(pgn)) continue;
      const now = timestampNs === undefined ? performance.now() : Number(timestampNs) / 1e6;
      // More than a frame: the kernel has put it together already.
      const whole = frame.data.length > FRAME || !this.#fast(pgn);
      const data = whole ? frame.data : this.#reassembler.push(frame, now);
      if (data !== undefined) return { done: false, value: { pgn, priority, from, to, data, timestampNs } };
    }
    this.#done = true;
    return { done: true, value: undefined };
  }

  /** Closes it; twice is fine. */
  async return(): Promise<IteratorResult<Nmea2000Message, undefined>> {
    if (!this.#done) {
      this.#done = true;
      await this.#listening.close();
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/**
 * NMEA 2000 over anything that carries frames of 8 bytes. It neither claims an address (over `J1939.claim` it has one) nor knows
 * what is in messages.
 */
export class Nmea2000 {
  readonly #carrier: Carrier;
  readonly #options: Nmea2000Options;
  readonly #fast: (pgn: number) => boolean;
  /** The sequence of the next message of a group. */
  readonly #sequences = new Map<number, number>();
  /** The end of the last send: frames of two messages are not to mix. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param over a bus, which stays the caller's to close, or a J1939 network
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   */
  constructor(over: CanBus | J1939, options: Nmea2000Options) {
    checkObject('over', over);
    checkObject('options', options);
    const { address, fast } = options;
    if (address !== undefined) checkInteger('address', address, 0, MAX_ADDRESS);
    const known = typeof fast === 'function' ? fast : listOf(fast);
    this.#fast = (pgn) => (pgn === PROPRIETARY || pgn >= PROPRIETARY_FIRST ? pgn <= 0x1ffff : known(pgn));
    this.#options = options;
    // Bad options are refused now, and not with the first message.
    new FastPacketReassembler(options);
    if (over instanceof J1939 && address !== undefined)
      throw wrongValue('address', 'undefined over a J1939 network, which has one', address);
    this.#carrier = over instanceof J1939 ? overJ1939(over) : overBus(over, address);
  }

  /**
   * Sends a message, as one frame or as a fast-packet; it resolves when the last frame was taken for the bus.
   *
   * @throws ERR_OUT_OF_RANGE for more than 8 bytes, or 223 of a fast-packet group; ERR_INVALID_ARG_VALUE without an address, or for a
   * receiver of a group that goes to all; ERR_INVALID_ARG_TYPE; else as the bus's `send`. A message of which the last frames could not
   * be sent nobody hears.
   */
  async send(message: Nmea2000MessageFields, options: CanWaitOptions = {}): Promise<void> {
    checkObject('message', message);
    checkObject('options', options);
    const { to = BROADCAST, priority = 6 } = message;
    const pgn = checkPgn('pgn', message.pgn);
    checkUint('priority', priority, 3);
    checkInteger('to', to, 0, BROADCAST);
    if (!isPdu1(pgn) && to !== BROADCAST) {
      throw wrongValue(
        'to',
        `undefined: 0x${pgn.toString(16)} is of PDU2 format, which goes to everybody`,
        to,
      );
    }
    const data = checkBytes('data', message.data).slice();
    const fast = this.#fast(pgn);
    const most = fast ? MAX_FAST_PACKET : FRAME;
    if (data.length > most) {
      const words = fast ? '' : `: 0x${pgn.toString(16)} is not among \`fast\``;
      throw outOfRange('data', `at most ${most} bytes${words}`, data);
    }
    if (this.#carrier.mute) throw wrongValue('address', 'given to the constructor, to send from', undefined);
    const limit = new Limit(options, 'send');
    const { signal } = limit;
    const sent = this.#turn.then(async () => {
      const fields = { pgn, to, priority, data };
      if (!fast) return this.#carrier.send(fields, data, { signal });
      const sequence = this.#sequences.get(pgn) ?? 0;
      this.#sequences.set(pgn, (sequence + 1) & 7);
      for (const frame of encodeFastPacket(data, sequence))
        await this.#carrier.send(fields, frame, { signal });
    });
    this.#turn = sent.catch(() => {});
    try {
      await untilAborted(sent, signal);
    } finally {
      limit.end();
    }
  }

  /** Messages from now on. Throws what the bus's `frames`, or the network's `messages` does. */
  messages(options: Nmea2000ReceiveOptions = {}): Nmea2000Messages {
    checkObject('options', options);
    const { pgn, signal } = options;
    const wanted = pgn === undefined ? undefined : new Set(typeof pgn === 'number' ? [pgn] : pgn);
    for (const one of wanted ?? []) checkPgn('pgn', one);
    const reassembler = new FastPacketReassembler(this.#options);
    return new Nmea2000Messages(this.#carrier.listen(signal), this.#fast, wanted, reassembler);
  }
}

function listOf(fast: unknown): (pgn: number) => boolean {
  if (typeof fast !== 'object' || fast === null || !(Symbol.iterator in fast))
    throw wrongType('fast', 'a list of parameter groups, or a function of one', fast);
  const groups = new Set([...(fast as Iterable<number>)].map((pgn) => checkPgn('fast', pgn)));
  return (pgn) => groups.has(pgn);
}
