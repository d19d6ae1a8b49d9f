/**
 * Sending without copying, as `@sockeye/core/zerocopy`: MSG_ZEROCOPY, whose completions come by the socket's error queue;
 * Documentation/networking/msg_zerocopy.rst.
 */
import { sockaddr } from './address.ts';
import type { Flags } from './arguments.ts';
import {
  checkBuffers,
  checkInt,
  checkInteger,
  checkOptions,
  checkSignal,
  checkTimeout,
  wrongType,
} from './check.ts';
import { decodeControl } from './cmsg/control.ts';
import { constants as c, errnos } from './constants.ts';
import { abortError, canceledError, SocketError, systemError, timeoutError } from './errors.ts';
import { MessageBuffer } from './message.ts';
import type { Along, Buffers } from './messages.ts';
import type { Socket } from './socket.ts';
import { AGAIN, type WaitOptions } from './wait.ts';

/** What a {@link ZeroCopy} is made for. */
export interface ZeroCopyOptions {
  /** Calls whose memory the kernel may hold at once: 1 to 65,536, 256 unless given. Further ones wait. */
  outstanding?: number | undefined;
  /** What to do with anything else that is in the error queue: a failure by IP_RECVERR, a transmit time stamp. Passed over unless given. */
  other?: ((message: MessageBuffer) => void) | undefined;
}

/** What became of a {@link ZeroCopy.send}. */
export interface ZeroCopied {
  /** Bytes that were sent. */
  readonly bytes: number;
  /** The kernel copied after all, or some of it, as it does for receivers on the same host: the flag was only a cost. */
  readonly copied: boolean;
}

/** Bytes of control data of a completion: `struct sock_extended_err` and an address, twice over. */
const CONTROL = 256;

const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * How long memory is held that a closed socket may still be sending from, in milliseconds: an orphan of TCP gives up after some
 * 100 seconds, tcp(7) tcp_orphan_retries.
 */
const HELD = 120_000;

/** One `send`: done when nothing is left to be sent, and all that was sent has come back. */
interface Job {
  /** Held until then, so that nothing else gets its memory. */
  readonly data: Buffers;
  bytes: number;
  copied: boolean;
  /** Calls that have not come back, and one more while bytes are left. */
  open: number;
  error: unknown;
  readonly resolve: (result: ZeroCopied) => void;
  readonly reject: (error: unknown) => void;
}

/** How many calls a socket has counted, and whose they are. */
const users = new WeakMap<Socket, { next: number; user: ZeroCopy | undefined }>();

/**
 * Sends from the caller's memory without copying it, and says when it is the caller's again. Worth its cost from some 10 KB a call,
 * over a device that can gather; the kernel copies by itself where it has to, above all to receivers on this host.
 *
 * All of a socket's sends with MSG_ZEROCOPY go through one of these, since the kernel tells them apart by counting.
 */
export class ZeroCopy {
  readonly #socket: Socket;
  readonly #limit: number;
  readonly #other: ((message: MessageBuffer) => void) | undefined;
  readonly #count: { next: number; user: ZeroCopy | undefined };
  readonly #message: MessageBuffer = new MessageBuffer({ control: CONTROL });
  /** Calls that have not come back, in order from number `#first` on; undefined where one has, before its elders. */
  readonly #calls: (Job | undefined)[] = [];
  #first = 0;
  /** One `send` after the other hands its bytes over. */
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #reading = false;
  /** Those who wait for something to come back. */
  #wake: (() => void)[] = [];
  #closed: SocketError | undefined;
  /** Ends the reading of the error queue. */
  readonly #stop: AbortController = new AbortController();

  /**
   * Sets SO_ZEROCOPY, since Linux 4.14 for TCP, 5.0 for UDP, 6.7 for VSOCK.
   *
   * @throws SocketError EOPNOTSUPP where the family has none of it (Unix sockets), EBUSY when the socket has one already, EBADF;
   * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   */
  constructor(socket: Socket, options?: ZeroCopyOptions) {
    if (typeof (socket as Partial<Socket> | null | undefined)?.trySendMsg !== 'function') {
      throw wrongType('socket', 'a Socket', socket);
    }
    const { outstanding = 256, other } = checkOptions(options);
    if (other !== undefined && typeof other !== 'function') throw wrongType('other', 'a function', other);
    this.#limit = checkInteger('outstanding', outstanding, 1, 65_536);
    this.#other = other;
    this.#socket = socket;
    const count = users.get(socket) ?? { next: 0, user: undefined };
    if (count.user !== undefined) {
      throw systemError(-errnos.EBUSY, 'setsockopt', 'this socket has a ZeroCopy already');
    }
    try {
      socket.setsockopt(c.SOL_SOCKET, c.SO_ZEROCOPY, 1);
    } catch (error) {
      throw supported(error);
    }
    count.user = this;
    this.#count = count;
    this.#first = count.next;
    users.set(socket, count);
  }

  /** Calls whose memory the kernel holds. */
  get outstanding(): number {
    return this.#calls.reduce((sum, job) => sum + (job === undefined ? 0 : 1), 0);
  }

  /**
   * Sends all of it, on a datagram socket as one message, in the order of the calls, and resolves when the kernel is done with the
   * memory, which must be left alone until then. `timeout` and `signal` are for handing the bytes over; a call that fails by
   * them rejects when what it did hand over has come back, with `bytesSent`.
   *
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE; SocketError what send(2) says, ECANCELED when the socket or this was closed:
   * then the kernel may go on sending from the memory for as long as TCP's retransmissions take
   */
  async send(data: Buffers, options?: WaitOptions & Flags & Along): Promise<ZeroCopied> {
    checkBuffers('data', data);
    const { flags = 0, address, control, timeout, signal } = checkOptions(options);
    checkInt('flags', flags);
    const to = address === undefined ? undefined : sockaddr(address);
    const milliseconds = checkTimeout(timeout);
    const stop = checkSignal(signal);
    if (stop?.aborted) throw abortError(stop, 'sendmsg');
    if (this.#closed !== undefined) throw this.#closed;
    const deadline = milliseconds < 0 ? Number.POSITIVE_INFINITY : performance.now() + milliseconds;
    const wait: Wait = { deadline, signal: stop };
    return new Promise((resolve, reject) => {
      const job: Job = { data, bytes: 0, copied: false, open: 1, error: undefined, resolve, reject };
      const work = (): Promise<void> => this.#hand(job, { address: to, control, flags, wait });
      this.#waiting += 1;
      // Nobody in front: the bytes are handed over before this returns.
      const previous = this.#turn;
      this.#turn = this.#waiting === 1 ? work() : previous.then(work);
      this.#turn.then(() => {
        this.#waiting -= 1;
      });
    });
  }

  /**
   * Lets the socket go: what is outstanding is rejected with ECANCELED, and SO_ZEROCOPY is cleared unless the socket is closed. Twice is fine.
   */
  close(): void {
    if (this.#closed !== undefined) return;
    this.#end(canceledError('sendmsg'));
    if (!this.#socket.closed) this.#socket.setsockopt(c.SOL_SOCKET, c.SO_ZEROCOPY, 0);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hands all bytes of a job over. Never rejects: the job is told. */
  async #hand(job: Job, { address, control, flags, wait }: Call): Promise<void> {
    const whole = lengthOf(job.data);
    try {
      do {
        const part = job.bytes === 0 ? job.data : rest(job.data, job.bytes);
        // What is empty is not counted by the kernel.
        let all = whole === 0 ? flags : flags | c.MSG_ZEROCOPY;
        while (this.#calls.length >= this.#limit) await this.#back(wait);
        if (this.#closed !== undefined) throw this.#closed;
        let result = this.#socket.trySendMsg(part, address, control, all);
        while (result === -errnos.ENOBUFS && all & c.MSG_ZEROCOPY) {
          // net.core.optmem_max bounds what is outstanding. With nothing that could come back it has to be copied.
          if (this.#calls.length > 0) await this.#back(wait);
          else {
            all = flags;
            job.copied = true;
          }
          if (this.#closed !== undefined) throw this.#closed;
          result = this.#socket.trySendMsg(part, address, control, all);
        }
        if (result === AGAIN) {
          const timeout = left(wait);
          result = await this.#socket.sendMsg(part, {
            address,
            control,
            flags: all,
            timeout,
            signal: this.#either(wait.signal),
          });
        }
        if (result < 0) throw systemError(result, 'sendmsg');
        job.bytes += result;
        if (all & c.MSG_ZEROCOPY) this.#sent(job);
      } while (job.bytes < whole);
    } catch (error) {
      if (error instanceof SocketError && error !== this.#closed) error.bytesSent = job.bytes;
      job.error ??= this.#closed ?? error;
    }
    settle(job);
  }

  /** Aborts with the caller's signal, and when this is closed. */
  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  /** The kernel has counted a call. */
  #sent(job: Job): void {
    this.#count.next = (this.#count.next + 1) >>> 0;
    if (this.#closed !== undefined) {
      job.error ??= this.#closed;
      return;
    }
    job.open += 1;
    this.#calls.push(job);
    if (!this.#reading) this.#read();
  }

  /** Waits until something comes back. */
  async #back({ deadline, signal }: Wait): Promise<void> {
    if (this.#drain()) return;
    if (this.#closed !== undefined) throw this.#closed;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve);
        onAbort = () => reject(abortError(signal as AbortSignal, 'sendmsg'));
        signal?.addEventListener('abort', onAbort);
        if (deadline === Number.POSITIVE_INFINITY) return;
        timer = setTimeout(() => reject(timeoutError('sendmsg')), Math.max(0, deadline - performance.now()));
      });
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Reads the error queue for as long as something is outstanding. */
  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#calls.length > 0) {
        await this.#socket.recvMsgInto(EMPTY, this.#message, {
          flags: c.MSG_ERRQUEUE,
          signal: this.#stop.signal,
        });
        this.#take();
        this.#drain();
      }
    } catch (error) {
      if (this.#closed === undefined)
        this.#end(this.#socket.closed ? canceledError('sendmsg') : (error as SocketError));
    } finally {
      this.#reading = false;
    }
  }

  /** Takes all that the error queue holds now, and says whether something came back. */
  #drain(): boolean {
    let came = false;
    while (this.#socket.tryRecvMsgInto(EMPTY, this.#message, c.MSG_ERRQUEUE) >= 0)
      came = this.#take() || came;
    return came;
  }

  /** One message of the error queue. */
  #take(): boolean {
    let came = false;
    for (const message of this.#message.control()) {
      const found = decodeControl(message);
      if (found.kind !== 'zero-copy') continue;
      came = true;
      this.#completed(found.from, found.to, found.copied);
    }
    if (!came && this.#other !== undefined) {
      try {
        this.#other(this.#message);
      } catch (error) {
        // Theirs, and no reason to lose count of what comes back.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    return came;
  }

  /** Calls from number `from` to number `to` have come back; numbers are modulo 2^32. */
  #completed(from: number, to: number, copied: boolean): void {
    // Completions of a ZeroCopy before this one, on the same socket, may come in one range with this one's.
    const begin = Math.max(0, (from - this.#first) | 0);
    const end = Math.min((to - this.#first) | 0, this.#calls.length - 1);
    for (let index = begin; index <= end; index++) {
      const job = this.#calls[index];
      if (job === undefined) continue;
      this.#calls[index] = undefined;
      job.copied ||= copied;
      settle(job);
    }
    let gone = 0;
    while (gone < this.#calls.length && this.#calls[gone] === undefined) gone += 1;
    this.#calls.splice(0, gone);
    this.#first = (this.#first + gone) >>> 0;
    for (const wake of this.#wake.splice(0)) wake();
  }

  #end(error: SocketError): void {
    this.#closed = error;
    this.#stop.abort();
    this.#count.user = undefined;
    const jobs = new Set(this.#calls.splice(0).filter((job) => job !== undefined));
    // The kernel may send from this memory for a while yet.
    if (jobs.size > 0) setTimeout(() => jobs.clear(), HELD).unref();
    for (const job of jobs) {
      job.error ??= error;
      job.reject(job.error);
    }
    for (const wake of this.#wake.splice(0)) wake();
  }
}

interface Wait {
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

interface Call extends Along, Required<Pick<Flags, 'flags'>> {
  readonly flags: number;
  readonly address: Uint8Array | undefined;
  readonly wait: Wait;
}

/** One of the things that a job waits for is done. */
function settle(job: Job): void {
  job.open -= 1;
  if (job.open > 0) return;
  if (job.error !== undefined) job.reject(job.error);
  else job.resolve({ bytes: job.bytes, copied: job.copied });
}

/** What is left of a deadline, in milliseconds. */
function left({ deadline }: Wait): number | undefined {
  return deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(0, deadline - performance.now());
}

const several = (data: Buffers): data is readonly Uint8Array[] => Array.isArray(data);

function lengthOf(data: Buffers): number {
  return several(data) ? data.reduce((sum, one) => sum + one.length, 0) : data.length;
}

/** What is behind the first `count` bytes. */
function rest(data: Buffers, count: number): Buffers {
  if (!several(data)) return data.subarray(count);
  let skip = count;
  const parts: Uint8Array[] = [];
  for (const one of data) {
    if (skip < one.length) parts.push(one.subarray(skip));
    skip = Math.max(0, skip - one.length);
  }
  return parts;
}

/** ENOTSUPP, which is the kernel's own and in no header: what some families say instead of EOPNOTSUPP. */
const ENOTSUPP = -524;

/** The error for a family that has none of it, saying which have. */
function supported(error: unknown): unknown {
  const { errno } = error as SocketError;
  if (errno !== -errnos.EOPNOTSUPP && errno !== -errnos.ENOPROTOOPT && errno !== ENOTSUPP) return error;
  return systemError(
    -errnos.EOPNOTSUPP,
    'setsockopt',
    'only TCP, UDP, RDS and, since Linux 6.7, VSOCK send without copying',
  );
}
