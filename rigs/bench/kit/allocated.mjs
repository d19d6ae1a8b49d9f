/** Bytes of JavaScript heap that calls allocate: the contender's side, and the process that it measures in. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { values } from './turns.mjs';

/** The calls are counted so often; what counts is the least, since code that is compiled meanwhile is on the heap too. */
const ROUNDS = 5;
/** Calls of a round, at least and at most. */
const LEAST = 10_000;
const MOST = 250_000;

/** So large a semi-space that no collection falls into a measurement. */
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

/**
 * Answers turns with the bytes per call that a script measures by {@link measure}, in a process of its own.
 * @param {string} base import.meta.url of the contender
 * @param {string} script relative to it
 */
export function allocated(base, script) {
  const path = fileURLToPath(new URL(script, base));
  values((ms) => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...FLAGS, path, String(ms)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${path}: ${signal ?? status}\n${stderr}`);
    return Number(stdout);
  });
}

/** Bytes of heap that `count` calls allocate. */
function taken(call, count) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) call();
  const bytes = process.memoryUsage().heapUsed - before;
  if (bytes < 0) throw new Error('a collection fell into the measurement');
  return bytes;
}

/**
 * Prints the bytes that a call allocates, to tenths: what twice as many calls take beyond what so many do.
 * @param {() => void} call throws if it goes wrong
 */
export function measure(call) {
  const ms = Number(process.argv[2] ?? 1000);
  // the compiler is to be through with them
  for (let i = 0; i < 4; i++) taken(call, LEAST);
  const start = performance.now();
  for (let i = 0; i < LEAST; i++) call();
  const each = (performance.now() - start) / LEAST;
  const count = Math.min(MOST, Math.max(LEAST, Math.floor(ms / each / ROUNDS / 3)));
  const least = (calls) => Math.min(...Array.from({ length: ROUNDS }, () => taken(call, calls)));
  const bytes = Math.max(0, least(2 * count) - least(count));
  console.log(String(Math.round((bytes / count) * 10) / 10));
}
