import { spawnSync } from 'node:child_process';
import { CanSocket } from '@sockeye/can';
import { missing } from './turns.mjs';

/** Makes a bus of its own, which goes with the process: on one that others are on, they would receive too. Its name, or nothing after a word. */
export function makeBus() {
  const name = `sky${process.pid}`;
  for (const change of [`add ${name} type vcan`, `set ${name} up`]) {
    const { status, stderr } = spawnSync('ip', ['link', ...change.split(' ')], { encoding: 'utf8' });
    if (status === 0) continue;
    const words = stderr?.trim() || 'no ip';
    missing(`no vcan (${words}): npm run rig -- vm -- npm run bench -- --only can --place vm`);
    return undefined;
  }
  process.on('exit', () => spawnSync('ip', ['link', 'del', name]));
  return name;
}

/**
 * Calls `run` with what opens sockets on a bus of its own, or says that it is missing.
 * @param {(open: (options: object) => CanSocket) => void | Promise<void>} run
 */
export async function withVcan(run) {
  const name = makeBus();
  if (name !== undefined) await run((options) => CanSocket.openSync(name, options));
}
