import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decode,
  encode,
  format,
  formatIPv4,
  formatIPv6,
  formatMac,
  NotSupportedError,
  parse,
  parseIPv4,
  parseIPv6,
  parseMac,
  type SocketAddress,
  size,
} from '../src/index.ts';
import { addresses, exists, home, ipv6Bytes, platforms, protocolOf } from './arbitraries.ts';
import { hex } from './hex.ts';

const families = Object.keys(addresses) as SocketAddress['family'][];

describe.each(families)('%s', (family) => {
  it.each(platforms)('decode(encode(value)) is the value on %s, or the platform lacks it', (platform) => {
    fc.assert(
      fc.property(addresses[family], fc.nat(9), fc.nat(9), (value, before, after) => {
        if (!exists(value, platform)) {
          expect(() => value.toSockaddr(platform)).toThrow(NotSupportedError);
          return;
        }
        const length = size(value, platform);
        const buffer = new Uint8Array(before + length + after).fill(0xcc);
        expect(encode(value, buffer, before, platform)).toBe(length);
        expect(hex(buffer.subarray(before, before + length))).toBe(hex(value.toSockaddr(platform)));
        expect(buffer.subarray(0, before).every((byte) => byte === 0xcc)).toBe(true);
        expect(buffer.subarray(before + length).every((byte) => byte === 0xcc)).toBe(true);
        const read = decode(buffer, before, length, platform, { protocol: protocolOf(value, platform) });
        expect(read).toStrictEqual(value);
        expect(format(read)).toBe(format(value));
      }),
    );
  });

  it('parse(format(value)) is the value, and format is canonical', () => {
    fc.assert(
      fc.property(addresses[family], (value) => {
        const text = format(value);
        expect(String(value)).toBe(text);
        expect(parse(text)).toStrictEqual(value);
        expect(format(parse(text))).toBe(text);
      }),
    );
  });

  it('a plain object with the same fields encodes to the same bytes', () => {
    fc.assert(
      fc.property(addresses[family], (value) => {
        const plain = { ...value, toSockaddr: value.toSockaddr } as SocketAddress;
        const buffer = new Uint8Array(256);
        const length = encode(plain, buffer, 0, home(value));
        expect(hex(buffer.subarray(0, length))).toBe(hex(value.toSockaddr(home(value))));
        expect(format(plain)).toBe(format(value));
      }),
    );
  });

  it('values are frozen and do not share the bytes they were made from', () => {
    fc.assert(
      fc.property(addresses[family], (value) => {
        expect(Object.isFrozen(value)).toBe(true);
        // A Buffer too, whose slice() shares its memory.
        for (const sockaddr of [value.toSockaddr(home(value)), Buffer.from(value.toSockaddr(home(value)))]) {
          const protocol = protocolOf(value, home(value));
          const copy = decode(sockaddr, 0, sockaddr.length, home(value), { protocol });
          sockaddr.fill(0xff);
          expect(copy).toStrictEqual(value);
        }
      }),
    );
  });
});

describe('parts', () => {
  it('IPv4', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        expect(parseIPv4(formatIPv4(bytes))).toEqual(bytes);
      }),
    );
  });

  it('IPv6', () => {
    fc.assert(
      fc.property(ipv6Bytes, (bytes) => {
        expect(parseIPv6(formatIPv6(bytes))).toEqual({ bytes, zone: undefined });
      }),
      { numRuns: 1000 },
    );
  });

  it('hardware addresses, in both spellings', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
        const text = formatMac(bytes);
        expect(parseMac(text)).toEqual(bytes);
        expect(parseMac(text.replaceAll(':', '-').toUpperCase())).toEqual(bytes);
      }),
    );
  });
});
