/**
 * The sockets that are open in this thread, by descriptor. Python's objects may share a number: here they share the Socket of
 * core that owns it, since a number alone has one owner.
 */
import { Socket as Core, errnos } from '@sockeye/core';
import { pythonError, systemError } from './errors.ts';

const open = new Map<number, WeakRef<Core>>();
/** How many objects hold a Socket, where that are more than one. */
const sharers = new WeakMap<Core, number>();

export function remember(fd: number, core: Core): void {
  open.set(fd, new WeakRef(core));
}

/** The Socket of this package that has this number; undefined for a number of somebody else's. */
export function owner(fd: number): Core | undefined {
  const found = open.get(fd)?.deref();
  if (found?.fd === fd) return found;
  open.delete(fd);
  return undefined;
}

/** One more object holds it. */
export function share(core: Core): void {
  sharers.set(core, (sharers.get(core) ?? 1) + 1);
}

/** One object less holds it; says whether others do. */
export function leave(core: Core): boolean {
  const left = (sharers.get(core) ?? 1) - 1;
  if (left > 0) sharers.set(core, left);
  return left > 0;
}

/** A duplicate of a descriptor, whoever owns it: fcntl(2) F_DUPFD_CLOEXEC. */
export function duplicate(fd: number): Core {
  if (fd < 0) throw systemError(errnos.EBADF);
  try {
    return Core.dupFd(fd);
  } catch (error) {
    throw pythonError(error);
  }
}
