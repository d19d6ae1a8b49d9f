import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as capture from '../src/index.ts';
import { description, enhanced, joined, section } from './make.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...code: string[]
) => (...given: unknown[]) => Promise<void>;

it("runs the README's example", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-capture-'));
  try {
    const path = join(folder, 'trace.pcapng');
    const name = new TextEncoder().encode('eth0');
    const nanoseconds = 1_700_000_000_123_456_789n;
    const time = [Number(nanoseconds >> 32n), Number(nanoseconds & 0xffffffffn)] as const;
    const described = description(false, 1, 0, [
      [2, name],
      [9, [9]],
    ]);
    writeFileSync(path, joined(section(false), described, enhanced(false, 0, time, new Uint8Array(60), 60)));
    const body = code.replace(/^import .*$/gm, '').replace('trace.pcapng', path);
    const lines: string[] = [];
    const log = (...words: unknown[]): void => {
      lines.push(words.map((word) => (typeof word === 'bigint' ? `${word}n` : String(word))).join(' '));
    };
    await new AsyncFunction('readPackets', 'createReadStream', 'console', body)(
      capture.readPackets,
      createReadStream,
      { log },
    );
    expect(lines).toEqual([/^\/\/ (1 .*)$/m.exec(code)?.[1]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
