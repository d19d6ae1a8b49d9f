/** What importing costs a process: its whole life with the import, less that of an empty one. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, values } from './turns.mjs';

/** The wall time of a whole Node process, in ms. */
function lifetime(url) {
  const path = fileURLToPath(url);
  const start = performance.now();
  const { status, signal, stderr } = spawnSync(process.execPath, [path], {
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
 */
export function imports(empty, full) {
  values((ms) => {
    const end = performance.now() + ms;
    const above = [];
    do {
      const without = lifetime(empty);
      above.push(lifetime(full) - without);
    } while (performance.now() < end);
    return median(above);
  });
}
