/**
 * Waiting on the event loop: what can be waited for, whom the native part tells, and whose turn it is. `readiness.ts` has
 * the waiters of one socket.
 */
import { type Native, native } from './binding.ts';
import { wrongValue } from './check.ts';
import { errnos } from './constants.ts';

/** Directions, as the native part has them; bits that may be joined. */
export const READABLE = 1;
export const WRITABLE = 2;
/** select(2)'s exceptional condition: urgent data, a filled error queue. */
export const EXCEPTIONAL = 4;
/** Heard only: an error stands. The poller may have stopped. */
export const FAULTY = 8;
/** Asked only, with the others: the wait does not keep the event loop alive. */
export const UNREFERENCED = 16;

/** `-EAGAIN`: what a native call returns when it would block. */
export const AGAIN: number = -errnos.EAGAIN;
/** `-ENOBUFS`: what a send returns when the queue of the interface is full. */
export const NO_BUFFERS: number = -errnos.ENOBUFS;

/**
 * What a call returns that got something and waits on: it keeps its place, and is tried again when the socket is ready. So
 * a stream reads on without a Promise for each chunk.
 */
export const STAYS = -2147483645;

/**
 * Bytes that a call of many may move before the event loop gets its turn: a reader that keeps up would have it go on for ever.
 */
export const AT_ONCE: number = 4 * 1024 * 1024;

/** Options of the Promise form of every call that can wait. */
export interface WaitOptions {
  /** Milliseconds; undefined waits for ever, 0 asks once. Running out rejects with `ERR_SOCKET_TIMEOUT`. */
  timeout?: number | undefined;
  /** Aborting rejects with an `AbortError`. */
  signal?: AbortSignal | undefined;
}

/** What has happened on a socket's way of waiting. */
export interface Waits {
  /** Calls that had to wait on the event loop. */
  waits: number;
  /** Times that the poller said the socket was ready. */
  wakeUps: number;
  /** Tries that were told EAGAIN. */
  wouldBlocks: number;
  /** Tries to send that were told ENOBUFS: the queue of the interface was full. */
  noBuffers: number;
  /** Pauses: for buffer space, or since an error stood that no call took away. */
  pauses: number;
}

/** Whoever is told that a socket is ready. */
export interface Told {
  readonly counters: Waits;
  ready(events: number): void;
  /** As {@link ready}, when the event loop has had its turn; until then the socket is not polled. */
  later(events: number): void;
}

/** How often in a row a thread that polls is listened to before the event loop gets its turn: it does not wait for one itself. */
const TOLD_AT_ONCE = 32;

/** Where the waiters of all copies of this module in the environment meet: CommonJS and ES modules have one each. */
const WAITING = Symbol.for('@sockeye/core: sockets that are waited for');

interface Meeting {
  watched: Map<number, Told>;
  /** Numbers that the native part shares: see `src/poll/mod.rs`. */
  shared: Int32Array;
}

interface Shared extends Native {
  [WAITING]?: Meeting;
}

/** Places in the shared numbers. */
const SLOT = 0;
const GENERATION = 1;
const HAPPENED = 2;
const WANTED = 3;

const meeting: Meeting = (native as Shared)[WAITING] ?? setUp();
const { shared } = meeting;
/** Sockets that were waited for and are open, by slot. */
export const watched: Map<number, Told> = meeting.watched;

/** The first copy tells the native part whom to call. */
function setUp(): Meeting {
  const watched = new Map<number, Told>();
  const shared = new Int32Array(new ArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT)).fill(-1);
  // Bun and Deno export names of libuv's that abort or do nothing when they are called.
  const { uv, bun, deno } = process.versions;
  const hasLibuv = uv !== undefined && bun === undefined && deno === undefined;
  const wanted = process.env.SOCKEYE_ENGINE || undefined;
  if (wanted !== undefined && wanted !== 'uv' && wanted !== 'thread') {
    throw wrongValue('The environment variable SOCKEYE_ENGINE', "'uv' or 'thread'", wanted);
  }
  const loops = hasLibuv && wanted !== 'thread';
  let told = 0;
  const heard = (): void => {
    told = 0;
  };
  const onReady = (): void => {
    const socket = watched.get(shared[SLOT] as number);
    if (socket === undefined) return;
    const happened = shared[HAPPENED] as number;
    if (!loops) {
      if (told === 0) setImmediate(heard).unref?.();
      told += 1;
      if (told > TOLD_AT_ONCE) {
        shared[WANTED] = 0;
        socket.later(happened);
        return;
      }
    }
    socket.ready(happened);
  };
  native.setup(onReady, () => {}, loops, shared);
  Object.defineProperty(native, WAITING, { value: { watched, shared } });
  return { watched, shared };
}

/** Has the socket watched for these events from now on; `-errno` when that cannot be. */
export function arm(slot: number, generation: number, interest: number): number {
  // In its own callback, and in what its promises run: the native part looks when that has ended.
  if (shared[SLOT] === slot && shared[GENERATION] === generation) {
    shared[WANTED] = interest;
    return 0;
  }
  return native.arm(slot, generation, interest);
}

/** Successes without waiting after which the event loop gets its turn. */
const BURST = 128;
let streak = 0;

/** The event loop has had its turn. */
export function turned(): void {
  streak = 0;
}

/** Whether so many calls have succeeded at once in a row that timers and other sockets would starve. */
export function outOfTurn(): boolean {
  streak += 1;
  return streak >= BURST;
}

/** Lets the event loop turn once. */
export function turn(): Promise<void> {
  streak = 0;
  return new Promise((resolve) => setImmediate(resolve));
}
