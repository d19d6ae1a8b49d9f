import { readdirSync, readFileSync } from 'node:fs';

/** Processor time that each process on the machine has used so far, with that of its ended children. */
export interface CpuUse {
  readonly at: number;
  readonly processes: ReadonlyMap<
    number,
    { readonly group: number; readonly name: string; readonly ticks: number }
  >;
}

/** What processes other than the contenders used between two looks, in cores; the name of the one that used most. */
export interface Others {
  readonly cores: number;
  readonly most: string;
}

const ticksPerSecond = 100; // USER_HZ: what /proc counts in, on every Linux architecture that Node runs on

/** Look at /proc (proc_pid_stat(5)); undefined where there is none. */
export function cpuUse(): CpuUse | undefined {
  if (process.platform !== 'linux') return undefined;
  const processes = new Map<number, { group: number; name: string; ticks: number }>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const end = stat.lastIndexOf(')'); // the name may hold anything
      const fields = stat
        .slice(end + 2)
        .split(' ')
        .map(Number);
      // fields of proc_pid_stat(5) from the third on: pgrp is 5, utime, stime, cutime and cstime are 14 to 17
      const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
      const name = stat.slice(stat.indexOf('(') + 1, end);
      processes.set(Number(entry), { group: fields[2] ?? 0, name, ticks: utime + stime + cutime + cstime });
    } catch {
      // it has ended since
    }
  }
  return { at: performance.now(), processes };
}

/** What others than this process and the given groups used between the two looks. */
export function others(before: CpuUse, after: CpuUse, groups: ReadonlySet<number>): Others {
  let ticks = 0;
  let most = { name: '', ticks: 0 };
  for (const [pid, now] of after.processes) {
    if (pid === process.pid || groups.has(now.group)) continue;
    const used = now.ticks - (before.processes.get(pid)?.ticks ?? 0);
    ticks += used;
    if (used > most.ticks) most = { name: now.name, ticks: used };
  }
  for (const [pid, then] of before.processes) {
    // one that has ended since is now part of its parent's sum
    if (!after.processes.has(pid) && pid !== process.pid && !groups.has(then.group)) ticks -= then.ticks;
  }
  const seconds = (after.at - before.at) / 1000;
  return { cores: Math.max(0, ticks) / ticksPerSecond / seconds, most: most.name };
}
