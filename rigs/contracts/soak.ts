/** npm run rig -- soak N: the contracts again and again, until each has held N times. Goes on where it was ended. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, root } from '../provision/index.ts';
import type { InnerTest } from '../vm/results-reporter.ts';
import type { KernelKey } from './medium.ts';
import { type Results, runOn } from './run.ts';

/** One round on one kernel. */
interface Round {
  round: number;
  kernel: KernelKey;
  /** When it began. */
  began: string;
  seconds: number;
  passed: number;
  /** Names of what failed; what they said is in the log. */
  failed: string[];
}

/** What runs the contracts of a kernel once. */
type Runner = (kernel: KernelKey) => Promise<Results>;

/** What is kept between runs. */
interface State {
  /** What was soaked: the sources. Of others the rounds do not count. */
  sources: string;
  rounds: Round[];
}

/** What a run is of: the sources of core, addr and the rig, as they stand, committed or not. */
function sources(): string {
  const hash = createHash('sha256');
  for (const folder of ['packages/core', 'packages/addr', 'rigs/contracts', 'rigs/vm', 'rigs/netns']) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.toSorted()) {
      if (!/\.(ts|rs|py|c|sh)$/.test(name) || /(^|\/)(node_modules|dist|target|test|vectors)\//.test(name))
        continue;
      hash.update(name).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

const folder = (): string => cacheFolder('soak');
const file = (): string => join(folder(), 'state.json');

function recall(now: string): State {
  if (!existsSync(file())) return { sources: now, rounds: [] };
  const state: State = JSON.parse(readFileSync(file(), 'utf8'));
  if (state.sources === now) return state;
  console.error('rig: the sources are others than those that were soaked before: it begins anew');
  return { sources: now, rounds: [] };
}

/** Whole or not at all, whenever this process is killed. */
function keep(state: State): void {
  writeFileSync(`${file()}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(`${file()}.new`, file());
}

const named = ({ names }: InnerTest): string => names.join(' > ');

/** Everything that a failed round said, and on what. */
function log(name: string, { tests, errors }: Results): string {
  mkdirSync(join(folder(), 'logs'), { recursive: true });
  const path = join(folder(), 'logs', name);
  const load = readFileSync('/proc/loadavg', 'utf8').trim();
  const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();
  const failed = tests
    .filter(({ state }) => state === 'failed')
    .map((test) => `${named(test)}\n${test.note}`);
  writeFileSync(path, [`load afterwards ${load}; commit ${commit}`, ...errors, ...failed].join('\n\n'));
  return path;
}

async function once(round: number, kernel: KernelKey, run: Runner): Promise<Round> {
  const began = new Date();
  // A machine that does not come up is a failure like others, and its own fault.
  const results = await run(kernel).catch(
    (error: Error): Results => ({ tests: [], errors: [error.message] }),
  );
  const failed = results.tests.filter(({ state }) => state === 'failed').map(named);
  failed.push(...results.errors.map((words) => `outside of tests: ${words.split('\n')[0]}`));
  const passed = results.tests.filter(({ state }) => state === 'passed').length;
  if (failed.length === 0 && passed === 0) failed.push('no contract ran');
  const seconds = Math.round((Date.now() - began.getTime()) / 100) / 10;
  if (failed.length > 0)
    console.error(`  ${failed.join('\n  ')}\n  ${log(`${round}-${kernel}-${began.getTime()}.txt`, results)}`);
  return { round, kernel, began: began.toISOString(), seconds, passed, failed };
}

/**
 * Runs the contracts so many rounds on each of these kernels, by both engines. What was done before, of the same sources,
 * counts: after an end of whatever kind the same command goes on. Nothing is tried again: a round that failed stays failed.
 *
 * @param fresh forgets what was done before
 * @param run what a round is
 * @returns an exit status: 1 when a contract failed in any round
 */
export async function soak(
  rounds: number,
  kernels: readonly KernelKey[],
  fresh: boolean,
  run: Runner = runOn,
): Promise<number> {
  if (fresh) rmSync(folder(), { recursive: true });
  const state = recall(sources());
  // The kernels side by side: the machines' contracts wait for half of their time, and the company is weather too.
  const each = kernels.map(async (kernel) => {
    for (let round = 1; round <= rounds; round++) {
      if (state.rounds.some((done) => done.round === round && done.kernel === kernel)) continue;
      const done = await once(round, kernel, run);
      state.rounds.push(done);
      keep(state);
      const told = done.failed.length === 0 ? 'green' : `${done.failed.length} FAILED`;
      console.error(
        `rig: round ${round} of ${rounds} on ${kernel}: ${done.passed} passed, ${told}, ${done.seconds} s`,
      );
    }
  });
  await Promise.all(each);
  const counted = state.rounds.filter(({ round, kernel }) => round <= rounds && kernels.includes(kernel));
  const flaky = new Map<string, number>();
  for (const { kernel, failed } of counted)
    for (const name of failed) flaky.set(`${kernel}: ${name}`, (flaky.get(`${kernel}: ${name}`) ?? 0) + 1);
  for (const [name, times] of flaky) console.log(`failed in ${times} of ${rounds}: ${name}`);
  const green = counted.filter(({ failed }) => failed.length === 0).length;
  console.log(`${green} of ${counted.length} rounds green, on ${kernels.join(', ')}`);
  return flaky.size > 0 ? 1 : 0;
}
