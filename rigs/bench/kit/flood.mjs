/** A flood of packets over a link between two network namespaces: the sender is `flood/flood.c`. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * @returns {Promise<{ netns: { pid: number }, name: string, start(): void, stop(): void } | undefined>} where the packets come to, and
 *   on which interface; undefined where namespaces cannot be made
 */
export async function flood() {
  const folder = mkdtempSync(join(tmpdir(), 'flood-'));
  try {
    const source = fileURLToPath(new URL('./flood/flood.c', import.meta.url));
    const binary = join(folder, 'flood');
    execFileSync(process.env.CC ?? 'cc', ['-O2', source, '-o', binary]);
    const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {}); // it has ended, and the packets with it
    const { value = '' } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const [, pid] = /^link (\d+)$/.exec(value) ?? [];
    if (pid === undefined) return undefined;
    return {
      netns: { pid: Number(pid) },
      name: 'eth1',
      start: () => child.stdin.write('1'),
      stop: () => child.stdin.write('0'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
