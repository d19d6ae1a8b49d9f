import {
  constants as c,
  getaddrinfo,
  getaddrinfoSync,
  ifIndexToName,
  ifNameToIndex,
  SocketError,
} from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { loopback, rejected, thrown } from './support.ts';

describe('getaddrinfo', () => {
  const numeric = { type: c.SOCK_STREAM, flags: c.AI_NUMERICHOST };

  it('gives what socket, bind and connect take', async () => {
    const [first] = await getaddrinfo('127.0.0.1', 80, numeric);
    expect(first).toEqual({
      family: c.AF_INET,
      type: c.SOCK_STREAM,
      protocol: c.IPPROTO_TCP,
      canonicalName: undefined,
      address: Buffer.from(loopback(80)),
    });
    expect(getaddrinfoSync('127.0.0.1', '80', numeric)).toEqual([first]);
  });

  it('knows wildcards, services and canonical names', () => {
    const passive = getaddrinfoSync(null, 80, {
      type: c.SOCK_STREAM,
      flags: c.AI_PASSIVE,
      family: c.AF_INET,
    });
    expect([...(passive[0]?.address ?? [])].slice(0, 8)).toEqual([c.AF_INET, 0, 0, 80, 0, 0, 0, 0]);
    const own = getaddrinfoSync('127.0.0.1', null, { type: c.SOCK_DGRAM, flags: c.AI_CANONNAME });
    expect(own[0]?.canonicalName).toBe('127.0.0.1');
  });

  it('fails with the C library’s code and words', async () => {
    const error = await rejected(getaddrinfo('not-an-address', null, { flags: c.AI_NUMERICHOST }));
    expect(error).toBeInstanceOf(SocketError);
    expect(error).toMatchObject({ code: 'EAI_NONAME', errno: c.EAI_NONAME, syscall: 'getaddrinfo' });
    expect(error.message).toContain('not-an-address');
    expect(thrown(() => getaddrinfoSync('127.0.0.1', null, { flags: -1 })).code).toBe('EAI_BADFLAGS');
    expect(thrown(() => getaddrinfoSync('127.0.0.1', null, { family: 12345 })).code).toBe('EAI_FAMILY');
  });

  it('can be aborted, and many at once all answer', async () => {
    expect((await rejected(getaddrinfo('127.0.0.1', 1, { signal: AbortSignal.abort() }))).code).toBe(
      'ABORT_ERR',
    );
    const controller = new AbortController();
    const aborted = rejected(getaddrinfo('127.0.0.1', 1, { signal: controller.signal }));
    controller.abort();
    expect((await aborted).name).toBe('AbortError');
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, port) => getaddrinfo('127.0.0.1', port, numeric)),
    );
    expect(many.map(([one]) => Buffer.from(one?.address ?? []).readUInt16BE(2))).toEqual([
      ...Array(50).keys(),
    ]);
  });
});

describe('interfaces', () => {
  it('by name and by index', () => {
    const index = ifNameToIndex('lo');
    expect(index).toBeGreaterThan(0);
    expect(ifIndexToName(index)).toBe('lo');
  });
});
