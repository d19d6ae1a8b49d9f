import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, type Life, life, lives, myself } from '../provision/index.ts';

/**
 * Folders of running machines, under run/ of the cache. Each tells whose it is, so that what a killed process left over is
 * swept by the next one.
 */
export interface Place {
  folder: string;
  /** The share for result files. */
  results: string;
  /** The machine's process, for the sweep of others. */
  claim(qemu: number): void;
  remove(): void;
}

interface Claim {
  owner: Life;
  qemu?: Life;
}

/** Removes what processes that are no more have left over: their machines and folders. */
export function sweep(): void {
  const folder = cacheFolder('run');
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    let claim: Claim | undefined;
    try {
      claim = JSON.parse(readFileSync(join(path, 'claim.json'), 'utf8')) as Claim;
    } catch {
      // Without a claim: made at this moment, or left by a process that died in it. The name has its number.
      const pid = Number(name.split('-')[0]);
      if (life(pid) !== undefined) continue;
    }
    if (claim !== undefined && lives(claim.owner)) continue;
    if (claim?.qemu !== undefined && lives(claim.qemu)) process.kill(claim.qemu.pid, 'SIGKILL');
    rmSync(path, { recursive: true, force: true });
  }
}

/** Makes a folder for one machine of this process. */
export function place(): Place {
  const folder = mkdtempSync(join(cacheFolder('run'), `${process.pid}-`));
  const write = (claim: Claim): void => writeFileSync(join(folder, 'claim.json'), JSON.stringify(claim));
  write({ owner: myself });
  const results = join(folder, 'results');
  mkdirSync(results);
  return {
    folder,
    results,
    claim: (pid) => {
      const qemu = life(pid);
      write({ owner: myself, ...(qemu && { qemu }) });
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
