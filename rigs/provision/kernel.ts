import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Apt, type Package, show } from './apt.ts';
import { cacheFolder, withWorkFolder } from './cache.ts';
import { command } from './command.ts';
import { extract, obtain } from './deb.ts';
import { check, sha256 } from './fetch.ts';
import { withLock } from './lock.ts';
import { MissingPackages, provision } from './packages.ts';

/** The kernels that the rig knows, by Debian's names for their lines. */
export type KernelName = '6.1' | '6.12';

/** The package that stands for the newest kernel of a line. */
const META: Record<KernelName, string> = {
  '6.1': 'linux-image-amd64',
  '6.12': 'linux-image-6.12-amd64',
};

/** A kernel in the cache. */
export interface Kernel {
  name: KernelName;
  /** As `uname -r` has it. */
  version: string;
  /** The package it is from: `name=version`. */
  package: string;
  /** The bzImage. */
  image: string;
  /** The folder under which lib/modules/<version> lies. */
  folder: string;
}

/** The file that ends an unpacked kernel: without it the folder is not finished. */
interface Stamp {
  version: string;
  package: string;
  image: string;
  sha256: string;
}

/** The package of the kernel that a line's metapackage depends on. */
async function find(apt: Apt, name: KernelName): Promise<Package | undefined> {
  const meta = await show(apt, META[name]);
  const [, image, version] = /\b(linux-image-[^\s,]+) \(= ([^)]+)\)/.exec(meta?.depends ?? '') ?? [];
  const found = image === undefined ? undefined : await show(apt, image, version);
  // "linux-image-amd64" is another line in another release of Debian.
  return found?.version.startsWith(`${name}.`) ? found : undefined;
}

/** Unpacks a kernel's package into the cache and indexes its modules. */
const unpack = (name: KernelName): Promise<void> =>
  withWorkFolder(cacheFolder('kernels'), async (work) => {
    const tree = join(work, 'tree');
    const download = join(work, 'deb');
    await Promise.all([mkdir(tree), mkdir(download)]);
    const what = `kernel ${name} for the virtual machine`;
    const unknown = `apt knows no package ${META[name]} of Linux ${name} (Debian 12 has it, with its security updates)`;
    const image = (apt: Apt): Promise<Package[]> => find(apt, name).then((found) => (found ? [found] : []));
    const [got] = await obtain(what, unknown, image, download);
    if (got === undefined) throw new Error(`no ${what}`);
    await extract(download, tree);
    const [version = ''] = await readdir(join(tree, 'lib/modules'));
    await check('depmod', ['-b', tree, version]);
    const bzImage = `boot/vmlinuz-${version}`;
    const stamp: Stamp = {
      version,
      package: `${got.name}=${got.version}`,
      image: bzImage,
      sha256: await sha256(join(tree, bzImage)),
    };
    await writeFile(join(tree, 'stamp.json'), JSON.stringify(stamp, null, 2));
    const target = cacheFolder('kernels', name);
    await rm(target, { recursive: true, force: true });
    await rename(tree, target);
  });

/** The kernel as it lies in the cache; undefined when it is not there, not finished or not what was unpacked. */
async function cached(name: KernelName): Promise<Kernel | undefined> {
  try {
    // Without symbolic links: inside, the folder is seen below another root.
    const folder = await realpath(join(cacheFolder('kernels'), name));
    const stamp = JSON.parse(await readFile(join(folder, 'stamp.json'), 'utf8')) as Stamp;
    const image = join(folder, stamp.image);
    if ((await sha256(image)) !== stamp.sha256) return undefined;
    if (!existsSync(join(folder, 'lib/modules', stamp.version, 'modules.dep'))) return undefined;
    return { name, version: stamp.version, package: stamp.package, image, folder };
  } catch {
    return undefined;
  }
}

/**
 * A Debian kernel, unpacked in the cache; nothing of it is installed. Once there it is used without asking apt; delete the
 * folder to get a newer one.
 *
 * @throws MissingPackages for what unpacking takes; Error when the package cannot be had or is damaged
 */
export async function kernel(name: KernelName): Promise<Kernel> {
  const there = await cached(name);
  if (there !== undefined) return there;
  if ((await command('apt-get', ['--version'])).status !== 0)
    throw new MissingPackages(
      [META[name]],
      'the virtual machine',
      'this system has no apt-get to fetch its kernel',
    );
  await provision(['kmod'], 'the virtual machine');
  const made = await withLock(join(cacheFolder('kernels'), `${name}.lock`), async () => {
    // Another process may have been quicker.
    if ((await cached(name)) === undefined) await unpack(name);
    return cached(name);
  });
  if (made === undefined) throw new Error(`the kernel ${name} is not whole after unpacking`);
  return made;
}
