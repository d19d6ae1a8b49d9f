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
const DECIMAL = /^(0|[1-9]\d*)$/;

/** How `parse` may turn the name of an interface into its index: if_nametoindex(3). */
export interface ParseOptions {
  readonly ifNameToIndex?: ((name: string) => number) | undefined;
}

/** How `format` may turn an index into the interface's name: if_indextoname(3). */
export interface FormatOptions {
  readonly ifIndexToName?: ((index: number) => string) | undefined;
}

/** Where what a human form has behind `prefix` begins. Throws ParseError without it, ERR_INVALID_ARG_TYPE. */
export function checkPrefix(text: string, prefix: string): number {
  if (!checkString('text', text).startsWith(prefix)) throw new ParseError('text', text, 0, `'${prefix}'`);
  return prefix.length;
}

/** Where the first `mark` from `start` on is, or `end` when there is none before. */
export function ends(text: string, mark: string, start: number, end: number): number {
  const at = text.indexOf(mark, start);
  return at < 0 || at > end ? end : at;
}

/** Decimal digits without leading zeros, from 0 to `max`, exactly `text[start..end)`. */
export function readDecimal(
  argument: string,
  text: string,
  start: number,
  end: number,
  max: number,
  what: string,
): number {
  const digits = text.slice(start, end);
  if (!DECIMAL.test(digits) || Number(digits) > max) {
    throw new ParseError(argument, text, start, `${what}, 0 to ${max} in decimal`);
  }
  return Number(digits);
}

/** A number as above, or in hex after `0x`. */
export function readNumber(
  argument: string,
  text: string,
  start: number,
  end: number,
  max: number,
  what: string,
): number {
  const digits = text.slice(start, end);
  if (!/^0x./.test(digits)) return readDecimal(argument, text, start, end, max, what);
  if (!/^0x[\da-f]+$/i.test(digits) || Number(digits) > max) {
    throw new ParseError(argument, text, start, `${what}, 0 to 0x${max.toString(16)}`);
  }
  return Number(digits);
}

/** The index of an interface from its decimal index, or from its name by way of the caller's resolver. */
export function readInterface(
  argument: string,
  text: string,
  start: number,
  end: number,
  max: number,
  options: ParseOptions | undefined,
): number {
  const name = text.slice(start, end);
  // An index, never a name.
  if (DECIMAL.test(name)) return readDecimal(argument, text, start, end, max, 'an interface index');
  if (start >= end || end - start > MAX_NAME) {
    throw new ParseError(
      argument,
      text,
      start,
      `an interface index, or a name of ${MAX_NAME} or fewer characters`,
    );
  }
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= 0x20 || unit === 0x7f || unit === 0x2f || unit === 0x3a) {
      throw new ParseError(
        argument,
        text,
        i,
        "an interface name without '/', ':', spaces and control characters",
      );
    }
  }
  const resolve = options?.ifNameToIndex;
  if (resolve === undefined) {
    throw new ParseError(argument, text, start, 'an interface index (names need the option ifNameToIndex)');
  }
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
  const left = [...known];
  for (let at = start; at < text.length; ) {
    const n = left.findIndex((name) => text.startsWith(`/${name}=`, at));
    if (n < 0) {
      throw new ParseError('text', text, at, [...left.map((name) => `'/${name}='`), 'the end'].join(' or '));
    }
    const [key = ''] = left.splice(n, 1);
    const from = at + key.length + 2;
    at = ends(text, '/', from, text.length);
    each(key, from, at);
  }
}
