/** UTF-16 and UTF-32: RFC 2781, Unicode's chapter 3.10. Errors are CPython's. */
import type { Encoding } from './encoding.ts';

/** Beyond the last code point. */
const LIMIT = 0x110000;

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

function lone(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

function utf16(name: string, little: boolean): Encoding {
  const unitAt = (bytes: Uint8Array, at: number): number => {
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    return little ? first | (second << 8) : (first << 8) | second;
  };
  const decode = (bytes: Uint8Array): string => {
    // A copy: the bytes are the caller's.
    const own = Buffer.from(bytes);
    return (little ? own : own.swap16()).toString('utf16le');
  };
  const encodeAll = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'utf16le');
    return little ? bytes : bytes.swap16();
  };
  return {
    name,
    unit: 2,
    alone: true,
    length(bytes, at) {
      const left = bytes.length - at;
      if (left < 2) return 0;
      const unit = unitAt(bytes, at);
      if (isLow(unit)) return -2;
      if (!isHigh(unit)) return 2;
      if (left < 4) return 0;
      return isLow(unitAt(bytes, at + 2)) ? 4 : -2;
    },
    decode,
    decodeAll(bytes) {
      if (bytes.length % 2 !== 0) return undefined;
      const text = decode(bytes);
      return lone(text) ? undefined : text;
    },
    encode: (character) => (lone(character) ? undefined : encodeAll(character)),
    encodeAll,
    wrongBytes(bytes, at, cut) {
      if (cut) return bytes.length - at < 2 ? 'truncated data' : 'unexpected end of data';
      return isLow(unitAt(bytes, at)) ? 'illegal encoding' : 'illegal UTF-16 surrogate';
    },
    wrongCharacter: 'surrogates not allowed',
  };
}

function utf32(name: string, little: boolean): Encoding {
  const pointAt = (bytes: Uint8Array, at: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 4);
    return view.getUint32(0, little);
  };
  const encodeAll = (text: string): Buffer => {
    const points = Array.from(text, (character) => character.codePointAt(0) as number);
    const bytes = Buffer.alloc(points.length * 4);
    for (const [at, point] of points.entries()) {
      if (little) bytes.writeUInt32LE(point, at * 4);
      else bytes.writeUInt32BE(point, at * 4);
    }
    return bytes;
  };
  return {
    name,
    unit: 4,
    alone: true,
    length(bytes, at) {
      if (bytes.length - at < 4) return 0;
      const point = pointAt(bytes, at);
      return point >= LIMIT || isHigh(point) || isLow(point) ? -4 : 4;
    },
    decode(bytes) {
      let text = '';
      for (let at = 0; at < bytes.length; at += 4) text += String.fromCodePoint(pointAt(bytes, at));
      return text;
    },
    encode: (character) => (lone(character) ? undefined : encodeAll(character)),
    encodeAll,
    wrongBytes(bytes, at, cut) {
      if (cut) return 'truncated data';
      return pointAt(bytes, at) >= LIMIT
        ? 'code point not in range(0x110000)'
        : 'code point in surrogate code point range(0xd800, 0xe000)';
    },
    wrongCharacter: 'surrogates not allowed',
  };
}

/**
 * An encoding whose streams say their order of bytes themselves. What is read has to begin with U+FEFF; what is written to a socket
 * does not, and is little-endian: Python begins with the mark only where it knows that nothing was written before, in a file.
 */
function marked(name: string, little: Encoding, big: Encoding): Encoding {
  const unit = little.unit ?? 1;
  const mark = '\ufeff';
  const [first, second] = [little, big].map((each) => each.encode(mark));
  const begins = (bytes: Uint8Array, with_: Uint8Array | undefined): boolean =>
    with_ !== undefined && Buffer.compare(bytes.subarray(0, unit), with_) === 0;
  return {
    ...little,
    begin(bytes) {
      if (begins(bytes, first)) return { encoding: little, skip: unit, counted: true };
      if (begins(bytes, second)) return { encoding: big, skip: unit, counted: true };
      return { encoding: little, skip: 0, unmarked: `${name} stream does not start with BOM` };
    },
  };
}

/** The encoding of a name, `utf16` or `utf32`, with `le` or `be` where that is settled. */
export function wide(key: string): Encoding {
  const [bits, order] = [key.slice(3, 5), key.slice(5)];
  const make = bits === '16' ? utf16 : utf32;
  const [little, big] = [make(`utf-${bits}-le`, true), make(`utf-${bits}-be`, false)];
  if (order === '') return marked(`UTF-${bits}`, little, big);
  return order === 'le' ? little : big;
}
