import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unixAbstract } from '../src/index.ts';
import { decodeUtf8, pushUtf8 } from '../src/utf8.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Bytes at the edges of table 3-7. */
const edge = fc.constantFrom(
  0,
  0x7f,
  0x80,
  0x8f,
  0x90,
  0x9f,
  0xa0,
  0xbf,
  0xc0,
  0xc1,
  0xc2,
  0xdf,
  0xe0,
  0xed,
  0xef,
  0xf0,
  0xf4,
  0xf5,
  0xff,
);

describe('UTF-8', () => {
  it('decodes any bytes as TextDecoder does', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.array(edge).map((all) => Uint8Array.from(all)),
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text).slice(1)),
    );
    fc.assert(
      fc.property(bytes, (all) => {
        expect(decodeUtf8(all)).toBe(decoder.decode(all));
      }),
      { numRuns: 5000 },
    );
  });

  it('encodes every code point as TextEncoder does', () => {
    const encoder = new TextEncoder();
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let point = 0; point <= 0x10ffff; point += point < 0x11000 ? 1 : 97) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      pushUtf8(ours, point);
      theirs.push(...encoder.encode(String.fromCodePoint(point)));
    }
    expect(ours.length).toBe(theirs.length);
    expect(ours.every((byte, i) => byte === theirs[i])).toBe(true);
  });

  it('text of a name comes back as that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 26 }), (text) => {
        expect(unixAbstract(text).name).toBe(text);
      }),
    );
  });
});
