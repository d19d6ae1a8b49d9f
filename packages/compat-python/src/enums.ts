/**
 * The names behind numbers, as Python's enum module prints them. Constants and attributes are plain numbers here, so that they
 * can be compared and joined; these classes say what they are called.
 */

import { constants } from '@sockeye/core';
import { AF_NAMES, AI_NAMES, MSG_NAMES, SOCK_NAMES } from './enum-members.ts';
import { LookupError, ValueError } from './errors.ts';
import { shown } from './repr.ts';

/** An enumeration: called with a number it gives that back, when it is one of its members, as Python's does. */
export interface Enumeration extends Iterable<number> {
  (value: number): number;
  /** Python's name of the class. */
  readonly __name__: string;
  /** The members by name, aliases too. */
  readonly __members__: Readonly<Record<string, number>>;
  /** What Python's repr() shows of a member: `<AddressFamily.AF_INET: 2>`. */
  repr(value: number): string;
  /** A member's name, of flags joined by `|`; null where there is none. */
  nameOf(value: number): string | null;
  /** A member by its name: `AddressFamily['AF_INET']` in Python. Throws LookupError, Python's KeyError. */
  member(name: string): number;
}

type Members = readonly (readonly [name: string, value: number])[];

/** Members that this platform has, the least first; of two names for one number the first is its name. */
function membersOf(names: string): Members {
  const known = constants as Readonly<Record<string, number | undefined>>;
  return names
    .split(' ')
    .flatMap((name): [string, number][] => (known[name] === undefined ? [] : [[name, known[name]]]))
    .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
}

abstract class Names {
  readonly #given: string;
  readonly name: string;
  #members: Members | undefined;
  #names: Map<number, string> | undefined;

  constructor(name: string, given: string) {
    this.name = name;
    this.#given = given;
  }

  get members(): Members {
    this.#members ??= membersOf(this.#given);
    return this.#members;
  }

  /** Names by number, in the order of the numbers. */
  get names(): ReadonlyMap<number, string> {
    this.#names ??= new Map([...this.members].reverse().map(([name, value]) => [value, name]));
    return this.#names;
  }

  get values(): number[] {
    return [...new Set(this.members.map(([, value]) => value))];
  }

  abstract check(value: unknown): number;
  abstract nameOf(value: number): string | null;

  repr(value: number): string {
    const name = this.nameOf(value);
    return name === null ? `<${this.name}: ${value}>` : `<${this.name}.${name}: ${value}>`;
  }
}

/** IntEnum: one member a number. */
class Single extends Names {
  check(value: unknown): number {
    if (typeof value === 'number' && this.names.has(value)) return value;
    throw new ValueError(`${shown(value)} is not a valid ${this.name}`);
  }

  nameOf(value: number): string | null {
    return this.names.get(value) ?? null;
  }

  override repr(value: number): string {
    return super.repr(this.check(value));
  }
}

/** IntFlag: any of the bits, and those that have no name as a number. */
class Flags extends Names {
  check(value: unknown): number {
    if (typeof value === 'number' && Number.isInteger(value)) return value;
    throw new ValueError(`${shown(value)} is not a valid ${this.name}`);
  }

  nameOf(value: number): string | null {
    let rest = value;
    const found: string[] = [];
    for (const flag of this.values) {
      if (flag === 0 || (value & flag) !== flag) continue;
      found.push(this.names.get(flag) as string);
      rest &= ~flag;
    }
    if (found.length === 0) return null;
    return [...found, ...(rest === 0 ? [] : [String(rest >>> 0)])].join('|');
  }
}

function enumeration(names: Names): Enumeration {
  const call = (value: number): number => names.check(value);
  Object.defineProperty(call, 'name', { value: names.name });
  const made = Object.assign(call, {
    __name__: names.name,
    repr: (value: number): string => names.repr(value),
    nameOf: (value: number): string | null => names.nameOf(value),
    member(name: string): number {
      const found = names.members.find(([one]) => one === name);
      if (found === undefined) throw new LookupError(shown(name));
      return found[1];
    },
    [Symbol.iterator]: (): Iterator<number> => names.values[Symbol.iterator](),
  });
  // Members are looked up when somebody asks.
  Object.defineProperty(made, '__members__', { get: () => Object.freeze(Object.fromEntries(names.members)) });
  return made as typeof made & Pick<Enumeration, '__members__'>;
}

/** `AF_…`. */
export const AddressFamily: Enumeration = /* @__PURE__ */ enumeration(
  /* @__PURE__ */ new Single('AddressFamily', AF_NAMES),
);
/** `SOCK_…`. */
export const SocketKind: Enumeration = /* @__PURE__ */ enumeration(
  /* @__PURE__ */ new Single('SocketKind', SOCK_NAMES),
);
/** `MSG_…`, joined by `|`. */
export const MsgFlag: Enumeration = /* @__PURE__ */ enumeration(
  /* @__PURE__ */ new Flags('MsgFlag', MSG_NAMES),
);
/** `AI_…`, joined by `|`. */
export const AddressInfo: Enumeration = /* @__PURE__ */ enumeration(
  /* @__PURE__ */ new Flags('AddressInfo', AI_NAMES),
);
