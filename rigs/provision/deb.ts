/** Debian packages that are fetched and unpacked, and not installed. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Apt, type Package, privateApt, update } from './apt.ts';
import { check, fetch, lastLine } from './fetch.ts';

/** Fetches packages into a folder; the reason when one did not come as the lists describe it. */
async function fetchAll(apt: Apt, wanted: readonly Package[], folder: string): Promise<string | undefined> {
  for (const one of wanted) {
    const trouble = await fetch(apt, one, folder);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

/**
 * Finds packages and fetches them into a folder: first by the system's lists, then, when these know nothing or are stale, by
 * fresh private ones.
 *
 * @param what what they are, after "no" in the error
 * @param unknown why there are none when `find` gives none
 * @throws Error when they cannot be had, or came damaged
 */
export async function obtain(
  what: string,
  unknown: string,
  find: (apt: Apt) => Promise<readonly Package[]>,
  folder: string,
): Promise<readonly Package[]> {
  let reason = unknown;
  for (const apt of [undefined, privateApt()]) {
    const updated = apt === undefined ? undefined : await update(apt);
    if (updated !== undefined && updated.status !== 0)
      reason += `; apt-get update: ${lastLine(updated.stderr)}`;
    const wanted = await find(apt);
    if (wanted.length === 0) continue;
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    const names = wanted.map(({ name, version }) => `${name} ${version}`).join(', ');
    console.error(`rig: fetching ${names} (${Math.round(bytes / 1e6)} MB)`);
    const trouble = await fetchAll(apt, wanted, folder);
    if (trouble === undefined) return wanted;
    reason = lastLine(trouble);
    await rm(folder, { recursive: true });
    await mkdir(folder);
  }
  throw new Error(`no ${what}: ${reason}`);
}

/** Unpacks what {@link obtain} fetched into a folder, into one tree. */
export async function extract(folder: string, tree: string): Promise<void> {
  for (const file of await readdir(folder)) await check('dpkg', ['-x', join(folder, file), tree]);
}
