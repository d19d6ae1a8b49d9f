import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIPv6, isIPv4, isIPv6, parseIPv4, parseIPv6, parseMac } from '../src/index.ts';
import { hex, unhex } from './hex.ts';

const pieces = [
  '0',
  '1',
  '9',
  '00',
  '12',
  '255',
  '256',
  '1000',
  'a',
  'F',
  'ffff',
  'fffff',
  'g',
  '.',
  '.',
  '.',
  ':',
  ':',
  ':',
  '::',
  '1.2.3.4',
  ' ',
  '-',
  '+',
  '0x1',
];
const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((parts) => parts.join(''));
const group = fc.oneof(
  fc.constant('0'),
  fc.nat(0xffff).map((n) => n.toString(16)),
  fc.constantFrom('00ab', 'ABCD', '', '12345'),
);
const groups = fc.array(group, { minLength: 1, maxLength: 10 }).map((all) => all.join(':'));
const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01', '1e1'));
const dotted = fc.array(octet, { minLength: 3, maxLength: 5 }).map((all) => all.join('.'));
const mixed = fc.tuple(groups, dotted).map(([head, tail]) => `${head}:${tail}`);

describe('agreement with node:net', () => {
  it('on what is IPv4', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(soup, dotted, fc.ipV4()), (text) => {
        if (nodeIsIPv4(text)) taken++;
        expect(isIPv4(text), text).toBe(nodeIsIPv4(text));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  it('on what is IPv6', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(soup, groups, mixed, fc.ipV6()), (text) => {
        if (nodeIsIPv6(text)) taken++;
        expect(isIPv6(text), text).toBe(nodeIsIPv6(text));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  it('on zones of letters and digits', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.stringMatching(/^[0-9a-zA-Z.-]{0,20}$/), (text, zone) => {
        expect(isIPv6(`${text}%${zone}`)).toBe(nodeIsIPv6(`${text}%${zone}`));
        if (zone !== '') expect(parseIPv6(`${text}%${zone}`)).toEqual({ ...parseIPv6(text), zone });
      }),
    );
  });
});

describe('parseIPv6', () => {
  const all = '20010db8000000000000000000000001';
  it.each([
    '2001:db8::1',
    '2001:DB8::1',
    '2001:0db8:0:0:0:0:0:1',
    '2001:0db8:0000::0001',
    '2001:db8::0.0.0.1',
    '2001:db8:0:0::0:1',
  ])('%s is the same address', (text) => {
    expect(hex(parseIPv6(text).bytes)).toBe(all);
  });

  it('keeps the zone as text', () => {
    expect(parseIPv6('fe80::1%eth0').zone).toBe('eth0');
    expect(parseIPv6('fe80::1%2').zone).toBe('2');
    expect(parseIPv6('fe80::1%Ethernet-é').zone).toBe('Ethernet-é');
    expect(parseIPv6('::1').zone).toBeUndefined();
  });

  it.each([
    ['', 0],
    ['1::2::3', 4],
    ['::1::2', 3],
    ['::12345', 6],
    ['::1.2.3.256', 8],
    ['1:2:3:4:5:6:7', 13],
    ['1:2:3:4:5:6:7:8:9', 16],
    ['fe80::1%', 8],
    ['fe80::1%a b', 9],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parseIPv6(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });
});

describe('parseIPv4', () => {
  it.each([
    ['1.2.3', 5],
    ['1.2.3.256', 6],
    ['01.2.3.4', 0],
    ['1.2.3.4.5', 7],
    ['1.2.3.4\n', 7],
    ['1..2.3', 2],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parseIPv4(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });
});

describe('formatIPv6 as RFC 5952', () => {
  it.each([
    ['20010db8000000000000000000000001', '2001:db8::1'], // 4.1, 4.2.1
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'], // 4.2.2: one group is not shortened
    ['20010000000000010000000000000001', '2001:0:0:1::1'], // 4.2.3: the longest run
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'], // 4.2.3: the first of equals
    ['0000000000000000abcd000000000000', '::abcd:0:0:0'], // 4.3: lower case
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'], // 5
  ])('%s is %s', (bytes, text) => {
    expect(formatIPv6(unhex(bytes))).toBe(text);
  });

  it('reads at an offset and refuses too few bytes', () => {
    expect(formatIPv6(unhex(`ffff${'00'.repeat(15)}01`), 2)).toBe('::1');
    expect(() => formatIPv6(new Uint8Array(15))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => formatIPv6(new Uint8Array(17), 2)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});

describe('parseMac', () => {
  it.each([
    ['00:11:22:33:44', '0011223344'],
    ['02-42-AC-11-00-02', '0242ac110002'],
    ['', ''],
    ['7f', '7f'],
  ])('%j', (text, bytes) => {
    expect(hex(parseMac(text))).toBe(bytes);
  });

  it.each([
    ['0', 0],
    ['00:', 3],
    ['00:1', 3],
    ['00:11-22', 5],
    ['00 11', 2],
    ['00:1g', 3],
    [`${'00:'.repeat(32)}00`, 95],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parseMac(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });
});
