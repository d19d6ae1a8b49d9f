/**
 * What a process made, written down before it is made, so that another can sweep it when the first was killed: one file a
 * net under `.cache/rig/`. And how it is taken down.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../provision/index.ts';
import { ip, tool } from './ip.ts';

/** Where ip-netns(8) has its files. Locked while they change, so that nobody adds what another unmounts. */
const NAMESPACES = '/run/netns';
const LOCKED = '/run';

/** A net's owner and its namespaces. */
export interface Record {
  id: string;
  pid: number;
  /** When the owner started, in ticks since the boot: a pid is used again. */
  started: string;
  namespaces: string[];
}

/** The start time of a process, field 22 of /proc/<pid>/stat; undefined when there is no such process. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

const file = (id: string): string => join(cacheFolder('netns'), `${id}.json`);

export function save(record: Record): void {
  writeFileSync(file(record.id), JSON.stringify(record));
}

/** Makes a namespace, with a file under /run/netns. */
export function addNamespace(name: string): void {
  tool('flock', LOCKED, 'ip', 'netns', 'add', name);
}

const names = (): string[] => {
  try {
    return readdirSync(NAMESPACES);
  } catch {
    return [];
  }
};

/** Ends what runs in a namespace, which is ours and so is all in it. */
function empty(name: string): void {
  for (let turn = 0; turn < 100; turn++) {
    let pids: number[];
    try {
      pids = ip('netns', 'pids', name).split(/\s+/).filter(Boolean).map(Number);
    } catch {
      return;
    }
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/**
 * Takes everything of a record down, and at last forgets it. Synchronous, so that a signal's handler can. What is gone
 * already is no error. The mount that ip-netns(8) makes goes with the last namespace.
 */
export function remove(record: Record): void {
  const there = names();
  const ours = record.namespaces.filter((name) => there.includes(name));
  for (const name of ours) empty(name);
  const commands = ours.map((name) => `ip netns delete ${name} 2>/dev/null;`).join(' ');
  // rmdir fails while another namespace has its file there; the mount itself hides the folder that it stands on.
  const bare = `if [ -z "$(ls -A ${NAMESPACES})" ]; then umount ${NAMESPACES} 2>/dev/null; rmdir ${NAMESPACES}; fi`;
  if (ours.length > 0) tool('flock', LOCKED, 'sh', '-c', `${commands} ${bare}; true`);
  const left = ours.filter((name) => names().includes(name));
  if (left.length > 0) throw new Error(`the namespaces ${left.join(', ')} could not be deleted`);
  rmSync(file(record.id), { force: true });
}

/** Takes down what processes left that are no more: after SIGKILL nobody else does. Gives the names. */
export function sweep(): string[] {
  const folder = cacheFolder('netns');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const swept: string[] = [];
  for (const name of files) {
    let record: Record;
    try {
      record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record;
    } catch {
      // Another sweeper was faster, or its owner is writing it.
      continue;
    }
    if (startTime(record.pid) === record.started) continue;
    remove(record);
    swept.push(...record.namespaces);
  }
  return swept;
}
