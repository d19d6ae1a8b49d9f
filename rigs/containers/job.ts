/** What is run between containers: the command for it, and what it said. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Unavailable } from '../need/unavailable.ts';
import { provision, root } from '../provision/index.ts';
import type { InnerTest } from '../vm/results-reporter.ts';
import { PACKAGES } from './engine.ts';
import { makeKit } from './kit.ts';
import type { Done, Job } from './main.ts';

const MAIN = join(root, 'rigs/containers/main.ts');

/** How to begin a command that ends when whoever started it does. */
const ENDING = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** What ran between two containers. */
export interface Ran {
  /** Where they were, and why there. */
  where: string;
  tests: InnerTest[];
  /** What went wrong outside of tests. */
  errors: string[];
  /** Milliseconds that each step took. */
  times: Record<string, number>;
}

/** The program of a release of Node.js: this one, where it is of that release. */
function node(major: number): string {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const path = join(root, `rigs/nodes/node_modules/node-${major}/bin/node`);
  if (existsSync(path)) return path;
  throw new Unavailable(
    ['containers'],
    `Node.js ${major} is not installed: npm ci --prefix rigs/nodes --no-bin-links`,
  );
}

/** Installs what is missing, where the rig may. */
export const prepare = (): Promise<void> => provision(PACKAGES, 'a container engine');

/**
 * A command that runs a job, and ends with who started it.
 *
 * @throws Unavailable when a release of Node.js or testcontainers is not installed
 */
export async function command(job: Omit<Job, 'kit' | 'nodes'>): Promise<string[]> {
  if (!existsSync(join(root, 'rigs/containers/node_modules/testcontainers')))
    throw new Unavailable(
      ['containers'],
      'testcontainers is not installed: npm ci --prefix rigs/containers --no-bin-links',
    );
  // The packages' oldest release, and the one that testcontainers runs on.
  const nodes = { one: node(20), other: node(24) };
  const whole: Job = { ...job, nodes, kit: await makeKit() };
  return [...ENDING, nodes.other, MAIN, JSON.stringify(whole)];
}

/** What a job said: its tests, and what else there was to say. */
export function read(stdout: string, stderr: string, status: number): Omit<Ran, 'where'> {
  const said: Omit<Ran, 'where'> = { tests: [], errors: [], times: {} };
  let done = false;
  for (const line of stdout.split('\n').filter(Boolean)) {
    if (!line.startsWith('{')) said.errors.push(line);
    else {
      const told = JSON.parse(line) as Omit<InnerTest, 'file'> | Done;
      if ('done' in told) {
        done = true;
        said.times = told.done;
      } else said.tests.push({ file: '', ...told });
    }
  }
  if (status !== 0 || !done || said.errors.length > 0)
    said.errors.push(`the containers’ program ended with status ${status}\n${stderr.trim()}`);
  return said;
}
