/**
 * The contender's side of the turns, for JavaScript. What goes over stdin and stdout is in ../README.md.
 */
import { createInterface } from 'node:readline';

/**
 * Answer turns by doing operations until the turn's time is over.
 * @param {(n: number) => void | Promise<void>} run does n operations; throws if one goes wrong
 */
export function turns(run) {
  let batch = 1;
  answer(async (ms) => {
    let count = 0;
    const start = performance.now();
    let last = start;
    while (last - start < ms) {
      const pending = run(batch);
      if (pending) await pending;
      count += batch;
      const now = performance.now();
      if (now - last < 1) batch *= 2; // the clock is read about once a millisecond
      last = now;
    }
    return `did ${count} ${Math.round((last - start) * 1e6)}`;
  });
}

/**
 * Answer turns with a figure that the contender measures itself, in the case's unit.
 * @param {(ms: number) => number | Promise<number>} measure takes about ms milliseconds
 */
export function values(measure) {
  answer(async (ms) => `value ${await measure(ms)}`);
}

/**
 * @public
 * @param {string} reason why this contender cannot run on this machine: not a crash, a missing peer
 */
export function missing(reason) {
  process.stdout.write(`missing ${reason}\n`, () => process.exit(0));
}

/** @param {(ms: number) => Promise<string>} turn */
function answer(turn) {
  const lines = createInterface({ input: process.stdin });
  let working = Promise.resolve();
  const work = async (ms) => {
    process.stdout.write(`${await turn(ms)}\n`);
  };
  lines.on('line', (line) => {
    working = work(Number(line.split(' ')[1]));
  });
  lines.on('close', () => {
    // the harness is done, or gone: a turn may end, but not hang
    setTimeout(() => process.exit(0), 5000);
    working.then(() => process.exit(0));
  });
  process.stdout.write('ready\n');
}

/** @param {number[]} figures at least one; of an even number, the mean of the middle two */
export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle - 1)]) / 2;
}
