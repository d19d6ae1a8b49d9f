/** npm run lint: format, lint, types, layers and fences. Changes nothing; "npm run fix" formats. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, setUp, tool } from './setup.mjs';

const SOURCES = [
  'addr/src',
  'core/ts',
  'capture/src',
  'netlink/src',
  'can/src',
  'raw/src',
  'compat-python/src',
].map((path) => `packages/${path}`);
const TYPED = ['addr', 'core', 'capture', 'netlink', 'can', 'raw', 'compat-python'].map(
  (name) => `packages/${name}/tsconfig.json`,
);

/** Each check is a command, or a function that returns its complaints. */
const checks = [
  ['format and lint (Biome)', tool('biome'), ['check', '--error-on-warnings', '.']],
  [
    'layers (dependency-cruiser)',
    tool('depcruise'),
    [...SOURCES, 'packages', 'rigs', 'examples', '--output-type', 'err-long'],
  ],
  ...['tsconfig.json', ...TYPED].map((path) => [`types (${path})`, tool('tsc'), ['--noEmit', '-p', path]]),
  ['nothing unused (knip)', tool('knip'), ['--no-progress']],
  ['Rust format (rustfmt)', 'cargo', ['fmt', '--check']],
  [
    'Rust lint (clippy)',
    'cargo',
    ['clippy', '--release', '--locked', '--quiet', '--all-targets', '--', '-D', 'warnings'],
  ],
  ['fences', fences],
];

/** What no tool checks: where a platform may be asked for, and which tests may not be switched off. */
function fences() {
  const complaints = [];
  const look = (folder, ending, wrong, words) => {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (
        !entry.isFile() ||
        !ending.test(entry.name) ||
        /node_modules|\/dist|\/target/.test(entry.parentPath)
      )
        continue;
      const path = join(entry.parentPath, entry.name);
      readFileSync(path, 'utf8')
        .split('\n')
        .forEach((line, index) => {
          if (wrong.test(line)) complaints.push(`${path.slice(root.length)}:${index + 1}: ${words}`);
        });
    }
  };
  look('packages', /^(?!mod\.rs$).*\.rs$/, /cfg\(.*target_os/, 'cfg(target_os) belongs in a mod.rs');
  const off = /\b(it|test|describe)\.(skip|only|todo)\(/;
  for (const folder of ['packages', 'rigs'])
    look(folder, /\.(test|spec)\.ts$/, off, 'a test is switched off');
  return complaints;
}

/** Runs all checks, shows what those say that fail, and returns whether none did. */
export function lint() {
  let passed = true;
  for (const [name, command, args] of checks) {
    const began = performance.now();
    let complaint = '';
    if (typeof command === 'function') complaint = command().join('\n');
    else {
      const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
      if (status !== 0)
        complaint = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` || `status ${status}`;
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${complaint === '' ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
    if (complaint !== '') {
      console.log(complaint);
      passed = false;
    }
  }
  return passed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp();
  process.exitCode = lint() ? 0 : 1;
}
