/** The sockets that are open in this thread, by descriptor: a number alone cannot be duplicated while a Socket owns it. */
import { Socket as Core, errnos } from '@sockeye/core';
import { pythonError, systemError } from './errors.ts';

const open = new Map<number, WeakRef<Core>>();

export function remember(fd: number, core: Core): void {
  open.set(fd, new WeakRef(core));
}

/** A duplicate of a descriptor, whoever owns it: dup(2), close-on-exec. */
export function duplicate(fd: number): Core {
  if (fd < 0) throw systemError(errnos.EBADF);
  try {
    const owner = open.get(fd)?.deref();
    if (owner?.fd === fd) return owner.dup();
    const foreign = Core.fromFd(fd);
    try {
      return foreign.dup();
    } finally {
      foreign.detach();
    }
  } catch (error) {
    throw pythonError(error);
  }
}
