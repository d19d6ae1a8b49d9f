/** IPv4 as text: strict, as inet_pton(3) has it, and historic, as inet_aton(3) has it. RFC 791, RFC 6943 section 3.1.1. */
import { put } from './bytes.ts';
import { checkRoom, checkString } from './check.ts';
import { ParseError } from './errors.ts';

const ZERO = 0x30;
const DOT = 0x2e;

const END = 'the end of the IPv4 address';

/** What the last scan missed. */
let missed = '';

/** Faults are numbers below 0, so that asking costs no exception: the complement of the offset. What was expected there is kept. */
export function fault(offset: number, expected: string): number {
  missed = expected;
  return ~offset;
}

/** The error that the last fault stands for. */
export function faultError(argument: string, text: string, found: number): ParseError {
  return new ParseError(argument, text, ~found, missed);
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
      if (i >= end || text.charCodeAt(i) !== DOT) return fault(i, "'.' (IPv4 has four decimal parts)");
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
      return fault(first, 'a decimal number from 0 to 255 without leading zeros');
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
  for (let i = 0, part = 0; ; part++) {
    const most = 2 ** (8 * (4 - part)) - 1;
    const [digits] = /^(?:0x[\da-f]+|0[0-7]*|[1-9]\d*)?/i.exec(text.slice(i))!;
    const end = i + digits.length;
    const value = /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    const dot = part < 3 && text[end] === '.';
    if (end === i || value > (dot ? 255 : most)) {
      const range = dot ? '255' : `${most}, or 255 before '.'`;
      throw new ParseError('text', text, i, `a decimal, octal or hex number from 0 to ${range}`);
    }
    if (!dot) {
      if (end < text.length) throw new ParseError('text', text, end, part < 3 ? "'.' or the end" : END);
      put(out, part, 4 - part, value, true);
      return out;
    }
    out[part] = value;
    i = end + 1;
  }
}
