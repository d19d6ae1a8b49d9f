/** One run of CPython's tests: by CPython itself, or with the facade behind them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Who answers: CPython's own `_socket`; the facade behind `_socket`; that, and behind what socket.py writes in Python. */
export type Variant = 'cpython' | 'blocking' | 'full';

export interface Outcome {
  test: string;
  how: 'passed' | 'failed' | 'skipped';
  /** A traceback, or the reason for the skip. */
  why: string;
  /** How often each function was called: those that crossed the bridge, or in CPython's own run those of `_socket`. */
  calls: Record<string, number>;
}

export interface Run {
  python: string;
  kernel: string;
  /** By the tests' names. */
  outcomes: Record<string, Outcome>;
}

export interface RunOptions {
  python: string;
  /** Names of CPython's test modules, as `test_socket`. */
  modules: readonly string[];
  /** A folder with the package `test`, of a CPython that comes without: Debian's does, and has Bluetooth. */
  library?: string | undefined;
  /** Resources that tests may use, as regrtest's `-u`: `network`. */
  use?: readonly string[] | undefined;
  /** Where {@link makeHost} put the host and the driver. */
  host: string;
  /** Only tests whose full names have that in them. */
  only?: string | undefined;
  /** Only these, by their full names. */
  tests?: readonly string[] | undefined;
  /** Not these: they hang in CPython, too. */
  leftOut?: readonly string[] | undefined;
  /** The facade's function that is to do wrong; the first test that fails is the last. */
  broken?: string | undefined;
  /** Milliseconds for one test. */
  patience?: number | undefined;
  /** Says on the standard error how each test went. */
  progress?: boolean | undefined;
}

/** Milliseconds for one test, of which the slowest takes 10 s; an emulated processor takes its time. */
const PATIENCE = process.env.SOCKEYE_RIG === undefined ? 30_000 : 400_000;
/** Why a test failed that did not end. */
export const HANGS = 'it hangs';
/** After so many that hung there is no sense in going on. */
const HUNG = 8;

type Line = { python?: string; kernel?: string; begin?: string; done?: true } & Partial<Outcome>;

/** Runs the tests; one that hangs has failed, and the others go on in a new process. */
export async function runSuite(variant: Variant, options: RunOptions): Promise<Run> {
  const run: Run = { python: '', kernel: '', outcomes: {} };
  for (let hung = 0; hung < HUNG; hung++)
    if ((await runSome(variant, options, run)) || (hung === 0 && options.broken !== undefined)) break;
  return run;
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGKILL');
  await end;
}

/** @returns whether all have run */
async function runSome(variant: Variant, options: RunOptions, run: Run): Promise<boolean> {
  // A short path, as it is in the addresses of Unix sockets; the tests' own relative names are relative to it, too.
  const cwd = mkdtempSync(join(tmpdir(), 'sockeye-cpython-'));
  const path = join(cwd, '.host');
  const driver = join(options.host, 'drive.py');
  // What is broken on purpose makes noise.
  const noise = options.broken === undefined ? 'inherit' : 'ignore';
  const python = spawn(options.python, [driver, path, variant, ...options.modules], {
    cwd,
    stdio: ['ignore', 'pipe', noise, 'pipe'],
    env: {
      ...process.env,
      SOCKEYE_LEFT_OUT: JSON.stringify([...(options.leftOut ?? []), ...Object.keys(run.outcomes)]),
      SOCKEYE_TESTS: JSON.stringify(options.tests ?? null),
      SOCKEYE_BROKEN: options.broken ?? '',
      SOCKEYE_ONLY: options.only ?? '',
      SOCKEYE_USE: JSON.stringify(options.use ?? []),
      ...(options.library !== undefined && { SOCKEYE_TEST_LIBRARY: options.library }),
    },
  });
  let host: ChildProcess | undefined;
  let begun = '';
  let done = false;
  let hung = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    createInterface({ input: python.stdout as Readable }).on('line', (line) => {
      if (line !== 'listening' || host !== undefined) return;
      const env = { ...process.env, SOCKEYE_BROKEN: options.broken ?? '' };
      host = spawn(process.execPath, ['--no-warnings', join(options.host, 'host.mjs'), path], {
        cwd,
        env,
        stdio: ['pipe', noise, noise],
      });
    });
    const patient = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hung = true;
        python.kill('SIGUSR2');
        setTimeout(() => python.kill('SIGKILL'), 500);
      }, options.patience ?? PATIENCE);
    };
    patient();
    for await (const text of createInterface({ input: python.stdio[3] as Readable })) {
      const line = JSON.parse(text) as Line;
      patient();
      if (line.python !== undefined) run.python = line.python;
      if (line.kernel !== undefined) run.kernel = line.kernel;
      if (line.begin !== undefined) begun = line.begin;
      if (line.done !== undefined) done = true;
      // How unittest says that a module cannot be imported.
      if (line.test?.startsWith('unittest.loader.')) throw new Error(`${options.python}: ${line.why}`);
      if (line.test !== undefined) {
        run.outcomes[line.test] = line as Outcome;
        begun = '';
        if (options.progress === true)
          console.error(`${variant} ${line.how} ${line.test} ${line.why?.trim().split('\n').at(-1)}`);
      }
    }
    if (done) return true;
    if (begun === '' && options.broken !== undefined) begun = 'the import of the tests';
    if (begun === '') throw new Error(`${options.python} ended before its tests had begun`);
    await ended(python);
    const why = hung ? HANGS : `the process ended, ${python.exitCode}`;
    run.outcomes[begun] = { test: begun, how: 'failed', why, calls: {} };
    return false;
  } finally {
    clearTimeout(timer);
    await ended(python);
    await ended(host);
    rmSync(cwd, { recursive: true });
  }
}
