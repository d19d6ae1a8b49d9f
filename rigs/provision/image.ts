import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withWorkFolder } from './cache.ts';
import { command } from './command.ts';
import type { Kernel } from './kernel.ts';

/** Offsets of the kernel's setup header: Documentation/arch/x86/boot.rst. */
const SETUP_SECTS = 0x1f1;
const MAGIC = 0x202;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;
/** The length of the unpacked kernel, which the build puts behind the compressed one. */
const TRAILER = 4;

/** Programs that unpack, by the first bytes of what they unpack. */
const PACKERS: [string, string][] = [
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
];

/**
 * The kernel's ELF image, unpacked from its bzImage: QEMU starts it by its PVH entry, which spares an emulated processor the
 * firmware's work and the unpacking, half of its time to boot. The bzImage itself when it is packed in another way.
 */
export async function bootImage({ image }: Kernel): Promise<string> {
  const target = join(dirname(image), 'vmlinux');
  if (existsSync(target)) return target;
  const bytes = await readFile(image);
  if (bytes.length < PAYLOAD_LENGTH + 4 || bytes.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS')
    return image;
  const from = ((bytes[SETUP_SECTS] || 4) + 1) * SECTOR + bytes.readUInt32LE(PAYLOAD_OFFSET);
  const payload = bytes.subarray(from, from + bytes.readUInt32LE(PAYLOAD_LENGTH) - TRAILER);
  const [, packer] = PACKERS.find(([start]) => payload.toString('hex', 0, 8).startsWith(start)) ?? [];
  if (packer === undefined) return image;
  return withWorkFolder(dirname(image), async (work) => {
    const packed = join(work, 'packed');
    const unpacked = join(work, 'vmlinux');
    await writeFile(packed, payload);
    const { status, stderr } = await command('sh', [
      '-c',
      '"$1" -dc "$2" > "$3"',
      'sh',
      packer,
      packed,
      unpacked,
    ]);
    if (status !== 0) throw new Error(`${packer} cannot unpack the kernel ${image}: ${stderr.trim()}`);
    await rename(unpacked, target);
    return target;
  });
}
