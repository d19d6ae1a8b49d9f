import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Case } from './cases.ts';
import { versions } from './launch.ts';
import type { Pace } from './measure.ts';

/** What it ran on and how: the `machine` of `--json`. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly arch: string;
  /** What the contenders ran on. */
  readonly versions: Readonly<Record<string, string>>;
  /** The one-minute load average before the first case. */
  readonly load: number;
  readonly quick: boolean;
  readonly rounds: number;
  /** Milliseconds of a turn. */
  readonly slice: number;
  /** Why the whole run is noisy; empty if it is not known to be. */
  readonly noisy: readonly string[];
}

/** Look at the machine before anything is measured. */
export function lookAtMachine(cases: readonly Case[], pace: Pace, quick: boolean): Machine {
  const load = Number((loadavg()[0] ?? 0).toFixed(2));
  const cores = availableParallelism();
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores,
    memory: totalmem(),
    kernel: `${type()} ${release()}`,
    arch: arch(),
    versions: versions(cases),
    load,
    quick,
    ...pace,
    // one busy core of two is half of what a contender and its kernel work share
    noisy: load > cores / 2 ? [`the load average was ${load} on ${cores} cores before the first case`] : [],
  };
}
