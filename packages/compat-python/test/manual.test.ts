/** The echo programs of Python's manual, in these names (examples/python), against CPython in both directions. */
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { freePort, listening, needsPython, Program, typescript } from './support.ts';

const hasIPv6Loopback = Object.values(networkInterfaces())
  .flat()
  .some((entry) => entry?.address === '::1');

/** Our programs, and what host each is given. */
const pairs = [
  { title: 'IPv4 alone', ours: 'echo', host: '', to: '127.0.0.1' },
  { title: 'getaddrinfo', ours: 'dual-stack', host: undefined, to: 'localhost' },
  { title: 'getaddrinfo over IPv6', ours: 'dual-stack', host: '::1', to: '::1' },
];

/** Either side, by CPython or by us. */
type Face = 'ours' | 'CPython';

function start(face: Face, pair: string, side: 'server' | 'client', port: number, host?: string): Program {
  const args = [String(port), ...(host === undefined ? [] : [host])];
  if (face === 'ours') return typescript(`../../../examples/python/${pair}-${side}.ts`, args);
  const peer = fileURLToPath(new URL(`./peers/echo_${side}.py`, import.meta.url));
  // What the manual writes as '' is None to getaddrinfo.
  return new Program('python3', ['-u', peer, ...args.filter((argument) => argument !== '')]);
}

describe.each(pairs)("the manual's echo pair: $title", ({ ours, host, to }) => {
  const faces: [Face, Face][] = [
    ['ours', 'CPython'],
    ['CPython', 'ours'],
    ['ours', 'ours'],
  ];
  it.for(faces)('server %s, client %s', async ([serving, asking], context) => {
    if (serving === 'CPython' || asking === 'CPython') needsPython(context);
    if (to === '::1' && !hasIPv6Loopback) context.skip('this machine has no ::1');
    const port = await freePort();
    const server = start(serving, ours, 'server', port, host);
    try {
      await listening(port, server);
      const client = start(asking, ours, 'client', port, to);
      expect(await client.end()).toBe('Received Hello, world\n');
      const peer = to === '::1' ? '::1' : '127.0.0.1';
      expect(await server.end()).toMatch(new RegExp(`^Connected by [[(] ?'${peer}', \\d+`, 'm'));
    } finally {
      server.kill();
    }
  });
});

/** The manual itself is not a part of this project: its programs are taken from a copy beside the checkout. */
const path =
  process.env.SOCKEYE_MANUALS ?? fileURLToPath(new URL('../../../../shared/manuals', import.meta.url));
const manual = `${path}/python33.rst`;

/** The echo programs in the manual's text: its servers and clients, in order. */
function manualPrograms(side: 'server' | 'client'): string[] {
  const blocks = readFileSync(manual, 'utf8').matchAll(/\n\n((?: {3}.*\n|\n)+)/g);
  return [...blocks]
    .map(([, block]) => (block as string).replace(/^ {3}/gm, ''))
    .filter((block) => block.trimStart().startsWith(`# Echo ${side} program`));
}

describe("the manual's own programs", () => {
  const own = (side: 'server' | 'client', index: number, host: string, port: number): Program => {
    const program = manualPrograms(side)[index] ?? '';
    const placed = program
      .replace(/^HOST = \S+/m, `HOST = ${host}`)
      .replace(/^PORT = \S+/m, `PORT = ${port}`);
    return new Program('python3', ['-u', '-c', placed]);
  };
  const sides = [
    { title: 'IPv4 alone', index: 0, ours: 'echo', host: "''" },
    { title: 'getaddrinfo', index: 1, ours: 'dual-stack', host: 'None' },
  ];
  it.for(sides)('talk to ours: $title', async ({ index, ours, host }, context) => {
    needsPython(context);
    if (!existsSync(manual))
      context.skip(`the manual is not at ${manual}; SOCKEYE_MANUALS may say where it is`);
    const port = await freePort();
    const server = own('server', index, host, port);
    await listening(port, server);
    expect(await start('ours', ours, 'client', port, '127.0.0.1').end()).toBe('Received Hello, world\n');
    expect(await server.end()).toContain('Connected by');
    const another = await freePort();
    const listener = start('ours', ours, 'server', another, '127.0.0.1');
    await listening(another, listener);
    expect(await own('client', index, "'127.0.0.1'", another).end()).toBe("Received b'Hello, world'\n");
    expect(await listener.end()).toContain('Connected by');
  });
});
