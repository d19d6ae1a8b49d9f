import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIP, parseIP } from '../src/ip-address.ts';
import { netmask, netmaskLength, Prefix, prefix, summarize, summarizeRange } from '../src/prefix.ts';

/** Prefixes of the first few bits, so that two of them often have to do with one another; IPv4 and IPv6. */
const small = fc.tuple(fc.constantFrom(4, 16), fc.nat(255), fc.nat(8)).map(([size, first, length]) =>
  prefix(
    Uint8Array.from({ length: size }, (_, i) => (i ? 0 : first)),
    length,
    { clear: true },
  ),
);
const any = fc
  .tuple(fc.constantFrom(4, 16), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(128))
  .map(([size, bytes, length]) => prefix(bytes.slice(0, size), length % (size * 8 + 1), { clear: true }));
const prefixes = fc.oneof(small, any);

const texts = (all: Iterable<Prefix>): string[] => Array.from(all, String);
const addressTexts = (all: Iterable<Uint8Array>): string[] => Array.from(all, formatIP);
const code = (name: string) => expect.objectContaining({ code: name });

/** Members among the 256 values of the first byte, of an address that has zeros behind it. */
const members = (all: readonly Prefix[], size: number): number[] =>
  Array.from({ length: 256 }, (_, first) => first).filter((first) =>
    all.some((each) => each.contains(Uint8Array.from({ length: size }, (_, i) => (i ? 0 : first)))),
  );

describe('prefix', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.1/32', '192.0.2.1/32'],
    ['10.0.0.0/255.0.0.0', '10.0.0.0/8'],
    ['0.0.0.0/0.0.0.0', '0.0.0.0/0'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104'],
  ])('%s is %s', (text, written) => {
    expect(String(prefix(text))).toBe(written);
    expect(JSON.stringify({ p: prefix(text) })).toBe(`{"p":"${written}"}`);
  });

  it.each([
    ['', 0],
    ['10.0.0.0', 8],
    ['10.0.0.0/', 9],
    ['10.0.0.0/33', 9],
    ['10.0.0.0/08', 9],
    ['10.0.0.0/+8', 9],
    ['10.0.0.0/8 ', 9],
    ['10.0.0.0/8/8', 9],
    ['10.0.0/8', 6],
    ['10.0.0.1/8', 0],
    ['10.0.0.0/255.0.255.0', 9],
    ['10.0.0.0/255.0.0.256', 17],
    ['2001:db8::/129', 11],
    ['2001:db8::/ffff::', 11],
    ['2001:db8::/255.0.0.0', 11],
    ['2001:db8::1/32', 0],
    ['fe80::%eth0/64', 6],
    ['fe80::%1', 6],
    ['/8', 0],
    ['1::2::/8', 4],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => prefix(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });

  it('clears what is behind it when told to', () => {
    expect(String(prefix('10.1.2.3/12', { clear: true }))).toBe('10.0.0.0/12');
    expect(String(prefix('fe80::1', 10, { clear: true }))).toBe('fe80::/10');
    expect(() => prefix('fe80::1', 10)).toThrow(
      "address must be zero behind the first 10 bits; got 'fe80::1'",
    );
  });

  it('is made of bytes, which it copies', () => {
    const bytes = Uint8Array.of(10, 0, 0, 0);
    const made = prefix(bytes, 8);
    bytes[0] = 11;
    expect(String(made)).toBe('10.0.0.0/8');
  });

  it.each([
    [() => prefix(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [() => prefix('10.0.0.0/8', 5.5 as never), 'ERR_INVALID_ARG_VALUE'],
    [() => prefix('10.0.0.0', 33), 'ERR_OUT_OF_RANGE'],
    [() => prefix('10.0.0.0', 7.5), 'ERR_OUT_OF_RANGE'],
    [() => prefix('10.0.0.0/8', null as never), 'ERR_INVALID_ARG_TYPE'],
    [() => prefix(new Uint8Array(5), 8), 'ERR_INVALID_ARG_VALUE'],
    [() => new Prefix('10.0.0.0' as never, 8), 'ERR_INVALID_ARG_TYPE'],
    [() => new Prefix(Uint8Array.of(10, 0, 0, 1), 8), 'ERR_INVALID_ARG_VALUE'],
    [() => new Prefix(new Uint8Array(4), 33), 'ERR_OUT_OF_RANGE'],
    [() => prefix('10.0.0.0/8').contains(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [() => prefix('10.0.0.0/8').contains('10'), 'ERR_INVALID_ARG_VALUE'],
    [() => prefix('10.0.0.0/8').overlaps('10.0.0.0/8' as never), 'ERR_INVALID_ARG_TYPE'],
    [() => prefix('10.0.0.0/8').supernet(9), 'ERR_OUT_OF_RANGE'],
    [() => prefix('0.0.0.0/0').supernet(), 'ERR_OUT_OF_RANGE'],
    [() => prefix('10.0.0.0/8').split(7), 'ERR_OUT_OF_RANGE'],
    [() => prefix('10.0.0.1/32').split(), 'ERR_OUT_OF_RANGE'],
    [() => netmask(33), 'ERR_OUT_OF_RANGE'],
    [() => netmask(8, 64), 'ERR_OUT_OF_RANGE'],
    [() => netmaskLength('255.0.255.0'), 'ERR_INVALID_ARG_VALUE'],
    [() => summarize(['10.0.0.0']), 'ERR_INVALID_ARG_VALUE'],
    [() => summarize([5 as never]), 'ERR_INVALID_ARG_TYPE'],
    [() => summarizeRange('10.0.0.2', '10.0.0.1'), 'ERR_INVALID_ARG_VALUE'],
    [() => summarizeRange('10.0.0.2', '::1'), 'ERR_INVALID_ARG_VALUE'],
  ])('%s throws %s', (run, name) => {
    expect(run).toThrow(code(name));
  });
});

describe('a prefix', () => {
  it('knows its bounds', () => {
    const it4 = prefix('192.0.2.64/26');
    expect(formatIP(it4.last())).toBe('192.0.2.127');
    expect(formatIP(it4.netmask())).toBe('255.255.255.192');
    expect(formatIP(it4.hostmask())).toBe('0.0.0.63');
    expect(it4.size).toBe(64n);
    const all = prefix('::/0');
    expect(formatIP(all.last())).toBe('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
    expect(all.size).toBe(2n ** 128n);
    expect(formatIP(prefix('2001:db8::/33').netmask())).toBe('ffff:ffff:8000::');
  });

  it('contains addresses of its own IP version only, with a zone or without', () => {
    const link = prefix('fe80::/10');
    expect(link.contains('fe80::1%eth0')).toBe(true);
    expect(link.contains('fec0::1')).toBe(false);
    expect(prefix('0.0.0.0/0').contains('::ffff:10.0.0.1')).toBe(false);
    expect(prefix('::/0').contains('10.0.0.1')).toBe(false);
    expect(prefix('::/0').overlaps(prefix('0.0.0.0/0'))).toBe(false);
    expect(prefix('10.0.0.0/8').contains(Uint8Array.of(10, 255, 255, 255))).toBe(true);
    expect(prefix('10.0.0.0/8').contains(Uint8Array.of(11, 0, 0, 0))).toBe(false);
  });

  it('gives its addresses and hosts in order, and no more than are asked for', () => {
    expect(addressTexts(prefix('10.0.0.4/30').addresses())).toEqual([
      '10.0.0.4',
      '10.0.0.5',
      '10.0.0.6',
      '10.0.0.7',
    ]);
    expect(addressTexts(prefix('10.0.0.4/30').hosts())).toEqual(['10.0.0.5', '10.0.0.6']);
    expect(addressTexts(prefix('10.0.0.4/31').hosts())).toEqual(['10.0.0.4', '10.0.0.5']);
    expect(addressTexts(prefix('10.0.0.4/32').hosts())).toEqual(['10.0.0.4']);
    expect(addressTexts(prefix('255.255.255.254/31').addresses())).toEqual([
      '255.255.255.254',
      '255.255.255.255',
    ]);
    expect(addressTexts(prefix('2001:db8::/126').hosts())).toEqual([
      '2001:db8::1',
      '2001:db8::2',
      '2001:db8::3',
    ]);
    expect(addressTexts(prefix('2001:db8::/127').hosts())).toEqual(['2001:db8::', '2001:db8::1']);
    const [first] = prefix('::/0').hosts();
    expect(formatIP(first!)).toBe('::1');
  });

  it('splits and joins', () => {
    expect(texts(prefix('10.0.0.0/24').split(26))).toEqual([
      '10.0.0.0/26',
      '10.0.0.64/26',
      '10.0.0.128/26',
      '10.0.0.192/26',
    ]);
    expect(texts(prefix('2001:db8::/32').split())).toEqual(['2001:db8::/33', '2001:db8:8000::/33']);
    expect(String(prefix('10.0.0.128/25').supernet())).toBe('10.0.0.0/24');
    expect(String(prefix('10.0.0.128/25').supernet(7))).toBe('10.0.0.0/7');
    const endless = prefix('::/0').split(128);
    expect(texts([endless.next().value as Prefix, endless.next().value as Prefix])).toEqual([
      '::/128',
      '::1/128',
    ]);
  });

  it('without another is the fewest prefixes that are left', () => {
    expect(texts(prefix('10.0.0.0/8').subtract(prefix('10.64.0.0/10')))).toEqual([
      '10.0.0.0/10',
      '10.128.0.0/9',
    ]);
    expect(texts(prefix('10.0.0.0/30').subtract(prefix('10.0.0.1/32')))).toEqual([
      '10.0.0.0/32',
      '10.0.0.2/31',
    ]);
    expect(texts(prefix('10.0.0.0/8').subtract(prefix('::/0')))).toEqual(['10.0.0.0/8']);
    expect(prefix('::/0').subtract(prefix('::1/128'))).toHaveLength(128);
  });
});

describe('laws', () => {
  it('parse and format are each other’s inverse, and so are netmask and its length', () => {
    fc.assert(
      fc.property(prefixes, (p) => {
        expect(prefix(String(p)).equals(p)).toBe(true);
        expect(netmaskLength(p.netmask())).toBe(p.length);
        if (p.bits === 32)
          expect(prefix(`${formatIP(p.bytes)}/${formatIP(p.netmask())}`).equals(p)).toBe(true);
      }),
    );
  });

  it('contains is a partial order; overlap is containment either way; compare agrees', () => {
    fc.assert(
      fc.property(prefixes, prefixes, prefixes, (a, b, c) => {
        expect(a.contains(a)).toBe(true);
        if (a.contains(b) && b.contains(a)) expect(String(a)).toBe(String(b));
        if (a.contains(b) && b.contains(c)) expect(a.contains(c)).toBe(true);
        expect(a.overlaps(b)).toBe(a.contains(b) || b.contains(a));
        expect(a.overlaps(b)).toBe(b.overlaps(a));
        expect(Math.sign(a.compare(b))).toBe(-Math.sign(b.compare(a)) + 0);
        expect(a.compare(b) === 0).toBe(a.equals(b));
        if (a.contains(b)) expect(a.compare(b)).toBeLessThanOrEqual(0);
        expect(a.contains(a.bytes) && a.contains(a.last())).toBe(true);
      }),
    );
  });

  it('supernets contain, and splits are all of it', () => {
    fc.assert(
      fc.property(prefixes, fc.nat(4), (p, more) => {
        const length = Math.min(p.bits, p.length + more);
        const parts = [...p.split(length)];
        expect(parts).toHaveLength(2 ** (length - p.length));
        for (const part of parts) expect(part.supernet(p.length).equals(p)).toBe(true);
        expect(texts(summarize(parts))).toEqual([String(p)]);
        expect(parts.reduce((sum, part) => sum + part.size, 0n)).toBe(p.size);
      }),
    );
  });

  it('what is left and what was taken are disjoint, and together the whole', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        const left = a.subtract(b);
        for (const each of left) expect(a.contains(each) && !each.overlaps(b)).toBe(true);
        const taken = a.contains(b) ? [b] : b.contains(a) ? [a] : [];
        expect(texts(summarize([...left, ...taken]))).toEqual([String(a)]);
        expect(left.length).toBeLessThanOrEqual(Math.max(1, b.length - a.length));
        expect([...left].sort((x, y) => x.compare(y))).toEqual(left);
      }),
    );
  });

  it('a summary has the same addresses, in prefixes that cannot be fewer', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 20 }), (all) => {
        const out = summarize(all);
        for (const size of [4, 16]) expect(members(out, size)).toEqual(members(all, size));
        for (let i = 1; i < out.length; i++) {
          expect(out[i - 1]!.overlaps(out[i]!)).toBe(false);
          expect(out[i - 1]!.compare(out[i]!)).toBeLessThan(0);
          const [a, b] = [out[i - 1]!, out[i]!];
          if (a.length === b.length && a.length > 0) expect(a.supernet().contains(b)).toBe(false);
        }
        expect(texts(summarize(out))).toEqual(texts(out));
        expect(texts(summarize([...all].reverse()))).toEqual(texts(out));
      }),
    );
  });

  it('a range is the prefixes from its first address to its last', () => {
    expect(texts(summarizeRange('10.0.0.1', '10.0.0.6'))).toEqual([
      '10.0.0.1/32',
      '10.0.0.2/31',
      '10.0.0.4/31',
      '10.0.0.6/32',
    ]);
    expect(texts(summarizeRange('0.0.0.0', '255.255.255.255'))).toEqual(['0.0.0.0/0']);
    expect(texts(summarizeRange('::', parseIP('::')))).toEqual(['::/128']);
    fc.assert(
      fc.property(fc.constantFrom(4, 16), fc.nat(0xffff), fc.nat(0xffff), (size, x, y) => {
        const [low, high] = x < y ? [x, y] : [y, x];
        const address = (n: number) =>
          Uint8Array.from({ length: size }, (_, i) => (i < size - 2 ? 7 : i < size - 1 ? n >> 8 : n));
        const out = summarizeRange(address(low), address(high));
        expect(out[0]!.bytes).toEqual(address(low));
        expect(out.at(-1)!.last()).toEqual(address(high));
        expect(out.reduce((sum, each) => sum + each.size, 0n)).toBe(BigInt(high - low + 1));
        expect(texts(summarize(out))).toEqual(texts(out));
      }),
    );
  });
});
