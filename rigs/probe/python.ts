import { existsSync } from 'node:fs';

/** Python, for what takes ioctl(2) or mmap(2): the system's own, else the first in the PATH. */
export function python(): string {
  return existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
}
