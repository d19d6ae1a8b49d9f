/** Text and bytes, piece by piece, with Python's ways to deal with what has no counterpart. */
import { LookupError, UnicodeDecodeError, UnicodeEncodeError } from '../errors.ts';

/** What becomes of bytes or characters that have no counterpart: Python's names. */
export type Errors = string;

/** One encoding: all are stateless but for bytes of a character that is not whole yet. */
interface Encoding {
  /** As Python's messages call it. */
  readonly name: string;
  /** How many bytes of the character that begins at `at`; 0 when none does, -1 when more bytes may make one. */
  length(bytes: Uint8Array, at: number): number;
  decode(bytes: Uint8Array): string;
  /** The bytes of a character; undefined when it has none. */
  encode(character: string): Uint8Array | undefined;
  /** Why bytes are none, and why a character is. */
  wrongBytes(bytes: Uint8Array, at: number): string;
  readonly wrongCharacter: string;
}

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
      if (byte === undefined) return -1;
      const [least, most] = index === 1 ? second(lead) : [0x80, 0xbf];
      if (byte < least || byte > most) return 0;
    }
    return size;
  },
  decode: (bytes) => fatal.decode(bytes),
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
    length: (data, at) => (characters[data[at] as number] === undefined ? 0 : 1),
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

function make(key: string, given: string): Encoding {
  if (key === 'ascii') return single('ascii', characters(0x80), 'ordinal not in range(128)');
  if (key === 'latin1') return single('latin-1', characters(0x100), 'ordinal not in range(256)');
  const label = key.replace(/^cp(125\d)$/, 'windows-$1').replace(/^iso8859(\d+)$/, 'iso-8859-$1');
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(label, { fatal: true });
    // Of the web's encodings, those of one byte a character: what 256 bytes decode to, one by one, is all there is.
    if (/^(utf|gb|big5|euc|shift|iso-2022|x-user|replacement)/.test(decoder.encoding)) throw new RangeError();
  } catch {
    throw new LookupError(`unknown encoding: ${given}`);
  }
  const table = Array.from({ length: 0x100 }, (_, byte) => {
    try {
      return decoder.decode(Uint8Array.of(byte));
    } catch {
      return undefined;
    }
  });
  return single('charmap', table, 'character maps to <undefined>');
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
      if (length < 0 && !final) break;
      text += this.#encoding.decode(bytes.subarray(from, at));
      text += this.#replaced(bytes, at, length < 0);
      at += length < 0 ? bytes.length - at : 1;
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
      const text = fatal.decode(bytes);
      this.#rest = new Uint8Array(0);
      return text;
    } catch {
      return undefined;
    }
  }

  #replaced(bytes: Uint8Array, at: number, cut: boolean): string {
    const wrong = [...bytes.subarray(at, cut ? undefined : at + 1)];
    if (this.#errors === 'ignore') return '';
    if (this.#errors === 'replace') return '\ufffd';
    if (this.#errors === 'surrogateescape') {
      return wrong.map((byte) => String.fromCharCode(0xdc00 + byte)).join('');
    }
    if (this.#errors === 'backslashreplace') return wrong.map((byte) => `\\x${hex(byte)}`).join('');
    this.#rest = new Uint8Array(0);
    const reason = cut ? 'unexpected end of data' : this.#encoding.wrongBytes(bytes, at);
    const byte = hex(wrong[0] as number);
    throw refusedBy(
      this.#errors,
      new UnicodeDecodeError(
        `'${this.#encoding.name}' codec can't decode byte 0x${byte} in position ${at}: ${reason}`,
      ),
    );
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
    parts.push(encoding.encode(character) ?? substitute(character, at, encoding, errors));
  }
  return Buffer.concat(parts);
}

function substitute(character: string, at: number, encoding: Encoding, errors: Errors): Uint8Array {
  const point = character.codePointAt(0) as number;
  if (errors === 'ignore') return Buffer.alloc(0);
  if (errors === 'replace') return Buffer.from('?');
  if (errors === 'surrogateescape' && point >= 0xdc80 && point <= 0xdcff) return Buffer.of(point - 0xdc00);
  if (errors === 'xmlcharrefreplace') return Buffer.from(`&#${point};`);
  const [letter, digits] = point > 0xffff ? ['U', 8] : point > 0xff ? ['u', 4] : ['x', 2];
  const escaped = `\\${letter}${point.toString(16).padStart(digits, '0')}`;
  if (errors === 'backslashreplace') return Buffer.from(escaped);
  const words = `'${encoding.name}' codec can't encode character '${escaped}' in position ${at}: ${encoding.wrongCharacter}`;
  throw refusedBy(errors === 'surrogateescape' ? 'strict' : errors, new UnicodeEncodeError(words));
}
