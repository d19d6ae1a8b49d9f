import { type Case, isOurs } from './cases.ts';
import { Contender, CrashError, type Reading } from './contender.ts';
import { commandFor, MissingError } from './launch.ts';
import { cpuUse, type Others, others } from './noise.ts';

/** How long and how often. */
export interface Pace {
  readonly rounds: number;
  /** Milliseconds of a turn. */
  readonly slice: number;
}

/** What a case's rounds gave. */
export interface Measured {
  readonly case: Case;
  /** contender → a figure for each round, in the case's unit. */
  readonly figures: ReadonlyMap<string, readonly number[]>;
  /** contender → why it has no figures. */
  readonly missing: Readonly<Record<string, string>>;
  /** Those of ours that crashed, with their last words. */
  readonly crashed: readonly { readonly name: string; readonly stderr: string }[];
  readonly others: Others | undefined;
}

/** Run a case: every contender's process is started and warmed up, then in each round each has one turn, while the rest wait. */
export async function measure(one: Case, pace: Pace): Promise<Measured> {
  const missing: Record<string, string> = { ...one.missing };
  const crashed: { name: string; stderr: string }[] = [];
  const figures = new Map<string, number[]>();
  const groups = new Set<number>();
  let running: Contender[] = [];
  const fail = (name: string, error: unknown): void => {
    if (!(error instanceof MissingError || error instanceof CrashError)) throw error;
    missing[name] = error.message;
    if (error instanceof CrashError && isOurs(name)) crashed.push({ name, stderr: error.stderr });
  };
  const take = async (contender: Contender, ms: number): Promise<number | undefined> => {
    try {
      return figureOf(await contender.turn(ms), one);
    } catch (error) {
      fail(contender.name, error);
      contender.kill();
      figures.delete(contender.name);
      running = running.filter((other) => other !== contender);
      return undefined;
    }
  };
  try {
    for (const [name, file] of contendersOf(one)) {
      try {
        const contender = await Contender.start(name, commandFor(one, name, file));
        running.push(contender);
        groups.add(contender.pid);
        // the first turn is the warm-up: caches, compilers, the size of a batch
        const warm = file.endsWith('.mjs') ? Math.max(pace.slice, one.warm ?? 0) : pace.slice;
        if ((await take(contender, warm)) !== undefined) figures.set(name, []);
      } catch (error) {
        fail(name, error);
      }
    }
    const before = cpuUse();
    for (let round = 0; round < pace.rounds; round++) {
      for (const contender of rotate(running, round)) {
        const figure = await take(contender, pace.slice);
        if (figure !== undefined) figures.get(contender.name)?.push(figure);
      }
    }
    const after = cpuUse();
    return {
      case: one,
      figures,
      missing,
      crashed,
      others: before && after ? others(before, after, groups) : undefined,
    };
  } finally {
    await Promise.all(running.map((contender) => contender.stop()));
  }
}

/** Ours as the selected rows ask for, and every peer. */
function contendersOf(one: Case): [string, string][] {
  const ours = new Set(one.rows.map((row) => row.ours));
  return [...one.contenders].filter(([name]) => !isOurs(name) || ours.has(name));
}

/** Each round begins with another contender, so that none always follows the same one. */
function rotate<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** A reading in the case's unit. Throws CrashError where the unit is not one that operations and time give. */
function figureOf(reading: Reading, { unit, perOperation }: Case): number {
  if ('value' in reading) return reading.value;
  const count = reading.count * perOperation;
  switch (unit) {
    case 'op/s':
      return (count / reading.ns) * 1e9;
    case 'MB/s':
      return (count / reading.ns) * 1e3;
    case 'ns':
      return reading.ns / count;
    case 'µs':
      return reading.ns / count / 1e3;
    case 'ms':
      return reading.ns / count / 1e6;
    default:
      throw new CrashError(`operations in a time give op/s, MB/s, ns, µs or ms, not ${unit}: answer "value"`);
  }
}
