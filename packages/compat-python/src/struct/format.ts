/** Format strings of Python's struct module: what each character packs, how long it is, where it stands. */
import { typeName } from '../arguments.ts';
import { typeError, UnicodeEncodeError } from '../errors.ts';
import { StructError } from './error.ts';

/** One item of a format, `count` times in a row; of `s`, `p` the count is the length of the one item. */
export interface Item {
  readonly code: string;
  readonly count: number;
  /** Bytes of one. */
  readonly size: number;
  /** Where the first one begins. */
  readonly offset: number;
  /** Whether it has the C type of this machine, whose words errors have. */
  readonly native: boolean;
}

/** A format, read. */
export interface Layout {
  readonly format: string;
  readonly items: readonly Item[];
  /** Bytes in all. */
  readonly size: number;
  /** How many values it takes and gives. */
  readonly values: number;
  readonly littleEndian: boolean;
}

const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** `sizeof(long)`: Windows keeps it at 32 bits. */
const LONG = process.platform === 'win32' ? 4 : 8;
const POINTER = 8;

const SAME_EVERYWHERE = {
  x: 1,
  b: 1,
  B: 1,
  c: 1,
  s: 1,
  p: 1,
  '?': 1,
  h: 2,
  H: 2,
  e: 2,
  i: 4,
  I: 4,
  f: 4,
} as const;
/** Sizes with `<`, `>`, `=`, `!`, which do not align. */
const STANDARD: ReadonlyMap<string, number> = new Map(
  Object.entries({ ...SAME_EVERYWHERE, l: 4, L: 4, q: 8, Q: 8, d: 8 }),
);
/** Sizes of this machine's C types, which are their alignments too. */
const NATIVE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...SAME_EVERYWHERE,
    l: LONG,
    L: LONG,
    q: 8,
    Q: 8,
    d: 8,
    n: POINTER,
    N: POINTER,
    P: POINTER,
  }),
);

/** PY_SSIZE_T_MAX: no struct is longer. */
const LONGEST = 2n ** 63n - 1n;
const SPACE = /[ \t\n\v\f\r]/;
const DIGIT = /[0-9]/;

function toFormat(value: unknown): string {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
  if (typeof text !== 'string') {
    throw typeError(`Struct() argument 1 must be a str or bytes object, not ${typeName(value)}`);
  }
  const characters = [...text];
  const odd = characters.findIndex((character) => character > '\x7f');
  if (odd >= 0 && typeof value === 'string') {
    let end = odd + 1;
    while ((characters[end] ?? '') > '\x7f') end += 1;
    throw new UnicodeEncodeError('ascii', text, odd, end, 'ordinal not in range(128)');
  }
  if (text.includes('\0')) throw new StructError('embedded null character');
  return text;
}

/**
 * Reads a format.
 *
 * @throws StructError for what is no format; TypeError for what is no text
 */
export function parse(value: unknown): Layout {
  const format = toFormat(value);
  const order = /^[@=<>!]/.exec(format)?.[0];
  const aligns = order === undefined || order === '@';
  const littleEndian = order === '<' || ((aligns || order === '=') && HOST_IS_LITTLE);
  const sizes = aligns ? NATIVE : STANDARD;
  const items: Item[] = [];
  let total = 0n;
  let values = 0;
  for (let at = order === undefined ? 0 : 1; at < format.length; at++) {
    if (SPACE.test(format[at] as string)) continue;
    const from = at;
    while (at < format.length && DIGIT.test(format[at] as string)) at += 1;
    const count = at === from ? 1n : BigInt(format.slice(from, at));
    if (count > LONGEST) throw new StructError('total struct size too long');
    const code = format[at];
    if (code === undefined) throw new StructError('repeat count given without format specifier');
    const size = sizes.get(code);
    if (size === undefined) throw new StructError('bad char in struct format');
    if (aligns) total = ((total + BigInt(size) - 1n) / BigInt(size)) * BigInt(size);
    const offset = Number(total);
    total += count * BigInt(size);
    if (total > LONGEST) throw new StructError('total struct size too long');
    // C's own float is cast, without Python's look at its range.
    const same = littleEndian === HOST_IS_LITTLE && size === NATIVE.get(code);
    const native = same && (aligns || code !== 'f');
    items.push({ code, count: Number(count), size, offset, native });
    if (code === 's' || code === 'p') values += 1;
    else if (code !== 'x') values += Number(count);
  }
  return { format, items, size: Number(total), values, littleEndian };
}
