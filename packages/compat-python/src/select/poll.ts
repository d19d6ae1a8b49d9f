/** Python's poll object: poll(2). */
import { constants, errnos } from '@sockeye/core';
import { pollSync } from '@sockeye/core/poll';
import { KeyError } from '../builtin-errors.ts';
import { asPython, systemError, typeError } from '../errors.ts';
import { bind, type Signature } from '../signature.ts';
import { type HasFileno, toFileno } from './fileno.ts';
import { toMask, toWait } from './waiting.ts';

const POLL: Signature = { name: 'poll', parameters: ['timeout'], native: true };
/** The bits that poll(2) may be asked for; the others of Python's 16 say nothing. */
const ASKED = 0x7fff;

/** The words of C functions that take their arguments apart themselves. */
function expected(caller: string, got: number, least: number, most: number): void {
  if (got >= least && got <= most) return;
  const bound = got < least ? least : most;
  const word = least === most ? '' : got < least ? 'at least ' : 'at most ';
  throw typeError(`${caller} expected ${word}${bound} argument${bound === 1 ? '' : 's'}, got ${got}`);
}

/** A set of descriptors with what is asked of each. */
export class Poll {
  readonly #asked = new Map<number, number>();

  /** Adds a descriptor, or changes what is asked of it: `POLLIN | POLLPRI | POLLOUT` unless given. */
  register(fd: HasFileno, eventmask?: number): void;
  register(...args: readonly unknown[]): void {
    expected('register', args.length, 1, 2);
    const { POLLIN, POLLPRI, POLLOUT } = constants;
    const number = toFileno(args[0]);
    this.#asked.set(number, args[1] === undefined ? POLLIN | POLLPRI | POLLOUT : toMask(args[1], 16));
  }

  /** Changes what is asked of a descriptor. Throws OSError ENOENT for one that is not there. */
  modify(fd: HasFileno, eventmask: number): void;
  modify(...args: readonly unknown[]): void {
    expected('modify', args.length, 2, 2);
    const number = toFileno(args[0]);
    const mask = toMask(args[1], 16);
    if (!this.#asked.has(number)) throw systemError(errnos.ENOENT);
    this.#asked.set(number, mask);
  }

  /** Takes a descriptor out. Throws KeyError for one that is not there. */
  unregister(fd: HasFileno): void {
    const number = toFileno(fd);
    if (!this.#asked.delete(number)) throw new KeyError(number);
  }

  /**
   * Waits, blocking this thread, and gives what happened to which descriptors; none when the time was up. A closed one has
   * POLLNVAL.
   *
   * @param timeout **milliseconds**, as in Python; null or a negative number waits for ever
   */
  poll(timeout?: number | null): [fd: number, event: number][];
  poll(...args: readonly unknown[]): [fd: number, event: number][] {
    const [timeout] = bind(POLL, args);
    const wait = toWait(timeout, 1, 'timeout must be an integer or None');
    const entries = Array.from(this.#asked, ([target, mask]) => ({
      target,
      events: mask & ASKED,
      revents: 0,
    }));
    if (asPython(() => pollSync(entries, wait)) === 0) return [];
    return entries
      .filter(({ revents }) => revents !== 0)
      .map(({ target, revents }) => [target, revents & 0xffff]);
  }
}

Object.defineProperty(Poll, 'name', { value: 'poll' });
