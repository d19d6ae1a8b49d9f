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
const PACKAGES = ['addr', 'core', 'core-thread', 'capture', 'netlink', 'can', 'raw', 'compat-python'];

const rigs = !process.argv.includes('--no-rigs');
const others = process.argv.slice(2).filter((argument) => argument !== '--no-rigs');

/** Rust's tests. */
function cargo() {
  const args = ['test', '--release', '--locked', '--quiet'];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: root, encoding: 'utf8' });
  process.stdout.write(stdout);
  if (status !== 0) process.stderr.write(stderr);
  const tally = { passed: [], failed: 0, skipped: [] };
  for (const [, passed, failed, ignored] of stdout.matchAll(/(\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    for (let i = 0; i < Number(passed); i++) tally.passed.push('cargo');
    for (let i = 0; i < Number(ignored); i++) tally.skipped.push({ name: 'cargo', reason: 'cargo: ignored' });
    tally.failed += Number(failed);
  }
  if (status !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

/** TypeScript's, of some projects. */
function vitest(projects, ...options) {
  rmSync(TALLY, { force: true });
  const named = projects.flatMap((name) => ['--project', name]);
  const reporters = ['--reporter=default', '--reporter=./scripts/reporter.mjs'];
  const args = ['run', ...named, ...reporters, ...options, ...others];
  const env = { ...process.env, SOCKEYE_TALLY: TALLY };
  const { status } = spawnSync(tool('vitest'), args, { cwd: root, env, stdio: 'inherit' });
  if (!existsSync(TALLY)) return { passed: [], failed: 1, skipped: [] };
  const tally = JSON.parse(readFileSync(TALLY, 'utf8'));
  if (status !== 0 && tally.failed === 0) tally.failed = 1;
  return tally;
}

setUp({ nodes: rigs });
const clean = lint();
const results = [cargo(), vitest(PACKAGES)];
// One file at a time: machines, networks and releases of Node.js each want the processors for themselves.
if (rigs) results.push(vitest(['rigs', 'rigs-thread'], '--no-file-parallelism'));
const passed = results.flatMap((result) => result.passed);
// What the rig's machine has run under its own name is not missing here.
const ranInside = ({ name }) =>
  passed.some((other) => other.includes('inside Linux') && other.endsWith(name));
const skipped = results.flatMap((result) => result.skipped).filter((skip) => !ranInside(skip));

// Where all runs unattended the rig has to be there: its packages are for the project to install.
const wanting = process.env.CI ? skipped.filter(({ reason }) => reason.includes('apt-get install')) : [];
const failed = results.reduce((total, result) => total + result.failed, wanting.length);

console.log();
for (const reason of new Set(skipped.map((skip) => skip.reason))) {
  console.log(`skipped ${skipped.filter((skip) => skip.reason === reason).length}: ${reason}`);
}
if (!clean) console.log('npm run lint has complaints, see above');
process.exitCode = clean && failed === 0 ? 0 : 1;
console.log(`${passed.length} passed, ${failed} failed, ${skipped.length} skipped`);
