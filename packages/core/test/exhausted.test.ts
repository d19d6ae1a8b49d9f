/** A process that has no descriptor left: calls fail by name, lose nothing, and work again when there is one. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('programs/exhausted.mjs', import.meta.url));

it('without a descriptor left, calls say EMFILE and work again afterwards', () => {
  const command = `ulimit -n 96; exec "${process.execPath}" "${program}"`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.trim().split('\n');
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { name, without, afterwards } of told.slice(0, 5)) {
    expect([name, without, afterwards]).toEqual([name, 'EMFILE', 'done']);
  }
  expect(told[5]).toEqual({ name: 'recvmsg', count: 10, cut: true, descriptors: 0 });
  expect(told[6]).toEqual({ name: 'recvmsg afterwards', cut: false, descriptors: 3 });
  expect(told).toHaveLength(7);
});
