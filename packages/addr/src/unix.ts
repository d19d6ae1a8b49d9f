import { checkBytes, checkInteger, checkObject, wrongType, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { HEX_PAIRS, hexPair } from './digits.ts';
import { DecodeError, MalformedError, NotSupportedError, ParseError } from './errors.ts';
import {
  expectFamily,
  HEADER_SIZE,
  type Layouts,
  type Platform,
  type Struct,
  structOf,
  writeHeader,
} from './layout.ts';
import { isBytes } from './shown.ts';
import { checkPrefix } from './text.ts';
import { decodeUtf8, pointAt, pushUtf8 } from './utf8.ts';

/** struct sockaddr_un on each system; `abstract`: does it have abstract names? */
export interface UnixStruct extends Struct {
  /** Of `sun_path`, which stands behind the family field on every system. */
  readonly pathSize: number;
  readonly abstract: boolean;
}

/** The same on every system. */
const AF_UNIX = 1;

const bsd: UnixStruct = { family: AF_UNIX, size: 106, pathSize: 104, abstract: false };

/** struct sockaddr_un of each system. */
export const layouts: Layouts<UnixStruct> = {
  // sys/un.h
  linux: { family: AF_UNIX, size: 110, pathSize: 108, abstract: true },
  // xnu: bsd/sys/un.h
  darwin: bsd,
  // FreeBSD: sys/sys/un.h
  freebsd: bsd,
  // Windows SDK: afunix.h (UNIX_PATH_MAX)
  win32: { family: AF_UNIX, size: 110, pathSize: 108, abstract: false },
};

/** The longest `sun_path` of any system (Linux, Windows). */
export const MAX_UNIX_PATH: number = 108;

/** unix(7): a name in the file system, in Linux's abstract namespace, or none. */
export type UnixKind = 'path' | 'abstract' | 'unnamed';

/** AF_UNIX, struct sockaddr_un: unix(7), sys/un.h. */
export class UnixAddress {
  readonly family: 'unix' = 'unix';
  readonly kind: UnixKind;
  /** The path or abstract name as text, without the NUL before an abstract one. Bytes that are not UTF-8 show as U+FFFD. */
  readonly name: string;
  /** The same name byte for byte: names are bytes to the kernel. To be read only. */
  readonly bytes: Uint8Array;

  constructor(kind: UnixKind, name: string | Uint8Array) {
    const bytes = isBytes(name) ? new Uint8Array(name) : toBytes('name', name);
    checkName('name', kind, bytes);
    this.kind = kind;
    this.bytes = bytes;
    this.name = decodeUtf8(bytes);
    Object.freeze(this);
  }

  /** The sockaddr for `platform`, in a new array. */
  toSockaddr(platform: Platform): Uint8Array {
    const out = new Uint8Array(size(this, platform));
    encode(this, out, 0, platform);
    return out;
  }

  toString(): string {
    return format(this);
  }
}

/**
 * A path in the file system: text (sent as UTF-8) or bytes, 1 to 108, 104 on the BSDs and macOS (checked when
 * encoded), no NUL. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE.
 */
export function unix(path: string | Uint8Array): UnixAddress {
  return new UnixAddress('path', path);
}

/** A name in Linux's abstract namespace, up to 107 bytes of any value, NUL too. Other platforms: ENOTSUP when encoded. */
export function unixAbstract(name: string | Uint8Array): UnixAddress {
  return new UnixAddress('abstract', name);
}

/** No name: what an unbound socket has. */
export function unixUnnamed(): UnixAddress {
  return new UnixAddress('unnamed', '');
}

/**
 * To be bound: an abstract name of the kernel's choice, five hexadecimal digits, where there are such names (unix(7),
 * autobind). It is the same sockaddr as no name.
 */
export function unixAutobind(): UnixAddress {
  return unixUnnamed();
}

const PREFIX = 'unix:';
const AT = 0x40;
const PERCENT = 0x25;

/**
 * Reads `unix:/run/x.sock`, `unix:@name` (abstract) and `unix:` (unnamed). `%HH` stands for any byte;
 * `%40` at the beginning is a path that starts with '@'. Throws ParseError.
 */
export function parse(text: string): UnixAddress {
  checkPrefix(text, PREFIX);
  if (text.length === PREFIX.length) return unixUnnamed();
  const abstract = text.charCodeAt(PREFIX.length) === AT;
  const limit = abstract ? MAX_UNIX_PATH - 1 : MAX_UNIX_PATH;
  const bytes: number[] = [];
  for (let i = PREFIX.length + (abstract ? 1 : 0); i < text.length; ) {
    const from = i;
    if (text.charCodeAt(i) === PERCENT) {
      const byte = hexPair(text, i + 1);
      if (byte < 0) throw new ParseError('text', text, i, "two hex digits after '%' ('%25' is a '%')");
      bytes.push(byte);
      i += 3;
    } else {
      const point = pointAt(text, i);
      if (point < 0) throw new ParseError('text', text, i, 'no half of a surrogate pair');
      pushUtf8(bytes, point);
      i += point > 0xffff ? 2 : 1;
    }
    if (bytes.length > limit) throw new ParseError('text', text, from, `the end after ${limit} bytes`);
    if (!abstract && bytes.at(-1) === 0) throw new ParseError('text', text, from, 'a path without NUL');
  }
  return new UnixAddress(abstract ? 'abstract' : 'path', Uint8Array.from(bytes));
}

/** Writes the forms that `parse` reads; bytes that are not UTF-8, control characters and '%' as `%HH`. */
export function format(value: UnixAddress): string {
  const { kind, bytes } = checkValue(value);
  if (kind === 'unnamed') return PREFIX;
  const percent = (from: number, to: number): string =>
    Array.from(bytes.subarray(from, to), (byte) => `%${HEX_PAIRS[byte]}`).join('');
  const name = decodeUtf8(bytes, percent, (point, at) => {
    // A name is its owner's choice: no control character, C1 included, may reach a terminal.
    const control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    const plain = !control && point !== PERCENT && !(at === 0 && point === AT && kind === 'path');
    return plain ? String.fromCodePoint(point) : percent(at, at + (point < 0x80 ? 1 : 2));
  });
  return `${PREFIX}${kind === 'abstract' ? '@' : ''}${name}`;
}

/** Bytes that `encode` will write. Throws ENOTSUP for an abstract name where there are none. */
export function size(value: UnixAddress, platform: Platform): number {
  const { pathSize, abstract } = structOf(layouts, 'unix', platform);
  const { kind, bytes } = checkValue(value);
  if (kind === 'unnamed') return HEADER_SIZE;
  if (kind === 'abstract') {
    if (!abstract) throw new NotSupportedError('An abstract AF_UNIX name', platform);
    return HEADER_SIZE + 1 + checkLength(bytes, pathSize - 1);
  }
  return HEADER_SIZE + Math.min(checkLength(bytes, pathSize) + 1, pathSize);
}

/**
 * Writes the sockaddr at `offset` and returns its length. A path ends with a NUL unless it fills `sun_path`.
 * Nothing is written when it throws: ERR_OUT_OF_RANGE when `buffer` is too short or the platform's `sun_path` is,
 * ENOTSUP for an abstract name on other platforms than Linux.
 */
export function encode(value: UnixAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  const total = size(value, platform);
  writeHeader(buffer, offset, total, platform, AF_UNIX);
  buffer.set(value.bytes, offset + HEADER_SIZE + (value.kind === 'abstract' ? 1 : 0));
  return total;
}

/**
 * Reads the sockaddr of `length` bytes at `offset`. A path ends at its first NUL or at the end; Linux gives one byte
 * more than the struct has when a path fills `sun_path` (unix(7), BUGS). Throws DecodeError.
 */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): UnixAddress {
  const { pathSize, abstract } = structOf(layouts, 'unix', platform);
  expectFamily(buffer, offset, length, platform, AF_UNIX, HEADER_SIZE);
  const start = offset + HEADER_SIZE;
  const end = offset + length;
  if (length <= HEADER_SIZE) return unixUnnamed();
  if (buffer[start] === 0) {
    if (!abstract) return unixUnnamed();
    if (length > HEADER_SIZE + pathSize) {
      throw new DecodeError(start + pathSize, `the end of an abstract name of ${pathSize - 1} bytes`, length);
    }
    return unixAbstract(buffer.subarray(start + 1, end));
  }
  let stop = start;
  while (stop < end && stop - start <= pathSize && buffer[stop] !== 0) stop++;
  if (stop - start > pathSize) {
    throw new DecodeError(start + pathSize, `the end of a path of ${pathSize} bytes`, buffer[stop - 1]!);
  }
  return unix(buffer.subarray(start, stop));
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<UnixAddress> = {
  family: 'unix',
  prefix: PREFIX,
  layouts,
  parse,
  format,
  size,
  encode,
  decode,
};

function toBytes(argument: string, name: string): Uint8Array {
  if (typeof name !== 'string') throw wrongType(argument, 'a string or a Uint8Array', name);
  checkInteger(`${argument}.length`, name.length, 0, MAX_UNIX_PATH);
  const bytes: number[] = [];
  for (let i = 0; i < name.length; ) {
    const point = pointAt(name, i);
    if (point < 0)
      throw new ParseError(argument, name, i, 'no half of a surrogate pair (give bytes instead)');
    pushUtf8(bytes, point);
    i += point > 0xffff ? 2 : 1;
  }
  return Uint8Array.from(bytes);
}

function checkLength(bytes: Uint8Array, max: number): number {
  return checkInteger('value.bytes.length', bytes.length, 0, max);
}

function checkName(argument: string, kind: UnixKind, bytes: Uint8Array): void {
  const length = `${argument}.length in bytes`;
  if (kind === 'path') {
    if (bytes.length === 0) throw wrongValue(argument, 'a path (unixUnnamed() is no name)', bytes);
    checkInteger(length, bytes.length, 1, MAX_UNIX_PATH);
    const nul = bytes.indexOf(0);
    if (nul >= 0) throw new MalformedError(argument, nul, 'no NUL (unixAbstract(name) takes them)', 0);
  } else if (kind === 'abstract') checkInteger(length, bytes.length, 0, MAX_UNIX_PATH - 1);
  else if (kind === 'unnamed') checkInteger(length, bytes.length, 0, 0);
  else throw wrongValue('kind', "'path', 'abstract' or 'unnamed'", kind);
}

function checkValue(value: UnixAddress): { kind: UnixKind; bytes: Uint8Array } {
  checkObject('value', value);
  const { kind } = value;
  const bytes = checkBytes('value.bytes', value.bytes);
  checkName('value.bytes', kind, bytes);
  return { kind, bytes };
}
