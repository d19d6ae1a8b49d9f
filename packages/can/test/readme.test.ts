import { readFileSync } from 'node:fs';
import { constants, Socket } from '@sockeye/core';
import { expect, it, vi } from 'vitest';
import * as can from '../src/index.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

it("runs the README's example against a peer that answers", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const body = code.replace(/^import (\{[^}]*\}) from '@sockeye\/can';$/m, 'const $1 = can;');
  expect(body).not.toMatch(/^import /m);
  const [near, far] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_SEQPACKET);
  const peer = can.CanSocket.from(far);
  const open = vi.spyOn(can.CanSocket, 'open').mockResolvedValue(can.CanSocket.from(near));
  const lines: string[] = [];
  try {
    const answering = peer.recv({ timeout: 5000 }).then((request) => {
      expect(can.formatFrame(request)).toBe('7DF#02010C');
      return peer.send(can.parseFrame('7E8#04410C1AF8'));
    });
    await new AsyncFunction('can', 'console', body)(can, { log: (line: string) => lines.push(line) });
    await answering;
    expect(open).toHaveBeenCalledTimes(1);
    expect(lines).toEqual([/console\.log.*\/\/ (\S+)/.exec(code)?.[1]]);
    expect(near.closed).toBe(true);
  } finally {
    open.mockRestore();
    near.close();
    peer.close();
  }
});
