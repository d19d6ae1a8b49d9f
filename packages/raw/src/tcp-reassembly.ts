import { checkInteger, checkObject, wrongType } from '@sockeye/addr/check';
import type { Ipv4View } from './ipv4.ts';
import type { Ipv6View } from './ipv6.ts';
import { type TcpView, tcpFlags } from './tcp.ts';
import {
  type HeldBytes,
  MAX_WINDOW,
  OrderedStream,
  sequenceDistance,
  type TcpStreamEnd,
  type TcpStreamHandler,
} from './tcp-stream.ts';
import { checkTime } from './time.ts';

export interface TcpReassemblerOptions {
  /** Bytes that may wait behind a hole, in one stream; then the hole is given up. Default 1 MiB. */
  readonly maxStreamBytes?: number | undefined;
  /** The same over all streams, 128 for each segment that waits beside its own. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** Connections at once; the one that has been idle for longest goes. Default 4096. */
  readonly maxConnections?: number | undefined;
  /**
   * Whether a hole is given up when the receiver acknowledges what is behind it. A capture that has the two directions out of
   * order (from a card with several queues) then shows holes that are none. Default false.
   */
  readonly trustAcknowledgments?: boolean | undefined;
  /** Milliseconds that a hole is waited for. Default 10,000. */
  readonly gapTimeout?: number | undefined;
  /** Milliseconds after which an idle connection is forgotten. Default 300,000. */
  readonly idleTimeout?: number | undefined;
}

/** One direction of a connection. */
export interface TcpStream {
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Whether its SYN was seen; else it starts with the first segment that was. */
  readonly fromStart: boolean;
  /** The other direction; undefined as long as nothing of it was seen. */
  readonly other: TcpStream | undefined;
}

class Stream implements TcpStream {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly key: string;
  readonly order: OrderedStream;
  fromStart = false;
  ended = false;
  other: Stream | undefined;
  last = 0;

  constructor(
    ip: Ipv4View | Ipv6View,
    tcp: TcpView,
    key: string,
    handler: TcpStreamHandler<TcpStream>,
    held: HeldBytes,
  ) {
    this.source = ip.source.slice();
    this.destination = ip.destination.slice();
    this.sourcePort = tcp.sourcePort;
    this.destinationPort = tcp.destinationPort;
    this.key = key;
    this.order = new OrderedStream({
      held,
      data: (bytes) => handler.data(this, bytes),
      gap: (length) => handler.gap?.(this, length),
    });
  }
}

/**
 * Puts the segments of any number of TCP connections in order, each direction a stream: bytes, holes that were given up, and
 * the end are told to the handler as they come. Memory and time are bounded: a hole is given up when it is not filled in
 * time, and when too much waits behind it.
 *
 * Checksums are not judged: see `judgeTransportChecksum`. A handler must not call back into the reassembler.
 */
export class TcpReassembler {
  readonly #handler: TcpStreamHandler<TcpStream>;
  readonly #maxStreamBytes: number;
  readonly #maxBytes: number;
  readonly #maxConnections: number;
  readonly #trust: boolean;
  readonly #gapTimeout: number;
  readonly #idleTimeout: number;
  /** The least recently used first. */
  readonly #streams: Map<string, Stream> = new Map();
  /** Those that have something waiting. */
  readonly #waiting: Set<Stream> = new Set();
  readonly #held: HeldBytes = { total: 0 };
  /** What the handler threw first, until the call is through that it was called in. */
  #thrown: { readonly error: unknown } | undefined;

  /** @throws ERR_INVALID_ARG_TYPE when `handler` has no `data`, and for options; ERR_OUT_OF_RANGE. */
  constructor(handler: TcpStreamHandler<TcpStream>, options: TcpReassemblerOptions = {}) {
    checkObject('handler', handler);
    checkObject('options', options);
    if (typeof handler.data !== 'function') throw wrongType('handler.data', 'a function', handler.data);
    const most = Number.MAX_SAFE_INTEGER;
    this.#handler = {
      data: (stream, bytes) => this.#tell(() => handler.data(stream, bytes)),
      gap: (stream, length) => this.#tell(() => handler.gap?.(stream, length)),
      end: (stream, reason) => this.#tell(() => handler.end?.(stream, reason)),
    };
    this.#maxStreamBytes = checkInteger('maxStreamBytes', options.maxStreamBytes ?? 1 << 20, 1, most);
    this.#maxBytes = checkInteger('maxBytes', options.maxBytes ?? 1 << 24, 1, most);
    this.#maxConnections = checkInteger('maxConnections', options.maxConnections ?? 4096, 1, most);
    this.#trust = options.trustAcknowledgments === true;
    this.#gapTimeout = checkInteger('gapTimeout', options.gapTimeout ?? 10_000, 1, most);
    this.#idleTimeout = checkInteger('idleTimeout', options.idleTimeout ?? 300_000, 1, most);
  }

  /** Bytes that wait behind holes, as `maxBytes` counts them. */
  get bytes(): number {
    return this.#held.total;
  }

  /** Streams, two of which are a connection. */
  get streams(): number {
    return this.#streams.size;
  }

  /**
   * Takes a segment and the packet that it came in. `now` is in milliseconds of any clock that does not go back: that of a
   * capture's time stamps, or `performance.now()`.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for a time that is none; what a handler throws first, when the segment has been
   * dealt with.
   */
  push(ip: Ipv4View | Ipv6View, tcp: TcpView, now: number): void {
    const time = checkTime(now);
    this.#expire(time);
    this.#take(ip, tcp, time);
    this.#rethrow();
  }

  #take(ip: Ipv4View | Ipv6View, tcp: TcpView, time: number): void {
    const { flags, sequence } = tcp;
    const syn = (flags & tcpFlags.SYN) !== 0;
    const stream = this.#streamOf(ip, tcp, syn, time);
    if (stream === undefined) return;
    const { order } = stream;
    if (syn) stream.fromStart ||= order.next === undefined;
    order.start(sequence + (syn ? 1 : 0));
    // The acknowledgment goes first: what it is about came before this segment was made.
    if ((flags & tcpFlags.ACK) !== 0 && stream.other !== undefined)
      this.#acknowledge(stream.other, tcp.acknowledgment);
    if (stream.ended) return;
    const length = tcp.payloadEnd - tcp.payloadOffset;
    const first = (sequence + (syn ? 1 : 0)) >>> 0;
    if (length > 0) order.push(first, tcp.payload, time);
    // A segment that was not captured whole has an end of its own.
    if ((flags & tcpFlags.FIN) !== 0 && !ip.truncated) order.finish(first + length);
    if ((flags & tcpFlags.RST) !== 0 && isWithin(order, sequence)) {
      this.#end(stream, 'reset');
      if (stream.other !== undefined) this.#end(stream.other, 'reset');
      return;
    }
    while (order.bytes > this.#maxStreamBytes) order.skip();
    while (this.#held.total > this.#maxBytes) this.#relieve(stream);
    this.#settle(stream);
  }

  /**
   * Gives up holes and connections whose time is over; `push` does it too.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE for a time that is none; what a handler throws first.
   */
  expire(now: number): void {
    this.#expire(checkTime(now));
    this.#rethrow();
  }

  #expire(now: number): void {
    for (const stream of this.#waiting) {
      for (;;) {
        const since = stream.order.waitingSince;
        if (since === undefined || now - since < this.#gapTimeout) break;
        stream.order.skip();
      }
      this.#settle(stream);
    }
    for (const stream of this.#streams.values()) {
      if (now - stream.last < this.#idleTimeout) return;
      this.#drop(stream, 'idle');
    }
  }

  /** Gives what waits behind holes, and ends all streams. Throws what a handler throws first. */
  flush(): void {
    for (const stream of this.#streams.values()) this.#drop(stream, 'flush');
    this.#rethrow();
  }

  /** Calls the handler. What it throws waits, since streams that are half dealt with would lose bytes or give some twice. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#thrown ??= { error };
    }
  }

  #rethrow(): void {
    if (this.#thrown === undefined) return;
    const { error } = this.#thrown;
    this.#thrown = undefined;
    throw error;
  }

  #streamOf(ip: Ipv4View | Ipv6View, tcp: TcpView, syn: boolean, now: number): Stream | undefined {
    const key = keyOf(ip.source, tcp.sourcePort, ip.destination, tcp.destinationPort);
    let stream = this.#streams.get(key);
    if (stream !== undefined && syn && isAnother(stream, tcp.sequence)) {
      this.#drop(stream, 'replaced');
      if (stream.other !== undefined && (tcp.flags & tcpFlags.ACK) === 0)
        this.#drop(stream.other, 'replaced');
      stream = undefined;
    }
    if (stream === undefined) {
      // What is left of a connection that is over starts no stream.
      if ((tcp.flags & tcpFlags.RST) !== 0) return undefined;
      stream = new Stream(ip, tcp, key, this.#handler, this.#held);
      const other = this.#streams.get(keyOf(ip.destination, tcp.destinationPort, ip.source, tcp.sourcePort));
      if (other !== undefined) {
        stream.other = other;
        other.other = stream;
      }
    }
    for (const one of [stream, stream.other]) {
      if (one === undefined) continue;
      one.last = now;
      this.#streams.delete(one.key);
      this.#streams.set(one.key, one);
    }
    while (this.#streams.size > 2 * this.#maxConnections) {
      const [oldest] = this.#streams.values();
      if (oldest === undefined) break;
      this.#drop(oldest, 'evicted');
    }
    return stream;
  }

  #acknowledge(stream: Stream, number: number): void {
    if (stream.ended || !this.#trust) return;
    stream.order.acknowledge(number);
    this.#settle(stream);
  }

  /** Gives up a hole: of this stream, or of another where this has none. */
  #relieve(stream: Stream): void {
    if (stream.order.skip()) return;
    for (const other of this.#waiting) {
      other.order.skip();
      this.#settle(other);
      return;
    }
  }

  /** Ends a stream that is through, and knows whether something waits. */
  #settle(stream: Stream): void {
    if (stream.order.finished) this.#end(stream, 'fin');
    if (stream.order.bytes > 0) this.#waiting.add(stream);
    else this.#waiting.delete(stream);
  }

  /** Tells all that is there, and the end; what still comes of it is passed over. */
  #end(stream: Stream, reason: TcpStreamEnd): void {
    if (stream.ended) return;
    stream.ended = true;
    while (stream.order.skip());
    stream.order.clear();
    this.#waiting.delete(stream);
    this.#handler.end?.(stream, reason);
  }

  /** Ends and forgets it. */
  #drop(stream: Stream, reason: TcpStreamEnd): void {
    this.#streams.delete(stream.key);
    this.#end(stream, reason);
    if (stream.other?.other === stream) stream.other.other = undefined;
  }
}

/** Whether a RST with this number can be the stream's (RFC 9293, section 3.5.3). */
function isWithin({ next }: OrderedStream, sequence: number): boolean {
  const distance = sequenceDistance(next ?? sequence, sequence);
  return distance >= 0 && distance <= MAX_WINDOW;
}

/** Whether a SYN with this number begins another connection than the stream's. */
function isAnother(stream: Stream, sequence: number): boolean {
  const { next } = stream.order;
  if (next === undefined) return false;
  // The same SYN again lies before all bytes of its stream, and not far.
  const back = sequenceDistance(sequence + 1, next);
  return stream.ended || !stream.fromStart || back < 0 || back > MAX_WINDOW;
}

const keyOf = (
  source: Uint8Array,
  sourcePort: number,
  destination: Uint8Array,
  destinationPort: number,
): string =>
  `${String.fromCharCode(...source)}${sourcePort}/${String.fromCharCode(...destination)}${destinationPort}`;
