import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Row } from '../bench/rows.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const kit = JSON.stringify(at('../bench/kit/turns.mjs'));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const steady = { what: 'a case with known figures', unit: 'op/s', better: 'more' };

/** A case folder: its description and its contenders' files. */
function put(name: string, description: object, files: Record<string, string>): void {
  const path = join(folder, 'cases', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'case.json'), JSON.stringify(description));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
}

/** A contender that answers turn after turn with these lines, the last one for ever. */
const says = (...lines: string[]): string => `
  import { createInterface } from 'node:readline';
  const lines = ${JSON.stringify(lines)};
  console.log('ready');
  createInterface({ input: process.stdin }).on('line', () => console.log(lines.length > 1 ? lines.shift() : lines[0]));
`;

/** `count` operations a second, whatever the turn's length. */
const rate = (count: number): string => says(`did ${count} 1000000000`);

interface Run {
  status: number | null;
  out: string;
  err: string;
}

/** The harness as npm starts it. */
function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [at('../../scripts/bench.mjs'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Run>((resolve) => child.on('close', (status) => resolve({ status, out, err })));
  return { child, ended };
}

const bench = (args: string[], env?: NodeJS.ProcessEnv): Promise<Run> => start(args, env).ended;

/** A quick run over the fake cases, with its JSON. */
async function report(env?: NodeJS.ProcessEnv, ...more: string[]) {
  const json = join(folder, 'report.json');
  const run = await bench(['--quick', '--cases', join(folder, 'cases'), '--json', json, ...more], env);
  const { machine, rows } = JSON.parse(readFileSync(json, 'utf8')) as {
    machine: Record<string, unknown>;
    rows: Row[];
  };
  const row = (name: string): Row => {
    const found = rows.find((one) => one.name === name);
    if (!found) throw new Error(`no row ${name} in ${JSON.stringify(rows)}`);
    return found;
  };
  return { ...run, machine, rows, row };
}

describe('the report', () => {
  it('has the shape that other tools read', async () => {
    put(
      'a',
      { ...steady, aim: { node: 1.5 }, limit: 100, missing: { cpython: 'has none' } },
      { 'ours.mjs': rate(200), 'node.mjs': rate(100) },
    );
    const { status, machine, rows, out } = await report({}, '--place', 'vm');
    expect(status).toBe(0);
    expect(machine).toMatchObject({ quick: true, rounds: 3, versions: { node: process.version } });
    const [{ noisy: _, ...row } = {}] = rows; // a busy machine is noisy
    expect(row).toEqual({
      name: 'a',
      unit: 'op/s',
      ours: 200,
      peers: { node: 100 },
      better: 'more',
      ratio: { node: 2 },
      aim: { node: 1.5 },
      limit: 100,
      place: 'vm',
      missing: { cpython: 'has none' },
      spread: 0,
    });
    expect(out).toMatch(/a +│ op\/s +│ +200 │ +- │ +100 {2}2\.00× .* met: 1\.5 of node, 100 op\/s/);
    expect(out).toContain('Quick:');
  });

  it('turns the ratio round where less is better', async () => {
    const less = { ...steady, better: 'less' };
    put('time', { ...less, unit: 'ns' }, { 'ours.mjs': says('did 10 500'), 'node.mjs': says('did 10 1000') });
    put('size', { ...less, unit: 'kB' }, { 'ours.mjs': says('value 30'), 'node.mjs': says('value 10') });
    const { row } = await report();
    expect(row('time')).toMatchObject({ ours: 50, peers: { node: 100 }, ratio: { node: 2 } });
    expect(row('size').ratio.node).toBeCloseTo(1 / 3);
  });

  it('marks what falls short of an aim or a limit, and ends well', async () => {
    put('more', { ...steady, aim: { node: 0.75 } }, { 'ours.mjs': rate(70), 'node.mjs': rate(100) });
    put('less', { ...steady, unit: 'ms', better: 'less', limit: 5 }, { 'ours.mjs': says('value 6') });
    const { status, out } = await report();
    expect(status).toBe(0);
    expect(out).toContain('NOT MET: 0.70 of node (aim 0.75)');
    expect(out).toContain('NOT MET: 6.00 ms (limit 5)');
  });

  it('takes the median of the rounds, and of the pairs within a round', async () => {
    // the first answer is the warm-up's
    const ours = ['9', '100', '300', '200'].map((count) => `did ${count} 1000000000`);
    const node = ['9', '100', '100', '400'].map((count) => `did ${count} 1000000000`);
    put('a', steady, { 'ours.mjs': says(...ours), 'node.mjs': says(...node) });
    const row = (await report()).row('a');
    expect(row).toMatchObject({ ours: 200, peers: { node: 100 }, ratio: { node: 1 } });
    expect(row.spread).toBeCloseTo(1.5); // node: quartiles 100 and 250, median 100
  });

  it('counts units that an operation moves', async () => {
    put('bulk', { ...steady, unit: 'MB/s', perOperation: 65536 }, { 'ours.mjs': rate(1000) });
    expect((await report()).row('bulk').ours).toBeCloseTo(65.536);
  });

  it('has a row for each variant of ours, and for no other when one is asked for', async () => {
    put(
      'pair',
      { ...steady, aim: { node: 2 }, variants: { try: { what: 'another way', aim: { node: 3 } } } },
      { 'ours.mjs': rate(100), 'ours-try.mjs': rate(300), 'node.mjs': rate(100) },
    );
    const both = await report();
    expect(both.rows.map((row) => [row.name, row.ratio.node, row.aim.node])).toEqual([
      ['pair', 1, 2],
      ['pair-try', 3, 3],
    ]);
    expect((await report({}, '--only', 'pair')).rows.map((row) => row.name)).toEqual(['pair']);
    expect((await report({}, '--only', 'try')).rows.map((row) => row.name)).toEqual(['pair-try']);
  });
});

describe('contenders', () => {
  it('take turns: each once a round, one at a time, beginning with another each round', async () => {
    const log = join(folder, 'log');
    const logs = (name: string): string => `
      import { appendFileSync } from 'node:fs';
      import { values } from ${kit};
      values(async () => {
        appendFileSync(${JSON.stringify(log)}, '<${name}');
        await new Promise((resolve) => setTimeout(resolve, 10));
        appendFileSync(${JSON.stringify(log)}, '>');
        return 1;
      });`;
    put('a', steady, { 'ours.mjs': logs('o'), 'node.mjs': logs('n'), 'other.mjs': logs('x') });
    await report();
    expect(readFileSync(log, 'utf8')).toBe('<o><n><x><o><n><x><n><x><o><x><o><n>');
  });

  it('work in JavaScript, C and Python with the kit', async () => {
    put('a', steady, {
      'ours.mjs': `import { turns } from ${kit}; let x = 0; turns((n) => { for (let i = 0; i < n; i++) x += i; });`,
      'node.mjs': `import { turns } from ${kit};
        turns(async (n) => { for (let i = 0; i < n; i++) await null; });`,
      'c.c':
        '#include "turns.h"\nstatic volatile long x;\nstatic void run(long n) { while (n--) x++; }\nint main(void) { return turns(run); }\n',
      'cpython.py': 'from turns import turns\ndef run(n):\n    for _ in range(n): pass\nturns(run)\n',
    });
    const { row } = await report();
    const { ours, peers, ratio, missing } = row('a');
    for (const name of ['node', 'c', 'cpython']) {
      if (missing[name]?.startsWith('no ')) continue; // no compiler, no Python
      expect(peers[name]).toBeGreaterThan(0);
      expect(ratio[name]).toBeGreaterThan(0);
    }
    expect(ours).toBeGreaterThan(0);
  });

  it('that cannot run are missing, with the reason', async () => {
    put('a', steady, {
      'ours.mjs': rate(100),
      'node.mjs': `import { missing } from ${kit}; missing('no CAN here');`,
      'npm-thing.mjs': "import 'no-such-package-anywhere';",
      'cpython.py': 'print()',
      'c.c': '#include "turns.h"\nint main(void) { return no_such_name; }\n',
      'late.mjs': says('did 1 1', 'did 1 1', 'nonsense'),
    });
    const { status, out, row } = await report({ PYTHON: join(folder, 'python-that-is-not') });
    expect(status).toBe(0);
    const { missing, peers, ours } = row('a');
    expect(ours).toBe(100);
    expect(peers).toEqual({});
    expect(missing).toEqual({
      node: 'no CAN here',
      'npm-thing': expect.stringMatching(/^crashed: exit status 1: .*no-such-package-anywhere/),
      cpython: expect.stringMatching(/^no .*python-that-is-not on this machine$/),
      c: expect.stringMatching(/^does not compile: .*error: .*no_such_name|^no cc/),
      late: expect.stringContaining('said "nonsense"'),
    });
    expect(out).toContain('no node: no CAN here');
  });

  it('of ours that crash end the run with 1, after the other cases', async () => {
    const crash = `import { values } from ${kit}; let turn = 0;
      values(() => { if (++turn === 3) throw new RangeError('out of luck'); return 1; });`;
    put('a', { ...steady, aim: { node: 1 } }, { 'ours.mjs': crash, 'node.mjs': rate(100) });
    put('b', steady, { 'ours.mjs': 'process.kill(process.pid, "SIGSEGV");' });
    put('c', steady, { 'ours.mjs': rate(1) });
    const { status, row, err, out } = await report();
    expect(status).toBe(1);
    expect(row('a')).toMatchObject({ ours: null, peers: { node: 100 }, ratio: {} });
    expect(row('a').missing.ours).toBe('crashed: exit status 1: RangeError: out of luck');
    expect(row('b').missing.ours).toBe('crashed: SIGSEGV');
    expect(row('c').ours).toBe(1);
    expect(err).toContain('RangeError: out of luck\n    at '); // the whole trace
    expect(out).toContain('no ours: crashed: SIGSEGV');
  });

  it('of ours that say they cannot run here are missing, not crashed', async () => {
    put('a', steady, { 'ours.mjs': `import { missing } from ${kit}; missing('no vcan0');` });
    const { status, row } = await report();
    expect(status).toBe(0);
    expect(row('a')).toMatchObject({ ours: null, missing: { ours: 'no vcan0' } });
  });
});

describe('a noisy run says so', () => {
  it('when figures are spread', async () => {
    const answers = ['1', '100', '200', '400'].map((value) => `value ${value}`);
    put('a', steady, { 'ours.mjs': says(...answers), 'node.mjs': rate(100) });
    put('b', steady, { 'ours.mjs': rate(100) });
    const { row, out } = await report();
    expect(row('a').noisy).toContain('ours spread 75 %');
    expect(row('a').spread).toBe(0.75);
    expect((row('b').noisy ?? []).filter((reason) => reason.includes('spread'))).toEqual([]);
    expect(out).toMatch(/a +│ .*75 % ~/);
    expect(out).toContain('a: noisy: ours spread 75 %');
  });

  it('when another process works meanwhile', async (ctx) => {
    if (process.platform !== 'linux') ctx.skip('other processes are only watched on Linux');
    const wait = `import { values } from ${kit};
      values(async (ms) => { await new Promise((resolve) => setTimeout(resolve, ms)); return 1; });`;
    put('a', { ...steady, slice: 1000 }, { 'ours.mjs': wait });
    const busy = spawn(process.execPath, ['-e', 'for (;;);']);
    try {
      const reasons = (await report()).row('a').noisy ?? [];
      expect(reasons.join()).toMatch(/other processes used \d\.\d\d cores, most of it \S+/);
    } finally {
      busy.kill('SIGKILL');
    }
  });
});

describe('the command line', () => {
  const cases = (): string[] => ['--cases', join(folder, 'cases')];
  const refused = async (args: string[], words: RegExp): Promise<void> => {
    const { status, out, err } = await bench(args);
    expect(err).toMatch(words);
    expect(out).toBe('');
    expect(status).toBe(2);
  };

  it('refuses what it does not know, and names what it does', async () => {
    put('a', steady, { 'ours.mjs': rate(1) });
    await refused(['--fast'], /Unknown option '--fast'.*--only, --quick/);
    await refused(['stray'], /stray/);
    await refused([...cases(), '--only', 'zebra'], /--only "zebra": no such case; there are a\n/);
    await refused(['--cases', join(folder, 'none')], /no folder of cases at .*none/);
    await refused([...cases(), '--json', join(folder, 'none', 'x.json')], /--json: ENOENT/);
  });

  it.each<[string, object, Record<string, string>, RegExp]>([
    [
      'a missing key',
      { unit: 'op/s', better: 'more' },
      { 'ours.mjs': '' },
      /"what" is missing; it takes a sentence/,
    ],
    [
      'a wrong value',
      { ...steady, better: 'fast' },
      { 'ours.mjs': '' },
      /"better" takes "more" or "less", not "fast"/,
    ],
    [
      'a key that nobody reads',
      { ...steady, aims: {} },
      { 'ours.mjs': '' },
      /unknown "aims"; known: what, aim/,
    ],
    ['no file of ours', steady, { 'c.c': '' }, /rows are for ours; the folder has none/],
    [
      'an aim at nobody',
      { ...steady, aim: { c: 1 } },
      { 'ours.mjs': '' },
      /an aim for "c", which is no peer here/,
    ],
  ])('refuses a case.json with %s', async (_, description, files, words) => {
    put('a', description, files);
    await refused(cases(), words);
  });

  it('lists and helps without measuring', async () => {
    put('a', { ...steady, missing: { node: 'has none' } }, { 'ours.mjs': rate(1), 'c.c': '' });
    const list = await bench([...cases(), '--list']);
    expect(list).toMatchObject({ status: 0, err: '' });
    expect(list.out).toBe('a: a case with known figures (op/s)\n    ours, c, no node: has none\n');
    const help = await bench(['--help']);
    expect(help).toMatchObject({ status: 0, err: '' });
    for (const option of ['--only', '--quick', '--json', '--list', '--place', '--cases']) {
      expect(help.out).toContain(option);
    }
  });
});

describe('nothing is left running', () => {
  const pids = (): number[] => readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').map(Number);
  const runs = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      // dead, but not yet fetched by init, is gone too
      return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
    } catch {
      return false;
    }
  };
  const gone = async (pid: number): Promise<void> => {
    for (let wait = 0; wait < 100; wait++) {
      if (!runs(pid)) return;
      await sleep(50);
    }
    throw new Error(`process ${pid} is still there`);
  };
  const forEver = 'setInterval(() => {}, 1e6)';
  /** Notes its pid and its child's, then does what follows. */
  const noted = (then: string, child = forEver): string => `
    import { spawn } from 'node:child_process';
    import { appendFileSync } from 'node:fs';
    import { values } from ${kit};
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['pipe', 'ignore', 'ignore'] });
    appendFileSync(${JSON.stringify(join(folder, 'pids'))}, process.pid + '\\n' + child.pid + '\\n');
    ${then}`;

  it('at the end, nor of a contender that crashed', async () => {
    put('a', steady, { 'ours.mjs': noted('values(() => 1);'), 'node.mjs': noted("throw new Error('x');") });
    expect((await report()).status).toBe(0);
    expect(pids()).toHaveLength(4);
    await Promise.all(pids().map(gone));
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('after %s, though a contender hangs', async (signal, status) => {
    put('a', steady, { 'ours.mjs': noted('values(() => new Promise(() => {}));') });
    const { child, ended } = start(['--cases', join(folder, 'cases')]);
    while (!existsSync(join(folder, 'pids'))) await sleep(20);
    await sleep(200); // into the turn
    child.kill(signal);
    expect((await ended).status).toBe(status);
    expect(pids()).toHaveLength(2);
    await Promise.all(pids().map(gone));
  });

  it('when npm, asked to end, ends its shell only', async () => {
    put('a', steady, { 'ours.mjs': noted('values(() => new Promise(() => {}));') });
    const line = `"${process.execPath}" "${at('../../scripts/bench.mjs')}" --cases "${join(folder, 'cases')}"; exit`;
    const shell = spawn('sh', ['-c', line], {
      env: { ...process.env, npm_lifecycle_event: 'bench' },
      stdio: 'ignore',
    });
    while (!existsSync(join(folder, 'pids'))) await sleep(20);
    shell.kill('SIGTERM');
    await Promise.all(pids().map(gone));
  });

  it('even after SIGKILL: the contenders see their input end', async () => {
    const untilEof = 'process.stdin.resume()';
    put('a', steady, {
      'ours.mjs': noted('values(() => 1);', untilEof),
      'node.mjs': noted('values((ms) => ms);', untilEof),
    });
    const { child, ended } = start(['--cases', join(folder, 'cases')]);
    while (!existsSync(join(folder, 'pids')) || pids().length < 4) await sleep(20);
    child.kill('SIGKILL');
    await ended;
    await Promise.all(pids().map(gone));
  });
});

describe('the cases', () => {
  it('all run', { timeout: 240_000 }, async (ctx) => {
    if (!existsSync(at('../../packages/core/dist/index.js'))) ctx.skip('core is not built: npm run build');
    const names = readdirSync(at('../bench/cases')).toSorted();
    // Two harnesses beside each other: here it is no matter how fast anybody is.
    const halves = [names.filter((name) => name < 'import'), names.filter((name) => name >= 'import')];
    const reports = halves.map(async (half, n) => {
      const json = join(folder, `report-${n}.json`);
      const only = half.flatMap((name) => ['--only', name]);
      const { status, err } = await bench(['--quick', '--json', json, ...only]);
      expect(status, err).toBe(0);
      return (JSON.parse(readFileSync(json, 'utf8')) as { rows: Row[] }).rows;
    });
    const rows = (await Promise.all(reports)).flat();
    for (const { name, ours, missing } of rows) {
      // The rig's machine has CAN where this kernel has none: npm run rig -- vm -- npm run bench -- --place vm.
      if (ours === null) expect(missing.ours, name).toMatch(/^no (vcan|can-isotp)\b|has no compile cache$/);
    }
    expect(rows.filter(({ ours }) => ours !== null).length).toBeGreaterThan(30);
  });
});
