import { readFileSync } from 'node:fs';
import { inet } from '@sockeye/addr';
import * as can from '@sockeye/can';
import * as compat from '@sockeye/compat-python';
import { AddressBuffer, constants, Socket } from '@sockeye/core';
import * as raw from '@sockeye/raw';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);

/** The server that the README's ten lines ask: answers every datagram on port 50007 of lo. */
const server = Socket.create(constants.AF_INET, constants.SOCK_DGRAM);
const stop = new AbortController();
let serving: Promise<void>;

beforeAll(() => {
  server.bind(inet('127.0.0.1', 0));
  const from = new AddressBuffer();
  const buffer = Buffer.alloc(64);
  serving = (async () => {
    for (;;) {
      await server.recvFromInto(buffer, from, { signal: stop.signal });
      await server.sendTo(Buffer.from('sockeye'), from);
    }
  })().catch(() => {});
});
afterAll(async () => {
  stop.abort();
  await serving;
  server.close();
});

describe('the README', () => {
  it('its ten lines ask a server over UDP and print the answer', async () => {
    const port = Buffer.from(server.getsockname()).readUInt16BE(2);
    const [code = ''] = examples;
    const body = code.replace(/^import .*$/gm, '').replace('50007', String(port));
    const said: unknown[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...words) => said.push(...words));
    const run = new Function('inet', 'constants', 'Socket', `return (async () => {${body}})();`);
    await run(inet, constants, Socket).finally(() => log.mockRestore());
    expect(said).toEqual(['sockeye']);
  });

  it('names only what the packages have', () => {
    const named = examples.join('').matchAll(/socket\.(\w+)/g);
    for (const [, name] of named) {
      const known = name as string;
      expect([known, known in compat || known in Socket.prototype]).toEqual([known, true]);
    }
    expect([typeof can.CanSocket, typeof raw.PacketSocket]).toEqual(['function', 'function']);
  });
});
