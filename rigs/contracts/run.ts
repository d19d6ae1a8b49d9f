/** npm run rig -- contracts: runs them everywhere, shows the table, and raises least.json. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../provision/index.ts';
import type { InnerResults, InnerTest } from '../vm/results-reporter.ts';
import { runInside } from '../vm/suite.ts';
import { LEAST, PATH } from './least.ts';
import type { KernelKey } from './medium.ts';
import { count, grown, README, type Tally, table, withTable } from './tally.ts';

/** Where each kernel's contracts stand. */
const SPECS: Record<KernelKey, string> = {
  host: 'rigs/specs/contracts.spec.ts',
  '6.1': 'rigs/specs/inside/contracts.spec.ts',
  '6.12': 'rigs/specs/inside/6.12/contracts.spec.ts',
};
export const KERNEL_KEYS: readonly KernelKey[] = Object.keys(SPECS) as KernelKey[];

function onHost(): InnerTest[] {
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-contracts-run-'));
  try {
    const file = join(folder, 'results.json');
    const args = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter',
      './rigs/vm/results-reporter.ts',
      SPECS.host,
    ];
    spawnSync(process.execPath, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, SOCKEYE_RESULTS: file },
    });
    const { tests, errors }: InnerResults = JSON.parse(readFileSync(file, 'utf8'));
    for (const { words } of errors) console.error(words);
    return tests;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A test that holds what was executed to least.json, which this run may be about to raise. */
const counts = ({ names }: InnerTest): boolean => names.at(-1)?.startsWith('ran no fewer') ?? false;

/**
 * Runs the contracts on these kernels and prints the table; with `update` least.json grows by what both engines kept.
 *
 * @returns an exit status: 1 when a contract was broken
 */
export async function run(kernels: readonly KernelKey[], update: boolean): Promise<number> {
  const tally: Tally = {};
  let broken = 0;
  for (const kernel of kernels) {
    const began = performance.now();
    const tests = kernel === 'host' ? onHost() : (await runInside(kernel, [SPECS[kernel]])).tests;
    for (const test of tests) {
      if (test.state !== 'failed' || (update && counts(test))) continue;
      broken += 1;
      console.error(`${kernel}: ${test.names.join(' > ')}\n  ${test.note.split('\n')[0]}`);
    }
    count(tests, tally);
    console.error(
      `rig: ${tests.length} tests on ${kernel} in ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
  }
  const least = update ? grown(LEAST, tally) : LEAST;
  if (update) writeFileSync(PATH, `${JSON.stringify(least, undefined, 2)}\n`);
  if (kernels.length === KERNEL_KEYS.length && broken === 0) {
    const text = table(least);
    if (update) writeFileSync(README, withTable(readFileSync(README, 'utf8'), text));
    console.log(text);
  }
  return broken > 0 ? 1 : 0;
}
