/**
 * Brings a clone to where everything runs: dependencies from the lock file, the native part, the packages. Does only what
 * is missing or older than what it is made from, so that the second time takes no time.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const STAMP = join(root, '.cache/built');
const NODES = join(root, 'rigs/nodes');
const CONTAINERS = join(root, 'rigs/containers');
const CANBOAT = join(root, 'rigs/canboat');
/** What a build is made from: these, and whatever lies below them. */
const SOURCES = [
  'packages',
  'Cargo.toml',
  'Cargo.lock',
  'package-lock.json',
  'tsconfig.base.json',
  'nx.json',
];
/** Below them, what builds make or do not read. */
const APART = new Set(['dist', 'node_modules', 'test', 'vectors', 'target', 'sockeye.node', 'README.md']);

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  const entries = readdirSync(path).filter((name) => !APART.has(name));
  return entries.reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

/** Runs a command; output that is not shown as it comes is shown when it fails, and the process ends with its status. */
export function run(command, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (error !== undefined) fail(`${command} does not start: ${error.message}`);
  if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? ''}`);
  if (status !== 0)
    fail(`${command} ${args.join(' ')} ended with ${signal ?? `status ${status}`}`, status ?? 1);
}

function fail(message, status = 1) {
  console.error(message);
  process.exit(status);
}

/** The program that a devDependency brings. */
export const tool = (name) => join(root, 'node_modules/.bin', name);

/** Nx without its daemon, its screen and its reports. */
export const quietNx = {
  ...process.env,
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  DO_NOT_TRACK: '1',
};

function install(folder, why, extra = []) {
  const lock = join(folder, 'package-lock.json');
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (modified(installed) >= modified(lock)) return;
  console.log(`Installing ${why} …`);
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...extra], { cwd: folder });
}

function checkTools() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node.js 20.19 or later is needed; this is ${process.version}`);
  const missing = [
    ['cargo', 'Rust, from https://rustup.rs'],
    ['cc', 'a C compiler: "apt install gcc libc6-dev", or what your system calls it'],
  ].filter(([command]) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error !== undefined);
  if (missing.length > 0)
    fail(missing.map(([command, what]) => `${command} is missing: install ${what}`).join('\n'));
}

/** Dependencies and builds; with `nodes` the Node.js releases of the tests too. */
export function setUp({ nodes = false } = {}) {
  const fresh = !existsSync(STAMP);
  if (fresh) checkTools();
  install(root, 'dependencies');
  if (nodes) install(NODES, 'the Node.js releases to test on', ['--no-bin-links']);
  if (nodes) install(CONTAINERS, 'testcontainers', ['--no-bin-links']);
  if (nodes) install(CANBOAT, 'canboat', ['--no-bin-links', '--ignore-scripts']);
  const sources = SOURCES.reduce((latest, name) => Math.max(latest, newest(join(root, name))), 0);
  const outputs = ['addr', 'core', 'capture', 'netlink', 'can', 'raw', 'compat-python'].map((name) =>
    join(root, 'packages', name, 'dist'),
  );
  if (modified(STAMP) >= sources && outputs.every(existsSync)) return;
  console.log(fresh ? 'Building the native part and the packages …' : 'Building what has changed …');
  run(tool('nx'), ['run-many', '-t', 'build', '--output-style=static'], {
    env: quietNx,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
