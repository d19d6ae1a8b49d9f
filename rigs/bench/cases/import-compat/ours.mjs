import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, values } from '../../kit/turns.mjs';

const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The wall time of a whole Node process, in ms. */
function lifetime(path) {
  const start = performance.now();
  const { status, signal, stderr } = spawnSync(process.execPath, [path], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${path}: ${signal ?? status}\n${stderr}`);
  return ms;
}

values((ms) => {
  const end = performance.now() + ms;
  const above = [];
  do {
    const empty = lifetime(script('./scripts/empty.mjs'));
    above.push(lifetime(script('./scripts/import.mjs')) - empty);
  } while (performance.now() < end);
  return median(above);
});
