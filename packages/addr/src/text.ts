import { checkInteger, checkString, wrongType } from './check.ts';
import { ParseError } from './errors.ts';

/*
 * What the human forms share: numbers, interfaces, and options after '/', which like ':' cannot stand in the
 * name of an interface (dev_valid_name in net/core/dev.c).
 */

/** Largest interface index: the kernels keep it in a C int. */
export const MAX_IFINDEX: number = 0x7fffffff;

const MAX_NAME = 255;

/** A number in decimal, with no leading zero. */
const DECIMAL = /^(?:0|[1-9]\d*)$/;

/** The same, or hex after `0x`. */
export const NUMBER: RegExp = /^(?:0|[1-9]\d*|0x[\da-fA-F]+)$/;

/** How `parse` may turn the name of an interface into its index: if_nametoindex(3). */
export interface ParseOptions {
  readonly ifNameToIndex?: ((name: string) => number) | undefined;
}

/** How `format` may turn an index into the interface's name: if_indextoname(3). */
export interface FormatOptions {
  readonly ifIndexToName?: ((index: number) => string) | undefined;
}

/** Throws a ParseError: what was expected `at` units into the part of a text that is read. */
export type Fail = (expected: string, at?: number) => never;

/** How what reads the part of `text` from `start` on says what is wrong with it. */
export function failAt(argument: string, text: string, start: number = 0): Fail {
  return (expected, at = 0) => {
    throw new ParseError(argument, text, start + at, expected);
  };
}

/** Where what a human form has behind `prefix` begins. Throws ParseError without it, ERR_INVALID_ARG_TYPE. */
export function checkPrefix(text: string, prefix: string): number {
  if (!checkString('text', text).startsWith(prefix)) throw new ParseError('text', text, 0, `'${prefix}'`);
  return prefix.length;
}

/** Where the first `mark` from `start` on is, or the end when there is none. */
export function ends(text: string, mark: string, start: number): number {
  const at = text.indexOf(mark, start);
  return at < 0 ? text.length : at;
}

/** The number from 0 to `max` that is all of `part`, in decimal or hex. */
export function readNumber(part: string, fail: Fail, max: number, what: string): number {
  if (!NUMBER.test(part) || Number(part) > max) fail(`${what}, 0 to ${max}`);
  return Number(part);
}

/** The same, in decimal only. */
export function readDecimal(part: string, fail: Fail, max: number, what: string): number {
  if (!DECIMAL.test(part) || Number(part) > max) fail(`${what}, 0 to ${max} in decimal`);
  return Number(part);
}

/** The index of an interface from its decimal index, or from its name by way of the caller's resolver. */
export function readInterface(
  name: string,
  fail: Fail,
  max: number,
  options: ParseOptions | undefined,
): number {
  // An index, never a name.
  if (DECIMAL.test(name)) return readDecimal(name, fail, max, 'an interface index');
  const bad = name.length > MAX_NAME ? 0 : `${name}:`.search(/[\0- \x7f/:]/);
  if (bad === 0 || bad < name.length) {
    fail(
      `an interface index or name of 1 to ${MAX_NAME} characters without '/', ':', spaces and controls`,
      bad,
    );
  }
  const resolve = options?.ifNameToIndex;
  if (resolve === undefined) return fail('an interface index (names need the option ifNameToIndex)');
  if (typeof resolve !== 'function') throw wrongType('options.ifNameToIndex', 'a function', resolve);
  return checkInteger('options.ifNameToIndex()', resolve(name), 1, max);
}

/** The name of interface `index` where the caller can tell, its index otherwise. 0 means any or none. */
export function interfaceText(index: number, options: FormatOptions | undefined): string {
  const resolve = options?.ifIndexToName;
  if (resolve === undefined || index === 0) return String(index);
  if (typeof resolve !== 'function') throw wrongType('options.ifIndexToName', 'a function', resolve);
  const name = checkString('options.ifIndexToName()', resolve(index));
  // A name that would not be read back as this name gives way to the index.
  const readable = name.length <= MAX_NAME && /^[^/:\]\s\p{Cc}]+$/u.test(name) && !DECIMAL.test(name);
  return readable ? name : String(index);
}

/** Calls `each` for every `/key=value` in `text[start..]`; keys must be in `known`, and none may come twice. */
export function readOptions(
  text: string,
  start: number,
  known: readonly string[],
  each: (key: string, from: number, to: number) => void,
): void {
  let left = known;
  for (let at = start; at < text.length; ) {
    const key = left.find((name) => text.startsWith(`/${name}=`, at));
    if (key === undefined) {
      throw new ParseError('text', text, at, [...left.map((name) => `'/${name}='`), 'the end'].join(' or '));
    }
    left = left.filter((name) => name !== key);
    const from = at + key.length + 2;
    at = ends(text, '/', from);
    each(key, from, at);
  }
}
