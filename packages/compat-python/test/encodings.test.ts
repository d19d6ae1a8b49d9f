/** Encodings of text files, beyond UTF-8 and those of one byte a character: read, written and refused as CPython does. */
import * as socket from '@sockeye/compat-python';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder, encodingOf } from '../src/io/codec.ts';
import { needsPython311, python, thrown } from './support.ts';

const ENCODINGS = [
  'utf-16',
  'utf-16-le',
  'utf-16-be',
  'utf-32',
  'utf-32-le',
  'utf-32-be',
  'utf-8-sig',
  'utf-8',
];
const ERRORS = ['strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace', 'no such'];
const SEED = Math.floor(Math.random() * 2 ** 31);

/** Bytes that come near to something: marks, halves of pairs, points beyond the last, cut anywhere. */
const piece = fc.oneof(
  fc.constantFrom('fffe', 'feff', 'fffe0000', '0000feff', 'efbbbf', '6100', '0061', '61000000', '00000061'),
  fc.constantFrom('00d8', 'd800', '00dc', 'dc00', 'ffd8ffdc', '3dd81fdc', 'd83ddc1f', '80d9', '00d80000'),
  fc.constantFrom(
    '00001100',
    '00110000',
    '1ff40100',
    '0001f41f',
    '0a00',
    '0000000a',
    'e282ac',
    'c3',
    'ff',
    '80',
  ),
);
const bytes = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
/** Text with lone surrogates, some of which stand for a byte. */
const text = fc
  .array(
    fc.constantFrom(
      'a',
      '\n',
      '\u00e9',
      '\u20ac',
      '\u{1f41f}',
      '\ud800',
      '\udc41',
      '\udc80',
      '\udcff',
      '\ufeff',
    ),
    { maxLength: 6 },
  )
  .map((characters) => characters.join('|'));

const encoding = fc.constantFrom(...ENCODINGS);
const errors = fc.constantFrom(...ERRORS);

const READ = `
import json, socket, sys
out = []
for sent, encoding, errors, sizes in json.load(sys.stdin):
    a, b = socket.socketpair(); b.sendall(bytes.fromhex(sent)); b.close()
    f = a.makefile('r', encoding=encoding, errors=errors, newline='')
    did = []
    for size in sizes:
        try: did.append([ord(c) for c in (f.read() if size < 0 else f.read(size))])
        except Exception as e: did.append([type(e).__name__, str(e)]); break
    out.append(did); a.close()
print(json.dumps(out))`;

const WRITE = `
import json, socket, sys
out = []
for texts, encoding, errors in json.load(sys.stdin):
    a, b = socket.socketpair(); f = a.makefile('w', encoding=encoding, errors=errors); did = []
    for text in texts:
        try: did.append(f.write(text))
        except Exception as e: did.append([type(e).__name__, str(e)])
    f.close(); a.close(); did.append(b.recv(1000).hex()); b.close(); out.append(did)
print(json.dumps(out))`;

function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return [(error as Error).name, (error as Error).message];
  }
}

type Reading = readonly [sent: string, encoding: string, errors: string, sizes: readonly number[]];

function read([sent, name, handler, sizes]: Reading): unknown[] {
  const [a, b] = socket.socketpair();
  b.sendall(Buffer.from(sent, 'hex'));
  b.close();
  const file = a.makefile('r', { encoding: name, errors: handler, newline: '' });
  const did: unknown[] = [];
  for (const size of sizes) {
    const got = outcome(() => Array.from(size < 0 ? file.read() : file.read(size), pointOf));
    did.push(got);
    if (typeof (got as unknown[])[0] === 'string') break;
  }
  a.close();
  file.close();
  return did;
}

function pointOf(character: string): number {
  return character.codePointAt(0) as number;
}

type Writing = readonly [texts: readonly string[], encoding: string, errors: string];

function write([texts, name, handler]: Writing): unknown[] {
  const [a, b] = socket.socketpair();
  const file = a.makefile('w', { encoding: name, errors: handler });
  const did = texts.map((one) => outcome(() => file.write(one)));
  file.close();
  a.close();
  did.push(b.recv(1000).toString('hex'));
  b.close();
  return did;
}

/** Each case beside what came of it, so that a difference tells its own. */
function beside<T>(cases: readonly T[], came: readonly unknown[]): unknown[] {
  return cases.map((one, at) => [one, came[at]]);
}

describe('text of wide characters', () => {
  it(`is read as CPython reads it, seed ${SEED}`, (context) => {
    needsPython311(context);
    const sizes = fc.constantFrom([-1], [1, 1, 1, -1], [2, -1]);
    const cases = fc.sample(fc.tuple(bytes, encoding, errors, sizes), { numRuns: 1500, seed: SEED });
    const expected = JSON.parse(python(READ, JSON.stringify(cases))) as unknown[];
    expect(beside(cases, cases.map(read))).toEqual(beside(cases, expected));
  });

  it(`is written as CPython writes it, seed ${SEED}`, (context) => {
    needsPython311(context);
    const handlers = fc.constantFrom(...ERRORS, 'xmlcharrefreplace');
    const codecs = fc.constantFrom(...ENCODINGS, 'ascii', 'latin-1', 'cp1252');
    const texts = fc.array(text, { minLength: 1, maxLength: 3 });
    const cases = fc.sample(fc.tuple(texts, codecs, handlers), { numRuns: 1500, seed: SEED });
    const expected = JSON.parse(python(WRITE, JSON.stringify(cases))) as unknown[];
    expect(beside(cases, cases.map(write))).toEqual(beside(cases, expected));
  });

  it('is the same whatever pieces it comes in', () => {
    const cut = fc.record({ bytes, encoding, at: fc.array(fc.nat(24), { maxLength: 4 }) });
    fc.assert(
      fc.property(cut, ({ bytes: hex, encoding: name, at }) => {
        const all = Buffer.from(hex, 'hex');
        const whole = outcome(() => new Decoder(encodingOf(name), 'replace').decode(all, true));
        const ends = [...at, all.length].map((end) => Math.min(end, all.length)).sort((a, b) => a - b);
        const decoder = new Decoder(encodingOf(name), 'replace');
        const pieces = outcome(() => {
          const parts = ends.map((end, index) =>
            decoder.decode(all.subarray(ends[index - 1] ?? 0, end), false),
          );
          return parts.join('') + decoder.decode(Buffer.alloc(0), true);
        });
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('names of encodings', () => {
  it.each([
    ...['UTF-16', 'utf_16', 'u16', 'UTF-16LE', 'utf_16_be', 'unicodebigunmarked', 'u32', 'utf32', 'UTF-32BE'],
    ...['utf_8_sig', 'UTF-8-SIG'],
  ])('%s is known', (name) => {
    const [a, b] = socket.socketpair();
    using file = a.makefile('r', { encoding: name });
    expect(file.encoding).toBe(name);
    a.close();
    b.close();
  });

  it.each(['utf8-sig', 'utf-24', 'gbk', 'shift_jis', 'utf-7'])('%s is not', (name) => {
    const [a, b] = socket.socketpair();
    expect(String(thrown(() => a.makefile('r', { encoding: name })))).toBe(
      `LookupError: unknown encoding: ${name}`,
    );
    a.close();
    b.close();
  });
});
