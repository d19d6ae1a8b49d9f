/** The contracts between two containers, started from here: on this machine, or where that cannot be, in the rig's. */
import { need } from '../need/index.ts';
import { command, prepare, type Ran, read } from './job.ts';
import type { Run } from './main.ts';

export { command, prepare, type Ran } from './job.ts';

/** Milliseconds for all of it: without KVM it takes minutes. */
const DEADLINE = 400_000;

const RUNS: readonly Run[] = [
  { in: 'one', program: 'contracts', args: ['one', 'other'] },
  { in: 'other', program: 'contracts', args: ['other', 'one'] },
  { in: 'one', program: 'duets', args: ['one', 'other'] },
  { in: 'other', program: 'duets', args: ['other', 'one'] },
  { in: 'one', program: 'raw', args: ['one', 'other'] },
  { in: 'other', program: 'raw', args: ['other', 'one'] },
];

/**
 * Runs the contracts and the duets between two containers, one with Node.js 20 and libuv's engine, the other with Node.js 24 and
 * the thread's.
 *
 * @throws Unavailable when there can be no containers, with the reason; MissingPackages
 */
export async function runContainers(): Promise<Ran> {
  const [program] = await Promise.all([command({ install: true, runs: [...RUNS] }), prepare()]);
  await using place = await need(['containers']);
  const { status, stdout, stderr } = await place.run(program, { timeout: DEADLINE });
  return { where: `${place.where}, ${place.why}`, ...read(stdout, stderr, status) };
}
