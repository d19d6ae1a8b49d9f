import { spawnSync } from 'node:child_process';
import { CanSocket } from '@sockeye/can';
import { missing } from './turns.mjs';

/**
 * Calls `run` with what opens sockets on a bus of its own, which goes with the process, or says that it is missing: on one that
 * others are on, they would receive too.
 * @param {(open: (options: object) => CanSocket) => void | Promise<void>} run
 */
export async function withVcan(run) {
  const name = `sky${process.pid}`;
  for (const change of [`add ${name} type vcan`, `set ${name} up`]) {
    const { status, stderr } = spawnSync('ip', ['link', ...change.split(' ')], { encoding: 'utf8' });
    if (status !== 0) {
      const words = stderr?.trim() || 'no ip';
      return missing(`no vcan (${words}): npm run rig -- vm -- npm run bench -- --only can --place vm`);
    }
  }
  process.on('exit', () => spawnSync('ip', ['link', 'del', name]));
  await run((options) => CanSocket.openSync(name, options));
}
