/**
 * Kinds of fields that the structs of struct.ts are made of: each checks a value, reads and writes it in bytes and in text.
 */
import { get, put } from './bytes.ts';
import { checkBytes, checkInteger, checkString, wrongType, wrongValue } from './check.ts';
import { hex, hexPair } from './digits.ts';
import { DecodeError } from './errors.ts';
import { MAX_SOCKADDR } from './layout.ts';
import { formatMac, scanMac } from './mac.ts';
import { isBytes } from './shown.ts';
import {
  type Fail,
  type FormatOptions,
  failAt,
  interfaceText,
  MAX_IFINDEX,
  NUMBER,
  type ParseOptions,
  readInterface,
  readNumber,
} from './text.ts';

/** What a field holds: numbers, 64-bit ones, text; undefined where that is a value of its own. */
export type Held = number | bigint | string | undefined;

/** Reads a field, named `what` and `most` at most if it is a number, that is all of `part`. */
export type Scan = (
  part: string,
  fail: Fail,
  most: number,
  what: string,
  options: ParseOptions | undefined,
) => Held;

/** One kind of field. */
export interface Kind {
  /** What a field holds that nothing is said of; a field without such a value has to be given. */
  readonly none?: Held;
  /** Characters of its text where that is fixed, since the text may contain ':'. */
  readonly width?: number;
  /** `value` as the field holds it. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
  check(argument: string, value: unknown): Held;
  /** Reads the field at `at`, of a sockaddr that ends at `end` and of a socket with this protocol, where it is told. */
  get(b: Uint8Array, at: number, big: boolean, end: number, protocol: number | undefined): Held;
  /** Writes the field, and returns the offset behind it. */
  put(b: Uint8Array, at: number, value: Held, big: boolean): number;
  /** The largest number. */
  readonly most?: number;
  /** Reads the field that is all of `part`, where that is more than a number. */
  readonly scan?: Scan;
  show(value: Held, options: FormatOptions | undefined): string;
}

/** An integer of 1, 2 or 4 bytes, `most` at most; `hex` says how it is written. */
export function uint(
  size: number,
  none?: Held,
  hex: boolean = false,
  most: number = 2 ** (8 * size) - 1,
): Kind {
  return {
    none,
    most,
    check: (argument, value) => checkInteger(argument, value, 0, most),
    get: (b, at, big) => get(b, at, size, big) >>> 0,
    put: (b, at, value, big) => put(b, at, size, value as number, big),
    show: (value) => (hex ? `0x${value!.toString(16)}` : `${value}`),
  };
}

/** The same in an order that is fixed, big-endian (network order) or not, whatever the host. */
export function ordered(kind: Kind, big: boolean): Kind {
  return {
    ...kind,
    get: (b, at, _host, end, protocol) => kind.get(b, at, big, end, protocol),
    put: (b, at, value) => kind.put(b, at, value, big),
  };
}

/** An interface index, 0 for any; a name in text. */
export const ifindex: Kind = /* @__PURE__ */ Object.assign(uint(4, undefined, false, MAX_IFINDEX), {
  get(b: Uint8Array, at: number, big: boolean): number {
    const index = get(b, at, 4, big);
    if (index < 0) throw new DecodeError(at, 'an interface index of 0 or more', index);
    return index;
  },
  show: (value: Held, options: FormatOptions | undefined): string => interfaceText(value as number, options),
});

/** Reads numbers, and an interface by its index or name. */
export const scanIfindex: Scan = (part, fail, most, what, options) =>
  what === 'ifindex' ? readInterface(part, fail, most, options) : readNumber(part, fail, most, what);

/** An integer of 8 bytes, as a bigint. */
export const uint64: Kind = {
  none: 0n,
  check(argument, value) {
    if (typeof value !== 'bigint') throw wrongType(argument, 'a bigint', value);
    if (BigInt.asUintN(64, value) !== value) {
      throw wrongValue(argument, 'a bigint from 0 to 2n ** 64n - 1n', value);
    }
    return value;
  },
  get(b, at, big) {
    const half = (n: number): bigint => BigInt(get(b, at + n, 4, big) >>> 0);
    return (half(big ? 0 : 4) << 32n) | half(big ? 4 : 0);
  },
  put(b, at, value, big) {
    put(b, at + (big ? 0 : 4), 4, Number((value as bigint) >> 32n), big);
    put(b, at + (big ? 4 : 0), 4, Number((value as bigint) & 0xffffffffn), big);
    return at + 8;
  },
  scan(part, fail, _most, what) {
    const value = part.length < 22 && NUMBER.test(part) ? BigInt(part) : -1n;
    if (BigInt.asUintN(64, value) !== value) fail(`${what}, a number of 64 bits`);
    return value;
  },
  show: (value) => `0x${value!.toString(16)}`,
};

/** Bytes of an EUI-48. */
const HARDWARE = 6;

/** The text of {@link HARDWARE} zeros. */
const NO_HARDWARE = '00:00:00:00:00:00';

/**
 * Bytes that a field holds as text, `none` where they are zeros: written out, since to have it made here costs all who import a
 * family a tenth of a millisecond. `scan` reads them in the order in which they are written, and `show` writes them; `order` puts them
 * into that of memory, and back. Hardware addresses are taken as bytes, too, as they are written.
 */
export function octets(
  size: number,
  none: string,
  scan: (text: string, fail: Fail) => Uint8Array,
  show: (bytes: Uint8Array) => string,
  order: (bytes: Uint8Array) => Uint8Array,
): Kind {
  const read = (argument: string, value: unknown): Uint8Array => {
    const text = checkString(argument, value);
    return scan(text, failAt(argument, text));
  };
  return {
    none,
    width: none.length,
    check: (argument, value) =>
      show(isBytes(value) && size === HARDWARE ? checkBytes(argument, value, size) : read(argument, value)),
    get: (b, at) => show(order(Uint8Array.from(b.subarray(at, at + size)))),
    put(b, at, value) {
      b.set(order(read('value', value)), at);
      return at + size;
    },
    scan: (part, fail) => show(scan(part, fail)),
    show: String,
  };
}

/** Six bytes of a hardware address. */
export const hardware: Kind = /* @__PURE__ */ octets(
  HARDWARE,
  NO_HARDWARE,
  scanSix,
  formatMac,
  (bytes) => bytes,
);

/** The same reversed, as Bluetooth sends them, and in upper case, as it writes them. */
export const bluetooth: Kind = /* @__PURE__ */ octets(
  HARDWARE,
  NO_HARDWARE,
  scanSix,
  (bytes) => formatMac(bytes).toUpperCase(),
  (bytes) => bytes.reverse(),
);

function scanSix(text: string, fail: Fail): Uint8Array {
  const bytes = scanMac(text, fail);
  if (bytes.length !== HARDWARE) fail('a hardware address of 6 bytes');
  return bytes;
}

/** Offsets of a GUID's bytes in the order in which its text has them: three little-endian integers and eight bytes. */
const GUID: readonly number[] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** A GUID of Windows, guiddef.h: lower case, without braces. */
export const guid: Kind = /* @__PURE__ */ octets(
  16,
  '00000000-0000-0000-0000-000000000000',
  (text, fail) => {
    if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) {
      fail('a GUID: 8-4-4-4-12 hex digits');
    }
    const digits = text.replaceAll('-', '');
    return Uint8Array.from(GUID, (_, i) => hexPair(digits, 2 * i));
  },
  (bytes) => hex(bytes, '').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  (bytes) => Uint8Array.from(GUID, (i) => bytes[i]!),
);

// biome-ignore lint/suspicious/noControlCharactersInRegex: any but NUL may be in a name
const ASCII = /^[\x01-\x7f]*$/;

/**
 * ASCII text of at most `most` characters, ended by a NUL within `size` bytes, or within the sockaddr when there is no
 * `size`. In text ':', '/', '%', spaces and control characters stand as `%HH`.
 */
export function ascii(most: number, size: number = MAX_SOCKADDR): Kind {
  return {
    none: '',
    check(argument, value) {
      const text = checkString(argument, value);
      checkInteger(`${argument}.length`, text.length, 0, most);
      if (!ASCII.test(text)) throw wrongValue(argument, 'ASCII text without NUL', value);
      return text;
    },
    get(b, at, _big, end) {
      const stop = Math.min(end, at + size);
      let i = at;
      for (; i < stop && b[i] !== 0; i++) {
        if (b[i]! > 0x7f || i - at === most) {
          throw new DecodeError(i, `ASCII text of at most ${most} characters`, b[i]!);
        }
      }
      return String.fromCharCode(...b.subarray(at, i));
    },
    put(b, at, value) {
      let end = at;
      for (const character of value as string) b[end++] = character.charCodeAt(0);
      b[end] = 0;
      return end + 1;
    },
    scan(part, fail, _most, what) {
      if (part.length <= 3 * most) {
        try {
          const plain = decodeURIComponent(part);
          if (ASCII.test(part + plain) && plain.length <= most) return plain;
        } catch {
          // A '%' is good before two hex digits only.
        }
      }
      return fail(`${what} of at most ${most} ASCII characters`);
    },
    // No control character may reach a terminal.
    show: (value) => (value as string).replace(/[\p{Cc} %/:]/gu, (c) => `%${hex([c.charCodeAt(0)], '')}`),
  };
}
