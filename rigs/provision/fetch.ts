import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Apt, download, type Package } from './apt.ts';
import { command } from './command.ts';

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The last line of what a program said. */
export const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Runs a program that must succeed. */
export async function check(program: string, args: string[]): Promise<void> {
  const { status, stderr } = await command(program, args);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${lastLine(stderr)}`);
}

/** Fetches a package into a folder; the reason when it did not come as the lists describe it. */
export async function fetch(apt: Apt, wanted: Package, folder: string): Promise<string | undefined> {
  const { status, stderr } = await download(apt, wanted, folder);
  const file = (await readdir(folder)).find(
    (entry) => entry.startsWith(`${wanted.name}_`) && entry.endsWith('.deb'),
  );
  if (status !== 0 || file === undefined) return stderr.trim() || `apt-get download ended with ${status}`;
  const path = join(folder, file);
  const { size } = await stat(path);
  if (size !== wanted.size) return `${file} has ${size} bytes, not ${wanted.size}`;
  const hash = await sha256(path);
  if (hash !== wanted.sha256) return `${file} has the SHA-256 ${hash}, not ${wanted.sha256}`;
  return undefined;
}
