import { errnos } from './constants.ts';
import { systemError } from './errors.ts';

/** So much every kernel takes; what is longer is looked at. */
export const SURELY = 8192;

/** How many bytes of control data the kernel takes from a socket at most: sysctl net.core.optmem_max. */
function limit(): number {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    return Number(readFileSync('/proc/sys/net/core/optmem_max', 'utf8'));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Refuses control data that the kernel will never take. It says ENOBUFS of them, as of a queue that is full, and a call that
 * waits would wait in vain.
 */
export function refuseEndless(length: number, syscall: string): void {
  if (length <= SURELY) return;
  const most = limit();
  if (length <= most) return;
  const words = `control data of ${length} bytes are more than net.core.optmem_max allows (${most})`;
  throw systemError(-errnos.ENOBUFS, syscall, words);
}
