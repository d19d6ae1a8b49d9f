/** Core broken on purpose, in the weather that only the machine's kernel has: rigs/contracts/mutants.ts. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../../contracts/mutants.ts';
import type { Seen } from '../../contracts/mutate.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const root = fileURLToPath(new URL('../../..', import.meta.url));
const mutants = MUTANTS.filter(({ netem = [] }) => netem.length > 0);

let ran: Promise<Record<string, Seen[]>> | undefined;
/** What the program says, which runs once. */
async function seen(): Promise<Record<string, Seen[]>> {
  ran ??= promisify(execFile)(process.execPath, ['--import', 'tsx', 'rigs/contracts/mutate.ts', 'netem'], {
    cwd: root,
    timeout: 180_000,
  }).then(({ stdout }) => JSON.parse(stdout));
  return ran;
}

describe('core broken on purpose, in bad weather', () => {
  it('without a mutant what they break is kept', { timeout: 200_000 }, async () => {
    expect((await seen())['']).toEqual([]);
  });

  it.each(mutants)('$name: $netem', async ({ name, netem = [] }) => {
    const found = (await seen())[name] ?? [];
    expect([...new Set(found.map(({ promise }) => promise))].sort()).toEqual([...netem].sort());
  });
});
