/**
 * The program that has the containers, for a newer Node.js than the packages need: `node main.ts <Job as JSON>`. Prints what ran
 * inside, a line of JSON each, and ends with `{"done": …}`.
 */
import { Engine } from './engine.ts';
import { link, type Nodes, type Parts, run } from './link.ts';

export interface Job extends Parts {
  /** What runs, one after the other. */
  runs: Run[];
  /** Instead of ending, waits to be ended. */
  hold?: boolean;
}

/** A program of the kit, in one of the containers. */
export interface Run {
  in: keyof Nodes;
  program: string;
  args: string[];
}

/** Milliseconds that each step took. */
export interface Done {
  done: Record<string, number>;
}

const job = JSON.parse(process.argv[2] ?? '') as Job;
const times: Record<string, number> = {};
async function timed<T>(name: string, work: Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work;
  times[name] = Math.round(performance.now() - began);
  return result;
}

await using engine = await timed('engine', Engine.start());
const containers = await timed('containers', link(engine, job));
if (job.hold === true) {
  console.log(JSON.stringify({ holds: engine.folder }));
  await new Promise(() => setInterval(() => {}, 60_000));
}
for (const { in: name, program, args } of job.runs) {
  const title = `${program} in ${name}`;
  const { stdout, stderr, exitCode } = await timed(title, run(containers, name, program, args));
  process.stdout.write(stdout);
  if (exitCode !== 0 || stderr !== '')
    console.log(JSON.stringify({ names: [title], state: 'failed', note: `status ${exitCode}: ${stderr}` }));
}
await timed('stop', containers.stop());
console.log(JSON.stringify({ done: times } satisfies Done));
