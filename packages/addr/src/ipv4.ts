/** IPv4 as text: strict, as inet_pton(3) has it, and historic, as inet_aton(3) has it. RFC 791, RFC 6943 section 3.1.1. */
import { checkRoom, checkString } from './check.ts';
import { hexDigit } from './digits.ts';
import { ParseError } from './errors.ts';

const ZERO = 0x30;
const DOT = 0x2e;
const X = 0x78;

/** What a scan missed: the number under which it says so. Scans of IPv6 go on from here. */
const NUMBER = 0;
const SEPARATOR = 1;
const END = 2;
export const EXPECTED: readonly string[] = [
  'a decimal number from 0 to 255 without leading zeros',
  "'.' (IPv4 has four decimal parts)",
  'the end of the IPv4 address',
];

/** Faults are numbers below 0, so that asking costs no exception: the offset, and which thing was missed. */
export function fault(offset: number, which: number): number {
  return -1 - (offset * 16 + which);
}

/** The error that a fault stands for, out of the list of what a scan may miss. */
export function faultError(
  argument: string,
  text: string,
  found: number,
  expected: readonly string[] = EXPECTED,
): ParseError {
  const code = -1 - found;
  return new ParseError(argument, text, Math.floor(code / 16), expected[code % 16]!);
}

const scratch: Uint8Array = /* @__PURE__ */ new Uint8Array(4);

/**
 * IPv4 text as inet_pton(3) takes it: four decimal parts without leading zeros.
 * Returns 4 bytes, network order. Throws ParseError.
 */
export function parseIPv4(text: string): Uint8Array {
  const out = new Uint8Array(4);
  const found = tryIPv4(checkString('text', text), 0, text.length, out, 0);
  if (found < 0) throw faultError('text', text, found);
  return out;
}

/** Would `parseIPv4` take it? What is no string it would not. */
export function isIPv4(text: string): boolean {
  return typeof text === 'string' && tryIPv4(text, 0, text.length, scratch, 0) >= 0;
}

const PARTS: readonly string[] = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => `${byte}`);
const PARTS_AND_DOT: readonly string[] = /* @__PURE__ */ PARTS.map((part) => `${part}.`);

/** Text of the 4 bytes at `offset`. */
export function formatIPv4(bytes: Uint8Array, offset: number = 0): string {
  checkRoom('bytes', bytes, offset, 4);
  // Two short halves, which V8 copies together, and one join of both, which it keeps as a pair until the text is read if that has
  // more than 12 characters. Quicker than a template of four numbers, read or not.
  const head = PARTS_AND_DOT[bytes[offset]!]! + PARTS_AND_DOT[bytes[offset + 1]!]!;
  return head + (PARTS_AND_DOT[bytes[offset + 2]!]! + PARTS[bytes[offset + 3]!]!);
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
  const found = tryIPv4(text, start, end, out, at);
  if (found < 0) throw faultError(argument, text, found);
}

/** As `scanIPv4`, but gives a fault in place of an error; 0 when all is well. */
export function tryIPv4(text: string, start: number, end: number, out: Uint8Array, at: number): number {
  let i = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0) {
      if (i >= end || text.charCodeAt(i) !== DOT) return fault(i, SEPARATOR);
      i++;
    }
    const first = i;
    let value = 0;
    for (; i < end && i - first < 3; i++) {
      const digit = text.charCodeAt(i) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = i - first;
    if (digits === 0 || value > 255 || (digits > 1 && text.charCodeAt(first) === ZERO)) {
      return fault(first, NUMBER);
    }
    out[at + part] = value;
  }
  return i === end ? 0 : fault(i, END);
}

/**
 * IPv4 text in the historic forms of inet_aton(3), which no other function here takes: one to four parts, each decimal,
 * octal (`0`) or hex (`0x`); the last part fills all bytes that are left: `127.1`, `0x7f.1`, `017700000001`, `2130706433`.
 * What stands behind white space is refused as by getaddrinfo(3); inet_aton itself passes it over (CVE-2016-10739).
 * Returns 4 bytes, network order. Throws ParseError.
 */
export function inetAton(text: string): Uint8Array {
  checkString('text', text);
  const out = new Uint8Array(4);
  let i = 0;
  for (let part = 0; ; part++) {
    const first = i;
    const most = 2 ** (8 * (4 - part)) - 1;
    let base = 10;
    if (text.charCodeAt(i) === ZERO) {
      base = (text.charCodeAt(i + 1) | 0x20) === X && hexDigit(text.charCodeAt(i + 2)) >= 0 ? 16 : 8;
      if (base === 16) i += 2;
    }
    let value = 0;
    const digits = i;
    for (; i < text.length && value <= most; i++) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0 || digit >= base) break;
      value = value * base + digit;
    }
    const dot = part < 3 && text.charCodeAt(i) === DOT;
    if (i === digits || value > (dot ? 255 : most)) {
      const range = dot ? '255' : `${most}, or 255 before '.'`;
      throw new ParseError('text', text, first, `a decimal, octal or hex number from 0 to ${range}`);
    }
    if (dot) {
      out[part] = value;
      i++;
      continue;
    }
    if (i < text.length)
      throw new ParseError('text', text, i, part < 3 ? "'.' or the end" : 'the end of the IPv4 address');
    for (let at = 3; at >= part; at--) {
      out[at] = value % 256;
      value = Math.floor(value / 256);
    }
    return out;
  }
}
