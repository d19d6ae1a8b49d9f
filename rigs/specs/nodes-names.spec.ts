import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cannotIsolate, isolated } from '../../packages/core/test/isolated.ts';
import { others, releases } from './nodes.ts';

const reason = cannotIsolate();
const program = fileURLToPath(new URL('programs/names.mjs', import.meta.url));

const runtimes = [
  ...others,
  ...releases.map(({ major, path }) => ({ name: `Node.js ${major}`, command: path && [path] })),
];

describe.each(runtimes)('$name', ({ name, command }) => {
  it('looks names up on threads of ours, gives up and ends at once', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    if (!command) return context.skip(`${name} is not installed: npm install --prefix rigs/nodes`);
    const began = performance.now();
    const { status, output } = await isolated({ resolver: 'silent', timeout: 20_000 }, '', [
      ...command,
      program,
    ]);
    expect({ status, output }).toEqual({
      status: 0,
      output: '100 10 full.example.org ERR_SOCKET_TIMEOUT AbortError true true',
    });
    // A third of what the name server would take.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
