/** How many arguments a call takes and by which names, and Python's words where others were given. */
import { typeError } from './errors.ts';

/** Keyword arguments: the plain object at the end of a call. */
function isKeywords(value: unknown): value is { readonly [name: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Arguments without those at the end that are left open. */
function given(args: readonly unknown[]): readonly unknown[] {
  let { length } = args;
  while (length > 0 && args[length - 1] === undefined) length -= 1;
  return length === args.length ? args : args.slice(0, length);
}

function several(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Refuses arguments that a method without any was given. */
export function takesNone(caller: string, args: readonly unknown[]): void {
  const { length } = given(args);
  if (length > 0) throw typeError(`${caller}() takes no arguments (${length} given)`);
}

/** Refuses all but one argument: who writes `connect(host, port)` forgot that an address is one. */
export function takesOne(caller: string, args: readonly unknown[]): void {
  const { length } = given(args);
  if (length !== 1) throw typeError(`${caller}() takes exactly one argument (${length} given)`);
}

/** Refuses fewer arguments than `least` and more than `most`. */
export function takes(caller: string, args: readonly unknown[], least: number, most: number): void {
  const { length } = given(args);
  if (length >= least && length <= most) return;
  const bound = length < least ? least : most;
  const word = least === most ? 'exactly' : length < least ? 'at least' : 'at most';
  throw typeError(`${caller}() takes ${word} ${several(bound, 'argument')} (${length} given)`);
}

/** A function's parameters, as Python has them. */
export interface Signature {
  /** As Python's messages call it. */
  readonly name: string;
  /** In order; those behind `positional` ones go by name alone. */
  readonly parameters: readonly string[];
  /** How many of them, from the first, must be given. */
  readonly required?: number;
  /** How many may be given by position; all unless said. */
  readonly positional?: number;
  /** A method in Python's own words, where the object itself counts. */
  readonly method?: boolean;
  /** In the words of functions written in C. */
  readonly native?: boolean;
  /** What may be the first argument may be a plain object. */
  readonly object?: boolean;
}

/**
 * The values of a call's parameters, those given by name in their places; undefined for what was left open.
 *
 * @throws TypeError with Python's words for missing, surplus and unknown ones
 */
export function bind(signature: Signature, args: readonly unknown[]): readonly unknown[] {
  const all = given(args);
  const last = all.at(-1);
  const named = isKeywords(last) && !(signature.object === true && all.length === 1) ? last : undefined;
  const byPosition = named === undefined ? all : all.slice(0, -1);
  const { parameters, positional = parameters.length, required = 0 } = signature;
  if (byPosition.length > positional) throw surplus(signature, byPosition.length);
  const values: unknown[] = [...byPosition];
  for (const [name, value] of Object.entries(named ?? {})) {
    const at = parameters.indexOf(name);
    if (at < 0) throw unknownName(signature, name);
    if (at < byPosition.length) throw twice(signature, name, at);
    values[at] = value;
  }
  const missing = parameters.slice(0, required).filter((_, at) => values[at] === undefined);
  if (missing.length > 0) throw missed(signature, missing);
  return values;
}

function surplus(signature: Signature, count: number): TypeError {
  const { name, parameters, required = 0, positional = parameters.length } = signature;
  if (signature.native === true) {
    // Python/getargs.c says so where some go by name alone.
    const noun = positional < parameters.length ? 'positional argument' : 'argument';
    return typeError(`${name}() takes at most ${several(positional, noun)} (${count} given)`);
  }
  const self = signature.method === true ? 1 : 0;
  const [least, most, had] = [required + self, positional + self, count + self];
  const range = least === most ? String(most) : `from ${least} to ${most}`;
  const noun = least === most && most === 1 ? 'argument' : 'arguments';
  return typeError(
    `${name}() takes ${range} positional ${noun} but ${had} ${had === 1 ? 'was' : 'were'} given`,
  );
}

function unknownName({ name, native }: Signature, keyword: string): TypeError {
  return native === true
    ? typeError(`'${keyword}' is an invalid keyword argument for ${name}()`)
    : typeError(`${name}() got an unexpected keyword argument '${keyword}'`);
}

function twice({ name, native }: Signature, keyword: string, at: number): TypeError {
  return native === true
    ? typeError(`argument for ${name}() given by name ('${keyword}') and position (${at + 1})`)
    : typeError(`${name}() got multiple values for argument '${keyword}'`);
}

function missed(signature: Signature, missing: readonly string[]): TypeError {
  const { name, parameters, native } = signature;
  const quoted = missing.map((parameter) => `'${parameter}'`);
  if (native === true) {
    const at = parameters.indexOf(missing[0] as string) + 1;
    return typeError(`${name}() missing required argument ${quoted[0]} (pos ${at})`);
  }
  const list =
    quoted.length < 3 ? quoted.join(' and ') : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
  return typeError(`${name}() missing ${several(missing.length, 'required positional argument')}: ${list}`);
}

/** The words of a method of no parameters that is written in Python: itself counts. */
export function takesSelf(caller: string, args: readonly unknown[]): void {
  const { length } = given(args);
  if (length > 0) throw surplus({ name: caller, parameters: [], method: true }, length);
}
