/** What is counted of a socket. */
import type { Waits } from './wait.ts';

/** What has happened to a socket. */
export interface Counters extends Waits {
  /** Bytes that receives have given; what was only looked at (MSG_PEEK) and error queues are not counted. */
  bytesIn: number;
  /** Messages received, of a stream receives, of a listener connections; messages without bytes count in batches only. */
  messagesIn: number;
  /** Bytes that sends have taken. */
  bytesOut: number;
  /** Messages sent, of a stream sends; those without bytes count in batches only. */
  messagesOut: number;
}

const NO_WAITS: Waits = Object.freeze({ waits: 0, wakeUps: 0, wouldBlocks: 0, noBuffers: 0, pauses: 0 });

/** What the native part writes: bytes in, messages in, bytes out, messages out. */
export type Counts = Float64Array<ArrayBufferLike>;

export const NO_COUNTS: Counts = new Float64Array(4);

/** What was counted natively, and what on the way of waiting. */
export function countersOf(counts: Counts, waits: Waits = NO_WAITS): Counters {
  const [bytesIn = 0, messagesIn = 0, bytesOut = 0, messagesOut = 0] = counts;
  return { ...waits, bytesIn, messagesIn, bytesOut, messagesOut };
}
