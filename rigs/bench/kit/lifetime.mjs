/** What importing costs a process: its whole life with the import, less that of an empty one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, missing, values } from './turns.mjs';

/** The wall time of a whole Node process, in ms. */
function lifetime(url, env) {
  const path = fileURLToPath(url);
  const start = performance.now();
  const { status, signal, stderr } = spawnSync(process.execPath, [path], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${path}: ${signal ?? status}\n${stderr}`);
  return ms;
}

/**
 * Answers turns with the difference.
 * @param {URL} empty a script without the import
 * @param {URL} full the same with it
 * @param {NodeJS.ProcessEnv} env of both
 */
export function imports(empty, full, env = process.env) {
  values((ms) => {
    const end = performance.now() + ms;
    const above = [];
    do {
      const without = lifetime(empty, env);
      above.push(lifetime(full, env) - without);
    } while (performance.now() < end);
    return median(above);
  });
}

/** The same with Node.js's compile cache, which the user of a program chooses (`NODE_COMPILE_CACHE`); the warm-up fills it. */
export function cachedImports(empty, full) {
  if (nodeModule.enableCompileCache === undefined) {
    missing(`Node.js ${process.versions.node} has no compile cache`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  imports(empty, full, { ...process.env, NODE_COMPILE_CACHE: folder });
}
