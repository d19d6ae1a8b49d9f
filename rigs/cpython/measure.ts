/** CPython's tests in all variants on this kernel. */
import { type Run, type RunOptions, runSuite, type Variant } from './suite.ts';

/** What was measured: CPython's own run first. */
export interface Measured {
  own: Run;
  runs: [variant: Variant, run: Run][];
}

/** Runs the tests with CPython itself, and with the facade. */
export async function measure(options: RunOptions, variants: readonly Variant[]): Promise<Measured> {
  const measured: Measured = { own: await runSuite('cpython', options), runs: [] };
  for (const variant of variants) measured.runs.push([variant, await runSuite(variant, options)]);
  return measured;
}
