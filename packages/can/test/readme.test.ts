import { readFileSync } from 'node:fs';
import { constants, Socket } from '@sockeye/core';
import { describe, expect, it, vi } from 'vitest';
import * as can from '../src/index.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
/** Those that take nothing but this package; the others have tests of their own. */
const [first = '', ...others] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)]
  .map(([, code = '']) => code)
  .filter((code) => !/^import .* from '(?!@sockeye\/can')/m.test(code));

/** Runs an example, and gives what it says. */
async function run(code: string): Promise<string[]> {
  const lines: string[] = [];
  const body = code.replace(/^import (\{[^}]*\}) from '@sockeye\/can';$/m, 'const $1 = can;');
  expect(body).not.toMatch(/^import /m);
  const log = (...words: unknown[]): void => void lines.push(words.map(String).join(' '));
  await new AsyncFunction('can', 'console', body)(can, { log });
  return lines;
}

/** What its comments say that it says. */
const promised = (code: string): string[] =>
  [...code.matchAll(/console\.log.*\/\/ (.+)$/gm)].map(([, words = '']) => words);

describe("the README's examples", () => {
  it('the first runs against a peer that answers', async () => {
    const [near, far] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_SEQPACKET);
    const peer = can.CanSocket.from(far);
    const open = vi.spyOn(can.CanSocket, 'open').mockResolvedValue(can.CanSocket.from(near));
    try {
      const answering = peer.recv({ timeout: 5000 }).then((request) => {
        expect(can.formatFrame(request)).toBe('7DF#02010C');
        return peer.send(can.parseFrame('7E8#04410C1AF8'));
      });
      expect(await run(first)).toEqual(promised(first));
      await answering;
      expect(open).toHaveBeenCalledTimes(1);
      expect(near.closed).toBe(true);
    } finally {
      open.mockRestore();
      near.close();
      await peer.close();
    }
  });

  it.each(
    others.map((code) => [/console\.log\((.*)\)/.exec(code)?.[1], code]),
  )('%s', async (_, code = '') => {
    expect(promised(code).length).toBeGreaterThan(0);
    expect(await run(code)).toEqual(promised(code));
  });

  it('are as many as there are', () => {
    expect(others.length).toBe(3);
  });
});
