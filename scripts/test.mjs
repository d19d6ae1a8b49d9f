/**
 * npm test: set-up, lint, types, clippy, all tests. Ends with the reasons of what was skipped and one line of counts over
 * vitest and cargo together.
 *
 * npm test -- [--no-rigs] [arguments for vitest]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lint } from './lint.mjs';
import { root, setUp, tool } from './setup.mjs';

const TALLY = join(root, '.cache/tally.json');
const PACKAGES = ['addr', 'core', 'core-thread', 'can', 'raw', 'compat-python'];

const rigs = !process.argv.includes('--no-rigs');
const others = process.argv.slice(2).filter((argument) => argument !== '--no-rigs');

/** Rust's tests. */
function cargo() {
  const args = ['test', '--release', '--locked', '--quiet'];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: root, encoding: 'utf8' });
  process.stdout.write(stdout);
  if (status !== 0) process.stderr.write(stderr);
  const counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
  for (const [, passed, failed, ignored] of stdout.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** TypeScript's. */
function vitest() {
  rmSync(TALLY, { force: true });
  const projects = [...PACKAGES, ...(rigs ? ['rigs'] : [])].flatMap((name) => ['--project', name]);
  const args = ['run', ...projects, '--reporter=default', '--reporter=./scripts/reporter.mjs', ...others];
  const env = { ...process.env, SOCKEYE_TALLY: TALLY };
  const { status } = spawnSync(tool('vitest'), args, { cwd: root, env, stdio: 'inherit' });
  if (!existsSync(TALLY)) return { passed: 0, failed: 1, skipped: 0, skips: [] };
  const counts = JSON.parse(readFileSync(TALLY, 'utf8'));
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

setUp({ nodes: rigs });
const clean = lint();
const results = [cargo(), vitest()];
const sum = (name) => results.reduce((total, result) => total + result[name], 0);

console.log();
for (const [reason, count] of results.flatMap((result) => result.skips)) {
  console.log(`skipped ${count}: ${reason}`);
}
if (!clean) console.log('npm run lint has complaints, see above');
process.exitCode = clean && sum('failed') === 0 ? 0 : 1;
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
