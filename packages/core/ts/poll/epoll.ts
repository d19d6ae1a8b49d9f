/** Many descriptors, of which one wait tells those that are ready: epoll(7). */
import { patience, type SyncOptions } from '../arguments.ts';
import { native } from '../binding.ts';
import { checkInteger, checkOptions } from '../check.ts';
import { constants, errnos } from '../constants.ts';
import { droppedDescriptors, place } from '../dropped.ts';
import { Endpoint, handleOf } from '../endpoint.ts';
import { systemError } from '../errors.ts';
import { Handle } from '../handle.ts';
import { READABLE, type WaitOptions } from '../wait.ts';
import { numberOf, type Pollable } from './pollable.ts';

/** Integers of an event, as the native part writes it: descriptor, serial number, events. */
const EVENT = 3;
/** Bytes of each. */
const INTEGER = 4;
const SERIAL = 1;
const HAPPENED = 2;
/** Of one wait at most; `src/napi/poll.rs` has the same. */
const MOST_EVENTS = 512;

const NO_SOCKET = { family: 0, type: 0, protocol: 0 } as const;

const out: Int32Array = new Int32Array(2);

/** Options of {@link Epoll.create}. */
export interface EpollOptions {
  /** How many events one wait tells of, 1 to 512. Default: 512. */
  maxEvents?: number | undefined;
}

/**
 * A set of descriptors and what to tell of each: for servers with thousands of connections, each of which then costs no
 * waiting call. Linux alone.
 *
 * @typeParam T what is added, and what {@link Epoll.target} gives back
 */
export class Epoll<T extends Pollable = Pollable> {
  readonly #handle: Handle;
  readonly #events: Int32Array;
  readonly #bytes: Uint8Array;
  /** By descriptor: what was added, and which of those that had the number it is. */
  readonly #targets: (T | undefined)[] = [];
  readonly #serials: number[] = [];
  #serial = 0;
  readonly #attempt = (): number => this.tryWait() || -errnos.EAGAIN;

  private constructor(slot: number, generation: number, maxEvents: number) {
    this.#handle = new Handle(slot, generation, NO_SOCKET);
    this.#handle.socket = this;
    this.#events = new Int32Array(EVENT * maxEvents);
    this.#bytes = new Uint8Array(this.#events.buffer);
    droppedDescriptors.register(this, place(slot, generation), this);
  }

  /**
   * An empty set, close-on-exec: epoll_create1(2).
   * @throws SocketError EMFILE, ENOTSUP where there is no epoll
   */
  static create<T extends Pollable = Pollable>(options?: EpollOptions): Epoll<T> {
    const { maxEvents = MOST_EVENTS } = options === undefined ? {} : checkOptions(options);
    checkInteger('maxEvents', maxEvents, 1, MOST_EVENTS);
    const result = native.epollCreate(out);
    if (result < 0) throw systemError(result, 'epoll_create1');
    const [slot = 0, generation = 0] = out;
    return new Epoll<T>(slot, generation, maxEvents);
  }

  /** The set's own descriptor; -1 when closed. It is readable while something in the set is ready. */
  get fd(): number {
    return this.#handle.fd;
  }

  get closed(): boolean {
    return this.#handle.closed;
  }

  /**
   * Adds a descriptor: epoll_ctl(2) EPOLL_CTL_ADD.
   *
   * @param events `constants.EPOLLIN`, `EPOLLOUT`, `EPOLLPRI`, `EPOLLRDHUP` …, with `EPOLLET`, `EPOLLONESHOT`, `EPOLLEXCLUSIVE`;
   *   EPOLLERR and EPOLLHUP are told of in any case
   * @throws SocketError EEXIST when it is there already, EPERM for what epoll does not take (files and directories), ENOSPC
   *   beyond /proc/sys/fs/epoll/max_user_watches, EBADF when it is closed
   */
  add(target: T, events: number): void {
    this.#control(constants.EPOLL_CTL_ADD, target, events);
  }

  /**
   * Changes what is told of a descriptor, and arms one with EPOLLONESHOT again: epoll_ctl(2) EPOLL_CTL_MOD.
   * @throws SocketError ENOENT when it was not added, EBADF when it is closed
   */
  modify(target: T, events: number): void {
    this.#control(constants.EPOLL_CTL_MOD, target, events);
  }

  /**
   * Takes a descriptor out of the set, before it is closed: epoll_ctl(2) EPOLL_CTL_DEL.
   * @throws SocketError ENOENT when it was not added, EBADF when it is closed
   */
  delete(target: T): void {
    this.#control(constants.EPOLL_CTL_DEL, target, 0);
  }

  #control(operation: number, target: T, events: number): void {
    const { slot, generation } = this.#handle;
    // EPOLLET joined by `|` is a number below 0.
    const bits = checkInteger('events', events, -0x80000000, 0xffffffff) >>> 0;
    const isSocket = target instanceof Endpoint;
    let fd = isSocket ? target.fd : numberOf('target', target, 'epoll_ctl');
    // One that is only changed stays what the last wait told of.
    const known = operation === constants.EPOLL_CTL_MOD ? this.#serials[fd] : undefined;
    if (known === undefined) this.#serial = (this.#serial + 1) >>> 0;
    const serial = known ?? this.#serial;
    let result: number;
    if (isSocket) {
      const its = handleOf(target);
      result = native.epollCtl(slot, generation, operation, its.slot, its.generation, bits, serial);
      fd = result;
    } else {
      result = native.epollCtlFd(slot, generation, operation, fd, bits, serial);
    }
    if (result < 0)
      throw systemError(result, 'epoll_ctl', this.closed ? 'this Epoll is closed' : WORDS.get(result));
    this.#targets[fd] = operation === constants.EPOLL_CTL_DEL ? undefined : target;
    this.#serials[fd] = serial;
  }

  /**
   * Waits until something in the set is ready: of how many {@link target} and {@link events} tell now.
   * @throws SocketError ERR_SOCKET_TIMEOUT, ABORT_ERR, ECANCELED when the set is closed meanwhile, EBADF
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.#handle.run(READABLE, this.#attempt, 'epoll_wait', options);
  }

  /**
   * As {@link wait}, blocking this thread: epoll_wait(2). 0 where all that was ready has been replaced since.
   *
   * @param options `maxEvents`: how many this wait tells of, up to what the set was created with
   */
  waitSync(options?: SyncOptions & EpollOptions): number {
    const { timeout, interruptible } = patience(options);
    const { slot, generation } = this.#handle;
    const most = this.#events.length / EVENT;
    const { maxEvents = most } = options ?? {};
    checkInteger('maxEvents', maxEvents, 1, most);
    const room = maxEvents === most ? this.#bytes : this.#bytes.subarray(0, maxEvents * EVENT * INTEGER);
    const asked = native.epollWaitSync(slot, generation, room, timeout, interruptible);
    return this.#current(this.#handle.done(asked, 'epoll_wait'));
  }

  /** As {@link wait}, without waiting: 0 when nothing is ready, or `-errno`. Allocates nothing. */
  tryWait(): number {
    const { slot, generation } = this.#handle;
    const count = native.epollWait(slot, generation, this.#bytes);
    if (count === -errnos.EAGAIN) return 0;
    return count < 0 ? count : this.#current(count);
  }

  /** Leaves out what was told of numbers that something else has by now. */
  #current(count: number): number {
    const events = this.#events;
    let kept = 0;
    for (let at = 0; at < count * EVENT; at += EVENT) {
      const fd = events[at] as number;
      if (this.#serials[fd] !== (events[at + SERIAL] as number) >>> 0) continue;
      events[kept] = fd;
      events[kept + SERIAL] = events[at + SERIAL] as number;
      events[kept + HAPPENED] = events[at + HAPPENED] as number;
      kept += EVENT;
    }
    return kept / EVENT;
  }

  /** What the last wait's event of this index is about; undefined when it was deleted since, or something else has its number. */
  target(index: number): T | undefined {
    const fd = this.#events[index * EVENT] as number;
    const serial = (this.#events[index * EVENT + SERIAL] as number) >>> 0;
    return this.#serials[fd] === serial ? this.#targets[fd] : undefined;
  }

  /** The bits of the last wait's event of this index: `constants.EPOLLIN` …. */
  events(index: number): number {
    return (this.#events[index * EVENT + HAPPENED] as number) >>> 0;
  }

  /** Has waits keep the event loop alive, as they do from the beginning. */
  ref(): this {
    this.#handle.referenced = true;
    return this;
  }

  /** Lets the process end although {@link wait} waits. */
  unref(): this {
    this.#handle.referenced = false;
    return this;
  }

  /** Whether waits keep the event loop alive. */
  hasRef(): boolean {
    return this.#handle.referenced;
  }

  /** Closes the set, and none of what is in it: close(2). Who waits fails with ECANCELED; twice is fine. */
  close(): void {
    if (this.closed) return;
    const { slot, generation } = this.#handle;
    droppedDescriptors.unregister(this);
    this.#handle.leave();
    const result = native.close(slot, generation);
    if (result < 0) throw systemError(result, 'close');
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What helps with the errors of epoll_ctl(2). */
const WORDS: ReadonlyMap<number, string> = new Map([
  [-errnos.EEXIST, 'it is in the set already: modify() it'],
  [-errnos.ENOENT, 'it is not in the set: add() it'],
  [-errnos.EPERM, 'epoll does not take files and directories; pollSync() does'],
  [-errnos.ENOSPC, 'more than /proc/sys/fs/epoll/max_user_watches allows'],
  [-errnos.ELOOP, 'sets of sets would go round in a circle, or more than five deep'],
]);
