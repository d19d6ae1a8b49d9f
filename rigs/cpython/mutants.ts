/** Breaks the facade's functions one by one, and runs the tests that call each: some test has to fail. */
import { type Run, type RunOptions, runSuite, type Variant } from './suite.ts';

/** Tests tried for a function, those with the fewest calls first. */
const MOST = 30;
/** Milliseconds for a test that may hang. */
const PATIENCE = 8_000;

/** What a broken function did. */
export interface Mutant {
  name: string;
  /** The first test that noticed, if one did. */
  noticed: string | undefined;
  tried: number;
}

/**
 * Every function that the run called, broken in turn.
 *
 * @param only these functions, as `dup` and `socket.recv`
 */
export async function* mutants(
  variant: Variant,
  options: RunOptions,
  run: Run,
  only?: readonly string[],
): AsyncGenerator<Mutant> {
  const passed = Object.values(run.outcomes).filter(({ how }) => how === 'passed');
  const names = new Set(passed.flatMap(({ calls }) => Object.keys(calls)));
  // What an iteration gives is what readline gives.
  for (const broken of [...names].filter((name) => only?.includes(name) ?? name !== 'file.next').sort()) {
    const size = (test: string): number => Object.keys(run.outcomes[test]?.calls ?? {}).length;
    const callers = passed.filter(({ calls }) => broken in calls).map(({ test }) => test);
    const tests = callers.sort((a, b) => size(a) - size(b)).slice(0, MOST);
    const seen = await runSuite(variant, { ...options, broken, tests, patience: PATIENCE });
    const failed = Object.values(seen.outcomes).find(({ how }) => how !== 'passed');
    yield { name: broken, noticed: failed?.test, tried: tests.length };
  }
}
