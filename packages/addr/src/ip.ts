import { checkRoom, checkString } from './check.ts';
import { ParseError } from './errors.ts';

/** What IPv6 text says: 16 bytes in network order, and the zone (RFC 4007) as text, not resolved. */
export interface IPv6 {
  readonly bytes: Uint8Array;
  readonly zone: string | undefined;
}

const ZERO = 0x30;
const COLON = 0x3a;
const DOT = 0x2e;

/** The longest zone: NDIS_IF_MAX_STRING_SIZE on Windows; Linux and the BSDs stop at 15. */
const MAX_ZONE = 255;

/**
 * IPv4 text as inet_pton(3) takes it: four decimal parts without leading zeros.
 * Returns 4 bytes, network order. Throws ParseError.
 */
export function parseIPv4(text: string): Uint8Array {
  const out = new Uint8Array(4);
  scanIPv4('text', checkString('text', text), 0, text.length, out, 0);
  return out;
}

/** Would `parseIPv4` take it? */
export function isIPv4(text: string): boolean {
  return accepts(() => parseIPv4(text));
}

/** Text of the 4 bytes at `offset`. */
export function formatIPv4(bytes: Uint8Array, offset: number = 0): string {
  checkRoom('bytes', bytes, offset, 4);
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/**
 * IPv6 text in every spelling of RFC 4291 section 2.2 (any case, leading zeros, `::`, dotted IPv4 at the end)
 * with an optional `%zone`. Throws ParseError.
 */
export function parseIPv6(text: string): IPv6 {
  const bytes = new Uint8Array(16);
  const zone = scanIPv6('text', checkString('text', text), 0, text.length, bytes);
  return { bytes, zone };
}

/** Would `parseIPv6` take it? */
export function isIPv6(text: string): boolean {
  return accepts(() => parseIPv6(text));
}

/**
 * Text of the 16 bytes at `offset` as RFC 5952 says: lower case, no leading zeros, `::` for the first of the
 * longest runs of two or more zero groups, IPv4-mapped and IPv4-compatible ones with dotted IPv4, as glibc and
 * the BSDs have it.
 */
export function formatIPv6(bytes: Uint8Array, offset: number = 0): string {
  checkRoom('bytes', bytes, offset, 16);
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push((bytes[offset + 2 * i]! << 8) | bytes[offset + 2 * i + 1]!);
  let best = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      best = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const dotted = best === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  const tail = dotted ? formatIPv4(bytes, offset + 12) : '';
  const end = dotted ? 6 : 8;
  if (best < 0) return hex(0, end);
  const after = hex(best + length, end);
  return `${hex(0, best)}::${after}${after !== '' && tail !== '' ? ':' : ''}${tail}`;
}

/** Reads IPv4 from `text[start..end)` into `out` at `at`; offsets in errors count from the start of `text`. */
export function scanIPv4(
  argument: string,
  text: string,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): void {
  let i = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && (i >= end || text.charCodeAt(i++) !== DOT)) {
      throw new ParseError(argument, text, i >= end ? end : i - 1, "'.' (IPv4 has four decimal parts)");
    }
    const first = i;
    let value = 0;
    while (i < end && i - first < 3 && isDigit(text.charCodeAt(i))) {
      value = value * 10 + text.charCodeAt(i++) - ZERO;
    }
    const leadingZero = i - first > 1 && text.charCodeAt(first) === ZERO;
    if (i === first || value > 255 || leadingZero) {
      throw new ParseError(argument, text, first, 'a decimal number from 0 to 255 without leading zeros');
    }
    out[at + part] = value;
  }
  if (i !== end) throw new ParseError(argument, text, i, 'the end of the IPv4 address');
}

/** Reads IPv6 with its zone from `text[start..end)` into `out`; returns the zone. */
export function scanIPv6(
  argument: string,
  text: string,
  start: number,
  end: number,
  out: Uint8Array,
): string | undefined {
  const percent = text.indexOf('%', start);
  const stop = percent >= 0 && percent < end ? percent : end;
  const groups: number[] = [];
  let gap = -1;
  let i = start;
  const fail = (at: number, expected: string): ParseError => new ParseError(argument, text, at, expected);
  if (text.startsWith('::', start)) {
    gap = 0;
    i += 2;
  }
  while (i < stop || gap !== groups.length) {
    if (groups.length === 8) throw fail(i, 'the end of the IPv6 address after eight groups');
    const first = i;
    let group = 0;
    while (i < stop && i - first < 4) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      group = (group << 4) | digit;
      i++;
    }
    if (i === first) throw fail(i, 'a group of one to four hex digits');
    if (i < stop && text.charCodeAt(i) === DOT) {
      if (groups.length > 6) throw fail(first, 'dotted IPv4 in place of the last two groups');
      const dotted = new Uint8Array(4);
      scanIPv4(argument, text, first, stop, dotted, 0);
      groups.push((dotted[0]! << 8) | dotted[1]!, (dotted[2]! << 8) | dotted[3]!);
      i = stop;
      break;
    }
    groups.push(group);
    if (i === stop) break;
    if (text.charCodeAt(i) !== COLON) throw fail(i, "':' or the end");
    i++;
    if (i < stop && text.charCodeAt(i) === COLON) {
      if (gap >= 0) throw fail(i - 1, "one '::' at most");
      gap = groups.length;
      i++;
    }
  }
  if (gap < 0 && groups.length !== 8) throw fail(stop, "eight groups, or '::'");
  if (gap >= 0 && groups.length > 7) throw fail(stop, "at most seven groups beside '::'");
  const zone = stop === end ? undefined : readZone(argument, text, stop + 1, end);
  const zeros = 8 - groups.length;
  out.fill(0);
  for (let n = 0; n < groups.length; n++) {
    const at = 2 * (gap >= 0 && n >= gap ? n + zeros : n);
    out[at] = groups[n]! >>> 8;
    out[at + 1] = groups[n]!;
  }
  return zone;
}

function readZone(argument: string, text: string, start: number, end: number): string {
  if (start === end || end - start > MAX_ZONE) {
    throw new ParseError(argument, text, start, `a zone of 1 to ${MAX_ZONE} characters after '%'`);
  }
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit <= 0x20 || unit === 0x7f || unit === 0x2f) {
      throw new ParseError(argument, text, i, "a zone without '/', spaces and control characters");
    }
  }
  return text.slice(start, end);
}

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/** Is the UTF-16 unit one of 0 to 9? */
export function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= 0x39;
}

/** The value of a hex digit, or -1. */
export function hexDigit(unit: number): number {
  if (isDigit(unit)) return unit - ZERO;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
