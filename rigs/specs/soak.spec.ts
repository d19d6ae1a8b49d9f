import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KernelKey } from '../contracts/medium.ts';
import type { Results } from '../contracts/run.ts';
import { soak } from '../contracts/soak.ts';

/** A cache of its own, and what is said. */
let cache: string;
let said: string[];
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'sockeye-soak-'));
  vi.stubEnv('SOCKEYE_CACHE', cache);
  said = [];
  for (const name of ['log', 'error'] as const)
    vi.spyOn(console, name).mockImplementation((words: string) => void said.push(words));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

const results = (state: 'passed' | 'failed'): Results => ({
  tests: [
    {
      file: 'a.spec.ts',
      names: ['contracts', 'a contract'],
      state,
      note: 'it was broken\nat a place',
      ms: 1,
    },
  ],
  errors: [],
});

/** A kernel that fails in these rounds. */
class Kernel {
  ran = 0;
  readonly run = async (_kernel: KernelKey): Promise<Results> => {
    this.ran += 1;
    return results(this.failing.includes(this.ran) ? 'failed' : 'passed');
  };
  readonly failing: readonly number[];
  constructor(...failing: number[]) {
    this.failing = failing;
  }
}

it('runs so many rounds on each kernel, and is green', async () => {
  const kernel = new Kernel();
  expect(await soak(3, ['host', '6.1'], false, kernel.run)).toBe(0);
  expect(kernel.ran).toBe(6);
  expect(said.at(-1)).toBe('6 of 6 rounds green, on host, 6.1');
});

it('goes on after its end with the rounds that are missing', async () => {
  expect(await soak(2, ['host'], false, new Kernel().run)).toBe(0);
  const rest = new Kernel();
  expect(await soak(5, ['host'], false, rest.run)).toBe(0);
  expect(rest.ran).toBe(3);
  const none = new Kernel();
  expect(await soak(5, ['host'], false, none.run)).toBe(0);
  expect(none.ran).toBe(0);
  const anew = new Kernel();
  expect(await soak(1, ['host'], true, anew.run)).toBe(0);
  expect(anew.ran).toBe(1);
});

it('a round that failed stays failed, and what it said is kept', async () => {
  expect(await soak(3, ['host'], false, new Kernel(2).run)).toBe(1);
  const again = new Kernel();
  expect(await soak(3, ['host'], false, again.run)).toBe(1);
  expect(again.ran).toBe(0);
  expect(said.at(-1)).toBe('2 of 3 rounds green, on host');
  expect(said.at(-2)).toBe('failed in 1 of 3: host: contracts > a contract');
  const logs = join(cache, 'rig/soak/logs');
  const [name = ''] = readdirSync(logs);
  expect(name).toMatch(/^2-host-/);
  expect(readFileSync(join(logs, name), 'utf8')).toContain('it was broken\nat a place');
});

it('a run without a contract is no green one, nor one that could not run', async () => {
  expect(await soak(1, ['host'], false, async () => ({ tests: [], errors: [] }))).toBe(1);
  const broken = async (): Promise<Results> => {
    throw new Error('the machine did not come up');
  };
  expect(await soak(1, ['6.1'], false, broken)).toBe(1);
  expect(said.at(-2)).toBe('failed in 1 of 1: 6.1: outside of tests: the machine did not come up');
});
