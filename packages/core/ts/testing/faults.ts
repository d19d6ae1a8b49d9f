/** What goes wrong on demand, and the dice that decide when. */
import { checkInteger, checkOptions, wrongType, wrongValue } from '../check.ts';

/** How often something happens: a probability from 0 to 1, or a function that is asked each time. */
export type Chance = number | (() => boolean);

/** Milliseconds on the way: as many for all, or from the least to the most of them, by the dice. */
export type Delay = number | { least: number; most: number };

/** What goes wrong. What is not named goes right. */
export interface Faults {
  /** How long what is sent is on its way, and a connection takes. Bytes of a stream stay in order, datagrams need not. */
  delay?: Delay | undefined;
  /** Datagrams that never arrive; the sender is not told. */
  loss?: Chance | undefined;
  /** Datagrams that arrive twice. */
  duplication?: Chance | undefined;
  /** Datagrams that the next one overtakes; one that none follows arrives {@link HELD} ms late. */
  reordering?: Chance | undefined;
  /** After so many bytes that a socket has sent its connection is reset: those arrive, and both ends are told ECONNRESET. */
  resetAfter?: number | undefined;
  /** Receives of a stream that give fewer bytes than are there. */
  shortReads?: Chance | undefined;
  /** Sends on a stream that take fewer bytes than there is room for. */
  shortWrites?: Chance | undefined;
  /** Tries to send or receive that are told EAGAIN although they could have been done. */
  wouldBlock?: Chance | undefined;
  /** Tries to send that are told ENOBUFS, as by an interface whose queue is full. */
  noBuffers?: Chance | undefined;
  /** Connections to a listener are refused: ECONNREFUSED. */
  refuse?: Chance | undefined;
  /** Connections to a listener are neither made nor refused. */
  hang?: Chance | undefined;
}

/** How late a datagram is that nothing overtook, in milliseconds. */
export const HELD = 10;

const CHANCES = [
  'loss',
  'duplication',
  'reordering',
  'shortReads',
  'shortWrites',
  'wouldBlock',
  'noBuffers',
  'refuse',
  'hang',
] as const;

/** The faults, checked: a copy. */
export function checkFaults(faults: Faults): Faults {
  const given = { ...checkOptions(faults) };
  for (const name of CHANCES) {
    const chance = given[name];
    if (chance === undefined || typeof chance === 'function') continue;
    if (typeof chance !== 'number') throw wrongType(name, 'a probability or a function', chance);
    if (!(chance >= 0 && chance <= 1)) throw wrongValue(name, 'a probability from 0 to 1', chance);
  }
  if (given.resetAfter !== undefined) {
    checkInteger('resetAfter', given.resetAfter, 0, Number.MAX_SAFE_INTEGER);
  }
  const { delay = 0 } = given;
  if (typeof delay !== 'number' && (delay === null || typeof delay !== 'object')) {
    throw wrongType('delay', 'a number of milliseconds or { least, most }', delay);
  }
  const [least, most] = typeof delay === 'number' ? [delay, delay] : [delay.least, delay.most];
  if (!(least >= 0 && most >= least && most <= 0x7fffffff)) {
    throw wrongValue('delay', 'from 0 to 2147483647 milliseconds, least first', `${least} … ${most}`);
  }
  return given;
}

/** Random numbers that are the same again from the same seed: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** Whether it happens this time. Nothing is rolled for what never or always happens. */
  says(chance: Chance | undefined): boolean {
    if (chance === undefined || chance === 0) return false;
    if (typeof chance === 'function') return chance();
    return chance === 1 || this.next() < chance;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** How long this one is on its way. */
  delay(delay: Delay | undefined): number {
    if (delay === undefined || typeof delay === 'number') return delay ?? 0;
    return delay.least + this.next() * (delay.most - delay.least);
  }
}
