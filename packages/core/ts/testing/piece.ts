/** What is on its way from one socket to another, and how it gets into the buffers of whoever receives it. */
import { constants } from '../constants.ts';

/** What tells the sender that there is room again. */
export interface Charged {
  /** So much of what was sent has been taken, or is lost. */
  release(cost: number): void;
}

/** A message, or a run of a stream's bytes. */
export interface Piece {
  bytes: Uint8Array;
  /** The sender's name. */
  readonly address: Uint8Array;
  /** As msg_control holds it; of a stream's, at the first byte. */
  control: Uint8Array;
  readonly from: Charged;
  /** What it takes of the sender's or the receiver's buffer. */
  cost: number;
}

export const NONE: Uint8Array = new Uint8Array(0);

/** What comes beside the bytes. */
export class Came {
  address: Uint8Array = NONE;
  control: Uint8Array = NONE;
  /** `msg_flags`. */
  flags = 0;
}

/** One buffer with all the bytes. */
export function gathered(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

/** Copies into the buffers behind the first `skip` bytes of room, as many as there is room for; says how many. */
function scatter(bytes: Uint8Array, buffers: readonly Uint8Array[], skip: number): number {
  let behind = skip;
  let done = 0;
  for (const buffer of buffers) {
    if (done === bytes.length) break;
    if (behind >= buffer.length) {
      behind -= buffer.length;
      continue;
    }
    const part = bytes.subarray(done, done + buffer.length - behind);
    buffer.set(part, behind);
    done += part.length;
    behind = 0;
  }
  return done;
}

/**
 * Takes up to `most` bytes of a stream. What was sent with control data is not joined to what came before, nor what comes after to
 * it: unix(7).
 */
export function takeBytes(
  inbox: Piece[],
  buffers: readonly Uint8Array[],
  most: number,
  flags: number,
  came: Came,
): number {
  const peek = (flags & constants.MSG_PEEK) !== 0;
  let done = 0;
  let index = 0;
  while (done < most) {
    const piece = inbox[index];
    if (piece === undefined || (done > 0 && piece.control.length > 0)) break;
    const part = piece.bytes.subarray(0, most - done);
    const count = scatter(part, buffers, done);
    const marked = piece.control.length > 0;
    if (marked) came.control = piece.control;
    done += count;
    const whole = count === piece.bytes.length;
    if (peek) index += 1;
    else {
      piece.bytes = piece.bytes.subarray(count);
      piece.control = NONE;
      piece.cost -= count;
      if (whole) inbox.shift();
      piece.from.release(count);
    }
    if (marked || !whole) break;
  }
  return done;
}

/** Takes the next message; with MSG_TRUNC the count is its whole length. */
export function takeMessage(
  inbox: Piece[],
  buffers: readonly Uint8Array[],
  flags: number,
  came: Came,
): number {
  const piece = inbox[0] as Piece;
  const count = scatter(piece.bytes, buffers, 0);
  came.address = piece.address;
  came.control = piece.control;
  if (count < piece.bytes.length) came.flags |= constants.MSG_TRUNC;
  if ((flags & constants.MSG_PEEK) === 0) {
    inbox.shift();
    piece.from.release(piece.cost);
  }
  return flags & constants.MSG_TRUNC ? piece.bytes.length : count;
}
