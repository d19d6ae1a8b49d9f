import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Apt, type Package, privateApt, show, update } from './apt.ts';
import { cacheFolder, withWorkFolder } from './cache.ts';
import { command } from './command.ts';
import { check, fetch, lastLine } from './fetch.ts';
import { withLock } from './lock.ts';
import { MissingPackages, missing } from './packages.ts';

/** A Rust compiler with the sources of its standard library, which is built for targets that nobody gives one for. */
export interface Rust {
  /** The Debian package's, as `1.96.0+dfsg1-1~deb12u2`. */
  version: string;
  /** The compiler. */
  rustc: string;
  /** What it needs in its environment, and the linkers' tools of other systems in PATH. */
  env: NodeJS.ProcessEnv;
}

/**
 * Debian's compiler for its browsers, which follows the newest ones, with its sources; and what makes Windows's import
 * libraries. They shut out the Rust that is installed, so they are unpacked and not installed.
 */
const WANTED = ['rustc-web', 'rust-web-src', 'binutils-mingw-w64-x86-64'];
/** What they depend on that a machine on which this project is built has, under whatever name. */
const PRESENT = /^(gcc|libc6-dev|libc-dev|binutils)$/;
const WHY = 'checking the types for other operating systems';

/** Installing them does not help: they are looked for in the cache. */
const absent = (reason: string): MissingPackages =>
  new MissingPackages(WANTED, WHY, reason, 'A Debian 12 fetches and unpacks them by itself');

/** The packages that are not installed of those that these depend on, with themselves; a name where apt knows none. */
async function closure(apt: Apt): Promise<Package[] | string> {
  const found = new Map<string, Package>();
  let names = WANTED;
  while (names.length > 0) {
    const shown = await Promise.all(names.map((name) => show(apt, name)));
    const unknown = names.find((_, at) => shown[at] === undefined);
    if (unknown !== undefined) return unknown;
    const depends = shown.flatMap((one) => {
      if (one === undefined) return [];
      found.set(one.name, one);
      return one.depends.split(',').flatMap((text) => /^\s*([a-z0-9.+-]+)/.exec(text)?.[1] ?? []);
    });
    const asked = [...new Set(depends)].filter((name) => !found.has(name) && !PRESENT.test(name));
    names = asked.length === 0 ? [] : await missing(asked);
  }
  return [...found.values()];
}

/** Finds and fetches: first by the system's lists, then, when these know nothing or are stale, by fresh private ones. */
async function obtain(folder: string): Promise<Package> {
  let reason = 'apt knows no such packages (Debian 12 has them, with its security updates)';
  for (const apt of [undefined, privateApt()]) {
    const updated = apt === undefined ? undefined : await update(apt);
    if (updated !== undefined && updated.status !== 0)
      reason += `; apt-get update: ${lastLine(updated.stderr)}`;
    const packages = await closure(apt);
    if (typeof packages === 'string') {
      reason = `apt knows no package ${packages} (Debian 12 has it, with its security updates)`;
      continue;
    }
    const size = packages.reduce((sum, one) => sum + one.size, 0);
    console.error(
      `rig: fetching ${packages.map(({ name }) => name).join(', ')} (${Math.round(size / 1e6)} MB)`,
    );
    const troubles = await Promise.all(packages.map((one) => fetch(apt, one, folder)));
    const trouble = troubles.find((text) => text !== undefined);
    const [rustc] = packages;
    if (trouble === undefined && rustc !== undefined) return rustc;
    reason = lastLine(trouble ?? '');
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
  throw absent(reason);
}

/** Unpacks the packages into the cache. */
const unpack = (target: string): Promise<void> =>
  withWorkFolder(cacheFolder('rust'), async (work) => {
    const tree = join(work, 'tree');
    const download = join(work, 'deb');
    await Promise.all([mkdir(tree), mkdir(download)]);
    const { version } = await obtain(download);
    for (const deb of await readdir(download)) await check('dpkg', ['-x', join(download, deb), tree]);
    const sources = join(tree, 'usr/src');
    for (const name of await readdir(sources)) {
      // The compiler's own sources are not needed.
      const parts = (await readdir(join(sources, name))).filter((part) => part !== 'library');
      for (const part of parts) await rm(join(sources, name, part), { recursive: true });
    }
    await rm(join(tree, 'usr/share'), { recursive: true });
    await writeFile(join(tree, 'stamp.json'), JSON.stringify({ version }));
    await rm(target, { recursive: true, force: true });
    await rename(tree, target);
  });

/** As it lies in the cache; undefined when it is not there or not finished. */
async function cached(folder: string): Promise<Rust | undefined> {
  try {
    const { version } = JSON.parse(await readFile(join(folder, 'stamp.json'), 'utf8')) as { version: string };
    const rustc = join(folder, 'usr/bin/rustc');
    const libraries = join(folder, 'usr/lib/x86_64-linux-gnu');
    if (!existsSync(rustc) || !existsSync(libraries)) return undefined;
    return {
      version,
      rustc,
      env: {
        LD_LIBRARY_PATH: libraries,
        PATH: `${process.env.PATH ?? ''}:${join(folder, 'usr/bin')}`,
      },
    };
  } catch {
    return undefined;
  }
}

/**
 * Debian's newest Rust, unpacked in the cache; nothing of it is installed. Once there it is used without asking apt; delete
 * the folder to get a newer one.
 *
 * @throws MissingPackages when it cannot be had
 */
export async function rust(): Promise<Rust> {
  const folder = join(cacheFolder('rust'), 'tree');
  const there = await cached(folder);
  if (there !== undefined) return there;
  if (process.arch !== 'x64')
    throw absent(`they are those of x64 machines so far, and this is ${process.arch}`);
  if ((await command('apt-get', ['--version'])).status !== 0)
    throw absent('this system has no apt-get to fetch them');
  const made = await withLock(join(cacheFolder('rust'), 'tree.lock'), async () => {
    // Another process may have been quicker.
    if ((await cached(folder)) === undefined) await unpack(folder);
    return cached(folder);
  });
  if (made === undefined) throw new Error('the Rust compiler is not whole after unpacking');
  return made;
}
