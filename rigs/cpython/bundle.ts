/** The host as plain JavaScript: each of its threads starts in milliseconds. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout } from '../probe/where.ts';

/** In the checkout, from where Node.js finds core's native part. */
const FOLDER = join(checkout, '.cache/rig/cpython');

/** Makes what runs: the programs of Node.js from the sources, those of Python beside them. The folder goes with the object. */
export async function makeHost(): Promise<{ folder: string; [Symbol.dispose](): void }> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'host-'));
  const here = join(checkout, 'rigs/cpython');
  const bundle = await rolldown({
    input: Object.fromEntries(['host', 'worker', 'inside'].map((name) => [name, join(here, `${name}.ts`)])),
    platform: 'node',
    tsconfig: join(checkout, 'tsconfig.json'),
    logLevel: 'silent',
  });
  try {
    await bundle.write({
      dir: folder,
      format: 'es',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name].mjs',
    });
  } finally {
    await bundle.close();
  }
  for (const name of ['bridge.py', 'drive.py', 'full.py']) copyFileSync(join(here, name), join(folder, name));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
