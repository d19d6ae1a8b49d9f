/** CPython's tests in all variants on this kernel. */
import { HANGS, type Run, type RunOptions, runSuite, type Variant } from './suite.ts';

/** What was measured: CPython's own run first. */
export interface Measured {
  own: Run;
  runs: [variant: Variant, run: Run][];
}

/** Runs the tests with CPython itself, and with the facade. */
export async function measure(options: RunOptions, variants: readonly Variant[]): Promise<Measured> {
  const own = await runSuite('cpython', options);
  const leftOut = Object.values(own.outcomes)
    .filter(({ why }) => why === HANGS)
    .map(({ test }) => test);
  const runs: Measured['runs'] = [];
  for (const variant of variants) runs.push([variant, await runSuite(variant, { ...options, leftOut })]);
  return { own, runs };
}
