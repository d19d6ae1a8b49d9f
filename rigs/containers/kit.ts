/** What is brought into containers: the packages as npm gets them, and the programs of `inside` that use them. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { command, root, withWorkFolder } from '../provision/index.ts';

/** In the checkout, where the rig's machines see it too. */
const FOLDER = join(root, '.cache/rig/containers');
/** Of the folder `inside`. */
const PROGRAMS = ['start', 'agent', 'contracts', 'duets', 'can', 'raw'];
const PACKAGES = ['addr', 'core', 'core/npm/linux-x64-gnu', 'can', 'raw', 'compat-python'];
/** Packages and programs that one kit is made of: these, and what lies below them. */
const SOURCES = [
  ...PACKAGES.flatMap((name) =>
    ['package.json', 'README.md', 'dist'].map((file) => `packages/${name}/${file}`),
  ),
  'packages/core/npm/linux-x64-gnu/sockeye.node',
  'rigs/contracts',
  'rigs/containers/inside',
  'rigs/containers/kit.ts',
  'scripts/pack.mjs',
];
const DAY = 86_400_000;
const OFFLINE = [
  '--offline',
  '--no-update-notifier',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/** Files and their contents, as a name. */
function digest(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else if (status !== undefined) hash.update(`${path}\n${status.size}\n`).update(readFileSync(path));
  };
  for (const path of paths) add(join(root, path));
  return hash.digest('hex').slice(0, 16);
}

/** The programs, as plain JavaScript that imports the packages by their names. */
async function bundle(folder: string): Promise<void> {
  // Loaded when it is needed, which in the rig's machine it is not.
  const { rolldown } = await import('rolldown');
  const built = await rolldown({
    input: Object.fromEntries(
      PROGRAMS.map((name) => [name, join(root, `rigs/containers/inside/${name}.ts`)]),
    ),
    platform: 'node',
    external: /^@sockeye\//,
    // The oldest release that the packages are for.
    transform: { target: 'node20' },
    logLevel: 'silent',
  });
  try {
    await built.write({
      dir: folder,
      format: 'es',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name].mjs',
    });
  } finally {
    await built.close();
  }
}

async function succeed(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const { status, stdout, stderr } = await command(program, args, cwd === undefined ? {} : { cwd });
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${(stderr || stdout).trim()}`);
}

/**
 * A folder with `tarballs`, and `app`: a folder in which npm has installed them, and the programs. It is named after the contents
 * of what it was made of, and made unless it is there.
 *
 * @throws Error with npm's words when that fails
 */
export async function makeKit(): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const here = join(FOLDER, digest(SOURCES));
  if (existsSync(here)) return here;
  return withWorkFolder(FOLDER, async (work) => {
    const kit = join(work, 'kit');
    const [tarballs, app] = [join(kit, 'tarballs'), join(kit, 'app')];
    await succeed(process.execPath, [join(root, 'scripts/pack.mjs'), tarballs]);
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }');
    const files = readdirSync(tarballs).map((name) => join(tarballs, name));
    await succeed('npm', ['install', ...OFFLINE, ...files], app);
    await bundle(join(app, 'programs'));
    // Packing builds what is older than its sources.
    const folder = join(FOLDER, digest(SOURCES));
    if (!existsSync(folder)) renameSync(kit, folder);
    forget(folder);
    return folder;
  });
}

/** Removes kits of days ago. */
function forget(kept: string): void {
  for (const name of readdirSync(FOLDER)) {
    const path = join(FOLDER, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (path !== kept && age > DAY) rmSync(path, { recursive: true, force: true });
  }
}
