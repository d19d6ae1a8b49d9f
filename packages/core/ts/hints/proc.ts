/** What proc(5) has about this process's network namespace and its sockets. Read only when something failed. */

/** Listening sockets come first in the lists of TCP, which may be long. */
const MOST = 256 * 1024;
/** Looking for the process of a socket may take so many system calls: some 50 ms. */
const PATIENCE = 10_000;

type Files = typeof import('node:fs');

function files(): Files {
  return process.getBuiltinModule('node:fs');
}

/** The beginning of a file; undefined when it cannot be read. */
export function proc(path: string): string | undefined {
  const { closeSync, openSync, readSync } = files();
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const parts: Buffer[] = [];
    for (let size = 0; size < MOST; ) {
      const part = Buffer.allocUnsafe(32 * 1024);
      const count = readSync(fd, part, 0, part.length, null);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
      size += count;
    }
    return Buffer.concat(parts).toString('latin1');
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The lines of a list in words, without its heading of so many lines. */
export function procLines(path: string, heading = 1): string[][] {
  const lines = proc(path)?.split('\n').slice(heading) ?? [];
  return lines.map((line) => line.trim().split(/\s+/)).filter((words) => words.length > 1);
}

interface Search {
  wanted: string;
  left: number;
}

function holds(pid: string, search: Search): boolean {
  const { readdirSync, readlinkSync } = files();
  try {
    // Opened, read and closed.
    search.left -= 4;
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      if (--search.left < 0) return false;
      try {
        if (readlinkSync(`/proc/${pid}/fd/${fd}`) === search.wanted) return true;
      } catch {
        // Closed meanwhile.
      }
    }
  } catch {
    // Gone, or another user's.
  }
  return false;
}

/** Which process has a socket, in words: this one, or one that this user may look into; undefined for others. */
export function holder(inode: string): string | undefined {
  const search = { wanted: `socket:[${inode}]`, left: PATIENCE };
  if (holds('self', search)) return 'this process itself';
  try {
    // Those that began last are asked first.
    for (const pid of files().readdirSync('/proc').reverse()) {
      if (!/^\d+$/.test(pid) || search.left < 0 || !holds(pid, search)) continue;
      return `${proc(`/proc/${pid}/comm`)?.trim() ?? 'a program'} (process ${pid})`;
    }
  } catch {
    // No proc(5) here.
  }
  return undefined;
}
