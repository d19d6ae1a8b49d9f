import { existsSync } from 'node:fs';
import { copyFile, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Apt, type Package, show } from './apt.ts';
import { cacheFolder, withWorkFolder } from './cache.ts';
import { command } from './command.ts';
import { extract, obtain } from './deb.ts';
import { check } from './fetch.ts';
import type { Kernel } from './kernel.ts';
import { withLock } from './lock.ts';
import { MissingPackages, provision } from './packages.ts';

/** What needs it, as the subject of a sentence. */
const WHY = 'the driver of the CAN FD controllers';
/** Its place in the kernel's sources, and its modules, in the order in which they load. */
const SOURCES = 'drivers/net/can/ctucanfd';
const MODULES = ['ctucanfd', 'ctucanfd_pci'];
const KBUILD = 'obj-m := ctucanfd.o ctucanfd_pci.o\nctucanfd-y := ctucanfd_base.o\n';

/** Names of packages in a "Depends" that look like this. */
const among = (depends: string, pattern: RegExp): string[] => [
  ...new Set([...depends.matchAll(pattern)].map(([name]) => name)),
];

/** The kernel's headers with what they take, and its line's sources; none when the lists have not all of them. */
async function find(apt: Apt, { name, version }: Kernel): Promise<Package[]> {
  const headers = await show(apt, `linux-headers-${version}`);
  if (headers === undefined) return [];
  const more = [...among(headers.depends, /\blinux-(headers|kbuild)-[^\s,]+/g), `linux-source-${name}`];
  const found = await Promise.all(more.map((wanted) => show(apt, wanted)));
  const whole = found.filter((one) => one !== undefined);
  return whole.length < found.length ? [] : [headers, ...whole];
}

/** Builds the modules from an unpacked tree of these packages, in a folder. */
async function build({ name, version }: Kernel, tree: string, folder: string): Promise<void> {
  const archive = join(tree, `usr/src/linux-source-${name}.tar.xz`);
  // The one folder of it, without the two above.
  const strip = ['--strip-components', String(1 + SOURCES.split('/').length)];
  await check('tar', ['-xf', archive, '-C', folder, ...strip, `linux-source-${name}/${SOURCES}`]);
  await writeFile(join(folder, 'Kbuild'), KBUILD);
  // As packed, it includes the one of the place where they would be installed.
  const headers = join(tree, 'usr/src', `linux-headers-${version}`);
  const common = join(tree, 'usr/src', `linux-headers-${version.replace(/-amd64$/, '')}-common`);
  await writeFile(join(headers, 'Makefile'), `include ${common}/Makefile\n`);
  await check('make', ['-s', '-C', headers, `M=${folder}`, 'modules']);
  for (const module of MODULES) await check('strip', ['-g', join(folder, `${module}.ko`)]);
}

async function make(kernel: Kernel, target: string): Promise<void> {
  await withWorkFolder(cacheFolder('drivers'), async (work) => {
    const [debs, tree, built] = ['debs', 'tree', 'built'].map((name) => join(work, name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([debs, tree, built].map((folder) => mkdir(folder)));
    const unknown = `apt has not the headers of Linux ${kernel.version} and the sources of ${kernel.name} (delete the kernel from the rig’s cache to get one that it has)`;
    const got = await obtain(`sources of ${WHY}`, unknown, (apt) => find(apt, kernel), debs);
    const takes = got.filter((one) => one.name.startsWith('linux-kbuild')).map(({ depends }) => depends);
    const programs = among(takes.join(), /\b(lib|zlib)[\w.]+\b/g);
    const [compiler = 'gcc'] = among(got.map(({ depends }) => depends).join(), /\bgcc-\d+\b/g);
    await provision(['make', 'xz-utils', 'binutils', compiler, ...programs], WHY);
    await extract(debs, tree);
    await build(kernel, tree, built);
    const done = join(work, 'done');
    await mkdir(done);
    for (const module of MODULES) await copyFile(join(built, `${module}.ko`), join(done, `${module}.ko`));
    await rm(target, { recursive: true, force: true });
    await rename(done, target);
  });
}

/**
 * The driver of the CTU CAN FD controllers that QEMU emulates, for a kernel of Debian's, which is configured without it
 * (CONFIG_CAN_CTUCANFD_PCI): built once, from Debian's own sources and headers of that kernel, by the compiler that built it.
 *
 * @returns files of the modules, in the order in which they load
 * @throws MissingPackages for what building takes; Error when the sources cannot be had or do not compile
 */
export async function canFdDriver(kernel: Kernel): Promise<string[]> {
  const folder = join(cacheFolder('drivers'), kernel.version);
  const there = (): boolean => MODULES.every((name) => existsSync(join(folder, `${name}.ko`)));
  if (!there()) {
    if ((await command('apt-get', ['--version'])).status !== 0)
      throw new MissingPackages(
        [`linux-headers-${kernel.version}`],
        WHY,
        'this system has no apt-get to fetch it',
      );
    await withLock(`${folder}.lock`, async () => {
      // Another process may have been quicker.
      if (!there()) await make(kernel, folder);
    });
  }
  // Without symbolic links: inside, the folder is seen below another root.
  const real = await realpath(folder);
  return MODULES.map((name) => join(real, `${name}.ko`));
}
