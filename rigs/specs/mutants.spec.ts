import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PROMISED } from '../contracts/contract.ts';
import { EVERY_MEDIUM } from '../contracts/media/every.ts';
import { MUTANTS } from '../contracts/mutants.ts';
import type { Seen } from '../contracts/mutate.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the program says over one engine. */
async function run(engine: string): Promise<Record<string, Seen[]>> {
  const args = ['--import', 'tsx', 'rigs/contracts/mutate.ts'];
  const env = { ...process.env, SOCKEYE_ENGINE: engine };
  const ran = promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 120_000 });
  return JSON.parse((await ran).stdout);
}

const engines = ['uv', 'thread'];
const runs = await Promise.all(engines.map(run));

describe.each(engines)('core broken on purpose, %s engine', (engine) => {
  const seen = runs[engines.indexOf(engine)] ?? {};

  it('without a mutant every contract is kept', () => {
    expect(seen['']).toEqual([]);
  });

  it.each(MUTANTS)('$name: $breaks', ({ name, breaks }) => {
    const found = seen[name] ?? [];
    expect([...new Set(found.map(({ promise }) => promise))].sort()).toEqual([...breaks].sort());
    for (const { medium, promise, words } of found)
      expect(words === 'it hangs' || words.startsWith(`${medium}, ${engine} engine: ${promise}: `)).toBe(
        true,
      );
  });
});

it('there is a mutant for every promise', () => {
  // Those of tc-netem take a kernel that has it: rigs/specs/inside/netem-mutants.spec.ts.
  const broken = new Set(MUTANTS.flatMap(({ breaks, netem = [] }) => [...breaks, ...netem]));
  expect(PROMISED.filter((promise) => !broken.has(promise))).toEqual([]);
  const here = EVERY_MEDIUM.filter(({ kernels }) => kernels.includes('host'));
  expect(here.filter(({ sky }) => sky?.can.netem === true)).toEqual([]);
});
