/**
 * NMEA 2000 fast-packet: messages of up to 223 bytes in frames of 8, for which there is neither an answer nor a repetition; NMEA 2000
 * Appendix A. Which parameter groups are sent so is part of their definition, not of the frames. Pure.
 */
import { checkBytes, checkInteger, checkObject, outOfRange } from '@sockeye/addr/check';

/** The most that 32 frames carry: 6 bytes in the first, 7 in each other. */
export const MAX_FAST_PACKET = 223;
const FIRST = 6;
const OTHER = 7;
/** What fills the last frame. */
const PADDING = 0xff;
/** Milliseconds between two frames of a message after which it is given up. */
export const FAST_PACKET_TIMEOUT = 750;

/** How many frames so many bytes take. */
export function fastPacketFrames(length: number): number {
  return length <= FIRST ? 1 : 1 + Math.ceil((length - FIRST) / OTHER);
}

/**
 * The frames of a message, 8 bytes each. A sender counts `sequence` up with each message of a parameter group.
 *
 * @param sequence 0 to 7
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for more than 223 bytes
 */
export function encodeFastPacket(data: Uint8Array, sequence: number): Uint8Array[] {
  const { length } = checkBytes('data', data);
  if (length > MAX_FAST_PACKET) throw outOfRange('data', `at most ${MAX_FAST_PACKET} bytes`, data);
  checkInteger('sequence', sequence, 0, 7);
  return Array.from({ length: fastPacketFrames(length) }, (_, index) => {
    const frame = new Uint8Array(8).fill(PADDING);
    frame[0] = (sequence << 5) | index;
    if (index === 0) {
      frame[1] = length;
      frame.set(data.subarray(0, FIRST), 2);
    } else {
      const at = FIRST + (index - 1) * OTHER;
      frame.set(data.subarray(at, at + OTHER), 1);
    }
    return frame;
  });
}

/** A frame as it came: of one parameter group, from and to an address, with the data of a CAN frame. */
export interface FastPacketFrame {
  readonly pgn: number;
  readonly source: number;
  /** 0xff for everybody. */
  readonly destination: number;
  readonly data: Uint8Array;
}

/** How messages ended, and why not. */
export interface FastPacketCounters {
  /** Messages given. */
  messages: number;
  /** A frame was missing, or came twice. */
  outOfOrder: number;
  /** The next frame did not come in time. */
  timedOut: number;
  /** There were too many at once: the oldest was given up. */
  evicted: number;
  /** Frames that are no part of a message: none was begun, or they are too short, or name too many bytes. */
  stray: number;
}

export interface FastPacketOptions {
  /** Milliseconds that the next frame of a message may take; 750 unless given. */
  readonly timeout?: number | undefined;
  /** Messages that may be under way at once, 1 to 4096; 64 unless given. Each takes some 300 bytes. */
  readonly most?: number | undefined;
}

/** A message under way. */
interface Assembly {
  readonly data: Uint8Array;
  filled: number;
  /** Index of the frame that is to come. */
  next: number;
  last: number;
}

/**
 * Puts messages together again, of many senders at once, in bounded memory. What is lost is counted, never mixed: frames
 * of a message have to come in order.
 */
export class FastPacketReassembler {
  readonly counters: FastPacketCounters = { messages: 0, outOfOrder: 0, timedOut: 0, evicted: 0, stray: 0 };
  readonly #timeout: number;
  readonly #most: number;
  /** By sender, receiver, group and sequence; the one that was begun first is first. */
  readonly #assemblies = new Map<string, Assembly>();

  /** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
  constructor(options: FastPacketOptions = {}) {
    checkObject('options', options);
    this.#timeout = checkInteger('timeout', options.timeout ?? FAST_PACKET_TIMEOUT, 1, 2 ** 31 - 1);
    this.#most = checkInteger('most', options.most ?? 64, 1, 4096);
  }

  /** Messages under way. */
  get pending(): number {
    return this.#assemblies.size;
  }

  /**
   * Takes a frame.
   *
   * @param now milliseconds, of any clock that does not go back: the frame's own time where it has one
   * @returns the message's bytes when this was its last frame
   */
  push(frame: FastPacketFrame, now: number): Uint8Array | undefined {
    const { pgn, source, destination, data } = frame;
    const [head, second] = data;
    if (head === undefined || second === undefined) return this.#stray();
    const index = head & 0x1f;
    const key = `${source}.${destination}.${pgn}.${head >> 5}`;
    let assembly = this.#assemblies.get(key);
    if (assembly !== undefined && now - assembly.last > this.#timeout) {
      this.#assemblies.delete(key);
      this.counters.timedOut += 1;
      assembly = undefined;
    }
    if (index === 0) {
      if (assembly !== undefined) {
        this.#assemblies.delete(key);
        this.counters.outOfOrder += 1;
      }
      if (second > MAX_FAST_PACKET) return this.#stray();
      assembly = { data: new Uint8Array(second), filled: 0, next: 0, last: now };
      this.#begin(key, assembly, now);
    } else if (assembly === undefined) return this.#stray();
    if (index !== assembly.next) {
      this.#assemblies.delete(key);
      this.counters.outOfOrder += 1;
      return undefined;
    }
    const missing = assembly.data.length - assembly.filled;
    const piece = data
      .subarray(index === 0 ? 2 : 1)
      .subarray(0, Math.min(missing, index === 0 ? FIRST : OTHER));
    if (piece.length < Math.min(missing, index === 0 ? FIRST : OTHER)) {
      this.#assemblies.delete(key);
      return this.#stray();
    }
    assembly.data.set(piece, assembly.filled);
    assembly.filled += piece.length;
    assembly.next += 1;
    assembly.last = now;
    if (assembly.filled < assembly.data.length) return undefined;
    this.#assemblies.delete(key);
    this.counters.messages += 1;
    return assembly.data;
  }

  /** Forgets those whose next frame did not come in time; it happens by itself only where room is needed. */
  expire(now: number): void {
    for (const [key, { last }] of this.#assemblies) {
      if (now - last <= this.#timeout) continue;
      this.#assemblies.delete(key);
      this.counters.timedOut += 1;
    }
  }

  #begin(key: string, assembly: Assembly, now: number): void {
    if (this.#assemblies.size >= this.#most) this.expire(now);
    if (this.#assemblies.size >= this.#most) {
      const [oldest] = this.#assemblies.keys();
      this.#assemblies.delete(oldest as string);
      this.counters.evicted += 1;
    }
    this.#assemblies.set(key, assembly);
  }

  #stray(): undefined {
    this.counters.stray += 1;
    return undefined;
  }
}
