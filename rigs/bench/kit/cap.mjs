/** npm's cap, which opens interfaces of its own process's namespace alone: a program that is started there. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { link } from './link.mjs';
import { withPackage } from './packages.mjs';

const program = fileURLToPath(new URL('../cases/ring-recv/receivers/cap.mjs', import.meta.url));

/** Answers turns with packets a second, or with nanoseconds of its process's time for each. */
export function receiveByCap(cpu) {
  withPackage('cap', async () => {
    const { netns, commands } = await link();
    const args = [`--net=/proc/${netns.pid}/ns/net`, process.execPath, program, cpu ? 'cpu' : 'rate'];
    const child = spawn('nsenter', args, { stdio: ['inherit', 'inherit', 'inherit', commands] });
    child.once('exit', (status) => process.exit(status ?? 1));
  });
}
