import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Case, readCases, select, UsageError } from './cases.ts';
import { killAll } from './contender.ts';
import { lookAtMachine } from './machine.ts';
import { measure, type Pace } from './measure.ts';
import { type Row, rowsOf } from './rows.ts';
import { render } from './table.ts';

const help = `npm run bench -- [options]

Measures Sockeye beside its peers: contenders are processes that take turns, so that only one works at a time.

  --only NAME    the row of that name, else every row whose name contains it; may be given again
  --quick        3 short rounds instead of 9: for a look
  --json FILE    write the report as JSON too
  --list         the cases and their contenders, measuring nothing
  --place NAME   where this runs, for the report (host)
  --cases DIR    another folder of cases
  --help         this

Exit status: 0 also where aims are not met; 1 a contender of ours crashed; 2 wrong arguments or a wrong case.json.`;

const full: Pace = { rounds: 9, slice: 300 };
const short: Pace = { rounds: 3, slice: 50 };

/** Run the harness with these arguments; gives the exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await run(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}\nTry --help.`);
    return 2;
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const asked = parse(argv);
  if (asked.help) {
    console.log(help);
    return 0;
  }
  const cases = select(
    readCases(asked.cases ?? fileURLToPath(new URL('./cases', import.meta.url))),
    asked.only ?? [],
  );
  if (asked.list) {
    console.log(cases.map(listed).join('\n'));
    return 0;
  }
  const save = asked.json === undefined ? undefined : openReport(asked.json);
  endWithUs();
  const pace = asked.quick ? short : full;
  const machine = lookAtMachine(cases, pace, asked.quick ?? false);
  const rows: Row[] = [];
  let status = 0;
  for (const one of cases) {
    console.error(`${one.name} …`);
    const slice = one.slice === undefined ? pace.slice : (one.slice * pace.slice) / full.slice;
    const measured = await measure(one, { ...pace, slice });
    rows.push(...rowsOf(measured, asked.place ?? 'host'));
    for (const { name, stderr } of measured.crashed) {
      console.error(`${one.name}: ${name}: ${measured.missing[name]}\n${stderr}`);
      status = 1;
    }
  }
  console.log(render(machine, rows));
  save?.(`${JSON.stringify({ machine, rows }, null, 2)}\n`);
  return status;
}

const options = {
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean' },
  json: { type: 'string' },
  list: { type: 'boolean' },
  place: { type: 'string' },
  cases: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : cause;
    throw new UsageError(`${what}; the options are --${Object.keys(options).join(', --')}`, { cause });
  }
}

/** A report that cannot be written is told before the measuring, not after. */
function openReport(file: string): (text: string) => void {
  try {
    writeFileSync(file, '', { flag: 'a' });
  } catch (cause) {
    throw new UsageError(`--json: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return (text) => writeFileSync(file, text);
}

function listed(one: Case): string {
  const rows = one.rows.map((row) => `${row.name}: ${row.what} (${one.unit})`);
  const missing = Object.entries(one.missing).map(([peer, reason]) => `no ${peer}: ${reason}`);
  return [...rows, `    ${[...one.contenders.keys(), ...missing].join(', ')}`].join('\n');
}

/** No contender outlives the harness, however that ends. (By SIGKILL: their input ends, and they with it.) */
function endWithUs(): void {
  process.on('exit', killAll);
  const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => process.exit(128 + signals[signal]));
  }
  if (process.env.npm_lifecycle_event === undefined) return;
  // npm passes SIGTERM to its shell only, which ends and leaves us alone
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(128 + signals.SIGTERM);
  }, 250).unref();
}
