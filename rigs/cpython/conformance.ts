/** npm run conformance: CPython's own tests with the facade behind them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeHost } from './bundle.ts';
import { type Run, runSuite, type Variant } from './suite.ts';
import { judge, unexpected, type Verdict } from './verdict.ts';

const USAGE = `usage: npm run conformance -- [options]
  --variant blocking|full   only that one
  --python PATH             another CPython, from 3.11 on (python3.11)
  --tests NAME…             other test modules than test_socket, as test_select; the last option
  --only TEXT               only tests whose names have that in them
  --reference FILE          CPython's own results, measured once and kept there
  --json FILE               the results as JSON`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    variant: { type: 'string' },
    python: { type: 'string', default: 'python3.11' },
    tests: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    reference: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** CPython's own results: from a file, if there is one and it has them, else measured and put there. */
async function reference(file: string | undefined, measure: () => Promise<Run>): Promise<Run> {
  if (file !== undefined && existsSync(file)) {
    const { outcomes, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    return { ...rest, outcomes: new Map(outcomes) };
  }
  const run = await measure();
  if (file !== undefined) writeFileSync(file, JSON.stringify({ ...run, outcomes: [...run.outcomes] }));
  return run;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  using host = await makeHost();
  const named = [...values.tests, ...positionals];
  const options = { python: values.python, modules: named.length > 0 ? named : ['test_socket'], host: host.folder };
  const own = await reference(values.reference, () => runSuite('cpython', options));
  const only = values.only === undefined ? undefined : [...own.outcomes.keys()].filter((test) => test.includes(values.only as string));
  const verdicts: Verdict[] = [];
  for (const variant of ['blocking', 'full'] as const) {
    if ((values.variant ?? variant) !== variant) continue;
    const verdict = judge(variant as Variant, await runSuite(variant, { ...options, only }), own);
    for (const { test, why } of verdict.failures) console.log(`${test}\n  ${why.trim().replaceAll('\n', '\n  ')}`);
    console.log(JSON.stringify({ ...verdict, failures: unexpected(verdict).length }));
    verdicts.push(verdict);
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(verdicts, undefined, 2)}\n`);
  return verdicts.some((verdict) => unexpected(verdict).length > 0) ? 1 : 0;
}

process.exitCode = await main();
