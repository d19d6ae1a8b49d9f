/** Bytes of JavaScript heap that calls allocate: the contender's side, and the process that it measures in. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { values } from './turns.mjs';

const COUNT = 1_000_000;
/** Calls before those that count: the compiler has seen them. */
const WARM = 100_000;

/** So large a semi-space that no collection falls into a measurement. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

/**
 * Answers turns with the bytes per call that a script measures by {@link measure}, in a process of its own.
 * @param {string} base import.meta.url of the contender
 * @param {string} script relative to it
 */
export function allocated(base, script) {
  const path = fileURLToPath(new URL(script, base));
  values(() => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...FLAGS, path], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${path}: ${signal ?? status}\n${stderr}`);
    return Number(stdout);
  });
}

/**
 * Prints the bytes that a call allocates, to hundredths.
 * @param {() => void} call throws if it goes wrong
 * @param {number} count how many
 */
export function measure(call, count = COUNT) {
  const calls = (count) => {
    for (let i = 0; i < count; i++) call();
  };
  for (let i = 0; i < 3; i++) calls(WARM);
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  calls(count);
  const bytes = process.memoryUsage().heapUsed - before;
  if (bytes < 0) throw new Error('a collection fell into the measurement');
  console.log((Math.round((bytes / count) * 100) / 100).toString());
}
