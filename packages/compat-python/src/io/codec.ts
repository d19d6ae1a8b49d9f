/** Text and bytes, piece by piece, with Python's ways to deal with what has no counterpart. */
import { LookupError, UnicodeDecodeError, UnicodeEncodeError } from '../errors.ts';
import { decodeUtf8 } from '../filesystem.ts';

/** What becomes of bytes or characters that have no counterpart: Python's names. */
export type Errors = string;

/** One encoding: all are stateless but for bytes of a character that is not whole yet. */
interface Encoding {
  /** As Python's messages call it. */
  readonly name: string;
  /** How many bytes of the character that begins at `at`; 0 when more bytes may make one, below 0 how many make none. */
  length(bytes: Uint8Array, at: number): number;
  decode(bytes: Uint8Array): string;
  /** The bytes of a character; undefined when it has none. */
  encode(character: string): Uint8Array | undefined;
  /** Why bytes are none, and why a character is. */
  wrongBytes(bytes: Uint8Array, at: number): string;
  readonly wrongCharacter: string;
}

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
  wrongBytes: (bytes, at) =>
    sizeOf(bytes[at] as number) === 0 ? 'invalid start byte' : 'invalid continuation byte',
  wrongCharacter: 'surrogates not allowed',
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
  readonly #encoding: Encoding;
  readonly #errors: Errors;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(encoding: Encoding, errors: Errors) {
    this.#encoding = encoding;
    this.#errors = errors;
  }

  /** The text of these bytes and of those that were left over; `final` says that no more will come. */
  decode(more: Uint8Array, final: boolean): string {
    const bytes = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    const plain = this.#whole(bytes);
    if (plain !== undefined) return plain;
    let text = '';
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const length = this.#encoding.length(bytes, at);
      if (length > 0) {
        at += length;
        continue;
      }
      if (length === 0 && !final) break;
      const end = length === 0 ? bytes.length : at - length;
      text += this.#encoding.decode(bytes.subarray(from, at));
      text += this.#replaced(bytes, at, end, length === 0);
      at = end;
      from = at;
    }
    text += this.#encoding.decode(bytes.subarray(from, at));
    this.#rest = bytes.slice(at);
    return text;
  }

  /** All of it where nothing is cut or wrong, which is most often so. */
  #whole(bytes: Uint8Array): string | undefined {
    if (this.#encoding !== utf8 || (bytes.at(-1) ?? 0) >= 0x80) return undefined;
    try {
      const text = decodeUtf8(bytes);
      this.#rest = new Uint8Array(0);
      return text;
    } catch {
      return undefined;
    }
  }

  #replaced(bytes: Uint8Array, at: number, end: number, cut: boolean): string {
    const wrong = [...bytes.subarray(at, end)];
    if (this.#errors === 'ignore') return '';
    if (this.#errors === 'replace') return '\ufffd';
    if (this.#errors === 'surrogateescape') {
      return wrong.map((byte) => String.fromCharCode(0xdc00 + byte)).join('');
    }
    if (this.#errors === 'backslashreplace') return wrong.map((byte) => `\\x${hex(byte)}`).join('');
    this.#rest = new Uint8Array(0);
    const reason = cut ? 'unexpected end of data' : this.#encoding.wrongBytes(bytes, at);
    const error = new UnicodeDecodeError(this.#encoding.name, bytes, at, end, reason);
    throw refusedBy(this.#errors, error);
  }
}

/** A handler that nobody has registered is known when it is first needed, as in Python. */
function refusedBy(errors: Errors, error: Error): Error {
  return errors === 'strict' ? error : new LookupError(`unknown error handler name '${errors}'`);
}

/** The bytes of a text. */
export function encodeText(text: string, encoding: Encoding, errors: Errors): Buffer {
  if (encoding === utf8 && !/\p{Surrogate}/u.test(text)) return Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (const [at, character] of [...text].entries()) {
    parts.push(encoding.encode(character) ?? substitute(text, character, at, encoding, errors));
  }
  return Buffer.concat(parts);
}

function substitute(
  text: string,
  character: string,
  at: number,
  encoding: Encoding,
  errors: Errors,
): Uint8Array {
  const point = character.codePointAt(0) as number;
  if (errors === 'ignore') return Buffer.alloc(0);
  if (errors === 'replace') return Buffer.from('?');
  if (errors === 'surrogateescape' && point >= 0xdc80 && point <= 0xdcff) return Buffer.of(point - 0xdc00);
  if (errors === 'xmlcharrefreplace') return Buffer.from(`&#${point};`);
  const [letter, digits] = point > 0xffff ? ['U', 8] : point > 0xff ? ['u', 4] : ['x', 2];
  const escaped = `\\${letter}${point.toString(16).padStart(digits, '0')}`;
  if (errors === 'backslashreplace') return Buffer.from(escaped);
  const error = new UnicodeEncodeError(encoding.name, text, at, at + 1, encoding.wrongCharacter);
  throw refusedBy(errors === 'surrogateescape' ? 'strict' : errors, error);
}
