import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as core from '@sockeye/core';
import typescript from 'typescript';
import { describe, expect, it, type TestContext } from 'vitest';
import * as raw from '../src/index.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

/** The README's programs, as this release of Node.js can run them. */
const programs = [
  ...readFileSync(new URL('../README.md', import.meta.url), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
].map(([, code = '']) => {
  const body = code.replace(/^import (\{[^}]*\}) from '@sockeye\/raw';$/m, 'const $1 = raw;');
  expect(body).not.toMatch(/^import /m);
  const { outputText } = typescript.transpileModule(`async function example() {${body}}`, {
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext },
  });
  return new AsyncFunction('raw', 'console', `${outputText}; await example();`);
});

/** Runs a program beside datagrams of this text on the loopback interface; what it says, and the port they come from and go to. */
async function run(
  program: (typeof programs)[number] | undefined,
  text: string,
  context: TestContext,
): Promise<{ said: unknown[][]; port: number }> {
  if (core.platform !== 'linux') context.skip('packet sockets are Linux only');
  if (program === undefined) throw new Error('the README has no such program');
  const said: unknown[][] = [];
  // Somebody listens, or the kernel would answer with ICMP errors that quote the text.
  const sender = createSocket('udp4').bind(0, '127.0.0.1');
  await once(sender, 'listening');
  const { port } = sender.address();
  const timer = setInterval(() => sender.send(text, port, '127.0.0.1'), 20);
  try {
    await program(raw, { log: (...words: unknown[]) => said.push(words) });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') context.skip('packet sockets need CAP_NET_RAW');
    throw error;
  } finally {
    clearInterval(timer);
    sender.close();
  }
  return { said, port };
}

describe('the README', () => {
  it('sniffs', async (context) => {
    const { said, port } = await run(programs[0], 'the last one', context);
    expect(said.at(-1)?.join(' ')).toBe(`lo 127.0.0.1:${port} > 127.0.0.1:${port} UDP len 12`);
  });

  it('counts the bytes of a ring', async (context) => {
    const { said } = await run(programs[1], 'x'.repeat(1000), context);
    const [[bytes, statistics] = []] = said;
    expect(bytes).toBeGreaterThan(10_000);
    expect(statistics).toMatchObject({ drops: 0, freezes: 0 });
    // Other programs may send more by the loopback interface.
    expect((statistics as raw.RingStatistics).packets).toBeGreaterThan(0);
    expect(programs).toHaveLength(2);
  });
});
