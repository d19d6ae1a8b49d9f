import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsCursor, DnsView, dnsFlags, encodeDns, readDnsName, writeDnsName } from '../src/dns.ts';
import {
  type DnsRecord,
  decodeDnsRecord,
  dnsTypes,
  encodeDnsQuestion,
  encodeDnsRecord,
} from '../src/dns-record.ts';
import { MalformedPacketError } from '../src/errors.ts';
import { guarded } from './guarded.ts';
import { parseHex } from './hex.ts';

const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });

/** The wire form of labels. */
const wire = (labels: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const name = fc
  .array(label, { maxLength: 5 })
  .map((labels) => readDnsName(wire(labels), 0, 0, wire(labels).length));

function message(records: readonly DnsRecord[], counts: object): Uint8Array {
  const bytes = new Uint8Array(4096);
  let end = encodeDns({ id: 1, flags: dnsFlags.QR, questionCount: 1, ...counts }, bytes);
  end += encodeDnsQuestion({ name: 'example.com', type: dnsTypes.A }, bytes, end);
  for (const record of records) end += encodeDnsRecord(record, bytes, end);
  return bytes.subarray(0, end);
}

describe('DNS', () => {
  it('names of any bytes come back as text and as bytes', () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
        const bytes = wire(labels);
        const text = readDnsName(bytes, 0, 0, bytes.length);
        expect(text).toMatch(/^[!-~]+$/);
        const again = new Uint8Array(300);
        const length = writeDnsName(text, again);
        expect(again.subarray(0, length)).toEqual(bytes);
        if (text !== '.') expect(writeDnsName(`${text}.`, again)).toBe(length);
      }),
    );
    expect(readDnsName(parseHex('03 612e62 03 3b2041 00'), 0, 0, 9)).toBe('a\\.b.\\;\\032A');
    expect(readDnsName(parseHex('00'), 0, 0, 1)).toBe('.');
  });

  it('names that are none are refused', () => {
    const into = new Uint8Array(300);
    for (const bad of [
      '',
      '..',
      'a..b',
      '.a',
      `${'a'.repeat(64)}.b`,
      'ü',
      'a\\',
      '\\256',
      'x\\9ü',
      `${'abcdefg.'.repeat(32)}`,
    ]) {
      expect(() => writeDnsName(bad, into), bad).toThrow(value);
    }
    expect(writeDnsName(`${'a'.repeat(63)}.b`, into)).toBe(67);
    expect(() => writeDnsName('abc', new Uint8Array(4))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('pointers are followed, backwards and forwards, and loops and bombs are refused', () => {
    const bytes = new Uint8Array(64);
    bytes.set(parseHex('01 61 c014'), 12);
    bytes.set(parseHex('01 62 00'), 20);
    bytes.set(parseHex('01 63 c00c'), 30);
    expect(readDnsName(bytes, 30, 0, 64)).toBe('c.a.b');
    // A pointer to itself, two to each other, and a label that points before itself.
    for (const [at, hex] of [
      [40, 'c028'],
      [40, 'c02a c028'],
      [40, '01 61 c028'],
    ] as const) {
      bytes.set(parseHex(hex), at);
      expect(() => readDnsName(bytes, at, 0, 64)).toThrow(
        expect.objectContaining({ header: 'DNS name', offset: 40 }),
      );
    }
    expect(() => readDnsName(parseHex('c0'), 0, 0, 1)).toThrow(MalformedPacketError);
    expect(() => readDnsName(parseHex('c0ff'), 0, 0, 2)).toThrow(MalformedPacketError);
    expect(() => readDnsName(parseHex('40'), 0, 0, 1)).toThrow(/a label or a pointer; got 64/);
    expect(() => readDnsName(parseHex('0261'), 0, 0, 2)).toThrow(MalformedPacketError);
  });

  it('records of every kind come back whole', () => {
    const u16 = fc.nat(0xffff);
    const u32 = fc.nat(0xffffffff);
    const bytes = fc.uint8Array({ maxLength: 60 });
    const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
    const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const of = <Data>(type: number, data: fc.Arbitrary<Data>) =>
      fc.record({ name, type: fc.constant(type), class: u16, timeToLive: u32, data });
    const holds = <Word extends string>(word: Word) => fc.constant(word);
    const records: fc.Arbitrary<DnsRecord> = fc.oneof(
      of(dnsTypes.A, fc.record({ holds: holds('address'), address: four })),
      of(dnsTypes.AAAA, fc.record({ holds: holds('address'), address: sixteen })),
      of(dnsTypes.CNAME, fc.record({ holds: holds('name'), name })),
      of(dnsTypes.MX, fc.record({ holds: holds('exchange'), preference: u16, exchange: name })),
      of(dnsTypes.TXT, fc.record({ holds: holds('text'), strings: fc.array(bytes, { maxLength: 3 }) })),
      of(
        dnsTypes.SRV,
        fc.record({ holds: holds('service'), priority: u16, weight: u16, port: u16, target: name }),
      ),
      of(
        dnsTypes.SOA,
        fc.record({
          holds: holds('authority'),
          primary: name,
          mailbox: name,
          serial: u32,
          refresh: u32,
          retry: u32,
          expire: u32,
          minimum: u32,
        }),
      ),
      of(
        dnsTypes.OPT,
        fc.record({
          holds: holds('options'),
          options: fc.array(fc.record({ code: u16, data: bytes }), { maxLength: 3 }),
        }),
      ),
      of(99, fc.record({ holds: holds('bytes'), data: bytes })),
    );
    fc.assert(
      fc.property(fc.array(records, { maxLength: 4 }), (list) => {
        const packet = message(list, { additionalCount: list.length });
        const view = new DnsView().decode(packet);
        expect(view).toMatchObject({
          id: 1,
          isResponse: true,
          questionCount: 1,
          additionalCount: list.length,
        });
        const cursor = new DnsCursor().start(view);
        expect([cursor.next(), cursor.section, cursor.name, cursor.type, cursor.class]).toEqual([
          true,
          0,
          'example.com',
          1,
          1,
        ]);
        const found = [];
        while (cursor.next()) {
          expect(cursor.section).toBe(3);
          found.push(decodeDnsRecord(cursor));
        }
        expect(found).toEqual(list);
      }),
    );
  });

  it('data that is not what its type has is refused, and counts that lie', () => {
    const record = { name: 'a', class: 1, timeToLive: 1 };
    const cursor = new DnsCursor();
    for (const [type, hex] of [
      [dnsTypes.A, '010203'],
      [dnsTypes.AAAA, '01'],
      [dnsTypes.CNAME, '0161'],
      [dnsTypes.CNAME, '000000'],
      [dnsTypes.MX, '0001'],
      [dnsTypes.SRV, '000000'],
      [dnsTypes.SOA, '0000 00000000'],
      [dnsTypes.TXT, '05 61'],
      [dnsTypes.OPT, '0001 0005 00'],
      [dnsTypes.OPT, '0001'],
    ] as const) {
      const packet = message([{ ...record, type, data: { holds: 'bytes', data: parseHex(hex) } }], {
        answerCount: 1,
      });
      cursor.start(new DnsView().decode(packet));
      expect([cursor.next(), cursor.next(), cursor.section]).toEqual([true, true, 1]);
      let error: unknown;
      try {
        decodeDnsRecord(cursor);
      } catch (thrown) {
        error = thrown;
      }
      expect(error, hex).toBeInstanceOf(MalformedPacketError);
      // Of the packet, not of the record.
      expect((error as MalformedPacketError).offset, hex).toBeGreaterThanOrEqual(cursor.dataOffset);
    }
    const short = message([], { answerCount: 65_535 });
    cursor.start(new DnsView().decode(short)).next();
    expect(() => cursor.next()).toThrow(expect.objectContaining({ offset: short.length }));
  });

  it('reads nothing outside, whatever the bytes', () => {
    const start = parseHex('0001 8180 0001 0002 0000 0001');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (rest) => {
        const view = new DnsView().decode(guarded(Uint8Array.from([...start, ...rest])));
        const cursor = new DnsCursor().start(view);
        try {
          while (cursor.next())
            if (cursor.section > 0) decodeDnsRecord(cursor);
            else cursor.name;
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacketError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
