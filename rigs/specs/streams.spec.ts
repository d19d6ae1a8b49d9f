import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { asListener, toDuplex } from '@sockeye/core/streams';
import { describe, expect, it, vi } from 'vitest';
import { absent, others, releases, run } from './nodes.ts';

const everything = {
  'duplex stream': true,
  'web stream': true,
  'http stream': true,
  'duplex seqpacket': true,
  'web seqpacket': true,
  'http seqpacket': true,
  copies: 'from CommonJS',
};

const runtimes = [
  ...releases.map(({ major, path }) => ({
    name: `Node.js ${major}`,
    command: path && [path],
    why: absent(major),
  })),
  ...others.map((other) => ({
    ...other,
    why: `${other.name} is not installed: npm install --prefix rigs/nodes`,
  })),
];

describe.each(runtimes)('streams on $name', ({ command, why }) => {
  it.for(['', 'thread'])('do everything, SOCKEYE_ENGINE=%s', async (engine, context) => {
    if (!command) return context.skip(why);
    const [program = '', ...flags] = command;
    const { status, stdout, stderr } = await run(program, 'streams.mjs', [], 60, flags, {
      SOCKEYE_ENGINE: engine,
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(everything);
  });
});

describe('core’s README', () => {
  it('its example of streams serves HTTP and asks', async () => {
    const readme = readFileSync(new URL('../../packages/core/README.md', import.meta.url), 'utf8');
    const [, code = ''] = /## Streams.*?```ts\n(.*?)```/s.exec(readme) ?? [];
    const body = code.replace(/^import .*$/gm, '').replace("'salmon'", `'salmon-${process.pid}'`);
    const names = { asListener, constants, createServer, get, once, Socket, text, toDuplex, unixAbstract };
    const said: unknown[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...words) => said.push(...words));
    const example = new Function(...Object.keys(names), `return (async () => {${body}})();`);
    await example(...Object.values(names)).finally(() => log.mockRestore());
    expect(said).toEqual(['you asked for /']);
  });
});
