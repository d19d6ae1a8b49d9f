/** The selectors of Linux. */
import { constants } from '@sockeye/core';
import { typeName } from '../arguments.ts';
import { OSError, typeError } from '../errors.ts';
import type { HasFileno } from '../select/fileno.ts';
import { epoll, poll, select } from '../select.ts';
import { BaseSelector, EVENT_READ, EVENT_WRITE, type Ready } from './base.ts';
import type { SelectorKey } from './key.ts';

function checkTimeout(timeout: unknown, words: (type: string) => string): number | null {
  if (timeout === undefined || timeout === null) return null;
  if (typeof timeout === 'number' || typeof timeout === 'bigint' || typeof timeout === 'boolean') {
    return Math.max(0, Number(timeout));
  }
  throw typeError(words(typeName(timeout)));
}

/** By select(2): descriptors below 1024. */
export class SelectSelector<T = unknown> extends BaseSelector<T> {
  override select(timeout?: number | null): Ready<T>[] {
    const wait = checkTimeout(
      timeout,
      (type) => `'>' not supported between instances of 'int' and '${type}'`,
    );
    const asking = (event: number): number[] =>
      [...this.registered.values()].filter(({ events }) => (events & event) !== 0).map(({ fd }) => fd);
    const [readers, writers] = select(asking(EVENT_READ), asking(EVENT_WRITE), [], wait);
    const happened = new Map(readers.map((fd) => [fd, EVENT_READ]));
    for (const fd of writers) happened.set(fd, (happened.get(fd) ?? 0) | EVENT_WRITE);
    return this.ready(happened);
  }
}

/** A poll object, of either kind. */
interface Poller {
  register(fd: number, events: number): void;
  modify(fd: number, events: number): void;
  unregister(fd: number): void;
}

const NO_ORDER = (type: string): string => `'<=' not supported between instances of '${type}' and 'int'`;

/** What selectors by poll(2) and epoll(7) have in common: a poller that remembers, and bits that mean the same. */
abstract class PollLike<T> extends BaseSelector<T> {
  /** @internal */
  protected abstract readonly poller: Poller;

  override register(fileobj: HasFileno, events: number, data?: T): SelectorKey<T> {
    const key = super.register(fileobj, events, data as T);
    try {
      this.poller.register(key.fd, bitsOf(events));
    } catch (error) {
      super.unregister(fileobj);
      throw error;
    }
    return key;
  }

  override unregister(fileobj: HasFileno): SelectorKey<T> {
    const key = super.unregister(fileobj);
    try {
      this.poller.unregister(key.fd);
    } catch (error) {
      // It was closed, and is out of the set already.
      if (!(error instanceof OSError)) throw error;
    }
    return key;
  }

  override modify(fileobj: HasFileno, events: number, data?: T): SelectorKey<T>;
  override modify(fileobj: HasFileno, events: number, data: unknown = null): SelectorKey<T> {
    const key = this.keyOf(fileobj);
    if (events !== key.events) {
      try {
        this.poller.modify(key.fd, bitsOf(events));
      } catch (error) {
        super.unregister(fileobj);
        throw error;
      }
    }
    return this.replace(key, events, data as T);
  }
}

function bitsOf(events: number): number {
  const { POLLIN, POLLOUT } = constants;
  return ((events & EVENT_READ) === 0 ? 0 : POLLIN) | ((events & EVENT_WRITE) === 0 ? 0 : POLLOUT);
}

/** Everything but the other direction's readiness, an error and a hang-up too, is a reason to call. */
function eventsOf([fd, bits]: readonly [number, number]): [fd: number, events: number] {
  const { POLLIN, POLLOUT } = constants;
  const write = (bits & ~POLLIN) === 0 ? 0 : EVENT_WRITE;
  const read = (bits & ~POLLOUT) === 0 ? 0 : EVENT_READ;
  return [fd, write | read];
}

/** By poll(2). */
export class PollSelector<T = unknown> extends PollLike<T> {
  /** @internal */
  protected readonly poller: poll = poll();

  override select(timeout?: number | null): Ready<T>[] {
    const wait = checkTimeout(timeout, NO_ORDER);
    return this.ready(this.poller.poll(wait === null ? null : Math.ceil(wait * 1000)).map(eventsOf));
  }
}

/** By epoll(7): what is registered costs nothing while it is idle. */
export class EpollSelector<T = unknown> extends PollLike<T> {
  /** @internal */
  protected readonly poller: epoll = epoll();

  override select(timeout?: number | null): Ready<T>[] {
    const wait = checkTimeout(timeout, NO_ORDER);
    const most = Math.max(this.registered.size, 1);
    return this.ready(this.poller.poll(wait, most).map(eventsOf));
  }

  /** The set's own descriptor. Throws ValueError when it is closed. */
  fileno(): number {
    return this.poller.fileno();
  }

  override close(): void {
    this.poller.close();
    super.close();
  }
}
