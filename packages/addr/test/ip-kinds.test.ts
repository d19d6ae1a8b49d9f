import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIP,
  inetAton,
  isIPv4,
  isIPv6,
  mapIPv4,
  multicastScope,
  parseIP,
  scopeOf,
  translateIPv4,
  unmapIPv4,
  untranslateIPv4,
} from '../src/ip.ts';
import { prefix } from '../src/prefix.ts';
import { expectLinear } from './linear.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const code = (name: string) => expect.objectContaining({ code: name });

describe('inetAton', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['1.2.3', '1.2.0.3'],
    ['1.2.65535', '1.2.255.255'],
    ['0x7f.0.0.01', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0x7F000001', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['4294967295', '255.255.255.255'],
    ['0', '0.0.0.0'],
    ['00000000000000000000000000000000000000377.0x0000001', '255.0.0.1'],
  ])('%s is %s', (text, address) => {
    expect(formatIP(inetAton(text))).toBe(address);
  });

  it.each([
    ['', 0],
    ['1.', 2],
    ['1.2.3.4.', 7],
    ['1.2.3.4.5', 7],
    ['256.1', 0],
    ['1.2.65536', 4],
    ['4294967296', 0],
    ['1.2.3.256', 6],
    ['08', 1],
    ['0x', 1],
    ['0x.1', 1],
    ['-1', 0],
    ['1.2.3.4 ', 7],
    ['1.2.3.4\n5', 7],
    ['1 ', 1],
    ['٣', 0],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => inetAton(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });

  it('takes no quadratic time', () => {
    expectLinear((length) => {
      for (const long of ['0'.repeat(length), `0x${'0'.repeat(length)}1`])
        expect(inetAton(long)).toHaveLength(4);
      for (const long of ['1'.repeat(length), '1.'.repeat(length), '0x'.repeat(length)])
        expect(() => inetAton(long)).toThrow(code('ERR_INVALID_ARG_VALUE'));
    });
  });
});

describe('isIPv4 and isIPv6', () => {
  it('are false for what is no string', () => {
    for (const value of [undefined, null, 4, 0x7f000001, new Uint8Array(4), ['1.2.3.4'], {}]) {
      expect(isIPv4(value as never)).toBe(false);
      expect(isIPv6(value as never)).toBe(false);
    }
  });
});

describe('parseIP and formatIP', () => {
  it('go there and back', () => {
    fc.assert(
      fc.property(fc.oneof(octets(4), octets(16)), (bytes) => {
        expect(parseIP(formatIP(bytes))).toEqual(bytes);
        expect(parseIP(bytes)).toEqual(bytes);
        expect(parseIP(bytes)).not.toBe(bytes);
      }),
    );
    expect(parseIP('fe80::1%eth0')).toEqual(parseIP('fe80::1'));
  });

  it.each([
    [() => inetAton(127 as never), 'ERR_INVALID_ARG_TYPE'],
    [() => parseIP(5 as never), 'ERR_INVALID_ARG_TYPE'],
    [() => parseIP(new Uint8Array(5)), 'ERR_INVALID_ARG_VALUE'],
    [() => parseIP('localhost'), 'ERR_INVALID_ARG_VALUE'],
    [() => formatIP('::1' as never), 'ERR_INVALID_ARG_TYPE'],
    [() => formatIP(new Uint8Array(15)), 'ERR_INVALID_ARG_VALUE'],
    [() => scopeOf('1.2.3'), 'ERR_INVALID_ARG_VALUE'],
    [() => multicastScope(new Uint8Array(0)), 'ERR_INVALID_ARG_VALUE'],
    [() => mapIPv4('::1'), 'ERR_INVALID_ARG_VALUE'],
    [() => translateIPv4('1.2.3.4', prefix('2001:db8::/33')), 'ERR_INVALID_ARG_VALUE'],
    [() => translateIPv4('1.2.3.4', prefix('10.0.0.0/32')), 'ERR_OUT_OF_RANGE'],
    [() => untranslateIPv4('::1', prefix('2001:db8:0:0:ff00::/96')), 'ERR_INVALID_ARG_VALUE'],
  ])('%s throws %s', (run, name) => {
    expect(run).toThrow(code(name));
  });
});

describe('IPv4 inside of IPv6', () => {
  // RFC 6052 section 2.4.
  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
    ['64:ff9b::/96', '64:ff9b::c000:221'],
  ])('192.0.2.33 under %s is %s', (under, address) => {
    expect(translateIPv4('192.0.2.33', prefix(under))).toEqual(parseIP(address));
    expect(formatIP(untranslateIPv4(address, prefix(under))!)).toBe('192.0.2.33');
  });

  it('is found under its prefix only', () => {
    expect(untranslateIPv4('64:ff9b::1.2.3.4')).toEqual(parseIP('1.2.3.4'));
    expect(untranslateIPv4('64:ff9c::1.2.3.4')).toBeUndefined();
    expect(untranslateIPv4('1.2.3.4')).toBeUndefined();
    expect(untranslateIPv4('2001:db8:c000:221:100::', prefix('2001:db8::/32'))).toBeUndefined();
    expect(unmapIPv4('::ffff:1.2.3.4')).toEqual(parseIP('1.2.3.4'));
    expect(unmapIPv4('::1.2.3.4')).toBeUndefined();
    expect(unmapIPv4('1.2.3.4')).toBeUndefined();
  });

  it('goes there and back', () => {
    fc.assert(
      fc.property(octets(4), octets(16), fc.constantFrom(32, 40, 48, 56, 64, 96), (four, bytes, length) => {
        bytes[8] = 0;
        const under = prefix(bytes, length, { clear: true });
        expect(untranslateIPv4(translateIPv4(four, under), under)).toEqual(four);
        expect(under.contains(translateIPv4(four, under))).toBe(true);
        expect(unmapIPv4(mapIPv4(four))).toEqual(four);
      }),
    );
  });
});

/** The registries' lines, and the addresses just outside of them where those are something else. */
const places: readonly (readonly [prefix: string, scope: string, outside?: readonly string[]])[] = [
  ['0.0.0.0/32', 'unspecified'],
  ['0.0.0.1/32', 'this-network'],
  ['0.128.0.0/9', 'this-network', ['1.0.0.0']],
  ['10.0.0.0/8', 'private', ['9.255.255.255', '11.0.0.0']],
  ['100.64.0.0/10', 'shared', ['100.63.255.255', '100.128.0.0']],
  ['127.0.0.0/8', 'loopback', ['126.255.255.255', '128.0.0.0']],
  ['169.254.0.0/16', 'link-local', ['169.253.255.255', '169.255.0.0']],
  ['172.16.0.0/12', 'private', ['172.15.255.255', '172.32.0.0']],
  ['192.0.0.0/29', 'protocol', ['191.255.255.255', '192.0.0.9', '192.0.0.10', '192.0.1.0']],
  ['192.0.0.170/31', 'protocol'],
  ['192.0.2.0/24', 'documentation', ['192.0.1.255', '192.0.3.0']],
  ['192.88.99.0/24', '6to4', ['192.88.98.255', '192.88.100.0']],
  ['192.168.0.0/16', 'private', ['192.167.255.255', '192.169.0.0']],
  ['198.18.0.0/15', 'benchmarking', ['198.17.255.255', '198.20.0.0']],
  ['198.51.100.0/24', 'documentation', ['198.51.99.255', '198.51.101.0']],
  ['203.0.113.0/24', 'documentation', ['203.0.112.255', '203.0.114.0']],
  ['224.0.0.0/4', 'multicast', ['223.255.255.255']],
  ['240.0.0.0/5', 'reserved'],
  ['255.255.255.254/32', 'reserved'],
  ['255.255.255.255/32', 'broadcast'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback', ['::2', '::1:0:0:1']],
  ['::ffff:127.0.0.0/104', 'loopback', ['::ffff:128.0.0.1', '::fffe:127.0.0.1', '::1:127.0.0.1']],
  ['64:ff9b::/96', 'translation', ['64:ff9b:0:0:0:1::', '64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff']],
  ['64:ff9b:1::/48', 'translation', ['64:ff9b:2::']],
  ['100::/64', 'discard', ['100:0:0:2::', 'ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']],
  ['100:0:0:1::/64', 'discard'],
  ['2001::/32', 'teredo'],
  ['2001:1::/128', 'protocol', ['2001:1::1', '2001:1::2', '2001:1::3']],
  ['2001:1::4/126', 'protocol'],
  ['2001:2::/48', 'benchmarking'],
  ['2001:2:1::/48', 'protocol', ['2001:3::', '2001:4:112::']],
  ['2001:4:113::/48', 'protocol'],
  ['2001:10::/28', 'orchid'],
  ['2001:20::/28', 'orchid'],
  ['2001:30::/28', 'orchid'],
  ['2001:40::/26', 'protocol', ['2001:200::']],
  ['2001:db8::/32', 'documentation', ['2001:db7:ffff::', '2001:db9::']],
  ['2002::/16', '6to4', ['2003::']],
  ['3fff::/20', 'documentation', ['3ffe:ffff::', '3fff:1000::']],
  ['5f00::/16', 'segment-routing', ['5eff:ffff::', '5f01::']],
  ['fc00::/7', 'unique-local', ['fbff:ffff::', 'fe00::']],
  ['fe80::/10', 'link-local', ['fe7f:ffff::']],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
];

describe('scopeOf', () => {
  it.each(places.map(([text, scope, outside = []]) => ({ text, scope, outside })))('$text is $scope', ({
    text,
    scope,
    outside,
  }) => {
    const p = prefix(text);
    expect(scopeOf(p.bytes)).toBe(scope);
    expect(scopeOf(p.last())).toBe(scope);
    for (const address of outside) expect(scopeOf(address), address).toBe('global');
  });

  it('is that of IPv4 where that is mapped, and passes zones over', () => {
    fc.assert(fc.property(octets(4), (bytes) => scopeOf(mapIPv4(bytes)) === scopeOf(bytes)));
    expect(scopeOf('fe80::1%eth0')).toBe('link-local');
    expect(scopeOf('192.0.2.1')).toBe('documentation');
    expect(scopeOf('2606:4700:4700::1111')).toBe('global');
  });
});

describe('multicastScope', () => {
  it.each([
    ['ff01::1', 1],
    ['ff02::1:ff00:1', 2],
    ['ff03::fc', 3],
    ['ff15::1', 5],
    ['ff08::1', 8],
    ['ff3e::1', 14],
    ['224.0.0.251', 2],
    ['224.0.1.1', 14],
    ['232.1.2.3', 14],
    ['238.255.255.255', 14],
    ['239.255.255.250', 3],
    ['239.192.0.1', 8],
    ['239.1.2.3', 8],
    ['223.255.255.255', undefined],
    ['240.0.0.1', undefined],
    ['fe80::1', undefined],
  ])('%s is %s', (address, scope) => {
    expect(multicastScope(address)).toBe(scope);
  });
});
