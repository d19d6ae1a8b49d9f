/** A socket class with a part of the methods: for platforms whose manual lists no others. */
import type { Endpoint } from '../socket/endpoint.ts';

/** A class as manuals of Python's have it: called with or without `new`. */
export interface SubsetClass<I> {
  new (family?: number, type?: number, proto?: number): I;
  (family?: number, type?: number, proto?: number): I;
  readonly prototype: I;
}

/** A class, and the way from a whole socket to one of it. */
export interface Subset<B, I> {
  readonly socket: SubsetClass<I>;
  /** The same socket, with the methods of the class alone. */
  wrap(whole: B): I;
}

/**
 * A class of sockets of `Base` that has the members of these names and no others. A socket that a method gives is of the class
 * too.
 */
export function subset<B extends Endpoint, I>(
  Base: new (...args: readonly unknown[]) => B,
  members: readonly (keyof I & keyof B & string)[],
): Subset<B, I> {
  const inner = new WeakMap<object, B>();
  const whole = (narrow: object): B => {
    const found = inner.get(narrow);
    if (found === undefined) throw new TypeError('this method is of a socket');
    return found;
  };
  class Narrow {
    constructor(...args: readonly unknown[]) {
      inner.set(this, args[0] instanceof Base ? args[0] : new Base(...args));
    }

    toString(): string {
      return whole(this).toString();
    }
  }
  Object.defineProperty(Narrow, 'name', { value: 'socket' });
  const wrap = (one: B): I => {
    const made: unknown = new Narrow(one);
    return made as I;
  };
  const given = (result: unknown): unknown =>
    Array.isArray(result) && result[0] instanceof Base ? [wrap(result[0]), ...result.slice(1)] : result;
  for (const member of members) {
    const isMethod = typeof Reflect.get(Base.prototype as object, member, { held: {} }) === 'function';
    Object.defineProperty(
      Narrow.prototype,
      member,
      isMethod
        ? {
            value(this: object, ...args: readonly unknown[]): unknown {
              const one = whole(this);
              return given(Reflect.apply(one[member] as (...all: readonly unknown[]) => unknown, one, args));
            },
            configurable: true,
            writable: true,
          }
        : {
            get(this: object): unknown {
              return whole(this)[member];
            },
            configurable: true,
          },
    );
  }
  const callable: unknown = new Proxy(Narrow, {
    apply: (target, _self, args: unknown[]) => new target(...args),
  });
  return { socket: callable as SubsetClass<I>, wrap };
}
