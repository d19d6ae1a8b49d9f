import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import {
  constants as c,
  errnos,
  getaddrinfo,
  getaddrinfoSync,
  getfqdnSync,
  gethostbyaddr,
  gethostbyname,
  gethostbynameSync,
  gethostname,
  getnameinfo,
  getnameinfoSync,
  getprotobyname,
  getprotobynameSync,
  getprotobynumber,
  getprotobynumberSync,
  getservbynameSync,
  getservbyport,
  getservbyportSync,
  SocketError,
  sethostname,
} from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { cannotIsolate, isolated } from './isolated.ts';
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
    const aborted = rejected(getaddrinfo('localhost', 1, { signal: controller.signal }));
    controller.abort();
    expect((await aborted).name).toBe('AbortError');
    expect((await rejected(getaddrinfo('localhost', 1, { timeout: 0 }))).code).toBe('ERR_SOCKET_TIMEOUT');
    // Answered at once, so there is nothing to be late for.
    expect(await getaddrinfo('127.0.0.1', 1, { timeout: 0 })).not.toHaveLength(0);
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, port) => getaddrinfo('localhost', port, { family: c.AF_INET })),
    );
    expect(many.map(([one]) => Buffer.from(one?.address ?? []).readUInt16BE(2))).toEqual([
      ...Array(50).keys(),
    ]);
  });
});

describe('names that are none', () => {
  const calls: [string, string, (name: string) => unknown][] = [
    ['getaddrinfo', 'host', (name) => getaddrinfoSync(name, 80)],
    ['gethostbyname', 'name', (name) => gethostbynameSync(name)],
    ['getservbyname', 'name', (name) => getservbynameSync(name)],
    ['getservbyname', 'protocol', (name) => getservbynameSync('http', name)],
    ['getservbyport', 'protocol', (name) => getservbyportSync(80, name)],
    ['getaddrinfo', 'service', (name) => getaddrinfoSync('127.0.0.1', name)],
    ['getprotobyname', 'name', (name) => getprotobynameSync(name)],
    ['getfqdn', 'name', (name) => getfqdnSync(name)],
    ['sethostname', 'name', (name) => sethostname(name)],
  ];

  it.each(
    calls,
  )('%s refuses a %s with NUL or a lone surrogate, or that is no string', (_, argument, call) => {
    for (const name of ['\0', 'local\0host', '\ud800', 'a\udc00b']) {
      const error = thrown(() => call(name));
      expect([error.code, error.message.startsWith(`${argument} must be a string without`)]).toEqual([
        'ERR_INVALID_ARG_VALUE',
        true,
      ]);
    }
    const error = thrown(() => call({} as string));
    expect([error.code, error.message.startsWith(`${argument} must be`)]).toEqual([
      'ERR_INVALID_ARG_TYPE',
      true,
    ]);
  });

  it('letters outside ASCII are encoded, or refused where IDNA has no code', async () => {
    const asked = await rejected(getaddrinfo('bücher.example', null, { flags: c.AI_NUMERICHOST }));
    expect(asked.message).toContain('xn--bcher-kva.example');
    // Full-width digits and the ideographic full stop are those of ASCII to IDNA.
    expect(getaddrinfoSync('１２７。0.0.1', 80, { type: c.SOCK_STREAM })[0]?.address).toEqual(
      Buffer.from(loopback(80)),
    );
    for (const name of [
      'bü/cher.example',
      'ü@example',
      'ü cher',
      'ü\n.example',
      `${'ü'.repeat(70)}.example`,
    ]) {
      const { code } = await rejected(getaddrinfo(name, 80, { flags: c.AI_NUMERICHOST }));
      expect(code).toMatch(/^(ERR_INVALID_ARG_VALUE|EAI_NONAME)$/);
    }
    expect(thrown(() => getaddrinfoSync('ü/x', 80)).message).toMatch(/^host must be a host name that IDNA/);
  });

  it('labels and names that are too long are named in the error', async () => {
    const label = await rejected(getaddrinfo(`${'a'.repeat(64)}.invalid`, 80));
    expect(label).toMatchObject({ code: 'EAI_NONAME', name: 'SocketError' });
    expect(label.message).toContain("a label has at most 63 bytes, 'aaaaaaaaaaaaaaaaaaaa…' has 64");
    const name = await rejected(gethostbyname(`${'a.'.repeat(150)}invalid`));
    expect(name.code).toMatch(/^(HOST_NOT_FOUND|NO_RECOVERY)$/);
    expect(name.message).toContain('a name has at most 253 bytes, this one has 307');
  });

  it('wrong numbers, families and addresses are named', async () => {
    expect((await rejected(getservbyport(65536))).code).toBe('ERR_OUT_OF_RANGE');
    expect((await rejected(getservbyport(-1))).code).toBe('ERR_OUT_OF_RANGE');
    expect((await rejected(getprotobynumber(0.5))).code).toBe('ERR_OUT_OF_RANGE');
    expect((await rejected(gethostbyaddr(new Uint8Array(16)))).code).toBe('ERR_INVALID_ARG_VALUE');
    expect((await rejected(gethostbyaddr(loopback().subarray(0, 7)))).code).toBe('ERR_INVALID_ARG_VALUE');
    expect((await rejected(gethostbyaddr('127.0.0.1' as never))).code).toBe('ERR_INVALID_ARG_TYPE');
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(128),
      loopback().subarray(0, 15),
    ]) {
      expect(thrown(() => getnameinfoSync(bytes)).code).toBe('EAI_FAMILY');
      expect((await rejected(getnameinfo(bytes))).code).toBe('EAI_FAMILY');
    }
    expect((await rejected(getnameinfo(loopback(), { flags: 1.5 }))).code).toBe('ERR_OUT_OF_RANGE');
    expect((await rejected(getnameinfo(loopback(), { flags: -1 }))).code).toBe('EAI_BADFLAGS');
    expect((await rejected(gethostbyname('localhost', { family: 12345 }))).name).toBe('SocketError');
  });
});

describe('this machine’s name', () => {
  it('is read and, in a UTS namespace of one’s own, set', async (context) => {
    expect(gethostname()).toBe(hostname());
    const reason = cannotIsolate();
    if (reason !== undefined) return context.skip(reason);
    const program = `
      import { hostname } from 'node:os';
      import { gethostname, sethostname } from '@sockeye/core';
      sethostname('sockeye-test'); console.log(gethostname(), hostname());
      sethostname('x'.repeat(64)); console.log(gethostname().length);
      try { sethostname('x'.repeat(65)); } catch (error) { console.log(error.message); }`;
    const node = [process.execPath, '--input-type=module', '-e', program];
    const { output } = await isolated({ resolver: 'refusing' }, '', ['unshare', '-u', ...node]);
    expect(output.split('\n')).toEqual([
      'sockeye-test sockeye-test',
      '64',
      'sethostname EINVAL: Invalid argument; the name has 65 bytes, and at most 64 are taken',
    ]);
    expect(gethostname()).toBe(hostname());
  });
});

describe('beside getent', () => {
  const getent = (...args: string[]): string[][] | undefined => {
    const { error, stdout } = spawnSync('getent', args, { encoding: 'utf8' });
    if (error !== undefined) return undefined;
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/));
  };

  it('services and protocols with their aliases, by name and by number', async (context) => {
    const lines = getent('services');
    const numbers = getent('protocols');
    if (lines === undefined || numbers === undefined) return context.skip('there is no getent');
    for (const [name = '', at = '', ...aliases] of lines) {
      const [port, protocol = ''] = at.split('/');
      const found = getservbynameSync(name, protocol);
      const [first] = getent('services', at) ?? [];
      expect(found).toMatchObject({ name, protocol, port: Number(port), aliases });
      if (name === first?.[0]) expect(getservbyportSync(Number(port), protocol)).toEqual(found);
      if (lines.indexOf(lines.find((line) => line[0] === name) ?? []) > 40) break;
    }
    expect(lines.length).toBeGreaterThan(100);
    for (const [name = '', number, ...aliases] of numbers) {
      const found = { name, number: Number(number), aliases };
      expect(await getprotobyname(name)).toEqual(found);
      const [same] = numbers.filter((line) => line[1] === number);
      if (same?.[0] === name) expect(getprotobynumberSync(Number(number))).toEqual(found);
    }
    expect(thrown(() => getprotobynumberSync(250))).toMatchObject({
      code: 'ENOENT',
      errno: -errnos.ENOENT,
      syscall: 'getprotobynumber',
    });
  });

  it('hosts of the hosts file, with their addresses', async (context) => {
    const [line] = getent('ahostsv4', 'localhost') ?? [];
    if (line === undefined) return context.skip('there is no getent');
    const { name, family, addresses } = await gethostbyname('localhost');
    expect([name, family, addresses[0]]).toEqual(['localhost', c.AF_INET, loopback()]);
    expect(line[0]).toBe('127.0.0.1');
  });
});
