import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CapturedPacket,
  CaptureReader,
  type CaptureRecord,
  MalformedCaptureError,
  readPackets,
  readPacketsSync,
  readRecordsSync,
} from '../src/index.ts';
import { captureFiles, haveCaptures, NO_CAPTURES, readCapture } from './judges.ts';
import { block, description, enhanced, joined, pcap, section, Writer, type Written } from './make.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const packetsOf = (bytes: Uint8Array): CapturedPacket[] => [...readPacketsSync([bytes])];

/** The records of a file, and how it ended. */
function all(chunks: readonly Uint8Array[]): {
  records: CaptureRecord[];
  error: MalformedCaptureError | undefined;
} {
  const records: CaptureRecord[] = [];
  try {
    for (const record of readRecordsSync(chunks)) records.push(record);
  } catch (error) {
    if (!(error instanceof MalformedCaptureError)) throw error;
    return { records, error };
  }
  return { records, error: undefined };
}

/** The same bytes, cut at those places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

const written: fc.Arbitrary<Written> = fc.record({
  seconds: fc.nat(0xffffffff),
  fraction: fc.nat(999_999),
  data: fc.uint8Array({ maxLength: 60 }),
  wireLength: fc.nat(0xffffffff),
});

describe('pcap', () => {
  it('both byte orders, micro- and nanoseconds', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.nat(0xffff),
        fc.array(written, { maxLength: 6 }),
        (big, nano, linkType, list) => {
          const found = all([pcap(big, nano, linkType, list)]);
          expect(found.error).toBeUndefined();
          const [first, second, ...packets] = found.records;
          expect(first).toEqual({
            kind: 'section',
            format: 'pcap',
            bigEndian: big,
            major: 2,
            minor: 4,
            options: [],
          });
          expect(second).toMatchObject({
            kind: 'interface',
            interface: { id: 0, linkType, snapLength: 65_535 },
          });
          expect(packets).toMatchObject(
            list.map(({ seconds, fraction, data, wireLength }, index) => ({
              number: index + 1,
              linkType,
              timestamp: BigInt(seconds) * 10n ** 9n + BigInt(fraction) * (nano ? 1n : 1000n),
              data,
              wireLength,
            })),
          );
        },
      ),
    );
  });

  it('tells the length of the frame check sequence', () => {
    const [, second] = all([pcap(true, false, 0x24000001, [])]).records;
    expect(second).toMatchObject({ interface: { linkType: 1, fcsLength: 4 } });
  });

  it('refuses what it is not, and lengths that lie', () => {
    expect(all([text('RIFF....')]).error).toMatchObject({
      offset: 0,
      truncated: false,
      message: /got 0x52494646$/,
    });
    const file = pcap(false, false, 1, [{ seconds: 1, fraction: 1, data: Uint8Array.of(1), wireLength: 1 }]);
    const other = file.slice();
    other[4] = 3;
    expect(all([other]).error).toMatchObject({ offset: 4, expected: 'version 2' });
    const lying = joined(file, new Writer(false).u32(0, 0, 0x7fffffff, 4).done());
    const found = all([lying]);
    expect(found.records.length).toBe(3);
    expect(found.error).toMatchObject({ offset: 24 + 17 + 8, truncated: false });
    expect(() => [...readPacketsSync([lying], { maxLength: 0xffffffff })]).toThrow(
      /a whole packet; got 16 bytes and the end/,
    );
  });
});

describe('pcapng', () => {
  for (const big of [false, true]) {
    it(`interfaces, packets of three kinds, options, and other blocks, ${big ? 'big' : 'little'}-endian`, () => {
      const data = text('hello');
      const eight = new Writer(big).u32(...(big ? [1, 2] : [2, 1])).done();
      const file = joined(
        section(big, [[3, text('Linux')]]),
        description(big, 1, 0, [
          [2, text('eth0')],
          [3, text('first')],
          [9, [9]],
          [11, [0, ...text('tcp')]],
          [12, text('Linux 6.1')],
          [13, [4]],
          [15, text('card')],
        ]),
        description(big, 113, 3, [
          [9, [0x8a]],
          [14, new Writer(big).u32(...(big ? [0, 100] : [100, 0])).done()],
        ]),
        enhanced(big, 0, [1, 2], data, 900, [
          [1, text('a comment')],
          [2, new Writer(big).u32(0x2).done()],
          [1, text('another')],
          [4, eight],
        ]),
        enhanced(big, 1, [0, 1536], data, 5),
        block(big, 3, new Writer(big).u32(5).bytes(data).done()),
        block(big, 2, new Writer(big).u16(1, 7).u32(0, 1024, 5, 6).bytes(data).done()),
        block(big, 2, new Writer(big).u16(1, 0xffff).u32(0, 1024, 5, 6).bytes(data).done()),
        block(big, 0xbad, text('pen!data')),
      );
      const { records, error } = all([file]);
      expect(error).toBeUndefined();
      const [first, one, two, ...rest] = records;
      expect(first).toMatchObject({ kind: 'section', format: 'pcapng', bigEndian: big, major: 1 });
      expect(first).toMatchObject({ options: [{ code: 3, value: text('Linux') }] });
      expect(one).toMatchObject({
        interface: {
          id: 0,
          linkType: 1,
          snapLength: 0,
          resolution: 10n ** 9n,
          name: 'eth0',
          description: 'first',
          filter: 'tcp',
          fcsLength: 4,
          hardware: 'card',
          system: 'Linux 6.1',
        },
      });
      expect(two).toMatchObject({
        interface: { id: 1, resolution: 1024n, timestampOffset: 100n, name: undefined },
      });
      expect(rest).toMatchObject([
        {
          number: 1,
          linkType: 1,
          timestamp: 4_294_967_298n,
          data,
          wireLength: 900,
          comments: ['a comment', 'another'],
          flags: 2,
          dropped: 4_294_967_298n,
        },
        {
          number: 2,
          linkType: 113,
          timestamp: 101_500_000_000n,
          dropped: undefined,
          comments: [],
          options: [],
        },
        { number: 3, linkType: 1, timestamp: undefined, data, wireLength: 5 },
        { number: 4, timestamp: 101_000_000_000n, dropped: 7, data, wireLength: 6 },
        { number: 5, dropped: undefined },
        { kind: 'block', type: 0xbad, body: text('pen!data') },
      ]);
    });
  }

  it('a simple packet is cut at the snapshot length, and sections may change the byte order', () => {
    const simple = (big: boolean): Uint8Array =>
      block(big, 3, new Writer(big).u32(9).bytes([1, 2, 3]).done());
    const file = joined(
      ...[true, false].flatMap((big) => [section(big), description(big, 1, 3), simple(big)]),
    );
    expect(packetsOf(file)).toMatchObject([
      { number: 1, data: Uint8Array.of(1, 2, 3), wireLength: 9 },
      { number: 2, data: Uint8Array.of(1, 2, 3), wireLength: 9 },
    ]);
  });

  it('refuses lengths and places that lie, with the offset', () => {
    const head = joined(section(false), description(false, 1, 0));
    const at = head.length;
    const refused = (bytes: Uint8Array, maxLength?: number): unknown => {
      try {
        return [...readPacketsSync([joined(head, bytes)], { maxLength })].length;
      } catch (error) {
        return error;
      }
    };
    const w = (): Writer => new Writer(false);
    const cases: [Uint8Array, number, string][] = [
      [w().u32(6, 8, 0).done(), at + 4, 'length below'],
      [w().u32(6, 13, 0, 0).done(), at + 4, 'no multiple of 4'],
      [w().u32(6, 0x7ffffffc, 0).done(), at + 4, 'length above'],
      [w().u32(9, 16, 0, 12).done(), at + 12, 'two lengths'],
      [w().u32(6, 16, 0, 16).done(), at + 4, 'too short for its type'],
      [w().u32(3, 12, 12).done(), at + 4, 'too short a simple packet'],
      [enhanced(false, 1, [0, 0], Uint8Array.of(1), 1), at + 8, 'interface'],
      [block(false, 6, w().u32(0, 0, 0, 5, 5, 0).done()), at + 20, 'packet out of its block'],
      [block(false, 3, w().u32(5, 0).done()), at + 8, 'simple packet out of its block'],
      [
        enhanced(false, 0, [0, 0], new Uint8Array(4), 4, [[1, []]]).map((byte, index) =>
          index === 34 ? 9 : byte,
        ),
        at + 32,
        'option',
      ],
      [joined(section(false).map((byte, index) => (index === 8 ? 0 : byte))), at + 8, 'magic'],
      [joined(section(false).map((byte, index) => (index === 12 ? 2 : byte))), at + 12, 'version'],
    ];
    for (const [bytes, offset, what] of cases) {
      expect(refused(bytes), what).toBeInstanceOf(MalformedCaptureError);
      expect(refused(bytes), what).toMatchObject({ offset, truncated: false, code: 'ERR_INVALID_ARG_VALUE' });
    }
    expect(refused(enhanced(false, 0, [0, 0], new Uint8Array(40), 4), 64)).toMatchObject({ offset: at + 4 });
    const alone = joined(section(false), enhanced(false, 0, [0, 0], new Uint8Array(4), 4));
    expect(() => packetsOf(alone)).toThrow(/behind an interface; got 0/);
  });
});

describe('chunks', () => {
  const list: Written[] = Array.from({ length: 5 }, (_, index) => ({
    seconds: index,
    fraction: 0,
    data: new Uint8Array(index * 7).fill(index),
    wireLength: 99,
  }));
  const files = [
    pcap(true, true, 1, list),
    joined(
      section(true),
      description(true, 1, 0),
      ...list.map(({ data }) => enhanced(true, 0, [0, 9], data, 99)),
    ),
  ];

  it('cut anywhere they give the same', () => {
    const plain = files.map((file) => all([file]));
    fc.assert(
      fc.property(fc.nat(1), fc.array(fc.nat(400), { maxLength: 12 }), (which, places) => {
        expect(all(cut(files[which] as Uint8Array, places))).toEqual(plain[which]);
      }),
    );
    for (const [index, file] of files.entries()) {
      expect(all([...file].map((byte) => Uint8Array.of(byte)))).toEqual(plain[index]);
    }
  });

  it('a file that ends early gives all before that and then says so', () => {
    for (const file of files) {
      const ends = new Set<number>();
      const reader = new CaptureReader();
      reader.push(file);
      while (reader.next() !== undefined) ends.add(reader.offset);
      for (let end = 0; end < file.length; end++) {
        const { records, error } = all([file.subarray(0, end)]);
        if (ends.has(end)) expect(error).toBeUndefined();
        else
          expect(error).toMatchObject({
            truncated: true,
            offset: Math.max(0, ...[...ends].filter((at) => at <= end)),
          });
        expect(records.filter(({ kind }) => kind === 'packet').length).toBeLessThan(6);
      }
    }
  });

  it('a packet in one chunk is a view of it', () => {
    const [file = new Uint8Array(0)] = files;
    for (const { data } of packetsOf(file)) expect(data.buffer).toBe(file.buffer);
  });

  it('come from anything asynchronous too', async () => {
    const found: number[] = [];
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      yield* cut(files[1] ?? new Uint8Array(0), [3, 50, 51, 90]);
    };
    for await (const { number } of readPackets(stream())) found.push(number);
    expect(found).toEqual([1, 2, 3, 4, 5]);
  });

  it('a damaged file stays damaged', () => {
    const reader = new CaptureReader();
    reader.push(text('none of it'));
    expect(() => reader.next()).toThrow(MalformedCaptureError);
    reader.push(files[0] ?? new Uint8Array(0));
    expect(() => reader.next()).toThrow(MalformedCaptureError);
    expect(() => reader.end()).toThrow(MalformedCaptureError);
  });

  it('refuses arguments that are none', () => {
    expect(() => new CaptureReader().push('x' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    for (const none of [null, 5]) {
      expect(() => new CaptureReader(none as never)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_ARG_TYPE',
          message: expect.stringMatching(/^options must be an object; got/),
        }),
      );
    }
    expect(() => new CaptureReader({ maxLength: 'x' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    for (const maxLength of [63, 64.5, Number.NaN, 2 ** 32]) {
      expect(() => new CaptureReader({ maxLength })).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    }
  });
});

describe('bad input', () => {
  it('random bytes behind good ones, and good ones damaged', () => {
    const heads = [
      pcap(false, false, 1, []),
      joined(section(false), description(false, 1, 0)),
      joined(
        section(true),
        description(true, 1, 60, [[9, [255]]]),
        enhanced(true, 0, [1, 1], new Uint8Array(9), 9),
      ),
    ];
    const flip = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...heads),
        fc.uint8Array({ maxLength: 100 }),
        fc.array(flip, { maxLength: 3 }),
        (head, rest, flips) => {
          const bytes = joined(head, rest);
          for (const [at, byte] of flips) if (at < bytes.length) bytes[at] = byte;
          const { records, error } = all([bytes]);
          expect(records.length).toBeLessThan(60);
          expect(error === undefined || error.offset <= bytes.length).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('every capture, whole and cut', (context) => {
    if (!haveCaptures) context.skip(NO_CAPTURES);
    let packets = 0;
    for (const file of captureFiles()) {
      const bytes = readCapture(file);
      const { records, error } = all([bytes]);
      const found = records.filter(({ kind }) => kind === 'packet').length;
      packets += found;
      if (error === undefined) expect(found, file).toBeGreaterThan(0);
      const half = all(cut(bytes.subarray(0, bytes.length / 2), [100, 1000, 1001, 5000]));
      expect(half.records.length).toBeLessThanOrEqual(records.length);
    }
    expect(packets).toBeGreaterThan(2000);
  });
});

it('uses nothing of Node.js and no other package', () => {
  const folder = fileURLToPath(new URL('../src', import.meta.url));
  for (const file of readdirSync(folder)) {
    const source = readFileSync(join(folder, file), 'utf8');
    for (const [, from] of source.matchAll(/\bfrom '([^']+)'/g)) expect(from, file).toMatch(/^\.\//);
    expect(source, file).not.toMatch(/\b(Buffer|process|require)\b/);
  }
});
