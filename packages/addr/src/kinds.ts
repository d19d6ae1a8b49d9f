/**
 * Kinds of fields that the structs of struct.ts are made of: each checks a value, reads and writes it in bytes and in text.
 */
import { putU16, putU32, u16, u32 } from './bytes.ts';
import { checkBytes, checkInteger, checkString, wrongType, wrongValue } from './check.ts';
import { HEX_PAIRS, hexPair } from './digits.ts';
import { DecodeError, ParseError } from './errors.ts';
import { formatMac, scanMac } from './mac.ts';
import { isBytes } from './shown.ts';
import {
  type FormatOptions,
  interfaceText,
  MAX_IFINDEX,
  type ParseOptions,
  readDecimal,
  readInterface,
  readNumber,
} from './text.ts';

/** What a field holds: numbers, 64-bit ones, text; undefined where that is a value of its own. */
export type Held = number | bigint | string | undefined;

/** One kind of field. */
export interface Kind {
  /** What a field holds that nothing is said of; a field without such a value has to be given. */
  readonly none?: Held;
  /** Characters of its text where that is fixed, since the text may contain ':'. */
  readonly width?: number;
  /** `value` as the field holds it. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
  check(argument: string, value: unknown): Held;
  /** Bytes that it needs from its offset on. */
  room(value: Held): number;
  /** Reads the field at `at`, of a sockaddr that ends at `end`. */
  get(b: Uint8Array, at: number, big: boolean, end: number): Held;
  put(b: Uint8Array, at: number, value: Held, big: boolean): void;
  /** Reads `text[start..end)`. Throws ParseError. */
  scan(text: string, start: number, end: number, what: string, options: ParseOptions | undefined): Held;
  show(value: Held, options: FormatOptions | undefined): string;
}

/** How a number is written, and in which order where that is not the host's. */
export interface Uint {
  readonly hex?: boolean;
  readonly none?: Held;
  /** -128 to 127 in one byte. */
  readonly signed?: boolean;
  /** The order is fixed, big-endian (network order) or not, whatever the host. */
  readonly big?: boolean;
}

/** An integer of 1, 2 or 4 bytes. */
export function uint(size: 1 | 2 | 4, how: Uint = {}): Kind {
  const least = how.signed ? -128 : 0;
  const most = how.signed ? 127 : 2 ** (8 * size) - 1;
  return {
    ...('none' in how ? { none: how.none } : {}),
    check: (argument, value) => checkInteger(argument, value, least, most),
    room: () => size,
    get(b, at, host) {
      const big = how.big ?? host;
      if (size === 4) return u32(b, at, big);
      if (size === 2) return u16(b, at, big);
      return how.signed ? (b[at]! << 24) >> 24 : b[at]!;
    },
    put(b, at, value, host) {
      const big = how.big ?? host;
      if (size === 4) putU32(b, at, value as number, big);
      else if (size === 2) putU16(b, at, value as number, big);
      else b[at] = value as number;
    },
    scan: (text, start, end, what) =>
      how.signed && text[start] === '-'
        ? -readDecimal('text', text, start + 1, end, -least, what)
        : readNumber('text', text, start, end, most, what),
    show: (value) => (how.hex ? `0x${(value as number).toString(16)}` : String(value)),
  };
}

const U64 = 0xffffffffffffffffn;

/** An integer of 8 bytes, as a bigint. */
export const uint64: Kind = {
  none: 0n,
  check(argument, value) {
    if (typeof value !== 'bigint') throw wrongType(argument, 'a bigint', value);
    if (value < 0n || value > U64) throw wrongValue(argument, 'a bigint from 0 to 2n ** 64n - 1n', value);
    return value;
  },
  room: () => 8,
  get: (b, at, big) =>
    (BigInt(u32(b, at + (big ? 0 : 4), big)) << 32n) | BigInt(u32(b, at + (big ? 4 : 0), big)),
  put(b, at, value, big) {
    putU32(b, at + (big ? 0 : 4), Number((value as bigint) >> 32n), big);
    putU32(b, at + (big ? 4 : 0), Number((value as bigint) & 0xffffffffn), big);
  },
  scan(text, start, end, what) {
    const part = text.slice(start, Math.min(end, start + 21));
    if (part.length === end - start && /^(?:0x[\da-f]+|0|[1-9]\d*)$/i.test(part)) {
      const value = BigInt(part);
      if (value <= U64) return value;
    }
    throw new ParseError('text', text, start, `${what}, a number of 64 bits`);
  },
  show: (value) => `0x${(value as bigint).toString(16)}`,
};

/** An interface index, 0 for any; a name in text. */
export const ifindex: Kind = {
  room: () => 4,
  put: (b, at, value, big) => putU32(b, at, value as number, big),
  check: (argument, value) => checkInteger(argument, value, 0, MAX_IFINDEX),
  get(b, at, big) {
    const index = u32(b, at, big);
    if (index > MAX_IFINDEX) throw new DecodeError(at, 'an interface index of 0 or more', index | 0);
    return index;
  },
  scan: (text, start, end, _what, options) => readInterface('text', text, start, end, MAX_IFINDEX, options),
  show: (value, options) => interfaceText(value as number, options),
};

/** Six bytes of a hardware address; `reversed`, as Bluetooth sends them, and then in upper case, as it writes them. */
export function hardware(reversed: boolean): Kind {
  const show = (bytes: Uint8Array): string => {
    const text = formatMac(bytes);
    return reversed ? text.toUpperCase() : text;
  };
  const scan = (argument: string, text: string, start: number, end: number): Uint8Array => {
    const bytes = scanMac(argument, text, start, end);
    if (bytes.length !== 6) throw new ParseError(argument, text, start, 'a hardware address of 6 bytes');
    return bytes;
  };
  const order = (bytes: Uint8Array): Uint8Array => (reversed ? bytes.reverse() : bytes);
  return {
    none: show(new Uint8Array(6)),
    width: 17,
    check(argument, value) {
      if (isBytes(value)) return show(checkBytes(argument, value, 6));
      const text = checkString(argument, value);
      return show(scan(argument, text, 0, text.length));
    },
    room: () => 6,
    get: (b, at) => show(order(new Uint8Array(b.subarray(at, at + 6)))),
    put(b, at, value) {
      b.set(order(scan('value', value as string, 0, (value as string).length)), at);
    },
    scan: (text, start, end) => show(scan('text', text, start, end)),
    show: (value) => value as string,
  };
}

/** Offsets of a GUID's bytes in the order in which its text has them: three little-endian integers and eight bytes. */
const GUID: readonly number[] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
const GUID_TEXT = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A GUID of Windows, guiddef.h: lower case, without braces. */
export const guid: Kind = {
  none: '00000000-0000-0000-0000-000000000000',
  width: 36,
  check(argument, value) {
    if (!GUID_TEXT.test(checkString(argument, value).slice(0, 37))) {
      throw wrongValue(argument, "a GUID as '00000000-facb-11e6-bd58-64006a7986d3'", value);
    }
    return (value as string).toLowerCase();
  },
  room: () => 16,
  get: (b, at) =>
    GUID.map((i) => HEX_PAIRS[b[at + i]!])
      .join('')
      .replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  put(b, at, value) {
    const digits = (value as string).replaceAll('-', '');
    GUID.forEach((i, n) => {
      b[at + i] = hexPair(digits, 2 * n);
    });
  },
  scan(text, start, end, what) {
    const part = text.slice(start, Math.min(end, start + 37));
    if (!GUID_TEXT.test(part)) throw new ParseError('text', text, start, `${what}, a GUID`);
    return part.toLowerCase();
  },
  show: (value) => value as string,
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: any but NUL may be in a name
const ASCII = /^[\x01-\x7f]*$/;

/**
 * ASCII text of at most `most` characters, ended by a NUL within `size` bytes, or within the sockaddr when there is no
 * `size`. In text ':', '/', '%', spaces and control characters stand as `%HH`.
 */
export function ascii(most: number, size?: number): Kind {
  const check = (argument: string, value: unknown): string => {
    const text = checkString(argument, value);
    checkInteger(`${argument}.length`, text.length, 0, most);
    if (!ASCII.test(text)) throw wrongValue(argument, 'ASCII text without NUL', value);
    return text;
  };
  return {
    none: '',
    check,
    room: (value) => (value as string).length + 1,
    get(b, at, _big, end) {
      const stop = Math.min(end, size === undefined ? end : at + size);
      let text = '';
      for (let i = at; i < stop && b[i] !== 0; i++) {
        if (b[i]! > 0x7f || text.length === most) {
          throw new DecodeError(i, `ASCII text of at most ${most} characters`, b[i]!);
        }
        text += String.fromCharCode(b[i]!);
      }
      return text;
    },
    put(b, at, value) {
      for (let i = 0; i < (value as string).length; i++) b[at + i] = (value as string).charCodeAt(i);
    },
    scan(text, start, end, what) {
      const part = text.slice(start, Math.min(end, start + 3 * most + 1));
      const plain = part.replace(/%[\da-f]{2}/gi, (code) => String.fromCharCode(hexPair(code, 1)));
      // A '%' is good before two hex digits only.
      if (ASCII.test(part) && ASCII.test(plain) && !/%(?![\da-f]{2})/i.test(part) && plain.length <= most)
        return plain;
      throw new ParseError('text', text, start, `${what} of at most ${most} ASCII characters`);
    },
    // No control character may reach a terminal.
    show: (value) => (value as string).replace(/[\p{Cc} %/:]/gu, (c) => `%${HEX_PAIRS[c.charCodeAt(0)]}`),
  };
}
