/** What outlives a call: sockets that nobody closes, and the timeout that all threads have. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Program } from './support.ts';

const run = (path: string, ...flags: string[]): Promise<string> => {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return new Program(process.execPath, [...flags, '--import', 'tsx', file]).end();
};

describe('sockets that nobody closes', () => {
  it('are closed when they are collected, with ResourceWarning and what they were', async () => {
    const output = await run('./programs/unclosed.ts', '--expose-gc');
    expect(output).toContain('ResourceWarning: unclosed <socket.socket fd=');
    expect(output).toContain("laddr=('127.0.0.1', ");
    expect(output.match(/unclosed|garbage/g)).toHaveLength(1);
    expect(output).toContain('left over: 0');
  });
});

describe('the default timeout', () => {
  it('is that of the threads that a thread starts, and back', async () => {
    expect(await run('./programs/threads.ts')).toBe('worker: 2.5 2.5\nhere: 7.25\n');
  });
});
