/** Many datagrams from one piece of memory: UDP_SEGMENT, udp(7), or one after the other. */
import { type Address, sockaddr } from '../address.ts';
import type { Flags, SyncOptions } from '../arguments.ts';
import type { Batch } from '../batch.ts';
import { checkBytes, checkInt, checkInteger, checkOptions, checkTimeout, wrongType } from '../check.ts';
import { handleOf } from '../endpoint.ts';
import { SocketError } from '../errors.ts';
import type { Socket } from '../socket.ts';
import { type WaitOptions, WRITABLE } from '../wait.ts';
import { type Marks, type Offload, offloadOf } from './offload.ts';
import { bytesOf, done, slices } from './slices.ts';

/** What goes with the datagrams. */
export interface SegmentOptions extends Marks, Flags {
  /** The receiver; whom the socket is connected to unless given. */
  address?: Address | undefined;
  /** False sends single datagrams, whatever the kernel can do. */
  offload?: boolean | undefined;
}

/** Datagrams that are to be sent, checked, and how far it came. */
class Job {
  readonly data: Uint8Array;
  readonly size: number;
  readonly to: Uint8Array | undefined;
  readonly flags: number;
  readonly end: number;
  at = 0;
  readonly #marks: Marks | undefined;
  readonly #offload: Offload;
  readonly #singly: boolean;
  /** The error that segmentation was refused with, for the bytes up to `#until`. */
  #refusal = 0;
  #until = 0;
  /** Slices under way, and how many of them are gone. */
  #batch: Batch | undefined;
  #gone = 0;

  constructor(socket: Socket, data: Uint8Array, segmentSize: number, options: SegmentOptions | undefined) {
    const { address, offload = true, flags } = checkOptions(options);
    this.#offload = offloadOf(socket);
    this.data = checkBytes('data', data);
    this.size = checkInteger('segmentSize', segmentSize, 1, 0xffff);
    this.to = address === undefined ? undefined : sockaddr(address);
    this.flags = flags === undefined ? 0 : checkInt('flags', flags);
    if (typeof offload !== 'boolean') throw wrongType('offload', 'a boolean', offload);
    this.#singly = !offload;
    this.#marks = options;
    this.end = data.length;
  }

  /** Where the next message ends; `at` and less than two datagrams on means that it has to be single ones. */
  next(): number {
    if (this.#singly || this.at < this.#until) return Math.min(this.at + this.size, this.end);
    return Math.min(this.at + this.#offload.chunk(this.size), this.end);
  }

  /** Whether several datagrams are left that have to be sent singly. */
  severally(next: number): boolean {
    return next < this.end && next - this.at <= this.size;
  }

  part(next: number): Uint8Array {
    return this.at === 0 && next === this.end ? this.data : this.data.subarray(this.at, next);
  }

  control(next: number): Uint8Array | undefined {
    return this.#offload.control(next - this.at > this.size ? this.size : 0, this.#marks);
  }

  slices(): ReturnType<typeof slices> {
    const end = this.#until > this.at ? this.#until : this.end;
    return slices(this.data, this.at, end, this.size, this.to, this.#offload.control(0, this.#marks));
  }

  /** Sends as far as there is room: all the bytes when it is done, `-errno` until then. */
  advance(socket: Socket): number {
    do {
      const next = this.next();
      if (this.severally(next)) {
        const result = this.#several(socket);
        if (result < 0) return result;
      } else {
        const result = socket.trySendMsg(this.part(next), this.to, this.control(next), this.flags);
        if (result >= 0) this.sent(next - this.at);
        else if (!this.refused(next, result)) return result;
      }
    } while (this.at < this.end);
    return this.at;
  }

  /** Sends slices, which are made once, however often there is no room for the rest. */
  #several(socket: Socket): number {
    this.#batch ??= this.slices();
    const batch = this.#batch;
    const count = socket.trySendBatch(batch, this.flags, this.#gone);
    if (count < 0) return count;
    const from = this.#gone;
    this.#gone += count;
    this.sent(bytesOf(batch, from, this.#gone));
    if (this.#gone === batch.length) {
      done(batch);
      this.#batch = undefined;
      this.#gone = 0;
    }
    return 0;
  }

  /** Bytes went out. */
  sent(bytes: number): void {
    this.at += bytes;
    if (this.#refusal === 0 || this.at < this.#until) return;
    this.#offload.refused(this.size, this.#refusal);
    this.#refusal = 0;
  }

  /** Whether an error means that what ends at `next` is to be sent singly. */
  refused(next: number, errno: number | undefined): boolean {
    if (next - this.at <= this.size || !this.#offload.refuses(errno)) return false;
    this.#until = next;
    this.#refusal = errno as number;
    return true;
  }

  /** Whether all is known to be sent: of no bytes it is not. */
  get done(): boolean {
    return this.end > 0 && this.at === this.end;
  }

  /** A failure's error, which says how far it came. */
  failed(error: unknown): unknown {
    if (error instanceof SocketError) error.bytesSent = this.at;
    return error;
  }
}

/**
 * Sends `data` as datagrams of `segmentSize` bytes each, the last with what is left, in order: up to 128 of them in one
 * sendmsg(2) with UDP_SEGMENT where kernel, socket and route can, and otherwise in sendmmsg(2) of slices, which the receiver
 * cannot tell from it. No bytes are one empty datagram. Works on datagram sockets of every family.
 *
 * @param segmentSize 1 to 65,535 bytes; those that are longer than the path's MTU go out in fragments
 * @returns the bytes sent, which are all; when it fails, the error's `bytesSent` says how many went out
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE; ENOTSUP for marks that the family has not; SocketError
 * EMSGSIZE for a datagram that is too long by itself, and what send(2) says
 */
export function sendSegments(
  socket: Socket,
  data: Uint8Array,
  segmentSize: number,
  options?: WaitOptions & SegmentOptions,
): Promise<number> {
  try {
    const job = new Job(socket, data, segmentSize, options);
    const attempt = (): number => job.advance(socket);
    const sending = handleOf(socket).run(WRITABLE, attempt, 'sendmsg', options, job.to);
    // Most often it is done by now: no other Promise is made then.
    if (job.done) return sending;
    return sending.catch((error: unknown) => {
      throw job.failed(error);
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** As {@link sendSegments}, blocking this thread; the timeout is for the whole. */
export function sendSegmentsSync(
  socket: Socket,
  data: Uint8Array,
  segmentSize: number,
  options?: SyncOptions & SegmentOptions,
): number {
  const job = new Job(socket, data, segmentSize, options);
  const { interruptible } = checkOptions(options);
  const left = until(options?.timeout);
  const { to: address, flags } = job;
  do {
    const next = job.next();
    if (job.severally(next)) {
      const batch = job.slices();
      try {
        socket.sendBatchSync(batch, { flags, interruptible, timeout: left() });
        job.sent(bytesOf(batch, 0, batch.length));
      } catch (error) {
        job.sent(bytesOf(batch, 0, (error as SocketError).messagesSent ?? 0));
        throw job.failed(error);
      } finally {
        done(batch);
      }
    } else {
      try {
        const control = job.control(next);
        socket.sendMsgSync(job.part(next), { address, control, flags, interruptible, timeout: left() });
        job.sent(next - job.at);
      } catch (error) {
        if (!job.refused(next, (error as SocketError).errno)) throw job.failed(error);
      }
    }
  } while (job.at < job.end);
  return job.at;
}

/**
 * As {@link sendSegments}, as far as there is room: the bytes sent, whole datagrams, or `-errno` when none went out. No bytes to send
 * give 0.
 */
export function trySendSegments(
  socket: Socket,
  data: Uint8Array,
  segmentSize: number,
  options?: SegmentOptions,
): number {
  const job = new Job(socket, data, segmentSize, options);
  const result = job.advance(socket);
  return result < 0 && job.at > 0 ? job.at : result;
}

/** Milliseconds that are left of a timeout, each time it is asked. */
function until(timeout: number | undefined): () => number | undefined {
  const checked = checkTimeout(timeout);
  if (checked < 0) return () => undefined;
  const end = performance.now() + checked;
  let asked = false;
  return () => {
    // The first call is asked once where the timeout is 0.
    const left = asked ? Math.max(0, end - performance.now()) : checked;
    asked = true;
    return left;
  };
}
