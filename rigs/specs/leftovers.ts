/** Processes that a spec's programs left: they have its mark in their environment, whoever their parent is. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A mark that no other spec has. */
export const mark = (): string => `spec-${process.pid}-${process.hrtime.bigint()}`;

/** Ids of the processes with SPEC_MARK=<mark>. */
export function marked(value: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`SPEC_MARK=${value}`);
      } catch {
        // It has just ended, or is another user's.
        return false;
      }
    })
    .map(Number);
}

/** Waits until `check` is true, for at most `ms`; whether it became so. */
export async function soon(check: () => boolean, ms = 5000): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < ms; await sleep(20))
    if (check()) return true;
  return check();
}
