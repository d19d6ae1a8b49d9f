/** Python's epoll object: epoll(7). Linux alone. */
import { constants, errnos } from '@sockeye/core';
import { Epoll as Core } from '@sockeye/core/poll';
import { toInt, toInteger } from '../arguments.ts';
import { asPython, plainError, pythonError, systemError, ValueError } from '../errors.ts';
import { bind, type Signature } from '../signature.ts';
import { type HasFileno, toFileno } from './fileno.ts';
import { toMask, toWait } from './waiting.ts';

const EPOLL: Signature = { name: 'epoll', parameters: ['sizehint', 'flags'], native: true };
const REGISTER: Signature = { name: 'register', parameters: ['fd', 'eventmask'], required: 1, native: true };
const MODIFY: Signature = { name: 'modify', parameters: ['fd', 'eventmask'], required: 2, native: true };
const UNREGISTER: Signature = { name: 'unregister', parameters: ['fd'], required: 1, native: true };
const POLL: Signature = { name: 'poll', parameters: ['timeout', 'maxevents'], native: true };

/** What one wait of core's tells of at most; Python asks for FD_SETSIZE - 1 unless told otherwise. */
const MOST_EVENTS = 512;
const CLOSED = 'I/O operation on closed epoll object';

/** Sets that are open in this thread, by their own descriptor, for `fromfd`. */
const open = new Map<number, WeakRef<Core<number>>>();

function known(fd: number): Core<number> {
  const found = open.get(fd)?.deref();
  if (found !== undefined && found.fd === fd) return found;
  open.delete(fd);
  // What another program's set would tell is in that program's words: no number that is known here.
  throw systemError(errnos.EBADF);
}

/** A set of descriptors, of which the kernel remembers what is asked of each. */
export class Epoll {
  readonly #core: Core<number>;

  /**
   * An empty set, close-on-exec.
   *
   * @param sizehint a positive number or -1, of no effect
   * @param flags 0 or EPOLL_CLOEXEC, of no effect
   * @throws OSError EMFILE, and ENOTSUP where there is no epoll
   */
  constructor(sizehint?: number, flags?: number);
  constructor(keywords: { sizehint?: number; flags?: number });
  constructor(...args: readonly unknown[]) {
    const [hint = -1, flags = 0] = args[0] instanceof Core ? [] : bind(EPOLL, args);
    if (args[0] instanceof Core) {
      this.#core = args[0] as Core<number>;
      return;
    }
    const size = toInt(hint);
    if (size !== -1 && size <= 0) throw new ValueError('negative sizehint');
    const wanted = toInt(flags);
    if (wanted !== 0 && wanted !== constants.EPOLL_CLOEXEC) throw plainError('invalid flags');
    this.#core = asPython(() => Core.create<number>());
    open.set(this.#core.fd, new WeakRef(this.#core));
  }

  /** Another object for a set that this thread has open. Throws OSError EBADF for a number that is none. */
  static fromfd(fd: number): Epoll {
    const core: unknown = known(toInt(fd));
    return new Epoll(core as number);
  }

  /** Whether the set was closed. */
  get closed(): boolean {
    return this.#core.closed;
  }

  #opened(): Core<number> {
    if (this.#core.closed) throw new ValueError(CLOSED);
    return this.#core;
  }

  /** The set's own descriptor. Throws ValueError when it is closed. */
  fileno(): number {
    return this.#opened().fd;
  }

  /** Adds a descriptor: `EPOLLIN | EPOLLPRI | EPOLLOUT` unless given. Throws OSError EEXIST, EPERM, EBADF, ENOSPC. */
  register(fd: HasFileno, eventmask?: number): void;
  register(fd: HasFileno, keywords: { eventmask?: number }): void;
  register(...args: readonly unknown[]): void {
    const [fd, given] = bind({ ...REGISTER, object: true }, args);
    const { EPOLLIN, EPOLLPRI, EPOLLOUT } = constants;
    const core = this.#opened();
    const mask = given === undefined ? EPOLLIN | EPOLLPRI | EPOLLOUT : toMask(given, 32);
    const number = toFileno(fd);
    asPython(() => core.add(number, mask));
  }

  /** Changes what is asked of a descriptor. Throws OSError ENOENT, EBADF. */
  modify(fd: HasFileno, eventmask: number): void;
  modify(...args: readonly unknown[]): void {
    const [fd, given] = bind(MODIFY, args);
    const core = this.#opened();
    const mask = toMask(given, 32);
    const number = toFileno(fd);
    asPython(() => core.modify(number, mask));
  }

  /** Takes a descriptor out. Throws OSError ENOENT, EBADF. */
  unregister(fd: HasFileno): void;
  unregister(...args: readonly unknown[]): void {
    const [fd] = bind({ ...UNREGISTER, object: true }, args);
    const core = this.#opened();
    const number = toFileno(fd);
    asPython(() => core.delete(number));
  }

  /**
   * Waits, blocking this thread, and gives what happened to which descriptors; none when the time was up.
   *
   * @param timeout seconds; null or a negative number waits for ever
   * @param maxevents how many to tell of at most, -1 for as many as fit: 512
   */
  poll(timeout?: number | null, maxevents?: number): [fd: number, events: number][];
  poll(keywords: { timeout?: number | null; maxevents?: number }): [fd: number, events: number][];
  poll(...args: readonly unknown[]): [fd: number, events: number][] {
    const [timeout, given = -1] = bind(POLL, args);
    const core = this.#opened();
    const wait = toWait(timeout, 1000, 'timeout must be an integer or None');
    const most = toInteger(given);
    if (most !== -1 && most <= 0) throw new ValueError(`maxevents must be greater than 0, got ${most}`);
    const maxEvents = most === -1 ? MOST_EVENTS : Math.min(most, MOST_EVENTS);
    let count: number;
    try {
      count = core.waitSync({ ...wait, maxEvents });
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_SOCKET_TIMEOUT') return [];
      throw pythonError(error);
    }
    return Array.from({ length: count }, (_, at) => [core.target(at) ?? -1, core.events(at)]);
  }

  /** Closes the set, and none of what is in it; twice is fine. */
  close(): void {
    open.delete(this.#core.fd);
    asPython(() => this.#core.close());
  }

  /** Python's `with`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

Object.defineProperty(Epoll, 'name', { value: 'epoll' });
