/** Many messages of many datagrams each, to many receivers, in one system call: sendmmsg(2) with UDP_SEGMENT. */
import { type Address, sockaddr } from '../address.ts';
import type { Flags, SyncOptions } from '../arguments.ts';
import { Batch } from '../batch.ts';
import { checkBytes, checkInt, checkInteger, checkOptions, checkTimeout } from '../check.ts';
import { errnos } from '../constants.ts';
import { SocketError } from '../errors.ts';
import type { Socket } from '../socket.ts';
import type { WaitOptions } from '../wait.ts';
import { type Marks, MOST_PAYLOAD, type Offload, offloadOf } from './offload.ts';
import { sendSegments, sendSegmentsSync, trySendSegments } from './send.ts';

/** What a {@link SegmentBatch} is made for. */
export interface SegmentBatchOptions {
  /** Messages, each of many datagrams: 1 to 1,024. */
  messages: number;
  /** Bytes of each message: 65,507 unless given, which is the most. */
  size?: number | undefined;
}

/** Room for what sends with marks and a source: more than all of it takes. */
const CONTROL = 128;

/**
 * Datagrams for many receivers, which one system call sends. What {@link push} takes is copied; when all is sent the batch is empty
 * again. Where segmentation cannot be, or is refused, the datagrams go out one after the other.
 */
export class SegmentBatch {
  readonly #socket: Socket;
  readonly #offload: Offload;
  readonly #batch: Batch;
  /** What the datagrams of each message are to be, and with what, should they go out singly. */
  readonly #sizes: Uint16Array;
  readonly #marks: (Marks | undefined)[] = [];
  #sent = 0;

  /** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE */
  constructor(socket: Socket, options: SegmentBatchOptions) {
    const { messages, size = MOST_PAYLOAD } = checkOptions(options);
    this.#offload = offloadOf(socket);
    this.#socket = socket;
    this.#batch = new Batch({
      messages: checkInteger('messages', messages, 1, 1024),
      size: checkInteger('size', size, 1, MOST_PAYLOAD),
      control: CONTROL,
    });
    this.#sizes = new Uint16Array(messages);
  }

  /** Messages that are to be sent. */
  get length(): number {
    return this.#batch.length - this.#sent;
  }

  /**
   * Adds `data`, as datagrams of `segmentSize` bytes, and says whether there was room for them.
   *
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE: `data` may have the batch's `size`, and no more datagrams than one message takes
   */
  push(data: Uint8Array, segmentSize: number, options?: Marks & { address?: Address | undefined }): boolean {
    const { address, ...marks } = checkOptions(options);
    const batch = this.#batch;
    checkBytes('data', data);
    checkInteger('segmentSize', segmentSize, 1, 0xffff);
    const most = Math.min(batch.size, Math.max(this.#offload.most, 64) * segmentSize);
    checkInteger('data.length', data.length, 0, most);
    const to = address === undefined ? undefined : sockaddr(address);
    const index = batch.length;
    const control = this.#offload.control(this.#together(data.length, segmentSize), marks);
    if (!batch.push(data, to)) return false;
    if (control !== undefined) batch.control.set(control, index * batch.controlRoom);
    batch.controlLengths[index] = control?.length ?? 0;
    this.#sizes[index] = segmentSize;
    this.#marks[index] = marks;
    return true;
  }

  /** Forgets what was not sent. */
  clear(): void {
    this.#batch.fill(0);
    this.#sent = 0;
  }

  /** Sends all of it, and says how many messages. When it fails, what was not sent stays: {@link length}. */
  async send(options?: WaitOptions & Flags): Promise<number> {
    const { flags, signal, timeout } = checkOptions(options);
    const left = remaining(timeout);
    let count = 0;
    while (this.length > 0) {
      const result = this.trySend(flags);
      if (result >= 0) {
        count += result;
        continue;
      }
      // The first of them waits by itself; it knows what to do about every error.
      const { data, size, more } = this.#first();
      try {
        await sendSegments(this.#socket, data, size, { ...more, flags, signal, timeout: left() });
      } catch (error) {
        throw this.#partly(error);
      }
      count += 1;
      this.#gone(1);
    }
    return count;
  }

  /** As {@link send}, blocking this thread; the timeout is for the whole. */
  sendSync(options?: SyncOptions & Flags): number {
    const { flags, interruptible, timeout } = checkOptions(options);
    const left = remaining(timeout);
    let count = 0;
    while (this.length > 0) {
      const result = this.trySend(flags);
      if (result >= 0) {
        count += result;
        continue;
      }
      const { data, size, more } = this.#first();
      try {
        sendSegmentsSync(this.#socket, data, size, { ...more, flags, interruptible, timeout: left() });
      } catch (error) {
        throw this.#partly(error);
      }
      count += 1;
      this.#gone(1);
    }
    return count;
  }

  /** As {@link send}, as far as there is room: how many messages, or `-errno` when none went out. */
  trySend(flags = 0): number {
    checkInt('flags', flags);
    const before = this.length;
    let result = 0;
    while (this.length > 0) {
      if (this.#offload.most === 1) result = this.#tryFirst(flags);
      else {
        result = this.#socket.trySendBatch(this.#batch, flags, this.#sent);
        if (result > 0) this.#gone(result);
        else if (this.#offload.refuses(result)) result = this.#tryFirst(flags);
      }
      if (result < 0) break;
    }
    const sent = before - this.length;
    return sent > 0 || result >= 0 ? sent : result;
  }

  #tryFirst(flags: number): number {
    const { data, size, more } = this.#first();
    const result = trySendSegments(this.#socket, data, size, { ...more, flags });
    if (result < 0) return result;
    if (result < data.length) {
      this.#keep(result);
      return -errnos.EAGAIN;
    }
    this.#gone(1);
    return 1;
  }

  /** A failed call's error; datagrams of the first message that went out are not sent again. */
  #partly(error: unknown): unknown {
    if (error instanceof SocketError && error.bytesSent) this.#keep(error.bytesSent);
    return error;
  }

  /** Only what is left of the first message is still to be sent. */
  #keep(from: number): void {
    const index = this.#sent;
    const batch = this.#batch;
    const at = index * batch.size;
    const rest = (batch.lengths[index] as number) - from;
    batch.payload.copyWithin(at, at + from, at + from + rest);
    batch.lengths[index] = rest;
    const size = this.#sizes[index] as number;
    const control = this.#offload.control(this.#together(rest, size), this.#marks[index]);
    if (control !== undefined) batch.control.set(control, index * batch.controlRoom);
    batch.controlLengths[index] = control?.length ?? 0;
  }

  #first(): { data: Uint8Array; size: number; more: Marks & { address?: Address } } {
    const index = this.#sent;
    const address = this.#batch.address(index);
    const marks = this.#marks[index] ?? {};
    return {
      data: this.#batch.data(index),
      size: this.#sizes[index] as number,
      more: address.length === 0 ? marks : { ...marks, address },
    };
  }

  /** The size that a message asks segmentation for: 0 where it is one datagram, or where there is none. */
  #together(length: number, size: number): number {
    return this.#offload.most > 1 && length > size ? size : 0;
  }

  #gone(count: number): void {
    this.#sent += count;
    if (this.#sent === this.#batch.length) this.clear();
  }
}

function remaining(timeout: number | undefined): () => number | undefined {
  const checked = checkTimeout(timeout);
  const end = performance.now() + checked;
  return () => (checked < 0 ? undefined : Math.max(0, end - performance.now()));
}
