/** What a selector knows of a registered object. */
import { shown } from '../repr.ts';
import type { HasFileno } from '../select/fileno.ts';

/** A registration; Python's named tuple, which can be taken apart: `const [fileobj, fd, events, data] = key`. */
export class SelectorKey<T = unknown> {
  /** What was registered. */
  readonly fileobj: HasFileno;
  /** Its descriptor then. */
  readonly fd: number;
  /** `EVENT_READ`, `EVENT_WRITE` or both. */
  readonly events: number;
  /** What the caller gave with it; null unless given. */
  readonly data: T;

  constructor(fileobj: HasFileno, fd: number, events: number, data: T) {
    this.fileobj = fileobj;
    this.fd = fd;
    this.events = events;
    this.data = data;
  }

  /** A copy with other values of some fields. */
  _replace(fields: { fileobj?: HasFileno; fd?: number; events?: number; data?: T }): SelectorKey<T> {
    const { fileobj = this.fileobj, fd = this.fd, events = this.events } = fields;
    const data = 'data' in fields ? (fields.data as T) : this.data;
    return new SelectorKey(fileobj, fd, events, data);
  }

  *[Symbol.iterator](): IterableIterator<unknown> {
    yield this.fileobj;
    yield this.fd;
    yield this.events;
    yield this.data;
  }

  /** What Python's repr() shows. */
  toString(): string {
    const { fileobj, fd, events, data } = this;
    return `SelectorKey(fileobj=${shown(fileobj)}, fd=${fd}, events=${events}, data=${shown(data)})`;
  }
}
