import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd } from './ending.ts';
import { type Life, lives, myself } from './process.ts';

/** Milliseconds between two looks at a lock that another process holds. */
const PAUSE = 100;
let count = 0;

/** Makes the lock file, with this process in it; false when it is there. */
function take(path: string): boolean {
  count += 1;
  const own = `${path}.${myself.pid}.${count}`;
  writeFileSync(own, JSON.stringify(myself));
  try {
    // link(2) makes the file whole or not at all.
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** Does something while no other process of this machine does it; a lock of a process that is no more does not count. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!take(path)) {
    let owner: Life | undefined;
    try {
      owner = JSON.parse(readFileSync(path, 'utf8')) as Life;
    } catch {
      // It was given back in this moment.
    }
    if (owner !== undefined && !lives(owner)) rmSync(path, { force: true });
    else await sleep(PAUSE);
  }
  const release = (): void => rmSync(path, { force: true });
  const forget = atEnd(release);
  try {
    return await work();
  } finally {
    release();
    forget();
  }
}
