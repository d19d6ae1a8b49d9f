import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** One test that ran inside. */
export interface InnerTest {
  /** Path of its file, from the root of the checkout. */
  file: string;
  /** The names of its groups, then its own. */
  names: string[];
  state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or failed. */
  note: string;
  /** What it has seen, if it says so: `meta.said` of its task. */
  said?: string;
  /** Milliseconds, without its hooks. */
  ms: number;
}

export interface InnerResults {
  tests: InnerTest[];
  /** What failed outside of tests: files that do not load, hooks, stray rejections. */
  errors: { file: string; words: string }[];
}

const words = ({ message, stack }: { message?: string; stack?: string | undefined }): string =>
  stack ?? message ?? '';

/** A vitest reporter that writes each test's result to the file named by SOCKEYE_RESULTS. */
export default class Results implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], stray: readonly SerializedError[]): void {
    const results: InnerResults = { tests: [], errors: [] };
    for (const error of stray) results.errors.push({ file: '', words: words(error) });
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId);
      for (const error of module.errors()) results.errors.push({ file, words: words(error) });
      for (const suite of module.children.allSuites())
        for (const error of suite.errors()) results.errors.push({ file, words: words(error) });
      for (const test of module.children.allTests()) {
        const result = test.result();
        const names = [test.name];
        for (let above = test.parent; above.type === 'suite'; above = above.parent) names.unshift(above.name);
        const note =
          result.state === 'skipped'
            ? (result.note ?? 'skipped without a reason')
            : (result.errors ?? []).map(words).join('\n');
        // A test that never ran has not passed.
        const state = result.state === 'pending' ? 'failed' : result.state;
        const { said } = test.meta() as { said?: string };
        results.tests.push({
          file,
          names,
          state,
          note: result.state === 'pending' ? 'it never ran' : note,
          ...(said === undefined ? {} : { said }),
          ms: Math.round(test.diagnostic()?.duration ?? 0),
        });
      }
    }
    const { SOCKEYE_RESULTS } = process.env;
    if (SOCKEYE_RESULTS !== undefined) writeFileSync(SOCKEYE_RESULTS, JSON.stringify(results));
  }
}
