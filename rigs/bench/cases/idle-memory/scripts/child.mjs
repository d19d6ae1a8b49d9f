import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { values } from '../../../kit/turns.mjs';

/** A small young generation: its growth while connections are opened would be counted with them. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=1'];

/**
 * Answers turns with what a script says, each time in a new process.
 * @param {string} script beside this one
 * @param {string[]} words its arguments
 */
export function figures(script, ...words) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  values(() => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...FLAGS, path, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${path}: ${signal ?? status}\n${stderr}`);
    return Number(stdout);
  });
}
