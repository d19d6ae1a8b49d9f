/** IPv6 as text: RFC 4291 section 2.2, RFC 5952, zones as RFC 4007 section 11 has them. */
import { checkRoom, checkString } from './check.ts';
import { hexDigit } from './digits.ts';
import { fault, faultError, formatIPv4, tryIPv4 } from './ipv4.ts';

/** What IPv6 text says: 16 bytes in network order, and the zone (RFC 4007) as text, not resolved. */
export interface IPv6 {
  readonly bytes: Uint8Array;
  readonly zone: string | undefined;
}

const PERCENT = 0x25;
const COLON = 0x3a;
const DOT = 0x2e;

/** The longest zone: NDIS_IF_MAX_STRING_SIZE on Windows; Linux and the BSDs stop at 15. */
const MAX_ZONE = 255;

const scratch: Uint8Array = /* @__PURE__ */ new Uint8Array(16);

/**
 * IPv6 text in every spelling of RFC 4291 section 2.2 (any case, leading zeros, `::`, dotted IPv4 at the end)
 * with an optional `%zone`. Throws ParseError.
 */
export function parseIPv6(text: string): IPv6 {
  const bytes = new Uint8Array(16);
  return { bytes, zone: scanIPv6('text', checkString('text', text), 0, text.length, bytes) };
}

/** Would `parseIPv6` take it? What is no string it would not. */
export function isIPv6(text: string): boolean {
  if (typeof text !== 'string') return false;
  const end = text.length;
  const stop = tryIPv6(text, 0, end, scratch);
  return stop >= 0 && tryZone(text, stop, end) >= 0;
}

/** Reads IPv6 with its zone from `text[start..end)` into `out`; returns the zone. */
export function scanIPv6(
  argument: string,
  text: string,
  start: number,
  end: number,
  out: Uint8Array,
): string | undefined {
  let stop = tryIPv6(text, start, end, out);
  if (stop === end) return undefined;
  if (stop >= 0) {
    const zone = stop + 1;
    stop = tryZone(text, stop, end);
    if (stop >= 0) return text.slice(zone, end);
  }
  throw faultError(argument, text, stop);
}

/** Reads IPv6 from `text[start..end)` into the first 16 bytes of `out`: where it ends (`end` or a '%'), or a fault. */
export function tryIPv6(text: string, start: number, end: number, out: Uint8Array): number {
  let i = start;
  /** Bytes read, and how many of them stand before '::'. */
  let n = 0;
  let gap = -1;
  if (i + 1 < end && text.charCodeAt(i) === COLON && text.charCodeAt(i + 1) === COLON) {
    gap = 0;
    i += 2;
  }
  for (;;) {
    // What stands after '::' may be nothing.
    if (gap === n && (i >= end || text.charCodeAt(i) === PERCENT)) break;
    if (n === 16) return fault(i, 'the end of the IPv6 address after eight groups');
    const first = i;
    let group = 0;
    let unit = -1;
    for (; i < end; i++) {
      unit = text.charCodeAt(i);
      const digit = hexDigit(unit);
      if (digit < 0 || i - first === 4) break;
      group = (group << 4) | digit;
    }
    if (i === first) return fault(i, 'a group of one to four hex digits');
    if (i < end && unit === DOT) {
      if (n > 12) return fault(first, 'dotted IPv4 in place of the last two groups');
      const percent = text.indexOf('%', i);
      i = percent >= 0 && percent < end ? percent : end;
      const found = tryIPv4(text, first, i, out, n);
      if (found < 0) return found;
      n += 4;
      break;
    }
    out[n++] = group >>> 8;
    out[n++] = group;
    if (i >= end || unit === PERCENT) break;
    if (unit !== COLON) return fault(i, "':' or the end");
    i++;
    if (i < end && text.charCodeAt(i) === COLON) {
      if (gap >= 0) return fault(i - 1, "one '::' at most");
      gap = n;
      i++;
    }
  }
  if (gap < 0) return n === 16 ? i : fault(i, "eight groups, or '::'");
  if (n === 16) return fault(i, "at most seven groups beside '::'");
  const zeros = 16 - n;
  for (let at = n - 1; at >= gap; at--) out[at + zeros] = out[at]!;
  for (let at = gap + zeros - 1; at >= gap; at--) out[at] = 0;
  return i;
}

/** The zone from the '%' at `percent` to `end`, both may be the same: 0, or a fault. */
function tryZone(text: string, percent: number, end: number): number {
  if (percent === end) return 0;
  const zone = text.slice(percent + 1, end);
  const bad = zone === '' || zone.length > MAX_ZONE ? 0 : zone.search(/[\0- \x7f/]/);
  if (bad < 0) return 0;
  return fault(percent + 1 + bad, `a zone of 1 to ${MAX_ZONE} characters without '/', spaces and controls`);
}

/**
 * Text of the 16 bytes at `offset` as RFC 5952 says: lower case, no leading zeros, `::` for the first of the longest runs
 * of two or more zero groups.
 *
 * The last 32 bits are dotted for `::ffff:0:0/96` (IPv4-mapped) and for `::/96` behind six zero groups (IPv4-compatible),
 * and for nothing else. RFC 5952 section 5 recommends it for the well-known prefixes of RFC 4291, which are these two; it also
 * would have it for RFC 2765's `::ffff:0:0:0/96`, and RFC 6052 allows it for `64:ff9b::/96`, but inet_ntop(3) of
 * glibc, musl and the BSDs writes hex there. What the system writes for an address (getnameinfo, ip(8), logs) and what this
 * writes should be the same text.
 */
export function formatIPv6(bytes: Uint8Array, offset: number = 0): string {
  checkRoom('bytes', bytes, offset, 16);
  let from = -1;
  let run = 1;
  let first = 0;
  /** Digits of all groups; those of zeros count one. */
  let digits = 0;
  for (let i = 0; i < 8; i++) {
    const group = (bytes[offset + 2 * i]! << 8) | bytes[offset + 2 * i + 1]!;
    digits += hexLength(group);
    if (group !== 0) first = i + 1;
    else if (i + 1 - first > run) {
      from = first;
      run = i + 1 - first;
    }
  }
  if (
    from === 0 &&
    (run === 6 || (run === 5 && bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff))
  ) {
    return (run === 6 ? '::' : '::ffff:') + formatIPv4(bytes, offset + 12);
  }
  // Seven colons; '::' takes the place of the run's digits and of the colons around them.
  const row = rowOf(
    digits + 7 - (from < 0 ? 0 : 2 * run - 1 - (from === 0 ? 1 : 0) - (from + run === 8 ? 1 : 0)),
  );
  let at = 0;
  for (let i = 0; i < 8; i++) {
    if (i === from) {
      row[at++] = COLON;
      if (i === 0) row[at++] = COLON;
      i += run - 1;
      continue;
    }
    const group = (bytes[offset + 2 * i]! << 8) | bytes[offset + 2 * i + 1]!;
    if (group > 0xfff) row[at++] = hexUnit(group >>> 12);
    if (group > 0xff) row[at++] = hexUnit((group >>> 8) & 15);
    if (group > 0xf) row[at++] = hexUnit((group >>> 4) & 15);
    row[at++] = hexUnit(group & 15);
    if (i < 7) row[at++] = COLON;
  }
  return String.fromCharCode(...row);
}

/** Arrays of UTF-16 units, one of each length (2 to 39) that was asked for: made once, so that formatting makes its text only. */
const rows: number[][] = [];

function rowOf(length: number): number[] {
  rows[length] ??= Array.from({ length }, () => 0);
  return rows[length];
}

function hexLength(group: number): number {
  if (group > 0xff) return group > 0xfff ? 4 : 3;
  return group > 0xf ? 2 : 1;
}

/** The hex digit of 0 to 15, without a branch: half of them would be guessed wrong. */
function hexUnit(value: number): number {
  return 0x30 + value + ((9 - value) >>> 31) * 39;
}
