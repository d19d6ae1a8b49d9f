/** One run of CPython's tests: by CPython itself, or with the facade behind them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { checkout } from '../probe/where.ts';

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
  outcomes: Map<string, Outcome>;
}

export interface RunOptions {
  python: string;
  /** Names of CPython's test modules, as `test_socket`. */
  modules: readonly string[];
  /** Where the host's bundle is. */
  host: string;
  /** Only these, by their full names. */
  only?: readonly string[] | undefined;
  /** The facade's function that is to do wrong. */
  broken?: string | undefined;
}

/** Milliseconds for one test: the slowest takes 10 s. */
const PATIENCE = 30_000;
/** After so many that hung there is no sense in going on. */
const HUNG = 8;

type Line = { python?: string; kernel?: string; begin?: string; done?: true } & Partial<Outcome>;

/** Runs the tests; one that hangs has failed, and the others go on in a new process. */
export async function runSuite(variant: Variant, options: RunOptions): Promise<Run> {
  const run: Run = { python: '', kernel: '', outcomes: new Map() };
  for (let hung = 0; hung < HUNG; hung++) if (await runSome(variant, options, run)) break;
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
  const driver = join(checkout, 'rigs/cpython/drive.py');
  const python = spawn(options.python, [driver, path, variant, ...options.modules], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: {
      ...process.env,
      SOCKEYE_LEFT_OUT: JSON.stringify([...run.outcomes.keys()]),
      SOCKEYE_ONLY: JSON.stringify(options.only ?? null),
    },
  });
  let host: ChildProcess | undefined;
  let begun = '';
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    createInterface({ input: python.stdout as Readable }).on('line', (line) => {
      if (line !== 'listening' || host !== undefined) return;
      const env = { ...process.env, SOCKEYE_BROKEN: options.broken ?? '' };
      host = spawn(process.execPath, ['--no-warnings', join(options.host, 'host.mjs'), path], {
        cwd,
        env,
        stdio: ['pipe', 'inherit', 'inherit'],
      });
    });
    const patient = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => python.kill('SIGKILL'), PATIENCE);
    };
    patient();
    for await (const text of createInterface({ input: python.stdio[3] as Readable })) {
      const line = JSON.parse(text) as Line;
      patient();
      if (line.python !== undefined) run.python = line.python;
      if (line.kernel !== undefined) run.kernel = line.kernel;
      if (line.begin !== undefined) begun = line.begin;
      if (line.done !== undefined) done = true;
      if (line.test !== undefined) {
        run.outcomes.set(line.test, line as Outcome);
        begun = '';
      }
    }
    if (done) return true;
    if (begun === '') throw new Error(`${options.python} ended before its tests had begun`);
    const why = python.signalCode === 'SIGKILL' ? 'hung' : `the process ended, ${python.exitCode}`;
    run.outcomes.set(begun, { test: begun, how: 'failed', why, calls: {} });
    return false;
  } finally {
    clearTimeout(timer);
    await ended(python);
    await ended(host);
    rmSync(cwd, { recursive: true });
  }
}
