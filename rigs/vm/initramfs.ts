import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, command, type Kernel, root, withWorkFolder } from '../provision/index.ts';
import { cpio, type Entry } from './cpio.ts';
import { EARLY, type ModuleIndex } from './modules.ts';

const guest = (name: string): string => fileURLToPath(new URL(`guest/${name}`, import.meta.url));

/** Compiles the agent, once for each text of it, and returns its program. */
async function agent(): Promise<Buffer> {
  const source = guest('agent.c');
  const hash = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 16);
  const program = join(cacheFolder('agent'), hash);
  if (!existsSync(program)) {
    await withWorkFolder(cacheFolder('agent'), async (work) => {
      const { status, stderr } = await command('cc', ['-O2', '-Wall', '-o', join(work, 'agent'), source]);
      if (status !== 0) throw new Error(`the virtual machine's agent does not compile: ${stderr}`);
      await rename(join(work, 'agent'), program);
    });
  }
  return readFile(program);
}

/** A module's file, without its compression: busybox's insmod knows none. */
async function plain(kernel: Kernel, path: string): Promise<Entry> {
  const name = basename(path).replace(/\.xz$/, '');
  const target = join(cacheFolder('early', kernel.version), name);
  if (path.endsWith('.xz') && !existsSync(target)) {
    await withWorkFolder(cacheFolder('early', kernel.version), async (work) => {
      const { status, stderr } = await command('sh', [
        '-c',
        'xz -dc "$1" > "$2"',
        'sh',
        path,
        join(work, name),
      ]);
      if (status !== 0) throw new Error(`xz cannot unpack ${path}: ${stderr}`);
      await rename(join(work, name), target);
    });
  }
  return { path: `modules/${name}`, content: await readFile(path.endsWith('.xz') ? target : path) };
}

/** The initramfs of a kernel: busybox, the first modules, the agent, and the script that makes the host's tree the root. */
export async function initramfs(
  kernel: Kernel,
  index: ModuleIndex,
  without: readonly string[],
): Promise<Buffer> {
  const modules = await Promise.all(index.files(EARLY).map((path) => plain(kernel, path)));
  const order = modules.map(({ path }) => basename(path)).join('\n');
  // A /tmp of its own, unless what the machine needs lies in the host's.
  const own = ![root, kernel.folder, process.execPath].some((path) => path.startsWith('/tmp/'));
  const settings = {
    MODULES: kernel.folder,
    VERSION: kernel.version,
    WITHOUT: without.join(' '),
    TMP: own ? '1' : '',
  };
  const quoted = Object.entries(settings).map(
    ([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'`,
  );
  return cpio([
    ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path) => ({ path })),
    { path: 'bin/busybox', content: await readFile('/bin/busybox'), program: true },
    { path: 'init', content: await readFile(guest('init.sh')), program: true },
    { path: 'agent', content: await agent(), program: true },
    { path: 'order', content: Buffer.from(`${order}\n`) },
    { path: 'rig.conf', content: Buffer.from(`${quoted.join('\n')}\n`) },
    ...modules,
  ]);
}
