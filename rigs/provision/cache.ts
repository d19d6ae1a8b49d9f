import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from './ending.ts';
import { lives, myself } from './process.ts';

/** The checkout. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A folder of the rig's cache, made if need be: below SOCKEYE_CACHE, or below .cache of the checkout. */
export function cacheFolder(...names: string[]): string {
  const folder = join(resolve(process.env.SOCKEYE_CACHE ?? join(root, '.cache')), 'rig', ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Does something with a folder of its own inside another, which is gone when that is done, fails, or a signal ends the
 * process. What killed processes left there is removed.
 */
export async function withWorkFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  for (const name of readdirSync(parent)) {
    const [, pid, began] = /^new-(\d+)-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && began !== undefined && !lives({ pid: Number(pid), began }))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  const { pid, began } = myself;
  const folder = mkdtempSync(join(parent, `new-${pid}-${began}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const forget = atEnd(remove);
  try {
    return await work(folder);
  } finally {
    remove();
    forget();
  }
}
