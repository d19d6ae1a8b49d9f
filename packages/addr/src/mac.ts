import { checkBytes, checkInteger, checkString } from './check.ts';
import { ParseError } from './errors.ts';
import { hexDigit } from './ip.ts';

/** The longest hardware address: MAX_ADDR_LEN in linux/netdevice.h (InfiniBand has 20). */
export const MAX_HARDWARE_ADDRESS: number = 32;

const COLON = 0x3a;
const DASH = 0x2d;

/**
 * Hardware address text: pairs of hex digits in either case, joined by ':' or by '-' throughout; 6 bytes for
 * EUI-48, 8 for EUI-64, at most 32. The empty text is no bytes. Throws ParseError.
 */
export function parseMac(text: string): Uint8Array {
  return scanMac('text', checkString('text', text), 0, text.length);
}

/** Text of up to 32 bytes: lower case, joined by ':'. No bytes give the empty text. */
export function formatMac(bytes: Uint8Array): string {
  checkInteger('bytes.length', checkBytes('bytes', bytes).length, 0, MAX_HARDWARE_ADDRESS);
  let text = '';
  for (const byte of bytes) text += `${text === '' ? '' : ':'}${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  return text;
}

/** Reads `text[start..end)`; offsets in errors count from the start of `text`. */
export function scanMac(argument: string, text: string, start: number, end: number): Uint8Array {
  if (start === end) return new Uint8Array(0);
  const out: number[] = [];
  const separator = text.charCodeAt(start + 2);
  for (let i = start; ; i += 3) {
    if (out.length === MAX_HARDWARE_ADDRESS) {
      throw new ParseError(argument, text, i - 1, `the end after ${MAX_HARDWARE_ADDRESS} bytes`);
    }
    const high = i < end ? hexDigit(text.charCodeAt(i)) : -1;
    const low = i + 1 < end ? hexDigit(text.charCodeAt(i + 1)) : -1;
    if (high < 0 || low < 0) throw new ParseError(argument, text, Math.min(i, end), 'two hex digits');
    out.push((high << 4) | low);
    if (i + 2 === end) return Uint8Array.from(out);
    const next = text.charCodeAt(i + 2);
    if ((next !== COLON && next !== DASH) || next !== separator) {
      throw new ParseError(argument, text, i + 2, "the same ':' or '-' between all bytes");
    }
  }
}
