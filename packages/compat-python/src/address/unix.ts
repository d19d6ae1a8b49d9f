/** AF_UNIX: a path as text or bytes; on Linux an abstract name, which begins with NUL; unix(7). */
import { decode, type UnixAddress, unix, unixAbstract, unixUnnamed } from '@sockeye/addr/unix';
import { constants, platform } from '@sockeye/core';
import { toBytes } from '../arguments.ts';
import { plainError } from '../errors.ts';
import { fsdecode, fsencode } from '../filesystem.ts';
import type { Family } from './family.ts';

/** `sizeof(sun_path)`. */
const PATH_SIZE = platform === 'linux' || platform === 'win32' ? 108 : 104;

/** A path, an abstract name (`'\0name'`, Linux), or `''`, which has Linux choose an abstract name. */
function toUnix(address: unknown): UnixAddress {
  const path = typeof address === 'string' ? fsencode(address) : toBytes(address);
  if (platform === 'linux' && (path.length === 0 || path[0] === 0)) {
    if (path.length > PATH_SIZE) throw plainError('AF_UNIX path too long');
    return path.length === 0 ? unixUnnamed() : unixAbstract(path.subarray(1));
  }
  // Python keeps room for the NUL at the end.
  if (path.length >= PATH_SIZE) throw plainError('AF_UNIX path too long');
  const nul = path.indexOf(0);
  const name = nul < 0 ? path : path.subarray(0, nul);
  return name.length === 0 ? unixUnnamed() : unix(name);
}

/** AF_UNIX. */
export const unixFamily: Family = {
  numbers: [constants.AF_UNIX],
  to: (address) => toUnix(address).toSockaddr(platform),
  from(sockaddr) {
    const { kind, bytes } = decode(sockaddr, 0, sockaddr.length, platform);
    return kind === 'abstract' ? Buffer.concat([Buffer.of(0), bytes]) : fsdecode(bytes);
  },
};
