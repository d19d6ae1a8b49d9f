import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIPv6, parseIPv6 } from '../src/ip.ts';
import {
  eui48,
  eui64,
  formatBluetooth,
  formatMac,
  identifiedEui64,
  interfaceIdentifier,
  isGroupMac,
  isLocalMac,
  parseBluetooth,
  parseMac,
} from '../src/mac.ts';
import { hex } from './hex.ts';

const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('EUI-48 and EUI-64', () => {
  it('give the interface identifiers of RFC 4291 appendix A and RFC 2464 section 4', () => {
    expect(hex(interfaceIdentifier(parseMac('34:56:78:9a:bc:de')))).toBe('365678fffe9abcde');
    expect(hex(interfaceIdentifier(parseMac('00-00-5e-ff-fe-00-53-01')))).toBe('02005efffe005301');
    const address = parseIPv6('fe80::').bytes;
    address.set(interfaceIdentifier(parseMac('00:25:96:12:34:56')), 8);
    expect(formatIPv6(address)).toBe('fe80::225:96ff:fe12:3456');
  });

  it('go there and back', () => {
    fc.assert(
      fc.property(octets(6), octets(8), (six, eight) => {
        expect(eui48(eui64(six))).toEqual(six);
        expect(eui48(identifiedEui64(interfaceIdentifier(six)))).toEqual(six);
        expect(identifiedEui64(interfaceIdentifier(eight))).toEqual(eight);
        const back = eui48(eight);
        expect(back === undefined).toBe(eight[3] !== 0xff || eight[4] !== 0xfe);
        if (back !== undefined) expect(eui64(back)).toEqual(eight);
      }),
    );
  });

  it('tell groups, and who gave them out', () => {
    expect(isGroupMac(parseMac('ff:ff:ff:ff:ff:ff'))).toBe(true);
    expect(isGroupMac(parseMac('01:00:5e:00:00:01'))).toBe(true);
    expect(isGroupMac(parseMac('02:42:ac:11:00:02'))).toBe(false);
    expect(isLocalMac(parseMac('02:42:ac:11:00:02'))).toBe(true);
    expect(isLocalMac(parseMac('00:00:5e:00:53:01'))).toBe(false);
  });

  it.each([
    ['eui64', eui64, 8],
    ['eui48', eui48, 6],
    ['interfaceIdentifier', interfaceIdentifier, 7],
    ['identifiedEui64', identifiedEui64, 6],
    ['isGroupMac', isGroupMac, 5],
    ['isLocalMac', isLocalMac, 0],
  ])('%s takes no other length and no text', (_, run, length) => {
    expect(() => run(new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => run('00:00:5e:00:53:01' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

describe('Bluetooth addresses', () => {
  it('have their last pair first in memory', () => {
    expect(hex(parseBluetooth('00:1A:7D:DA:71:13'))).toBe('1371da7d1a00');
    expect(formatBluetooth(Uint8Array.of(9, 0x13, 0x71, 0xda, 0x7d, 0x1a, 0), 1)).toBe('00:1A:7D:DA:71:13');
  });

  it('go there and back, and are hardware addresses reversed', () => {
    fc.assert(
      fc.property(octets(6), (bytes) => {
        expect(parseBluetooth(formatBluetooth(bytes))).toEqual(bytes);
        expect(parseBluetooth(formatMac(bytes.toReversed()))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['', 0],
    ['00:1A:7D:DA:71', 14],
    ['00:1A:7D:DA:71:', 15],
    ['00:1A:7D:DA:71:1', 15],
    ['00:1A:7D:DA:71:13:', 17],
    ['00:1A:7D:DA:71:13:14', 17],
    ['00-1A-7D-DA-71-13', 2],
    ['0g:1A:7D:DA:71:13', 0],
    [' 00:1A:7D:DA:71:13', 0],
  ])('%j is refused at offset %i', (text, offset) => {
    expect(() => parseBluetooth(text)).toThrow(expect.objectContaining({ name: 'ParseError', offset }));
  });

  it('need text, and six bytes', () => {
    expect(() => parseBluetooth(5 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => formatBluetooth(new Uint8Array(5))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => formatBluetooth(new Uint8Array(6), 1)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});
