import { describe, expect, it } from 'vitest';
import {
  can,
  decode,
  inet,
  inet6,
  NotSupportedError,
  type Platform,
  packet,
  parse,
  unix,
  unixAbstract,
  unixUnnamed,
} from '../src/index.ts';
import { decode as decodeInet } from '../src/inet.ts';
import { abiOf, HEADER_SIZE } from '../src/layout.ts';
import { MAX_UNIX_PATH, layouts as unixLayouts } from '../src/unix.ts';
import { platforms } from './arbitraries.ts';
import { hex, unhex } from './hex.ts';

const pathSizeOf = (platform: Platform) => unixLayouts[abiOf(platform).system]![1] - HEADER_SIZE;

describe('other layouts', () => {
  // Written from the headers that layout.ts names: sa_len and sa_family are one byte each on the BSDs.
  it.each([
    ['linux', '02000050c00002010000000000000000'],
    ['win32', '02000050c00002010000000000000000'],
    ['darwin', '10020050c00002010000000000000000'],
    ['freebsd', '10020050c00002010000000000000000'],
  ] as const)('AF_INET on %s', (platform, bytes) => {
    expect(hex(inet('192.0.2.1', 80).toSockaddr(platform))).toBe(bytes);
  });

  it.each([
    ['linux', '0a00'],
    ['win32', '1700'],
    ['darwin', '1c1e'],
    ['freebsd', '1c1c'],
  ] as const)('AF_INET6 on %s', (platform, head) => {
    const value = inet6('fe80::1', 80, { scopeId: 2, flowInfo: 0x12345 });
    expect(hex(value.toSockaddr(platform))).toBe(
      `${head}005000012345fe80000000000000000000000000000102000000`,
    );
  });

  it.each([
    ['linux', '01002f7800', '0100'],
    ['win32', '01002f7800', '0100'],
    ['darwin', '05012f7800', '0201'],
    ['freebsd', '05012f7800', '0201'],
  ] as const)('AF_UNIX on %s', (platform, path, unnamed) => {
    expect(hex(unix('/x').toSockaddr(platform))).toBe(path);
    expect(hex(unixUnnamed().toSockaddr(platform))).toBe(unnamed);
  });

  it('does not believe sa_len: the length is the caller’s', () => {
    expect(decode(unhex('00020050c00002010000000000000000'), 0, 16, 'darwin')).toStrictEqual(
      inet('192.0.2.1', 80),
    );
    expect(decode(unhex('ff012f78'), 0, 4, 'freebsd')).toStrictEqual(unix('/x'));
  });

  it('an unbound socket’s zeros are no name where there are no abstract ones', () => {
    for (const platform of ['darwin', 'freebsd', 'win32'] as const) {
      const zeros = new Uint8Array(16);
      zeros.set(unixUnnamed().toSockaddr(platform));
      expect(decode(zeros, 0, 16, platform)).toStrictEqual(unixUnnamed());
    }
    expect(decode(unhex(`0100${'00'.repeat(14)}`), 0, 16, 'linux')).toStrictEqual(
      unixAbstract(new Uint8Array(13)),
    );
  });

  it.each(platforms)('the longest path on %s, with and without the final NUL', (platform) => {
    const pathSize = pathSizeOf(platform);
    for (const length of [pathSize - 1, pathSize]) {
      const value = unix('p'.repeat(length));
      const bytes = value.toSockaddr(platform);
      expect(bytes.length).toBe(HEADER_SIZE + pathSize);
      expect(bytes.at(-1)).toBe(length === pathSize ? 0x70 : 0);
      expect(decode(bytes, 0, bytes.length, platform)).toStrictEqual(value);
      const more = Uint8Array.of(...bytes, 0);
      expect(decode(more, 0, more.length, platform)).toStrictEqual(value);
    }
    if (pathSize < MAX_UNIX_PATH) {
      expect(() => unix('p'.repeat(pathSize + 1)).toSockaddr(platform)).toThrow(
        expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
      );
    }
    const tooLong = Uint8Array.of(...unix('p'.repeat(pathSize)).toSockaddr(platform), 0x70);
    expect(() => decode(tooLong, 0, tooLong.length, platform)).toThrow(
      expect.objectContaining({ name: 'DecodeError', offset: HEADER_SIZE + pathSize }),
    );
  });

  it('MAX_UNIX_PATH is the longest of all', () => {
    expect(Math.max(...platforms.map((platform) => pathSizeOf(platform)))).toBe(MAX_UNIX_PATH);
  });
});

describe('where a sockaddr is wrong', () => {
  it.each([
    ['linux', '0a000050c00002010000000000000000', 3, 'address family 2'],
    ['darwin', '101e0050c00002010000000000000000', 4, 'address family 2'],
    ['linux', '02000050c000020100000000000000', 18, '16 bytes'],
    ['linux', '02', 4, '2 bytes'],
    ['linux', '', 3, '2 bytes'],
  ] as const)('%s %s: offset %i, %s', (platform, bytes, offset, expected) => {
    const buffer = unhex(`aaaaaa${bytes}`);
    expect(() => decodeInet(buffer, 3, buffer.length - 3, platform)).toThrow(
      expect.objectContaining({ name: 'DecodeError', offset, expected: expect.stringContaining(expected) }),
    );
  });

  it.each([
    ['an interface index', '1100080000000080000000000000000000000000', 4],
    ['a hardware address', '110008000100000000000009', 11],
    ['a hardware address', `110008000100000000000021${'00'.repeat(40)}`, 11],
    ['12 bytes', '1100', 2],
    ['an interface index', '1d00000000000080', 4],
    ['8 bytes', '1d000000000000', 7],
  ])('%s: %s at offset %i', (expected, bytes, offset) => {
    const buffer = unhex(bytes);
    expect(() => decode(buffer, 0, buffer.length, 'linux')).toThrow(
      expect.objectContaining({ name: 'DecodeError', offset, expected: expect.stringContaining(expected) }),
    );
  });
});

describe('what a platform lacks', () => {
  const lacking = platforms.filter((platform) => abiOf(platform).system !== 'linux');

  it.each(lacking)('packet, CAN and abstract names are ENOTSUP on %s', (platform) => {
    for (const value of [packet({ ifindex: 1 }), can(1), unixAbstract('x')]) {
      let error: unknown;
      try {
        value.toSockaddr(platform);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(NotSupportedError);
      expect(error).toMatchObject({ code: 'ENOTSUP', platform });
      expect(String(error)).toMatch(platform);
    }
  });

  it.each(lacking)('their numbers are unknown families on %s', (platform) => {
    for (const value of [packet({ ifindex: 1 }), can(1)]) {
      const bytes = value.toSockaddr('linux');
      if (abiOf(platform).bsd) bytes.set([bytes.length, bytes[0]!]);
      const other = decode(bytes, 0, bytes.length, platform);
      expect(other.family).toBe('unknown');
      expect(other.toSockaddr(platform)).toEqual(bytes);
      expect(parse(String(other))).toStrictEqual(other);
    }
  });

  it('a number means its family on its platform only', () => {
    const meaning = (number: number): unknown[] =>
      platforms.map((platform) => {
        const bytes = new Uint8Array(128);
        bytes[abiOf(platform).bsd || abiOf(platform).big ? 1 : 0] = number;
        return decode(bytes, 0, 28, platform).family;
      });
    const none = 'unknown';
    expect(meaning(10)).toEqual(['inet6', 'inet6', none, none, none]);
    expect(meaning(30)).toEqual([none, none, 'inet6', none, none]);
    expect(meaning(28)).toEqual([none, none, none, 'inet6', none]);
    expect(meaning(23)).toEqual([none, none, none, none, 'inet6']);
    expect(meaning(16)).toEqual(['netlink', 'netlink', none, none, none]);
  });

  it.each(['', 'Linux', 'aix', '__proto__', 'toString', undefined, 1])('%j is no platform', (platform) => {
    expect(() => inet('127.0.0.1', 1).toSockaddr(platform as Platform)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
