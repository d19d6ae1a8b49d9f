/** A bus as everything above frames sees it, whatever carries them: a kernel's interface, memory, a serial line, a network. */
import type { CanFilter } from './filter.ts';
import type { CanFrameFields } from './frame.ts';
import type { FrameBatch } from './frame-view.ts';
import type { ReceivedFrame } from './reception.ts';

export type { CanDirection, ReceivedFrame, Reception } from './reception.ts';

/** How long a call waits. */
export interface CanWaitOptions {
  /** Milliseconds; undefined waits for ever, 0 asks once. Running out rejects with `ERR_SOCKET_TIMEOUT`. */
  readonly timeout?: number | undefined;
  /** Aborting rejects with an `AbortError`, code `ABORT_ERR`. */
  readonly signal?: AbortSignal | undefined;
}

export interface CanSendOptions extends CanWaitOptions {
  /** Where to send, on a bus object that is open on all interfaces. */
  readonly ifindex?: number | undefined;
  /**
   * Resolve when the frame was on the bus, and not when it was taken for it. ENOTSUP where nobody tells; without an
   * acknowledgement on the bus it is the timeout that ends it.
   */
  readonly confirm?: boolean | undefined;
}

export interface CanReceiveOptions {
  /** Ends the iteration: the loop is left with an `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Which frames, beside what the bus object itself was opened for; all unless given. A frame passes by one of them. */
  readonly filters?: readonly CanFilter[] | undefined;
}

export interface CanBatchOptions extends CanReceiveOptions {
  /** At most so many frames in a batch: 256 unless given, 1,024 at most. */
  readonly max?: number | undefined;
}

export interface CanRecvOptions extends CanWaitOptions {
  /** Frames that do not pass are not for this call, and gone unless somebody else reads. */
  readonly filters?: readonly CanFilter[] | undefined;
}

/**
 * Frames as they come. It listens from the call that made it on, not only from the first `next()`: what comes between is
 * kept. Leaving a `for await` ends it.
 */
export interface CanFrames extends AsyncIterableIterator<ReceivedFrame>, AsyncDisposable {
  /** Frames that came and were lost since nobody took them and the queue was full: its newest are not kept. */
  readonly dropped: number;
  return(): Promise<IteratorResult<ReceivedFrame, undefined>>;
  [Symbol.asyncIterator](): CanFrames;
}

/** Batches of frames as they come, otherwise as {@link CanFrames}. A batch is gone when the next is asked for. */
export interface CanBatches extends AsyncIterableIterator<FrameBatch>, AsyncDisposable {
  readonly dropped: number;
  return(): Promise<IteratorResult<FrameBatch, undefined>>;
  [Symbol.asyncIterator](): CanBatches;
}

/**
 * A CAN bus. Frames that nobody reads are queued, as a socket does, from when it was opened. Every iteration that is under way
 * gets every frame; when one ends, what it has not taken is there for the next.
 */
export interface CanBus extends AsyncDisposable {
  /** What it is, for messages: `can0`, `memory:…`. */
  readonly name: string;
  /** Whether it carries CAN FD frames. */
  readonly fd: boolean;
  /** Whether it carries CAN XL frames. */
  readonly xl: boolean;
  readonly closed: boolean;

  /**
   * Sends a frame, in the order of the calls, waiting for room.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when it is closed meanwhile, EBADF when it was, ENETDOWN, EINVAL for a
   * frame of a kind that the bus does not carry, and what `encodeFrame` says of a frame that is none.
   */
  send(frame: CanFrameFields, options?: CanSendOptions): Promise<void>;

  /**
   * The next frame. Together with iterations it gets what they get.
   * @throws ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when it is closed meanwhile, EBADF when it was, ENETDOWN.
   */
  recv(options?: CanRecvOptions): Promise<ReceivedFrame>;

  /**
   * Frame after frame, until the bus is closed, which ends the iteration.
   * @throws from `next()`: ABORT_ERR; ENETDOWN once when the interface goes down (begin again to read on), ENODEV when it
   * vanishes.
   */
  frames(options?: CanReceiveOptions): CanFrames;

  /**
   * As {@link frames}, many at a time: what is there, 1 at least. Nothing is made per frame; a loop over the batch has one view that
   * is laid over each, whose `copy()` keeps it.
   */
  batches(options?: CanBatchOptions): CanBatches;

  /** Ends sends and receives that wait with ECANCELED, and iterations. Twice is fine. */
  close(): Promise<void>;
}
