import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as core from '@sockeye/core';
import { expect, it } from 'vitest';
import * as raw from '../src/index.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

it("runs the README's example", async (ctx) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = code.replace(/^import (\{[^}]*\}) from '@sockeye\/raw';$/m, 'const $1 = raw;');
  expect(body).not.toMatch(/^import /m);
  if (core.platform !== 'linux') ctx.skip('packet sockets are Linux only');
  const lines: string[] = [];
  // Somebody listens, or the kernel would answer with ICMP errors that quote the text.
  const sender = createSocket('udp4').bind(0, '127.0.0.1');
  await once(sender, 'listening');
  const { port } = sender.address();
  const timer = setInterval(() => sender.send('the last one', port, '127.0.0.1'), 20);
  try {
    await new AsyncFunction('raw', 'console', body)(raw, {
      log: (...words: string[]) => lines.push(words.join(' ')),
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') ctx.skip('packet sockets need CAP_NET_RAW');
    throw error;
  } finally {
    clearInterval(timer);
    sender.close();
  }
  expect(lines.at(-1)).toBe(`lo 127.0.0.1:${port} > 127.0.0.1:${port} UDP len 12`);
});
