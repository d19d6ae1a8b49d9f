import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canFdDriver, kernel as getKernel, type KernelName, provision } from '../provision/index.ts';
import type { InnerResults, InnerTest } from './results-reporter.ts';
import { layTransforms, transform, transformsAt, VITEST } from './transforms.ts';
import { Vm } from './vm.ts';

export type { InnerTest } from './results-reporter.ts';

/** What specs said that ran inside a machine. */
export interface Suite {
  kernel: string;
  accel: string;
  /** Milliseconds until the first command could run, and in all. */
  bootMs: number;
  totalMs: number;
  /** Every test, in the order of the files. */
  tests: InnerTest[];
  /** What went wrong outside of tests, a file without results included. */
  errors: string[];
}

/** Milliseconds for all specs of a machine. */
const DEADLINE = 1_500_000;
/** Milliseconds for one test: an emulated processor takes its time. */
const TEST_DEADLINE = 60_000;

/** Emulated Bluetooth controllers, and peers to try ours on. */
const PACKAGES = ['bluez', 'bluez-test-tools', 'python3-can'];

export interface InsideOptions {
  /** A project of vitest.config.ts, or `!` and one that is left out; all that have these files unless given. */
  project?: string;
  /** A process for each file, as the suites have it outside; one for all unless given. */
  isolate?: boolean;
  /** Milliseconds for all files. */
  deadline?: number;
  /** Variables for the tests. */
  env?: Record<string, string>;
  /** Gets what vitest says as it goes. */
  onOutput?: (text: string) => void;
  /** With the controllers of CAN FD too. Where their driver cannot be built, specs find the reason in SOCKEYE_RIG_NO_CANFD. */
  canFd?: boolean;
}

/**
 * Boots one machine, with CAN controllers, and runs these spec files in it by one vitest.
 *
 * @param files paths from the root of the checkout; their projects are those of vitest.config.ts
 * @throws VmError when the machine fails or the specs hang; MissingPackages
 */
export async function runInside(
  kernel: KernelName,
  files: readonly string[],
  { project, isolate = false, deadline = DEADLINE, env = {}, onOutput, canFd = false }: InsideOptions = {},
): Promise<Suite> {
  const began = performance.now();
  await provision(PACKAGES, 'the virtual machine');
  const driver = canFd ? await canFdDriver(await getKernel(kernel)).catch((error: Error) => error) : [];
  const lack = driver instanceof Error ? driver.message : undefined;
  await transform(files);
  await using vm = await Vm.boot({ kernel, can: { controllers: true, fd: canFd && lack === undefined } });
  layTransforms(join(vm.results.host, 'transforms'));
  // One worker for all files: an emulated processor takes seconds to start each and to load the packages again.
  const reporter = 'rigs/vm/results-reporter.ts';
  const args = [
    'run',
    ...(project === undefined ? [] : ['--project', project]),
    ...(isolate ? [] : ['--no-isolate']),
    '--no-file-parallelism',
    ...transformsAt(`${vm.results.guest}/transforms`),
    '--reporter',
    `./${reporter}`,
    ...(onOutput === undefined ? [] : ['--reporter', 'verbose']),
    '--testTimeout',
    String(TEST_DEADLINE),
    ...files,
  ];
  const ran = await vm.run(['node', VITEST, ...args], {
    timeout: deadline,
    ...(onOutput === undefined ? {} : { onOutput }),
    env: {
      SOCKEYE_RESULTS: `${vm.results.guest}/results.json`,
      NO_COLOR: '1',
      ...(lack !== undefined && { SOCKEYE_RIG_NO_CANFD: lack }),
      ...(process.env.CI !== undefined && { CI: process.env.CI }),
      ...env,
    },
  });
  const file = join(vm.results.host, 'results.json');
  const { tests, errors }: InnerResults = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { tests: [], errors: [{ file: '', words: `vitest left no results\n${ran.stdout}${ran.stderr}` }] };
  const wrong = errors.map((error) => `${error.file}: ${error.words}`);
  const silent = files.filter((path) => !tests.some((test) => test.file === path));
  for (const path of silent) wrong.push(`${path}: no test of it ran inside`);
  const failed = tests.some(({ state }) => state === 'failed');
  if (ran.status !== 0 && !failed && wrong.length === 0)
    wrong.push(`vitest ended with ${ran.status}\n${ran.stdout}${ran.stderr}`);
  const totalMs = performance.now() - began;
  return { kernel: vm.kernel, accel: vm.accel, bootMs: vm.bootMs, totalMs, tests, errors: wrong };
}
