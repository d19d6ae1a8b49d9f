/** What is brought into containers: the packages as npm gets them, and the programs of `inside` that use them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { command, root, withWorkFolder } from '../provision/index.ts';

/** In the checkout, where the rig's machines see it too. */
const FOLDER = join(root, '.cache/rig/containers');
/** Of the folder `inside`. */
const PROGRAMS = ['start', 'agent', 'contracts', 'duets', 'can'];
const PACKAGES = ['addr', 'core', 'core/npm/linux-x64-gnu', 'can', 'raw', 'compat-python'];
/** Packages and programs that one kit is made of: these, and what lies below them. */
const SOURCES = [
  ...PACKAGES.flatMap((name) =>
    ['package.json', 'README.md', 'dist'].map((file) => `packages/${name}/${file}`),
  ),
  'packages/core/npm/linux-x64-gnu/sockeye.node',
  'rigs/contracts',
  'rigs/containers/inside',
  'scripts/pack.mjs',
];
const DAY = 86_400_000;

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
  const built = await rolldown({
    input: Object.fromEntries(
      PROGRAMS.map((name) => [name, join(root, `rigs/containers/inside/${name}.ts`)]),
    ),
    platform: 'node',
    external: /^@sockeye\//,
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

/**
 * A folder with `tarballs` and `programs`, named after the contents of what it was made of: made unless it is there.
 *
 * @throws Error with the words of `npm pack` when that fails
 */
export async function makeKit(): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const here = join(FOLDER, digest(SOURCES));
  if (existsSync(here)) return here;
  return withWorkFolder(FOLDER, async (work) => {
    const whole = join(work, 'kit');
    const pack = [join(root, 'scripts/pack.mjs'), join(whole, 'tarballs')];
    const { status, stdout, stderr } = await command(process.execPath, pack);
    if (status !== 0) throw new Error(`npm run pack ended with ${status}: ${(stderr || stdout).trim()}`);
    await bundle(join(whole, 'programs'));
    // Packing builds what is older than its sources.
    const folder = join(FOLDER, digest(SOURCES));
    if (!existsSync(folder)) renameSync(whole, folder);
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
