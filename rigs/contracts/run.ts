/** npm run rig -- contracts: runs them everywhere, shows the table, and raises least.json. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runContainers } from '../containers/index.ts';
import { atEnd, root } from '../provision/index.ts';
import type { InnerResults, InnerTest } from '../vm/results-reporter.ts';
import { runInside } from '../vm/suite.ts';
import { LEAST, PATH } from './least.ts';
import type { KernelKey } from './medium.ts';
import { count, grown, README, type Tally, table, withTable } from './tally.ts';

/** The specs that run on the host and in each of the rig's machines. */
const SPECS: Record<Exclude<KernelKey, 'containers'>, string> = {
  host: 'rigs/specs/contracts.spec.ts',
  '6.1': 'rigs/specs/inside/contracts.spec.ts',
  '6.12': 'rigs/specs/inside/6.12/contracts.spec.ts',
};
export const KERNEL_KEYS: readonly KernelKey[] = ['host', 'containers', '6.1', '6.12'];

/** Milliseconds for what runs in a machine: nobody waits for the rest of a suite. */
const DEADLINE = 1_800_000;

/** What the contracts of one kernel said, by both engines. */
export interface Results {
  tests: InnerTest[];
  /** What failed outside of tests. */
  errors: string[];
}

async function onHost(spec: string, env: NodeJS.ProcessEnv): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-contracts-run-'));
  try {
    const file = join(folder, 'results.json');
    const args = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter',
      './rigs/vm/results-reporter.ts',
      spec,
    ];
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...env, SOCKEYE_RESULTS: file },
    });
    const forget = atEnd(() => child.kill());
    await once(child, 'close');
    forget();
    const { tests, errors }: InnerResults = JSON.parse(readFileSync(file, 'utf8'));
    return { tests, errors: errors.map(({ words }) => words) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a spec on the kernel that it is for.
 *
 * @param projects those of vitest.config.ts that have it, each in a machine of its own: what takes time there is for the
 * greater part waiting. All in one unless given.
 */
export async function runSpecs(
  kernel: Exclude<KernelKey, 'containers'>,
  spec: string,
  env: Record<string, string> = {},
  projects?: readonly string[],
): Promise<Results> {
  if (kernel === 'host') return onHost(spec, env);
  const options = { env, deadline: DEADLINE };
  if (projects === undefined) return runInside(kernel, [spec], options);
  const each = await Promise.all(
    projects.map((project) => runInside(kernel, [spec], { ...options, project })),
  );
  return { tests: each.flatMap(({ tests }) => tests), errors: each.flatMap(({ errors }) => errors) };
}

/** Runs the contracts of one kernel, by both engines, there. */
export const runOn = (kernel: KernelKey): Promise<Results> =>
  kernel === 'containers' ? runContainers() : runSpecs(kernel, SPECS[kernel], {}, ['rigs', 'rigs-thread']);

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
    const { tests, errors } = await runOn(kernel);
    for (const words of errors) console.error(words);
    broken += errors.length;
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
  if (broken === 0) {
    const text = table(least);
    if (update) writeFileSync(README, withTable(readFileSync(README, 'utf8'), text));
    if (kernels.length === KERNEL_KEYS.length) console.log(text);
  }
  return broken > 0 ? 1 : 0;
}
