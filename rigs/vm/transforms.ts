/**
 * What vitest makes of our sources before it runs them, made out here: an emulated processor takes ten times as long, in every
 * machine anew.
 */
import { execFile } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, root } from '../provision/index.ts';

/** Vitest names each by its source, and throws none away; at this many it begins anew. */
const MOST = 3000;
/** Milliseconds. */
const DEADLINE = 120_000;

export const VITEST = 'node_modules/vitest/vitest.mjs';

/** vitest's options for a folder of them. */
export const transformsAt = (folder: string): string[] => [
  '--experimental.fsModuleCache',
  `--experimental.fsModuleCachePath=${folder}`,
];

/** Files whose sources are there, with what they import. */
const done = new Set<string>();

let last: Promise<void> = Promise.resolve();

/**
 * Has vitest load these files here, without a test of them running, so that what it makes of them is kept. What goes wrong
 * thereby is no matter: it is made inside then, and told of there.
 */
export function transform(files: readonly string[]): Promise<void> {
  last = last.then(() => load(files));
  return last;
}

async function load(files: readonly string[]): Promise<void> {
  const wanting = files.filter((file) => !done.has(file));
  if (wanting.length === 0) return;
  const folder = cacheFolder('transforms');
  if (readdirSync(folder).length > MOST) rmSync(folder, { recursive: true });
  const none = ['--testNamePattern', '^no test has this name$', '--reporter', 'dot'];
  const args = [VITEST, 'run', '--no-isolate', '--no-file-parallelism', ...none, ...transformsAt(folder)];
  const env = { ...process.env, SOCKEYE_TRANSFORM: '1' };
  for (const name of ['VITEST', 'VITEST_POOL_ID', 'VITEST_WORKER_ID', 'SOCKEYE_TALLY', 'SOCKEYE_RESULTS'])
    delete env[name as keyof typeof env];
  await promisify(execFile)(process.execPath, [...args, ...wanting], {
    cwd: root,
    timeout: DEADLINE,
    env,
  }).catch(() => {});
  for (const file of wanting) done.add(file);
}

/** Lays what was kept into a folder of a machine, which adds what is still missing. */
export function layTransforms(folder: string): void {
  mkdirSync(folder);
  const from = cacheFolder('transforms');
  for (const name of readdirSync(from)) {
    try {
      linkSync(join(from, name), join(folder, name));
    } catch (error) {
      // Another process was writing it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
