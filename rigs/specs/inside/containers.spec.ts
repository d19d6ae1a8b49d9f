import { spawn } from 'node:child_process';
import { describe, it } from 'vitest';
import { command, type Ran, read } from '../../containers/job.ts';
import { Unavailable } from '../../need/unavailable.ts';
import { ended } from '../../netns/index.ts';
import { installed } from '../../probe/explain.ts';

/** Media on which two processes meet here: the host has all. */
const MEDIA = ['inet stream', 'inet6 dgram'];
const IP = '/sbin/ip';
const DEADLINE = 240_000;

/** Two containers in the machine, with a network of their own, one of which makes itself a CAN bus. */
async function run(): Promise<Omit<Ran, 'where'>> {
  if (!installed('dockerd'))
    throw new Unavailable(['containers'], 'docker.io is not installed: apt-get install docker.io tini');
  const job = await command({
    // npm takes a second, and on an emulated processor a minute.
    install: false,
    programs: [IP],
    runs: [
      { in: 'one', program: 'can', args: [IP] },
      { in: 'one', program: 'duets', args: ['one', 'other', ...MEDIA] },
    ],
  });
  const [program = '', ...args] = job;
  const child = spawn(program, args, { stdio: 'pipe' });
  const { stdout, stderr, status } = await ended(child, job, { input: '', timeout: DEADLINE });
  return read(stdout, stderr, status);
}

const outcome =
  process.env.SOCKEYE_RIG === undefined
    ? new Unavailable(['containers'], 'runs inside the virtual machine: rigs/specs/vm.spec.ts')
    : await run().catch((error: Error) => error);

describe('containers in the machine', () => {
  if (outcome instanceof Error) {
    it('have a bus and a network of their own', (context) => {
      if (outcome instanceof Unavailable) context.skip(outcome.message);
      throw outcome;
    });
    return;
  }
  const spent = Object.entries(outcome.times).map(([step, ms]) => `${step} ${(ms / 1000).toFixed(1)} s`);
  console.log(`containers inside: ${spent.join(', ')}`);
  it('nothing failed outside of tests, and both have run', () => {
    if (outcome.errors.length > 0) throw new Error(outcome.errors.join('\n\n'));
    for (const group of ['vcan0', ...MEDIA])
      if (!outcome.tests.some(({ names }) => names.includes(group)))
        throw new Error(`nothing ran on ${group}`);
  });
  for (const { names, state, note } of outcome.tests) {
    it(names.join(' > '), () => {
      if (state !== 'passed') throw new Error(note);
    });
  }
});
