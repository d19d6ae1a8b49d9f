/** What all selectors have in common: who is registered, for what, and with which data. */
import { KeyError, RuntimeError } from '../builtin-errors.ts';
import { typeError, ValueError } from '../errors.ts';
import { shown } from '../repr.ts';
import type { HasFileno } from '../select/fileno.ts';
import { SelectorKey } from './key.ts';

/** Wait until it can be read. */
export const EVENT_READ = 1;
/** Wait until it can be written. */
export const EVENT_WRITE = 2;

/** A ready registration, and which of its events came. */
export type Ready<T> = [key: SelectorKey<T>, events: number];

/** The number of a descriptor, as Python's selectors take it. Throws ValueError for what has none. */
function toFd(fileobj: unknown): number {
  let fd: unknown = fileobj;
  if (typeof fileobj !== 'number') {
    const fileno: unknown =
      typeof fileobj === 'object' && fileobj !== null ? (fileobj as { fileno?: unknown }).fileno : undefined;
    if (typeof fileno !== 'function') throw new ValueError(`Invalid file object: ${shown(fileobj)}`);
    fd = fileno.call(fileobj) as unknown;
  }
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw new ValueError(`Invalid file object: ${shown(fileobj)}`);
  }
  if (fd < 0) throw new ValueError(`Invalid file descriptor: ${fd}`);
  return fd;
}

/** The registrations of a selector, by object or number, in order; it shows what changes. */
export class SelectorMapping<T = unknown> {
  readonly #keys: ReadonlyMap<number, SelectorKey<T>>;
  readonly #look: (fileobj: HasFileno) => number;

  constructor(keys: ReadonlyMap<number, SelectorKey<T>>, look: (fileobj: HasFileno) => number) {
    this.#keys = keys;
    this.#look = look;
  }

  /** How many there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** Python's `fileobj in map`. Throws ValueError for what has no descriptor. */
  has(fileobj: HasFileno): boolean {
    return this.#keys.has(this.#look(fileobj));
  }

  /** Python's `map[fileobj]`. Throws KeyError. */
  get(fileobj: HasFileno): SelectorKey<T> {
    const key = this.#keys.get(this.#look(fileobj));
    if (key === undefined) throw unknownKey(fileobj);
    return key;
  }

  keys(): IterableIterator<number> {
    return this.#keys.keys();
  }

  values(): IterableIterator<SelectorKey<T>> {
    return this.#keys.values();
  }

  /** Python's `map.items()`. */
  entries(): IterableIterator<[number, SelectorKey<T>]> {
    return this.#keys.entries();
  }

  /** The descriptors, as Python's iteration gives them. */
  [Symbol.iterator](): IterableIterator<number> {
    return this.#keys.keys();
  }
}

function unknownKey(fileobj: unknown): KeyError {
  return new KeyError(`${shown(fileobj)} is not registered`);
}

/** Refuses what is no set of events. */
function checkEvents(events: unknown): number {
  if (typeof events !== 'number') {
    throw typeError(
      `unsupported operand type(s) for &: '${typeof events === 'string' ? 'str' : 'NoneType'}' and 'int'`,
    );
  }
  if (events === 0 || (events & ~(EVENT_READ | EVENT_WRITE)) !== 0) {
    throw new ValueError(`Invalid events: ${events}`);
  }
  return events;
}

/** A selector: {@link select} is for those that are made of it. */
export abstract class BaseSelector<T = unknown> {
  readonly #keys = new Map<number, SelectorKey<T>>();
  #map: SelectorMapping<T> | null = new SelectorMapping(this.#keys, (fileobj) => this.#lookUp(fileobj));

  /** What is ready, after `timeout` seconds at most: null waits for ever, 0 and less not at all. */
  abstract select(timeout?: number | null): Ready<T>[];

  /** A closed object is found by itself, although its number is gone. */
  #lookUp(fileobj: HasFileno): number {
    try {
      return toFd(fileobj);
    } catch (error) {
      for (const key of this.#keys.values()) if (key.fileobj === fileobj) return key.fd;
      throw error;
    }
  }

  /**
   * Adds an object, with data of the caller's.
   *
   * @throws ValueError for bad events and for what has no descriptor; KeyError for what is registered
   */
  register(fileobj: HasFileno, events: number, data?: T): SelectorKey<T>;
  register(fileobj: HasFileno, events: number, data: unknown = null): SelectorKey<T> {
    checkEvents(events);
    const fd = this.#lookUp(fileobj);
    if (this.#keys.has(fd)) throw new KeyError(`${shown(fileobj)} (FD ${fd}) is already registered`);
    const key = new SelectorKey(fileobj, fd, events, data as T);
    this.#keys.set(fd, key);
    return key;
  }

  /** Takes an object out, closed or not. Throws KeyError for what is not registered. */
  unregister(fileobj: HasFileno): SelectorKey<T> {
    const fd = this.#lookUp(fileobj);
    const key = this.#keys.get(fd);
    if (key === undefined) throw unknownKey(fileobj);
    this.#keys.delete(fd);
    return key;
  }

  /** Changes an object's events and data. Throws KeyError, ValueError. */
  modify(fileobj: HasFileno, events: number, data?: T): SelectorKey<T>;
  modify(fileobj: HasFileno, events: number, data: unknown = null): SelectorKey<T> {
    const key = this.keyOf(fileobj);
    if (events !== key.events) {
      this.unregister(fileobj);
      return this.register(fileobj, events, data as T);
    }
    return this.replace(key, events, data as T);
  }

  /** An object's registration. Throws KeyError, and RuntimeError on a closed selector. */
  get_key(fileobj: HasFileno): SelectorKey<T> {
    if (this.#map === null) throw new RuntimeError('Selector is closed');
    return this.keyOf(fileobj);
  }

  /** All registrations; null on a closed selector. */
  get_map(): SelectorMapping<T> | null {
    return this.#map;
  }

  /** Forgets everything; what was registered stays open. */
  close(): void {
    this.#keys.clear();
    this.#map = null;
  }

  /** Python's `with`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  protected get registered(): ReadonlyMap<number, SelectorKey<T>> {
    return this.#keys;
  }

  /** @internal */
  protected keyOf(fileobj: HasFileno): SelectorKey<T> {
    const key = this.#keys.get(this.#lookUp(fileobj));
    if (key === undefined) throw unknownKey(fileobj);
    return key;
  }

  /** @internal */
  protected replace(key: SelectorKey<T>, events: number, data: T): SelectorKey<T> {
    const made = key._replace({ events, data });
    this.#keys.set(key.fd, made);
    return made;
  }

  /** @internal Which of the events came that were asked for. */
  protected ready(happened: Iterable<readonly [fd: number, events: number]>): Ready<T>[] {
    const found: Ready<T>[] = [];
    for (const [fd, events] of happened) {
      const key = this.#keys.get(fd);
      if (key !== undefined) found.push([key, events & key.events]);
    }
    return found;
  }
}
