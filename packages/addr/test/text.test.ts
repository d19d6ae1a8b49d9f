import { describe, expect, it } from 'vitest';
import {
  can,
  format,
  inet,
  inet6,
  packet,
  parse,
  type SocketAddress,
  unix,
  unixAbstract,
  unixUnnamed,
  unknown,
} from '../src/index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the human form', () => {
  it.each<[string, SocketAddress]>([
    ['127.0.0.1:80', inet('127.0.0.1', 80)],
    ['0.0.0.0:0', inet('0.0.0.0', 0)],
    ['[::1]:80', inet6('::1', 80)],
    ['[fe80::1%2]:80', inet6('fe80::1', 80, { scopeId: 2 })],
    ['[::]:65535/flowinfo=0x12345', inet6('::', 65535, { flowInfo: 0x12345 })],
    ['unix:/run/x.sock', unix('/run/x.sock')],
    ['unix:C:\\x.sock', unix('C:\\x.sock')],
    ['unix:@name', unixAbstract('name')],
    ['unix:@', unixAbstract('')],
    ['unix:@a%00b', unixAbstract('a\0b')],
    ['unix:%40name', unix('@name')],
    ['unix:@@name', unixAbstract('@name')],
    ['unix:/100%25', unix('/100%')],
    ['unix:/caf\u00e9 \u{1f50c}', unix('/caf\u00e9 \u{1f50c}')],
    ['unix:/%ff%fe', unix(bytes(0x2f, 0xff, 0xfe))],
    ['unix:/a%0ab', unix('/a\nb')],
    ['unix:/%7f%c2%80%c2%9b2J%c2%9f\u00a0', unix('/\x7f\x80\x9b2J\x9f\u00a0')],
    ['unix:/\ufeff\ufffd', unix('/\ufeff\ufffd')],
    ['unix:', unixUnnamed()],
    ['packet:2', packet({ ifindex: 2 })],
    ['packet:0/0x0003', packet({ protocol: 3 })],
    [
      'packet:2/0x0800/pkttype=4/hatype=1/address=02:00:00:00:00:01',
      packet({ ifindex: 2, protocol: 0x800, pkttype: 4, hatype: 1, address: '02-00-00-00-00-01' }),
    ],
    ['can:0', can(0)],
    ['can:3', can(3)],
    ['sockaddr:1000000000000000', unknown(bytes(16, 0, 0, 0, 0, 0, 0, 0))],
  ])('%s', (text, value) => {
    expect(format(value)).toBe(text);
    expect(String(value)).toBe(text);
    expect(parse(text)).toStrictEqual(value);
  });

  it.each<[string, string]>([
    ['[FE80:0::0001%2]:80', '[fe80::1%2]:80'],
    ['[::1]:80/flowinfo=74565', '[::1]:80/flowinfo=0x12345'],
    ['[::1]:80/flowinfo=0', '[::1]:80'],
    ['packet:1/3', 'packet:1/0x0003'],
    ['packet:1/address=/hatype=0', 'packet:1'],
    ['packet:1/hatype=1/pkttype=2', 'packet:1/pkttype=2/hatype=1'],
    ['unix:%2fx', 'unix:/x'],
    ['unix:@%40', 'unix:@@'],
    ['sockaddr:10FF', 'sockaddr:10ff'],
  ])('%s is also read, and written %s', (text, canonical) => {
    expect(format(parse(text))).toBe(canonical);
  });

  it.each<[string, number]>([
    ['', 0],
    ['localhost:80', 0],
    ['::1:80', 0],
    ['127.0.0.1', 9],
    ['127.0.0.1:', 10],
    ['127.0.0.1:65536', 10],
    ['127.0.0.1:080', 10],
    ['127.0.0.1:+80', 10],
    ['127.0.0.1:80 ', 10],
    ['127.0.0.256:80', 8],
    ['[::1]', 5],
    ['[::1:80', 7],
    ['[::1]80', 5],
    ['[::g]:80', 3],
    ['[127.0.0.1]:80', 10],
    ['[fe80::1%]:80', 9],
    ['[fe80::1%eth0]:80', 9],
    ['[fe80::1%4294967296]:80', 9],
    ['[::1]:80/flow=1', 8],
    ['[::1]:80/flowinfo=1/flowinfo=1', 19],
    ['[::1]:80/flowinfo=0x100000000', 18],
    ['unix:/a%0', 7],
    ['unix:/a%00', 7],
    ['unix:/\ud800', 6],
    [`unix:${'p'.repeat(109)}`, 113],
    [`unix:@${'p'.repeat(108)}`, 113],
    ['packet:', 7],
    ['packet:2147483648', 7],
    ['packet:1:', 8],
    ['packet:1:3', 8],
    ['packet:1/65536', 9],
    ['packet:1/3/3', 10],
    ['packet:1/hatype', 8],
    ['packet:1/pkttype=256', 17],
    ['packet:1/address=0', 17],
    ['can:', 4],
    ['can:vcan0', 4],
    ['can:-1', 4],
    ['can:01', 4],
    ['sockaddr:1', 9],
    ['sockaddr:10', 11],
    [`sockaddr:${'00'.repeat(256)}`, 519],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ name: 'ParseError', code: 'ERR_INVALID_ARG_VALUE', offset }),
    );
  });
});

describe('names of interfaces', () => {
  const names = new Map([
    [2, 'eth0'],
    [3, 'vcan0'],
    [4, '7'],
    [5, 'a]b'],
    [6, 'x?y%z'],
  ]);
  const ifIndexToName = (index: number): string => names.get(index)!;
  const ifNameToIndex = (name: string): number => {
    for (const [index, known] of names) if (known === name) return index;
    throw new Error(`no interface ${name}`);
  };

  it.each<[string, SocketAddress]>([
    ['[fe80::1%eth0]:80', inet6('fe80::1', 80, { scopeId: 2 })],
    ['packet:eth0/0x0800', packet({ ifindex: 2, protocol: 0x800 })],
    ['packet:x?y%z/hatype=1', packet({ ifindex: 6, hatype: 1 })],
    ['can:vcan0', can(3)],
    ['can:0', can(0)],
    ['[::1]:80', inet6('::1', 80)],
    // Names that would not come back as names stay indices.
    ['can:4', can(4)],
    ['[fe80::1%5]:80', inet6('fe80::1', 80, { scopeId: 5 })],
  ])('%s', (text, value) => {
    expect(format(value, { ifIndexToName })).toBe(text);
    expect(parse(text, { ifNameToIndex })).toStrictEqual(value);
  });

  it('are never asked for when there is an index', () => {
    const never = (): never => {
      throw new Error('asked');
    };
    expect(parse('can:7', { ifNameToIndex: never })).toStrictEqual(can(7));
    expect(format(can(0), { ifIndexToName: never })).toBe('can:0');
  });

  it.each([
    'can:',
    'can:a:b',
    'can:a/b',
    'can:a b',
    'can:a\x7f',
    `can:${'n'.repeat(256)}`,
    'packet:',
    'packet::1',
  ])('%j has no name to ask for', (text) => {
    expect(() => parse(text, { ifNameToIndex: () => 1 })).toThrow(
      expect.objectContaining({ name: 'ParseError' }),
    );
  });

  it('digits that are no index are a name', () => {
    const ifNameToIndex = (name: string): number => (name === '01' ? 9 : 1);
    expect(parse('can:01', { ifNameToIndex })).toStrictEqual(can(9));
    expect(parse(`can:${'n'.repeat(255)}`, { ifNameToIndex })).toStrictEqual(can(1));
  });

  it.each([
    '',
    'a b',
    'a:b',
    'a/b',
    'a\x9bb',
    '7',
    'n'.repeat(256),
  ])('%j is not written for an index', (name) => {
    expect(format(can(3), { ifIndexToName: () => name })).toBe('can:3');
  });

  it('a resolver’s error passes through, a wrong result is refused', () => {
    expect(() => parse('can:nope', { ifNameToIndex })).toThrow('no interface nope');
    for (const wrong of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      expect(() => parse('can:x', { ifNameToIndex: () => wrong })).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    }
  });

  it('inet6() takes a zone: a number, or a name with a resolver', () => {
    expect(inet6('fe80::1%7', 80).scopeId).toBe(7);
    expect(inet6('fe80::1%eth0', 80, { ifNameToIndex }).scopeId).toBe(2);
    expect(inet6('fe80::1%7', 80, { scopeId: 7 }).address).toBe('fe80::1');
    expect(() => inet6('fe80::1%eth0', 80)).toThrow(/ifNameToIndex/);
    expect(() => inet6('fe80::1%7', 80, { scopeId: 8 })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
