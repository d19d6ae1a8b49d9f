import { constants } from '../constants.ts';
import type { Failure } from './failure.ts';
import { holder, procLines } from './proc.ts';

/** Where the path begins in a sockaddr_un, unix(7). */
const PATH = 2;

/** The path that an address names, as /proc/net/unix writes it: '@name' for an abstract one. */
function pathOf(address: Uint8Array): string {
  const bytes = Buffer.from(address.buffer, address.byteOffset + PATH, address.byteLength - PATH);
  if (bytes[0] === 0) return `@${bytes.toString('latin1', 1)}`;
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** The inode of a socket that was bound to a path in these words; undefined when there is none. The path ends its line. */
function bound(path: string): string | undefined {
  return procLines('/proc/net/unix').find((words) => words.slice(7).join(' ') === path)?.[6];
}

/** AF_UNIX: a path is a file, which stays when its socket is closed. */
export function unixHint({ code, syscall, family, address, foreign }: Failure): string | undefined {
  if (family !== constants.AF_UNIX || address === undefined || address.byteLength <= PATH) return undefined;
  const path = pathOf(address);
  const abstract = path.startsWith('@');
  if (syscall === 'bind' && code === 'EADDRINUSE') {
    if (foreign === true && abstract) return undefined;
    const inode = bound(path);
    const who = inode === undefined ? undefined : (holder(inode) ?? 'another process');
    if (who !== undefined) return `${path} is held by ${who}`;
    return abstract ? undefined : `the file ${path} is there: if its server has ended, unlink it first`;
  }
  if (syscall === 'bind' && code === 'ENOENT') return `the folder of ${path} is not there`;
  if (code === 'ECONNREFUSED' && !abstract) {
    return bound(path) === undefined
      ? `the file ${path} is there, but no socket that was bound to it by that name: its server may have ended`
      : `the socket at ${path} does not listen, or is of another type`;
  }
  if (code === 'EACCES') return `${path} or a folder above it may not be written to by this user`;
  return undefined;
}
