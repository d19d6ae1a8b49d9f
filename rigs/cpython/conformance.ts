/** npm run conformance: CPython's own tests with the facade behind them. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeHost } from './bundle.ts';
import { runSuite, type Variant } from './suite.ts';
import { judge, unexpected, type Verdict } from './verdict.ts';

const USAGE = `usage: npm run conformance -- [options]
  --variant blocking|full   only that one
  --python PATH             another CPython, from 3.11 on (python3.11)
  --tests NAME…             other test modules than test_socket, as test_select; the last option
  --only TEXT               only tests whose names have that in them
  --json FILE               the results as JSON`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    variant: { type: 'string' },
    python: { type: 'string', default: 'python3.11' },
    tests: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  using host = await makeHost();
  const named = [...values.tests, ...positionals];
  const options = { python: values.python, modules: named.length > 0 ? named : ['test_socket'], host: host.folder };
  const own = await runSuite('cpython', options);
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
