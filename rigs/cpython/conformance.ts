/** npm run conformance: CPython's own tests with the facade behind them. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeHost } from './bundle.ts';
import { measureInside } from './machine.ts';
import { type Measured, measure } from './measure.ts';
import { mutants } from './mutants.ts';
import type { Run, RunOptions, Variant } from './suite.ts';
import { judge, summary, unexpected, type Verdict } from './verdict.ts';

const USAGE = `usage: npm run conformance -- [options]
  --on KERNEL          host, 6.1 or 6.12: where; more than once if need be (host)
  --variant VARIANT    blocking or full; both unless given
  --python PATH        a CPython from 3.11 on (python3.11)
  --library PATH       the folder Lib/test of another CPython of that version, for one that comes without its tests
  --tests NAME…        other test modules than test_socket, as test_select or test_asyncio.test_sock_lowlevel
  --use NAME           a resource that tests may use, as network; regrtest's -u
  --only TEXT          only tests whose full names have that in them
  --json FILE          the results, for programs
  --mutants            breaks the facade's functions one by one, which some test must notice each time; on the host
  --progress           how each test went, when it is over
  --verbose            whole tracebacks

Exit status: 0 when all that CPython passes passes, but for what rigs/cpython/exceptions.json names; 1 otherwise.`;

const VARIANTS = ['blocking', 'full'] as const;
const PLACES = ['host', '6.1', '6.12'] as const;

class Wrong extends Error {}

function oneOf<T extends string>(option: string, known: readonly T[], given: string): T {
  const found = known.find((each) => each === given);
  if (found === undefined)
    throw new Wrong(`--${option} takes ${known.join(', ')}; got ${JSON.stringify(given)}`);
  return found;
}

function parse(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      on: { type: 'string', multiple: true, default: ['host'] },
      variant: { type: 'string', multiple: true, default: [...VARIANTS] },
      python: { type: 'string', default: 'python3.11' },
      use: { type: 'string', multiple: true },
      library: { type: 'string' },
      tests: { type: 'string', multiple: true, default: [] },
      only: { type: 'string' },
      json: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const modules = [...values.tests, ...positionals];
  if (positionals.length > 0 && values.tests.length === 0) throw new Wrong(`what is ${positionals[0]}?`);
  return {
    ...values,
    on: values.on.map((place) => oneOf('on', PLACES, place)),
    variants: values.variant.map((variant): Variant => oneOf('variant', VARIANTS, variant)),
    modules: modules.length > 0 ? modules : ['test_socket'],
  };
}

async function main(args: readonly string[]): Promise<number> {
  const {
    on,
    variants,
    python,
    library,
    use,
    modules,
    only,
    json,
    progress,
    verbose,
    help,
    mutants: withMutants,
  } = parse(args);
  if (help) {
    console.log(USAGE);
    return 0;
  }
  using host = await makeHost();
  // By its full name: a virtual machine has another PATH.
  const executable = execFileSync(python, ['-c', 'import sys; print(sys.executable, end="")'], {
    encoding: 'utf8',
  });
  const options: RunOptions = {
    python: executable,
    library,
    use,
    modules,
    only,
    progress,
    host: host.folder,
  };
  const verdicts: Verdict[] = [];
  let overlooked = 0;
  for (const place of on) {
    const measured: Measured =
      place === 'host' ? await measure(options, variants) : await measureInside(place, options, variants);
    for (const [variant, run] of measured.runs) {
      const verdict = judge(variant, run, measured.own);
      verdicts.push(verdict);
      console.log(summary(verdict, verbose));
      if (withMutants && place === 'host') overlooked += await breakAll(variant, options, run);
    }
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(verdicts, undefined, 2)}\n`);
  return overlooked > 0 || verdicts.some((verdict) => unexpected(verdict).length > 0) ? 1 : 0;
}

/** @returns how many broken functions no test noticed */
async function breakAll(variant: Variant, options: RunOptions, run: Run): Promise<number> {
  let overlooked = 0;
  for await (const { name, noticed, tried } of mutants(variant, options, run)) {
    console.log(`broken ${name}: ${noticed ?? `NOT NOTICED by ${tried} tests`}`);
    if (noticed === undefined) overlooked += 1;
  }
  return overlooked;
}

/** Runs the command line, says what is wrong with it, and returns its exit status. */
export async function command(args: readonly string[]): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (!(error instanceof Wrong) && !/^ERR_PARSE_ARGS/.test((error as { code?: string }).code ?? ''))
      throw error;
    console.error(`conformance: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1])
  process.exitCode = await command(process.argv.slice(2));
