/** The host as plain JavaScript: each of its threads starts in milliseconds. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout } from '../probe/where.ts';

/** In the checkout, from where Node.js finds core's native part. */
const FOLDER = join(checkout, '.cache/rig/cpython');

/** Makes `host.mjs` and `worker.mjs` from the sources; gives their folder, which is the caller's to remove. */
export async function makeHost(): Promise<{ folder: string; [Symbol.dispose](): void }> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, 'host-'));
  const here = join(checkout, 'rigs/cpython');
  const bundle = await rolldown({
    input: { host: join(here, 'host.ts'), worker: join(here, 'worker.ts') },
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
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
