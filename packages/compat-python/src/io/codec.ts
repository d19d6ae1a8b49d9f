/** Text and bytes, piece by piece, with Python's ways to deal with what has no counterpart. */
import { LookupError, UnicodeDecodeError, UnicodeEncodeError, UnicodeError } from '../errors.ts';
import { decodeUtf8 } from '../filesystem.ts';
import type { Encoding } from './encoding.ts';
import { wide } from './wide.ts';

/** What becomes of bytes or characters that have no counterpart: Python's names. */
export type Errors = string;

/** Bounds of the second byte, RFC 3629 section 4. */
function second(lead: number): readonly [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  if (lead === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

function sizeOf(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

const utf8: Encoding = {
  name: 'utf-8',
  length(bytes, at) {
    const lead = bytes[at] as number;
    const size = sizeOf(lead);
    for (let index = 1; index < size; index++) {
      const byte = bytes[at + index];
      if (byte === undefined) return 0;
      const [least, most] = index === 1 ? second(lead) : [0x80, 0xbf];
      if (byte < least || byte > most) return -index;
    }
    return size === 0 ? -1 : size;
  },
  decode: (bytes) => decodeUtf8(bytes),
  encode: (character) => (/\p{Surrogate}/u.test(character) ? undefined : Buffer.from(character)),
  wrongBytes(bytes, at, cut) {
    if (cut) return 'unexpected end of data';
    return sizeOf(bytes[at] as number) === 0 ? 'invalid start byte' : 'invalid continuation byte';
  },
  wrongCharacter: 'surrogates not allowed',
  decodeAll(bytes) {
    if ((bytes.at(-1) ?? 0) >= 0x80) return undefined;
    try {
      return decodeUtf8(bytes);
    } catch {
      return undefined;
    }
  },
  encodeAll: (text) => Buffer.from(text),
};

/** U+FEFF in UTF-8: no order of bytes, but a sign that it is UTF-8. */
const SIGN: Uint8Array = Uint8Array.of(0xef, 0xbb, 0xbf);

const signed: Encoding = {
  ...utf8,
  begin(bytes) {
    const there = bytes.subarray(0, SIGN.length);
    if (Buffer.compare(there, SIGN.subarray(0, there.length)) !== 0) return { encoding: utf8, skip: 0 };
    return there.length < SIGN.length ? undefined : { encoding: utf8, skip: SIGN.length };
  },
  mark: SIGN,
};

/** An encoding of one byte a character, by what each byte is; `undefined` where it is nothing. */
function single(name: string, characters: readonly (string | undefined)[], range: string): Encoding {
  const bytes = new Map(characters.map((character, byte) => [character, Uint8Array.of(byte)]));
  return {
    name,
    length: (data, at) => (characters[data[at] as number] === undefined ? -1 : 1),
    decode: (data) => Array.from(data, (byte) => characters[byte]).join(''),
    encode: (character) => bytes.get(character),
    wrongBytes: () => range,
    wrongCharacter: range,
  };
}

function characters(count: number): string[] {
  return Array.from({ length: count }, (_, byte) => String.fromCharCode(byte));
}

const made = new Map<string, Encoding>([['utf8', utf8]]);

/** Python's names beside the web's. */
const ALIASES: Readonly<Record<string, string>> = {
  u8: 'utf8',
  utf: 'utf8',
  cp65001: 'utf8',
  usascii: 'ascii',
  '646': 'ascii',
  iso88591: 'latin1',
  l1: 'latin1',
  '8859': 'latin1',
  cp819: 'latin1',
  u16: 'utf16',
  unicodelittleunmarked: 'utf16le',
  unicodebigunmarked: 'utf16be',
  u32: 'utf32',
};

/** Bytes 0x80 to 0x9f of the one that Node.js's decoder takes for Latin-1; a space where there is nothing. */
const CP1252 =
  '\u20ac \u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152 \u017d  \u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153 \u017e\u0178';

/** Other encodings of one byte a character, as the web calls them. */
const SINGLE: ReadonlyMap<string, string> = new Map([
  ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16].map((part) => [`iso8859${part}`, `iso-8859-${part}`] as const),
  ...[1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258].map(
    (page) => [`cp${page}`, `windows-${page}`] as const,
  ),
  ['cp866', 'ibm866'],
  ['koi8r', 'koi8-r'],
  ['koi8u', 'koi8-u'],
]);

function make(key: string, given: string): Encoding {
  if (/^utf(16|32)(le|be)?$/.test(key)) return wide(key);
  if (key === 'ascii') return single('ascii', characters(0x80), 'ordinal not in range(128)');
  if (key === 'latin1') return single('latin-1', characters(0x100), 'ordinal not in range(256)');
  const label = SINGLE.get(key);
  const all = label === undefined ? undefined : table(label);
  if (all === undefined && key !== 'cp1252') throw new LookupError(`unknown encoding: ${given}`);
  return single('charmap', all ?? cp1252(), 'character maps to <undefined>');
}

function cp1252(): (string | undefined)[] {
  const all: (string | undefined)[] = characters(0x100);
  for (const [at, character] of [...CP1252].entries()) {
    all[0x80 + at] = character === ' ' ? undefined : character;
  }
  return all;
}

/** What each byte decodes to, one by one; undefined where the runtime does not have that encoding. */
function table(label: string): (string | undefined)[] | undefined {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch {
    return undefined;
  }
  const windows = label.startsWith('windows-');
  return Array.from({ length: 0x100 }, (_, byte) => {
    // All are ASCII below. The runtime's ibm866 has three of the control characters elsewhere.
    if (byte < 0x80) return String.fromCharCode(byte);
    try {
      const character = decoder.decode(Uint8Array.of(byte));
      // Where a code page of Windows has nothing, the web has control characters, and the runtime one letter; Python nothing.
      const none = character < '\xa0' || (label === 'windows-1253' && byte === 0xaa);
      return windows && none ? undefined : character;
    } catch {
      return undefined;
    }
  });
}

/** An encoding by any name that Python has for it. Throws LookupError. */
export function encodingOf(given: string): Encoding {
  if (/^utf[\s_-]+8[\s_-]+sig$/i.test(given)) return signed;
  const plain = given.toLowerCase().replace(/[\s_-]/g, '');
  const key = ALIASES[plain] ?? plain;
  let found = made.get(key);
  if (found === undefined) {
    found = make(key, given);
    made.set(key, found);
  }
  return found;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Turns bytes into text as they come. */
export class Decoder {
  #encoding: Encoding;
  readonly #errors: Errors;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(encoding: Encoding, errors: Errors) {
    this.#encoding = encoding;
    this.#errors = errors;
  }

  /** The text of these bytes and of those that were left over; `final` says that no more will come. */
  decode(more: Uint8Array, final: boolean): string {
    const bytes = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    if (this.#encoding.begin === undefined) return this.#decoded(this.#encoding, bytes, 0, final);
    const begun = this.#encoding.begin(bytes);
    if (begun === undefined) {
      this.#rest = bytes.slice();
      return '';
    }
    const { encoding, skip, counted, unmarked } = begun;
    const text = counted
      ? this.#decoded(encoding, bytes, skip, final)
      : this.#decoded(encoding, bytes.subarray(skip), 0, final);
    if (unmarked === undefined) this.#encoding = encoding;
    else if (bytes.length - this.#rest.length >= (encoding.unit ?? 1)) throw new UnicodeError(unmarked);
    return text;
  }

  #decoded(encoding: Encoding, bytes: Uint8Array, start: number, final: boolean): string {
    const all = encoding.decodeAll?.(bytes.subarray(start));
    if (all !== undefined) {
      this.#rest = new Uint8Array(0);
      return all;
    }
    let text = '';
    let from = start;
    let at = start;
    while (at < bytes.length) {
      const length = encoding.length(bytes, at);
      if (length > 0) {
        at += length;
        continue;
      }
      if (length === 0 && !final) break;
      const end = length === 0 ? bytes.length : at - length;
      text += encoding.decode(bytes.subarray(from, at));
      const [instead, next] = this.#replaced(encoding, bytes, at, end, length === 0);
      text += instead;
      at = next;
      from = at;
    }
    text += encoding.decode(bytes.subarray(from, at));
    this.#rest = bytes.slice(at);
    return text;
  }

  /** What stands for wrong bytes, and where it goes on. */
  #replaced(
    encoding: Encoding,
    bytes: Uint8Array,
    at: number,
    end: number,
    cut: boolean,
  ): [instead: string, next: number] {
    const wrong = [...bytes.subarray(at, end)];
    if (this.#errors === 'ignore') return ['', end];
    if (this.#errors === 'replace') return ['\ufffd', end];
    if (this.#errors === 'backslashreplace') {
      return [wrong.map((byte) => `\\x${hex(byte)}`).join(''), end];
    }
    if (this.#errors === 'surrogateescape') {
      // Not for those of ASCII, which would be somebody's slash or NUL.
      const plain = wrong.findIndex((byte) => byte < 0x80);
      const high = plain < 0 ? wrong : wrong.slice(0, plain);
      const escaped = high.map((byte) => String.fromCharCode(0xdc00 + byte)).join('');
      if (high.length > 0) return [escaped, at + high.length];
    }
    this.#rest = new Uint8Array(0);
    const error = new UnicodeDecodeError(encoding.name, bytes, at, end, encoding.wrongBytes(bytes, at, cut));
    throw refusedBy(this.#errors === 'surrogateescape' ? 'strict' : this.#errors, error);
  }
}

/** A handler that nobody has registered is known when it is first needed, as in Python. */
function refusedBy(errors: Errors, error: Error): Error {
  return errors === 'strict' ? error : new LookupError(`unknown error handler name '${errors}'`);
}

/** The bytes of a text. */
export function encodeText(text: string, encoding: Encoding, errors: Errors): Buffer {
  if (encoding.encodeAll !== undefined && !/\p{Surrogate}/u.test(text)) return encoding.encodeAll(text);
  const characters = [...text];
  return Buffer.concat(
    characters.map(
      (character, at) => encoding.encode(character) ?? substitute(characters, at, encoding, errors),
    ),
  );
}

/** What a handler gives instead, in that encoding. */
function substitute(
  characters: readonly string[],
  at: number,
  encoding: Encoding,
  errors: Errors,
): Uint8Array {
  const point = (characters[at] as string).codePointAt(0) as number;
  const encoded = (instead: string): Buffer => encodeText(instead, encoding, 'strict');
  if (errors === 'ignore') return Buffer.alloc(0);
  if (errors === 'replace') return encoded('?');
  const byte = point >= 0xdc80 && point <= 0xdcff;
  // A byte alone is no unit of the wide ones.
  if (errors === 'surrogateescape' && byte && encoding.unit === undefined) return Buffer.of(point - 0xdc00);
  if (errors === 'xmlcharrefreplace') return encoded(`&#${point};`);
  if (errors === 'backslashreplace') {
    const [letter, digits] = point > 0xffff ? ['U', 8] : point > 0xff ? ['u', 4] : ['x', 2];
    return encoded(`\\${letter}${point.toString(16).padStart(digits, '0')}`);
  }
  let end = at + 1;
  const none = (character: string | undefined): boolean =>
    character !== undefined && encoding.encode(character) === undefined;
  while (encoding.alone === undefined && none(characters[end])) end += 1;
  const error = new UnicodeEncodeError(encoding.name, characters.join(''), at, end, encoding.wrongCharacter);
  throw refusedBy(errors === 'surrogateescape' ? 'strict' : errors, error);
}
