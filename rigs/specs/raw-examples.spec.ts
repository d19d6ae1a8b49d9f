/** The programs of examples/raw that take more than one host. */
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inet } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { expect, it, type TestContext } from 'vitest';
import { orSkip } from '../need/index.ts';
import { type Host, Net } from '../netns/index.ts';

const program = (name: string): string[] => [
  process.execPath,
  '--import',
  'tsx',
  fileURLToPath(new URL(`../../examples/raw/${name}.ts`, import.meta.url)),
];

const net = (context: TestContext): Promise<Net> => orSkip(context, () => Net.create());

/** What an example prints in a host. */
async function lines(host: Host, name: string, ...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await host.run([...program(name), ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim().split('\n');
}

/** Each program compiles itself, on a machine that may be busy. */
const LONG = 60_000;
const TIME = String.raw`\d+\.\d{3} ms`;

it('ping, traceroute, path MTU, ARP scan', { timeout: LONG }, async (context) => {
  await using made = await net(context);
  const [a, router, b] = [made.host('a'), made.host('router'), made.host('b')];
  const [own, near] = made.link(a, router);
  const [out, far] = made.link(router, b, { mtu: 1280 });
  router.forward();
  a.route('default', near.v4);
  b.route('default', out.v4);
  const mac = (await router.run(['cat', `/sys/class/net/${near.name}/address`])).stdout.trim();
  const said = await Promise.all([
    lines(a, 'ping', far.v4, '2', '10'),
    lines(a, 'traceroute', far.v4),
    lines(a, 'path-mtu', far.v4),
    lines(a, 'arp-scan', own.name, '10.1.0.0/30'),
  ]);
  const like = (...forms: string[]) => forms.map((form) => expect.stringMatching(new RegExp(`^${form}$`)));
  expect(said).toEqual([
    like(...[0, 1].map((n) => `64 bytes from ${far.v4}: sequence ${n}, hop limit 63, ${TIME}`)),
    like(`1 ${near.v4} ${TIME} ${TIME} ${TIME}`, `2 ${far.v4} ${TIME} ${TIME} ${TIME}`),
    ['this host: 1500', `${near.v4}: 1280`, `${far.v4}: 1280`],
    like(`${near.v4} ${mac} ${TIME}`),
  ]);
});

it('ping and traceroute for nobody in particular, where the groups are allowed to', {
  timeout: LONG,
}, async (context) => {
  await using made = await net(context);
  const a = made.host('a');
  const file = '/proc/sys/net/ipv4/ping_group_range';
  await a.run(['sh', '-c', `echo "0 2147483647" >${file}`]);
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const [readable] = [
    spawnSync(nobody[0] as string, [...nobody.slice(1), 'test', '-r', program('ping')[3] as string]),
  ];
  if (readable.status !== 0) context.skip('the user nobody may not read this checkout');
  for (const [name, ...args] of [
    ['ping', '127.0.0.1', '1'],
    ['traceroute', '127.0.0.1', 'icmp'],
    ['path-mtu', '127.0.0.1'],
  ] as const) {
    const { status, stdout, stderr } = await a.run([...nobody, ...program(name), ...args]);
    expect([status, stderr, stdout]).toEqual([0, '', expect.stringContaining('127.0.0.1')]);
  }
});

it('capture shows connections as they are opened, and that the interface went', {
  timeout: LONG,
}, async (context) => {
  await using made = await net(context);
  const [a, b] = [made.host('a'), made.host('b')];
  const [, right] = made.link(a, b);
  const child = b.spawn([...program('capture'), right.name], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('it has no output');
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await output.next()).value).toBe(`Capturing on ${right.name}`);
  const client = Socket.create(constants.AF_INET, constants.SOCK_STREAM, 0, { netns: a.namespace });
  try {
    await expect(client.connect(inet(right.v4, 4711), { timeout: 5000 })).rejects.toThrow(/ECONNREFUSED/);
  } finally {
    client.close();
  }
  expect((await output.next()).value).toMatch(new RegExp(`^\\d{19} ${right.v4} port 4711$`));
  right.down();
  expect((await output.next()).value).toBe(`${right.name} is down`);
  expect((await output.next()).done).toBe(true);
});
