/** One direction of a TCP connection, its bytes put in order. */
const OVERHEAD = 128;

/** What a stream tells of, in order. */
export interface TcpStreamHandler<Stream> {
  /** The next bytes. A view of the segment, or of a copy that nobody else has. */
  data(stream: Stream, bytes: Uint8Array): void;
  /** So many bytes are missing before the next ones: they were given up. */
  gap?(stream: Stream, length: number): void;
  /** Nothing more comes. */
  end?(stream: Stream, reason: TcpStreamEnd): void;
}

/**
 * Why a stream ended: FIN; RST; another connection took its place; it was idle for too long; others needed the memory;
 * `flush` was called.
 */
export type TcpStreamEnd = 'fin' | 'reset' | 'replaced' | 'idle' | 'evicted' | 'flush';

interface Held {
  /** Sequence number of the first byte. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly since: number;
}

/** The largest window (RFC 7323, section 2.3). */
export const MAX_WINDOW: number = 2 ** 30;

/** How far `to` is from `from`, negative backwards: sequence numbers go round (RFC 9293, section 3.4). */
export const sequenceDistance = (from: number, to: number): number => (to - from) | 0;

/** What a stream has in memory is counted here, over all streams. */
export interface HeldBytes {
  total: number;
}

/** What an {@link OrderedStream} needs of its owner. */
export interface StreamOwner {
  readonly held: HeldBytes;
  data(bytes: Uint8Array): void;
  gap(length: number): void;
}

/**
 * Segments in any order, twice, overlapping; bytes in order. Of bytes that come twice the first are taken. What is ahead of
 * a hole is kept until the hole is filled, or given up: by the caller, for time, memory, or an acknowledgment that
 * says that the receiver has it.
 */
export class OrderedStream {
  readonly #owner: StreamOwner;
  /** In order, none over another, all ahead of `#next`. */
  readonly #ahead: Held[] = [];
  #bytes = 0;
  #since = 0;
  #next: number | undefined;
  #finish: number | undefined;

  constructor(owner: StreamOwner) {
    this.#owner = owner;
  }

  /** The sequence number that is due; undefined before the first segment. */
  get next(): number | undefined {
    return this.#next;
  }

  /** Bytes that wait behind a hole, 128 for each segment beside its own. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all up to the FIN has been given. */
  get finished(): boolean {
    return this.#finish !== undefined && this.#next === this.#finish;
  }

  /** Since when the first hole is waited for; undefined when none is. */
  get waitingSince(): number | undefined {
    return this.#ahead.length === 0 ? undefined : this.#since;
  }

  /** Starts at a sequence number: that behind the SYN, or of the first segment that is seen. */
  start(sequence: number): void {
    this.#next ??= sequence >>> 0;
  }

  /** Takes the end of the stream: the sequence number of its FIN. */
  finish(sequence: number): void {
    this.#finish ??= sequence >>> 0;
  }

  /** Takes a segment's bytes. Those further ahead than a window can be are none of this stream's. */
  push(sequence: number, payload: Uint8Array, now: number): void {
    if (this.#next === undefined || payload.length === 0) return;
    let start = sequenceDistance(this.#next, sequence);
    let bytes = payload;
    if (start + bytes.length <= 0) return;
    if (start < 0) {
      bytes = bytes.subarray(-start);
      start = 0;
    }
    if (start > MAX_WINDOW) return;
    if (start === 0 && this.#ahead.length === 0) {
      this.#give(bytes);
      return;
    }
    if (this.#ahead.length === 0) this.#since = now;
    this.#hold(start, bytes, now);
    this.#drain();
  }

  /** Gives up the first hole, and gives what is behind it; false when nothing waits. */
  skip(): boolean {
    const [first] = this.#ahead;
    if (first === undefined || this.#next === undefined) return false;
    const length = sequenceDistance(this.#next, first.sequence);
    this.#next = first.sequence;
    if (length > 0) this.#owner.gap(length);
    this.#drain();
    return true;
  }

  /** The receiver has all before this number: holes before it were lost to whoever watches, not to the receiver. */
  acknowledge(number: number): void {
    while (this.#next !== undefined) {
      const [first] = this.#ahead;
      if (first === undefined || sequenceDistance(first.sequence, number) < 0) return;
      this.skip();
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#ahead.length = 0;
    this.#owner.held.total -= this.#bytes;
    this.#bytes = 0;
  }

  #give(bytes: Uint8Array): void {
    this.#next = ((this.#next ?? 0) + bytes.length) >>> 0;
    this.#owner.data(bytes);
  }

  /** Keeps those of the bytes that no segment which waits has, in pieces where they lie around some. */
  #hold(start: number, bytes: Uint8Array, now: number): void {
    const base = this.#next ?? 0;
    const distance = (held: Held): number => sequenceDistance(base, held.sequence);
    let at = start;
    const end = start + bytes.length;
    let place = this.#firstEndingBehind(base, at);
    while (at < end) {
      const held = this.#ahead[place];
      const free = held === undefined ? end : Math.min(end, distance(held));
      if (free > at) {
        this.#insert(place, (base + at) >>> 0, bytes.slice(at - start, free - start), now);
        place += 1;
      }
      if (held === undefined) return;
      at = Math.max(at, distance(held) + held.bytes.length);
      place += 1;
    }
  }

  /** The index of the first that ends behind `at`, counted from `base`. */
  #firstEndingBehind(base: number, at: number): number {
    let low = 0;
    let high = this.#ahead.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const held = this.#ahead[middle]!;
      if (sequenceDistance(base, held.sequence) + held.bytes.length <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(place: number, sequence: number, bytes: Uint8Array, since: number): void {
    this.#ahead.splice(place, 0, { sequence, bytes, since });
    this.#bytes += bytes.length + OVERHEAD;
    this.#owner.held.total += bytes.length + OVERHEAD;
  }

  #drain(): void {
    let done = 0;
    try {
      while (this.#ahead[done]?.sequence === this.#next && done < this.#ahead.length) {
        const { bytes } = this.#ahead[done]!;
        this.#bytes -= bytes.length + OVERHEAD;
        this.#owner.held.total -= bytes.length + OVERHEAD;
        done += 1;
        this.#give(bytes);
      }
    } finally {
      // Also where the owner throws: what was given is not given again.
      if (done > 0) {
        this.#ahead.splice(0, done);
        this.#since = this.#ahead[0]?.since ?? 0;
      }
    }
  }
}
