/** Ask and answer over links: ping, ARP, traceroute, path MTU, DHCP; the hosts are Linux's, the DHCP server busybox's. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inet } from '@sockeye/addr';
import { AddressBuffer, constants, errnos, Socket } from '@sockeye/core';
import {
  arpScan,
  type DhcpOffer,
  dhcpDiscover,
  type PingOptions,
  type PingResult,
  pathMtu,
  ping,
  type TraceHop,
  type TracerouteOptions,
  traceroute,
} from '@sockeye/raw';
import { afterAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { orSkip } from '../need/index.ts';
import { type Host, type Interface, Net } from '../netns/index.ts';
import { soon } from './leftovers.ts';

async function create(context: TestContext): Promise<Net> {
  const net = await orSkip(context, () => Net.create());
  onTestFinished(() => net.end());
  return net;
}

async function sysctl(host: Host, path: string, value: string): Promise<void> {
  const { status, stderr } = await host.run(['sh', '-c', `echo "${value}" >/proc/sys/${path}`]);
  expect([status, stderr]).toEqual([0, '']);
}

interface Path {
  a: Host;
  first: Host;
  second: Host;
  b: Host;
  /** Of each hop, towards a. */
  near: readonly [Interface, Interface, Interface];
  /** b's. */
  far: Interface;
}

/** a, two routers that tell of errors as often as there are some, and b. */
async function lay(net: Net, mtus: readonly (number | undefined)[]): Promise<Path> {
  const [a, first, second, b] = ['a', 'first', 'second', 'b'].map((name) => net.host(name)) as [
    Host,
    Host,
    Host,
    Host,
  ];
  const mtu = (at: number) => (mtus[at] === undefined ? {} : { mtu: mtus[at] });
  const [, one] = net.link(a, first);
  const [out, two] = net.link(first, second, mtu(0));
  const [last, far] = net.link(second, b, mtu(1));
  for (const router of [first, second]) router.forward();
  for (const host of [first, second, b]) {
    await sysctl(host, 'net/ipv4/icmp_ratelimit', '0');
    await sysctl(host, 'net/ipv6/icmp/ratelimit', '0');
  }
  await sysctl(a, 'net/ipv4/ping_group_range', '0 2147483647');
  a.route('default', one.v4);
  a.route('default', one.v6);
  first.route('10.3.0.0/24', two.v4);
  first.route('fd00:3::/64', two.v6);
  second.route('10.1.0.0/24', out.v4);
  second.route('fd00:1::/64', out.v6);
  b.route('default', last.v4);
  b.route('default', last.v6);
  return { a, first, second, b, near: [one, two, far], far };
}

/** One of a test's own, whose links have these MTUs. */
async function path(context: TestContext, mtus: readonly (number | undefined)[] = []): Promise<Path> {
  return lay(await create(context), mtus);
}

let common: Promise<Path> | undefined;
let commonNet: Net | undefined;
afterAll(() => commonNet?.end());

/** One for all tests that leave it as it is. */
function shared(context: TestContext): Promise<Path> {
  return orSkip(context, () => {
    common ??= Net.create().then((net) => {
      commonNet = net;
      return lay(net, []);
    });
    return common;
  });
}

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of results) list.push(one);
  return list;
}

const pings = (host: string, options: PingOptions): Promise<PingResult[]> =>
  all(ping(host, { interval: 5, timeout: 5000, ...options }));

describe('ping', () => {
  it.for([
    ['v4', true],
    ['v4', false],
    ['v6', true],
    ['v6', false],
  ] as const)('%s, privileged: %s', async ([version, privileged], context) => {
    const { a, far } = await shared(context);
    const host = far[version];
    const results = await pings(host, { count: 4, privileged, netns: a.namespace });
    expect(results.map(({ kind }) => kind)).toEqual(['reply', 'reply', 'reply', 'reply']);
    expect(results.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    for (const one of results) {
      expect(one).toMatchObject({ from: host, hopLimit: 62, length: 64 });
      expect(one.rttMs).toBeGreaterThan(0);
      expect(one.rttMs).toBeLessThan(5000);
    }
  });

  it.for([true, false])('tells who lets none through, privileged: %s', async (privileged, context) => {
    const { a, far, near } = await shared(context);
    const options = { count: 2, privileged, netns: a.namespace } as const;
    const expired = await pings(far.v4, { ...options, hopLimit: 2 });
    expect(expired).toMatchObject(
      [0, 1].map((sequence) => ({
        kind: 'error',
        sequence,
        from: near[1].v4,
        icmpType: 11,
        code: 'EHOSTUNREACH',
      })),
    );
    const six = await pings(far.v6, { ...options, hopLimit: 1 });
    expect(six).toMatchObject(
      [0, 1].map((sequence) => ({ kind: 'error', sequence, from: near[0].v6, icmpType: 3 })),
    );
    const nowhere = await pings('10.3.9.9', { ...options });
    expect(nowhere).toMatchObject(
      [0, 1].map(() => ({ kind: 'error', from: near[0].v4, icmpType: 3, icmpCode: 0, code: 'ENETUNREACH' })),
    );
  });

  it('two at once are told apart, and one that nobody answers has no reply', async (context) => {
    const net = await create(context);
    const [a, b] = [net.host('a'), net.host('b')];
    const [, right] = net.link(a, b);
    await sysctl(b, 'net/ipv4/icmp_echo_ignore_broadcasts', '1');
    const both = await Promise.all([
      pings(right.v4, { count: 20, interval: 1, privileged: true, netns: a.namespace, size: 0 }),
      pings(right.v4, { count: 20, interval: 1, privileged: true, netns: a.namespace, size: 1400 }),
    ]);
    for (const [which, results] of both.entries()) {
      expect(results.map((one) => (one.kind === 'reply' ? one.length : one.kind))).toEqual(
        Array(20).fill(which === 0 ? 8 : 1408),
      );
    }
    await sysctl(b, 'net/ipv4/icmp_echo_ignore_all', '1');
    const silent = await pings(right.v4, { count: 2, timeout: 30, netns: a.namespace });
    expect(silent).toEqual(
      [0, 1].map((sequence) => ({ kind: 'timeout', sequence, from: undefined, rttMs: undefined })),
    );
  });

  it('goes on until it is told to end, by its reader or by a signal', async (context) => {
    const net = await create(context);
    const a = net.host('a');
    let seen = 0;
    for await (const { kind } of ping('127.0.0.1', { interval: 1, netns: a.namespace })) {
      expect(kind).toBe('reply');
      if (++seen === 3) break;
    }
    const abort = new AbortController();
    const rest = (async () => {
      for await (const { sequence } of ping('127.0.0.1', {
        interval: 1,
        netns: a.namespace,
        signal: abort.signal,
      }))
        if (sequence === 2) abort.abort();
    })();
    await expect(rest).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    await expect(pings('10.9.9.9', { count: 1, netns: a.namespace })).rejects.toMatchObject({
      code: 'ENETUNREACH',
    });
    await expect(
      pings('127.0.0.1', { count: 1, netns: a.namespace, privileged: false }),
    ).rejects.toMatchObject({
      code: 'EACCES',
      message: expect.stringContaining('ping_group_range'),
    });
  });
});

describe('traceroute', () => {
  const hops = (host: string, options: TracerouteOptions): Promise<TraceHop[]> =>
    all(traceroute(host, { timeout: 5000, ...options }));

  it.for([
    ['udp', 'v4'],
    ['icmp', 'v4'],
    ['tcp', 'v4'],
    ['udp', 'v6'],
    ['icmp', 'v6'],
    ['tcp', 'v6'],
  ] as const)('by %s over IP%s', async ([method, version], context) => {
    const { a, far, near } = await shared(context);
    const host = far[version];
    const found = await hops(host, { method, netns: a.namespace });
    expect(found.map(({ hop, reached, unreachable }) => [hop, reached, unreachable])).toEqual([
      [1, false, false],
      [2, false, false],
      [3, true, false],
    ]);
    expect(found.map(({ answers }) => answers.map((one) => one?.from))).toEqual(
      near.map((end) => Array(3).fill(end[version])),
    );
    for (const { answers } of found) for (const one of answers) expect(one?.rttMs).toBeGreaterThan(0);
    const icmp = found.map(({ answers }) => answers[0]?.icmp);
    const four = version === 'v4';
    const exceeded = { type: four ? 11 : 3, code: 0 };
    const port = { type: four ? 3 : 1, code: four ? 3 : 4 };
    expect(icmp).toEqual([exceeded, exceeded, method === 'udp' ? port : undefined]);
  });

  it('reaches a TCP server without a connection, and says where the way ends', async (context) => {
    const { a, b, first, far, near } = await path(context);
    const server = Socket.create(constants.AF_INET, constants.SOCK_STREAM, 0, { netns: b.namespace });
    onTestFinished(() => server.close());
    server.bind(inet(far.v4, 8080));
    server.listen();
    const [last] = (
      await hops(far.v4, { method: 'tcp', port: 8080, firstHop: 3, netns: a.namespace, probes: 2 })
    ).slice(-1);
    expect(last).toMatchObject({
      hop: 3,
      reached: true,
      answers: [{ icmp: undefined }, { icmp: undefined }],
    });
    expect(server.tryAccept()).toBe(-errnos.EAGAIN);
    const echo = Socket.create(constants.AF_INET, constants.SOCK_DGRAM, 0, { netns: b.namespace });
    onTestFinished(() => echo.close());
    echo.bind(inet(far.v4, 40_000));
    const answered = (async () => {
      const from = new AddressBuffer();
      const count = await echo.recvFromInto(Buffer.alloc(64), from, { timeout: 5000 });
      await echo.sendTo(Buffer.alloc(count), from);
    })();
    const toServer = await hops(far.v4, { port: 40_000, firstHop: 3, probes: 1, netns: a.namespace });
    expect(toServer).toMatchObject([{ hop: 3, reached: true, answers: [{ from: far.v4, icmp: undefined }] }]);
    await answered;
    const nowhere = await hops('10.3.9.9', { netns: a.namespace });
    expect(nowhere).toMatchObject([
      {
        hop: 1,
        reached: false,
        unreachable: true,
        answers: Array(3).fill({ from: near[0].v4, icmp: { type: 3, code: 0 } }),
      },
    ]);
    await first.run(['ip', 'route', 'add', 'blackhole', '10.9.0.0/16']);
    const silent = await hops('10.9.9.9', { netns: a.namespace, firstHop: 2, maxHops: 3, timeout: 30 });
    expect(silent.map(({ hop, answers }) => [hop, ...answers])).toEqual([
      [2, undefined, undefined, undefined],
      [3, undefined, undefined, undefined],
    ]);
  });
});

describe('whoever leaves early', () => {
  const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' };

  it('leaves no descriptor, and is told of the abort', async (context) => {
    const { a, near } = await shared(context);
    const netns = a.namespace;
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    // Addresses that nobody has, on a's own link: nothing comes back before the kernel gives up.
    const nobody = near[0].v4.replace(/\.\d+$/, '.77');
    const signal = (): AbortSignal => {
      const abort = new AbortController();
      setTimeout(() => abort.abort('enough'), 20);
      return abort.signal;
    };
    const timeout = 60_000;
    for (const method of ['udp', 'icmp', 'tcp'] as const)
      await expect(
        all(traceroute(nobody, { method, netns, timeout, signal: signal() })),
      ).rejects.toMatchObject(aborted);
    await expect(pathMtu(nobody, { netns, timeout, signal: signal() })).rejects.toMatchObject(aborted);
    await expect(all(ping(nobody, { netns, timeout, signal: signal() }))).rejects.toMatchObject(aborted);
    await expect(all(dhcpDiscover('eth0', { netns, timeout, signal: signal() }))).rejects.toMatchObject(
      aborted,
    );
    await expect(
      all(arpScan('eth0', { netns, timeout, signal: AbortSignal.abort('enough') })),
    ).rejects.toMatchObject(aborted);
    for await (const { hop } of traceroute(near[2].v4, { netns })) {
      expect(hop).toBe(1);
      break;
    }
    for await (const { address } of arpScan('eth0', { netns, timeout })) {
      expect(address).toBe(near[0].v4);
      break;
    }
    expect(await soon(() => open() <= before)).toBe(true);
  });
});

describe('path MTU', () => {
  it.for([true, false])('hop by hop, as routers tell, privileged: %s', async (privileged, context) => {
    const { a, near, far } = await path(context, [1400, 1300]);
    const options = { privileged, netns: a.namespace, timeout: 5000 } as const;
    expect(await pathMtu(far.v4, options)).toEqual({
      mtu: 1300,
      steps: [
        { from: undefined, mtu: 1500 },
        { from: near[0].v4, mtu: 1400 },
        { from: near[1].v4, mtu: 1300 },
      ],
      blackHole: false,
      probes: 3,
    });
    // The kernel was not told to believe it, and a second look says the same.
    expect((await pathMtu(far.v4, options)).steps).toHaveLength(3);
    expect(await pathMtu(far.v6, options)).toMatchObject({
      mtu: 1300,
      steps: [{ mtu: 1500 }, { from: near[0].v6, mtu: 1400 }, { from: near[1].v6, mtu: 1300 }],
    });
  });

  it('by trying, where somebody drops and says nothing', async (context) => {
    const { a, b, far, near } = await path(context, [1400]);
    await b.run(['ip', 'link', 'set', far.name, 'mtu', '1300']);
    const found = await pathMtu(far.v4, { netns: a.namespace, timeout: 50, retries: 1 });
    // veth lets a VLAN tag more through than the other end's MTU.
    expect(found).toMatchObject({
      mtu: 1304,
      blackHole: true,
      steps: [{ mtu: 1500 }, { from: near[0].v4, mtu: 1400 }],
    });
    expect(found.probes).toBeLessThan(40);
    await sysctl(b, 'net/ipv4/icmp_echo_ignore_all', '1');
    expect(await pathMtu(far.v4, { netns: a.namespace, timeout: 30, retries: 0 })).toMatchObject({
      mtu: undefined,
      probes: 3,
    });
  });

  it('of this host alone is what the loopback interface takes', async (context) => {
    const a = (await create(context)).host('a');
    expect(await pathMtu('127.0.0.1', { netns: a.namespace })).toMatchObject({
      mtu: 65_535,
      blackHole: false,
    });
    expect(await pathMtu('::1', { netns: a.namespace })).toMatchObject({ blackHole: false, probes: 1 });
  });
});

describe('an ARP scan', () => {
  it('finds all hosts of a link and nobody else', async (context) => {
    const net = await create(context);
    const hosts = [net.host('a'), net.host('b'), net.host('c')];
    const [own, ...others] = net.bridge(...hosts) as [Interface, Interface, Interface];
    const options = { netns: own.host.namespace, timeout: 300 };
    const found = await all(arpScan(own.name, options));
    const macs = await Promise.all(
      others.map(async ({ host, name, v4 }) => {
        const { stdout } = await host.run(['cat', `/sys/class/net/${name}/address`]);
        return { address: v4, hardwareAddress: stdout.trim() };
      }),
    );
    expect(
      found.map(({ rttMs: _, ...rest }) => rest).sort((x, y) => (x.address < y.address ? -1 : 1)),
    ).toEqual(macs);
    // Nothing of it is in the kernel's table.
    const { stdout } = await own.host.run(['ip', '-4', 'neighbour', 'show', 'dev', own.name]);
    expect(stdout).toBe('');
    const one = await all(
      arpScan(own.name, { ...options, prefix: `${others[1]?.v4}/32`, source: '0.0.0.0', retries: 0 }),
    );
    expect(one).toMatchObject([{ address: others[1]?.v4 }]);
  });

  it('says what cannot be scanned', async (context) => {
    const net = await create(context);
    const [a, b] = [net.host('a'), net.host('b')];
    const [left] = net.link(a, b, { addresses: [[], []] });
    const options = { netns: a.namespace };
    await expect(all(arpScan('lo', options))).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(all(arpScan(left.name, options))).rejects.toThrow(/^prefix must be given/);
    await expect(all(arpScan(left.name, { ...options, prefix: '10.0.0.0/8' }))).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    await expect(all(arpScan(left.name, { ...options, prefix: 'fd00::/120' }))).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(all(arpScan('nonesuch0', options))).rejects.toMatchObject({ code: 'ENODEV' });
    const abort = new AbortController();
    const scan = all(
      arpScan(left.name, { ...options, prefix: '10.0.0.0/16', signal: abort.signal, timeout: 60_000 }),
    );
    setTimeout(() => abort.abort(), 20);
    await expect(scan).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});

describe('DHCP', () => {
  it('discovers what a server offers, and takes nothing', async (context) => {
    if (!spawnSync('busybox', ['--list'], { encoding: 'utf8' }).stdout?.includes('udhcpd'))
      context.skip('there is no busybox with udhcpd');
    const net = await create(context);
    const [a, b] = [net.host('a'), net.host('b')];
    const [client, server] = net.link(a, b, { addresses: [[], ['192.0.2.1/24']] });
    const folder = mkdtempSync(join(tmpdir(), 'raw-dhcp-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const leases = join(folder, 'leases');
    writeFileSync(leases, '');
    writeFileSync(
      join(folder, 'udhcpd.conf'),
      `start 192.0.2.100\nend 192.0.2.110\ninterface ${server.name}\nlease_file ${leases}\npidfile ${join(folder, 'pid')}\n` +
        'option subnet 255.255.255.0\nopt router 192.0.2.1 192.0.2.2\nopt dns 192.0.2.53\noption domain example.org\noption lease 3600\n',
    );
    const silent = await all(dhcpDiscover(client.name, { netns: a.namespace, timeout: 30, retries: 1 }));
    expect(silent).toEqual([]);
    let said = '';
    const daemon = b.spawn(['busybox', 'udhcpd', '-f', join(folder, 'udhcpd.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [daemon.stdout, daemon.stderr]) stream?.on('data', (text) => (said += text));
    expect(await soon(() => said.includes('started'))).toBe(true);
    const offers: DhcpOffer[] = [];
    for await (const offer of dhcpDiscover(client.name, { netns: a.namespace, timeout: 5000, retries: 2 })) {
      offers.push(offer);
      break;
    }
    const { stdout } = await b.run(['cat', `/sys/class/net/${server.name}/address`]);
    expect(offers).toMatchObject([
      {
        server: '192.0.2.1',
        hardwareAddress: stdout.trim(),
        netmask: '255.255.255.0',
        routers: ['192.0.2.1', '192.0.2.2'],
        nameServers: ['192.0.2.53'],
        domain: 'example.org',
        leaseSeconds: 3600,
      },
    ]);
    expect(offers[0]?.address).toMatch(/^192\.0\.2\.1(0\d|10)$/);
    daemon.kill('SIGKILL');
  });
});
