import { readFileSync } from 'node:fs';

/** A process and when it started: a number alone is used again. */
export interface Life {
  pid: number;
  /** Ticks since boot: field 22 of proc(5)'s stat. */
  began: string;
}

/** A process that runs now; undefined when there is none of that number. */
export function life(pid: number): Life | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name in parentheses, may hold spaces.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : { pid, began: rest[18] ?? '' };
  } catch {
    return undefined;
  }
}

/** Whether that very process still runs. */
export const lives = ({ pid, began }: Life): boolean => life(pid)?.began === began;

/** This process. */
export const myself: Life = life(process.pid) ?? { pid: process.pid, began: '0' };
