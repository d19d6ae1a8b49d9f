import { checkBytes, checkInteger, checkObject, wrongType, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { hex, hexPair } from './digits.ts';
import { DecodeError, MalformedError, NotSupportedError } from './errors.ts';
import {
  abiOf,
  expectFamily,
  HEADER_SIZE,
  type Layouts,
  type Platform,
  type Struct,
  structOf,
  writeHeader,
} from './layout.ts';
import { isBytes } from './shown.ts';
import { checkPrefix, failAt } from './text.ts';
import { decodeUtf8, pointAt, pushUtf8 } from './utf8.ts';

/** The same on every system. */
const AF_UNIX = 1;

const bsd: Struct = [AF_UNIX, 106];

/** struct sockaddr_un of each system: `sun_path` stands behind the family field and is the rest of it. */
export const layouts: Layouts = {
  // sys/un.h
  linux: [AF_UNIX, 110],
  // xnu: bsd/sys/un.h
  darwin: bsd,
  // FreeBSD: sys/sys/un.h
  freebsd: bsd,
  // Windows SDK: afunix.h (UNIX_PATH_MAX)
  win32: [AF_UNIX, 110],
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

  /** `argument` is what errors call the name. */
  constructor(kind: UnixKind, name: string | Uint8Array, argument: string = 'name') {
    let bytes: Uint8Array;
    if (isBytes(name)) bytes = new Uint8Array(name);
    else {
      if (typeof name !== 'string') throw wrongType(argument, 'a string or a Uint8Array', name);
      checkInteger(`${argument}.length`, name.length, 0, MAX_UNIX_PATH);
      bytes = toBytes(argument, name, 0);
    }
    const path = kind === 'path';
    const most = path ? MAX_UNIX_PATH : kind === 'abstract' ? MAX_UNIX_PATH - 1 : kind === 'unnamed' ? 0 : -1;
    if (most < 0) throw wrongValue('kind', "'path', 'abstract' or 'unnamed'", kind);
    checkInteger(`${argument}.length in bytes`, bytes.length, 0, most);
    if (path) {
      if (bytes.length === 0) throw wrongValue(argument, 'a path (unixUnnamed() is no name)', bytes);
      const nul = bytes.indexOf(0);
      if (nul >= 0) throw new MalformedError(argument, nul, 'no NUL (unixAbstract(name) takes them)', 0);
    }
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
  const start = checkPrefix(text, PREFIX);
  if (text.length === start) return unixUnnamed();
  if (text[start] === '@') return unixAbstract(toBytes('text', text, start + 1, MAX_UNIX_PATH - 1));
  return unix(toBytes('text', text, start, MAX_UNIX_PATH));
}

/** Writes the forms that `parse` reads; bytes that are not UTF-8, control characters and '%' as `%HH`. */
export function format(value: UnixAddress): string {
  const { kind, bytes } = from(value);
  const percent = (start: number, end: number): string => `%${hex(bytes.subarray(start, end), '%')}`;
  const name = decodeUtf8(bytes, percent, (point, at) => {
    // A name is its owner's choice: no control character, C1 included, may reach a terminal.
    const control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    return control || point === PERCENT || (at === 0 && point === AT && kind === 'path')
      ? percent(at, at + (point < 0x80 ? 1 : 2))
      : String.fromCodePoint(point);
  });
  return PREFIX + (kind === 'abstract' ? '@' : '') + name;
}

/** Bytes that `encode` will write. Throws ENOTSUP for an abstract name where there are none. */
export function size(value: UnixAddress, platform: Platform): number {
  const { kind, bytes } = from(value);
  const room = structOf(layouts, 'unix', platform)[1] - HEADER_SIZE;
  if (kind === 'unnamed') return HEADER_SIZE;
  const abstract = kind === 'abstract';
  if (abstract && !hasAbstract(platform)) throw new NotSupportedError('An abstract AF_UNIX name', platform);
  // A NUL before the name, or behind it if there is room.
  checkInteger('value.bytes.length', bytes.length, 0, room - Number(abstract));
  return HEADER_SIZE + Math.min(bytes.length + 1, room);
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
  const room = structOf(layouts, 'unix', platform)[1] - HEADER_SIZE;
  expectFamily(buffer, offset, length, platform, AF_UNIX, HEADER_SIZE);
  const start = offset + HEADER_SIZE;
  const abstract = buffer[start] === 0;
  if (length === HEADER_SIZE || (abstract && !hasAbstract(platform))) return unixUnnamed();
  const all = buffer.subarray(start, offset + length);
  const end = abstract ? -1 : all.indexOf(0);
  const name = end < 0 ? all : all.subarray(0, end);
  if (name.length > room) {
    const what = abstract ? `an abstract name of ${room - 1}` : `a path of ${room}`;
    throw new DecodeError(start + room, `the end of ${what} bytes`, name[room]!);
  }
  return abstract ? unixAbstract(name.subarray(1)) : unix(name);
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

/** Of the systems, Linux alone has names in an abstract namespace. */
const hasAbstract = (platform: Platform): boolean => abiOf(platform).system === 'linux';

/** The value as given; another copy of this class or a plain object is checked and made into one. */
function from(value: UnixAddress): UnixAddress {
  checkObject('value', value);
  if (value instanceof UnixAddress) return value;
  const { kind, bytes } = value;
  return new UnixAddress(kind, checkBytes('value.bytes', bytes), 'value.bytes');
}

/** UTF-8 of `text[start..]`; with a `limit` it is a human form of at most so many bytes, in which `%HH` stands for a byte. */
function toBytes(argument: string, text: string, start: number, limit?: number): Uint8Array {
  const bytes: number[] = [];
  const fail = failAt(argument, text);
  for (let i = start, next = i; i < text.length; i = next) {
    const point = pointAt(text, i);
    if (point < 0) fail('no half of a surrogate pair', i);
    if (limit && point === PERCENT) {
      const byte = hexPair(text, i + 1);
      if (byte < 0) fail("two hex digits after '%' ('%25' is a '%')", i);
      bytes.push(byte);
      next = i + 3;
    } else {
      pushUtf8(bytes, point);
      next = i + (point > 0xffff ? 2 : 1);
    }
    if (limit && bytes.length > limit) fail(`the end after ${limit} bytes`, i);
    if (limit === MAX_UNIX_PATH && bytes.at(-1) === 0) fail('a path without NUL', i);
  }
  return Uint8Array.from(bytes);
}
