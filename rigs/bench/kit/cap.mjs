/** npm's cap, which opens interfaces of its own process's namespace alone: a program that is started there. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { link } from './link.mjs';
import { withPackage } from './packages.mjs';

const program = fileURLToPath(new URL('./cap-receiver.mjs', import.meta.url));

/**
 * Answers turns with packets a second (`rate`), with nanoseconds of its process's time for each (`cpu`), or with packets a second of
 * bursts that lie ready (`drain`).
 */
export function receiveByCap(measure) {
  withPackage('cap', async () => {
    const { netns, commands } = await link();
    const args = [`--net=/proc/${netns.pid}/ns/net`, process.execPath, program, measure];
    const child = spawn('nsenter', args, { stdio: ['inherit', 'inherit', 'inherit', commands] });
    child.once('exit', (status) => process.exit(status ?? 1));
  });
}
