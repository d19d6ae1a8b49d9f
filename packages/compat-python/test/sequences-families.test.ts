/** Random sequences of calls on sockets of packets, CAN and TIPC do here what they do in CPython, byte for byte and word for word. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAMILIES } from './sequences-families.ts';
import { type Compared, compared } from './sequences-run.ts';
import { needsPython311 } from './support.ts';

/** In the rig's machine nobody else sends meanwhile, and a process more would take it half a minute. */
const INSIDE = process.env.SOCKEYE_RIG !== undefined;
/** Packet sockets are every kernel's. */
const families = Object.keys(FAMILIES).filter((family) => !INSIDE || family !== 'packet');
const [COUNT, SEEDS] = INSIDE ? [10, []] : [20, [1, 2]];

/** In a network namespace of its own; a string says why there cannot be one. */
function apart(seeds: readonly number[]): Record<string, Compared> | string {
  const program = fileURLToPath(new URL('programs/sequences.ts', import.meta.url));
  const node = [process.execPath, '--import', 'tsx', program];
  const args = ['-n', ...node, ...[COUNT, ...seeds].map(String), '--', ...families];
  const { status, stdout, stderr, error } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (error !== undefined || /^unshare: /.test(stderr)) return error?.message ?? stderr.trim();
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, Compared>;
}

describe('sequences of calls', () => {
  const seeds = [...SEEDS, Math.floor(Math.random() * 2 ** 31)];
  let all: Record<string, Compared> | string | undefined;

  it.for(families)('of %s', { timeout: 60_000 }, async (family, context) => {
    needsPython311(context);
    all ??= INSIDE ? {} : apart(seeds);
    if (typeof all === 'string') return context.skip(`no network namespace can be made: ${all}`);
    const found = all[family] ?? (await compared(family, COUNT, seeds));
    if (found.absent !== undefined) context.skip(found.absent);
    // Not in the name, by which npm test knows that the machine has run it.
    expect(found.difference, `seeds ${seeds.join(', ')}`).toBe(undefined);
    expect(found.left).toBe(0);
    expect(found.returned).toBeGreaterThan(COUNT);
  });
});
