import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, type TestContext, vi } from 'vitest';
import { orSkip } from '../need/index.ts';
import { type Host, Net, sweep, Unavailable } from '../netns/index.ts';
import { probe } from '../probe/index.ts';
import { cacheFolder } from '../provision/index.ts';
import { mark, marked, soon } from './leftovers.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const there = (): string[] => (existsSync('/run/netns') ? readdirSync('/run/netns') : []);

const net = (context: TestContext): Promise<Net> => orSkip(context, () => Net.create());

/** Starts the server in one host and asks it from the other; what the client printed. */
async function pingPong(from: Host, to: Host, protocol: 'udp' | 'tcp', address: string): Promise<string> {
  const server = to.spawn([process.execPath, program('netns-peer.mjs'), 'serve', protocol, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: server.stdout as NonNullable<ChildProcess['stdout']> });
  const { value: port } = await lines[Symbol.asyncIterator]().next();
  const ask = [process.execPath, program('netns-peer.mjs'), 'ask', protocol, address, String(port)];
  const { stdout, stderr } = await from.run(ask);
  return (stdout + stderr).trim();
}

describe('two hosts and a link', () => {
  it('UDP and TCP go between them, over IPv4 and IPv6, through core', async (context) => {
    await using made = await net(context);
    const [a, b] = [made.host('a'), made.host('b')];
    const [, end] = made.link(a, b);
    const asked = [
      pingPong(a, b, 'udp', end.v4),
      pingPong(a, b, 'tcp', end.v4),
      pingPong(a, b, 'udp', end.v6),
      pingPong(a, b, 'tcp', end.v6),
    ];
    expect(await Promise.all(asked)).toEqual(Array(4).fill('ping pong'));
  });

  it('addresses, names and MTU are as asked for; the machine itself sees none of it', async (context) => {
    await using made = await net(context);
    const [a, b] = [made.host('a'), made.host('b')];
    const [left, right] = made.link(a, b, {
      names: ['left', 'a-name-of-15-by'],
      addresses: [['192.0.2.1/30', '2001:db8::1/126'], ['192.0.2.2/30']],
      mtu: 1400,
    });
    expect([left.v4, left.v6, right.v4, right.v6]).toEqual(['192.0.2.1', '2001:db8::1', '192.0.2.2', '']);
    const { stdout } = await a.run(['ip', '-json', 'address', 'show', 'dev', 'left']);
    const [seen] = JSON.parse(stdout);
    expect(seen).toMatchObject({ ifname: 'left', mtu: 1400, operstate: 'UP' });
    expect(seen.addr_info.map(({ local }: { local: string }) => local)).toContain('2001:db8::1');
    expect(seen.addr_info.some(({ tentative }: { tentative?: boolean }) => tentative)).toBe(false);
    const outside = spawnSync('ip', ['-br', 'link'], { encoding: 'utf8' }).stdout;
    expect(outside).not.toMatch(/^(left|a-name)/m);
  });

  it('a router between two links forwards', async (context) => {
    await using made = await net(context);
    const [a, router, b] = [made.host('a'), made.host('router'), made.host('b')];
    const [, near] = made.link(a, router);
    const [far, end] = made.link(router, b);
    router.forward();
    a.route('default', near.v4);
    b.route('default', far.v4);
    expect(await pingPong(a, b, 'udp', end.v4)).toBe('ping pong');
    a.route('default', near.v6);
    b.route('default', far.v6);
    expect(await pingPong(a, b, 'tcp', end.v6)).toBe('ping pong');
  });

  it('a bridge joins three hosts', async (context) => {
    await using made = await net(context);
    const hosts = [made.host('a'), made.host('b'), made.host('c')];
    const [, , third] = made.bridge(...hosts);
    const [a, b, c] = hosts as [Host, Host, Host];
    const address = third?.v4 ?? '';
    expect(address).toBe('10.1.0.3');
    expect(await pingPong(a, c, 'udp', address)).toBe('ping pong');
    expect(await pingPong(b, c, 'tcp', address)).toBe('ping pong');
  });

  it('delays where the kernel can, and says what is missing where not', async (context) => {
    await using made = await net(context);
    const [a, b] = [made.host('a'), made.host('b')];
    const [end] = made.link(a, b);
    let error: unknown;
    try {
      end.impair({ delay: 20, loss: 1 });
    } catch (thrown) {
      error = thrown;
    }
    const { stdout } = await a.run(['tc', 'qdisc', 'show', 'dev', end.name]);
    if (error === undefined) expect(stdout).toMatch(/netem .*delay 20ms.*loss 1%/);
    else {
      expect(error).toBeInstanceOf(Unavailable);
      expect((error as Unavailable).facilities).toEqual(['netem']);
      expect((error as Error).message).toMatch(/netem not to be had: .*(virtual machine|modprobe)/);
      expect(stdout).not.toContain('netem');
    }
  });

  it('vxcan joins two hosts where there is CAN, and says what is missing where not', async (context) => {
    await using made = await net(context);
    const [a, b] = [made.host('a'), made.host('b')];
    const [one] = await probe(['vxcan']);
    if (one?.there !== true) {
      const words = /^vxcan not to be had: .*(virtual machine|modprobe)/;
      expect(() => made.link(a, b, { kind: 'vxcan' })).toThrow(words);
      expect(() => a.vcan()).toThrow(/^vcan not to be had/);
      return;
    }
    const [left, right] = made.link(a, b, { kind: 'vxcan' });
    a.vcan();
    expect((await a.run(['ip', '-br', 'link', 'show', 'vcan0'])).stdout).toMatch(/UP/);
    const dump = b.run(['candump', '-n', '1', right.name], { timeout: 10_000 });
    let ended = false;
    void dump.finally(() => (ended = true)).catch(() => {});
    while (!ended) expect((await a.run(['cansend', left.name, '123#DEAD'])).status).toBe(0);
    expect((await dump).stdout).toMatch(/vxcan0 +123 +\[2\] +DE AD/);
  });

  it('names that cannot be are refused by name, a host’s twice too', async (context) => {
    await using made = await net(context);
    const [a, b] = [made.host('a'), made.host('b')];
    for (const name of ['', '-a', 'a/b', 'x'.repeat(16)])
      expect(() => made.host(name)).toThrow(/a host’s name takes .* got '/);
    expect(() => made.host('a')).toThrow("has a host 'a' already");
    expect(() => made.link(a, b, { names: ['an-interface-too-long', 'x'] })).toThrow(
      /interface’s name takes/,
    );
    await using other = await Net.create();
    expect(() => made.link(a, other.host('b'))).toThrow('of another net');
  });

  it('run gives the status, a signal’s too, and ends what takes too long', async (context) => {
    await using made = await net(context);
    const a = made.host('a');
    expect(await a.run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      status: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await a.run(['sh', '-c', 'kill -TERM $$'])).status).toBe(143);
    await expect(a.run(['sleep', '600'], { timeout: 200 })).rejects.toThrow(
      /sleep 600 did not end within 200 ms/,
    );
  });
});

/** Runs programs/netns-hold.mjs until it has said what it made. */
async function hold(
  how: string,
  value: string,
): Promise<{ child: ChildProcess; names: string[]; ended: Promise<unknown> }> {
  const args = ['--import', 'tsx', program('netns-hold.mjs'), how];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, SPEC_MARK: value },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const ended = new Promise((resolve) => child.on('exit', (status, signal) => resolve(signal ?? status)));
  const lines = createInterface({ input: child.stdout });
  const { value: line } = await lines[Symbol.asyncIterator]().next();
  if (line === undefined) throw new Error(said);
  return { child, names: JSON.parse(line), ended };
}

/** What a net left: namespaces, mounts, processes, state files. */
const left = (names: readonly string[], value: string): unknown[] => [
  ...there().filter((name) => names.includes(name)),
  ...readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => names.some((name) => line.includes(name))),
  ...marked(value),
  ...readdirSync(cacheFolder('netns')).filter((file) =>
    names.some((name) => name.startsWith(file.replace('.json', '-'))),
  ),
];

describe('torn down', () => {
  const ways: [string, string, NodeJS.Signals | undefined, unknown][] = [
    ['when it ends', 'end', undefined, 0],
    ['after an exception', 'throw', undefined, 1],
    ['after process.exit', 'exit', undefined, 3],
    ['after SIGINT', 'hold', 'SIGINT', 'SIGINT'],
    ['after SIGTERM', 'hold', 'SIGTERM', 'SIGTERM'],
    ['after SIGHUP', 'hold', 'SIGHUP', 'SIGHUP'],
  ];
  it.for(ways)('%s', async ([, how, signal, outcome], context) => {
    (await net(context)).end();
    const value = mark();
    const { child, names, ended } = await hold(how, value);
    expect(names).toHaveLength(2);
    if (signal !== undefined) {
      expect(there()).toEqual(expect.arrayContaining(names));
      // A process has its mark when it has begun its program, which is a moment after it was made.
      expect(await soon(() => marked(value).length > 1)).toBe(true);
      child.kill(signal);
    }
    expect(await ended).toBe(outcome);
    expect(await soon(() => left(names, value).length === 0)).toBe(true);
  });

  it('after SIGKILL by the next that comes, and not before its owner is dead', async (context) => {
    (await net(context)).end();
    // A cache of its own: other specs sweep as well.
    const cache = mkdtempSync(join(tmpdir(), 'netns-'));
    vi.stubEnv('SOCKEYE_CACHE', cache);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      rmSync(cache, { recursive: true });
    });
    const value = mark();
    const { child, names, ended } = await hold('hold', value);
    sweep();
    expect(there()).toEqual(expect.arrayContaining(names));
    child.kill('SIGKILL');
    await ended;
    expect(left(names, value).length).toBeGreaterThan(3);
    (await Net.create()).end();
    expect(left(names, value)).toEqual([]);
  });

  it('eight processes at once, and eight nets in one: no name twice, all of them work, nothing is left', async (context) => {
    (await net(context)).end();
    const value = mark();
    const held = await Promise.all(Array.from({ length: 8 }, () => hold('hold', value)));
    const nets = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const made = await Net.create();
        made.link(made.host('a'), made.host('b'));
        return made;
      }),
    );
    const names = [...held.flatMap((one) => one.names), ...nets.flatMap((one) => one.namespaces)];
    expect(new Set(names).size).toBe(32);
    expect(there()).toEqual(expect.arrayContaining(names));
    for (const made of nets) made.end();
    for (const { child } of held) child.kill('SIGTERM');
    await Promise.all(held.map(({ ended }) => ended));
    expect(left(names, value)).toEqual([]);
  }, 60_000);

  it('a command that is only on its way into the namespace goes too', async (context) => {
    const value = mark();
    for (let turn = 0; turn < 20; turn++) {
      const made = await net(context);
      const host = made.host('a');
      const env = { ...process.env, SPEC_MARK: value };
      const child = host.spawn(['sleep', '600'], { stdio: 'ignore', env });
      if (turn % 2 === 1) await new Promise((resolve) => setTimeout(resolve, turn / 4));
      made.end();
      await new Promise((resolve) => child.once('close', resolve));
    }
    expect(marked(value)).toEqual([]);
  });

  it('ten runs leave nothing, ten that are killed half-way neither', async (context) => {
    (await net(context)).end();
    const value = mark();
    const names: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const [one, other] = await Promise.all([hold('end', value), hold('hold', value)]);
      names.push(...one.names, ...other.names);
      other.child.kill(turn % 2 === 0 ? 'SIGINT' : 'SIGTERM');
      await Promise.all([one.ended, other.ended]);
    }
    expect(names).toHaveLength(40);
    expect(left(names, value)).toEqual([]);
  }, 60_000);
});

describe('an ordinary user', () => {
  it('is told which capabilities it takes, and the way out', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('taking rights away takes root');
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const args = [...user, process.execPath, '--import', 'tsx', program('netns-hold.mjs'), 'end'];
    const { status, stderr } = spawnSync('setpriv', args, { encoding: 'utf8', timeout: 20_000 });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Unavailable: netns not to be had: .*CAP_SYS_ADMIN and CAP_NET_ADMIN.*as root \(sudo\)/,
    );
  });
});
