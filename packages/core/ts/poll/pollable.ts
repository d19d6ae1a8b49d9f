/** What can be polled. */
import { wrongType } from '../check.ts';
import { errnos } from '../constants.ts';
import { systemError } from '../errors.ts';

/** A socket, anything else that has a descriptor, or its number. */
export type Pollable = number | { readonly fd: number };

/** The number of its descriptor. */
export function numberOf(argument: string, target: unknown, syscall: string): number {
  const fd = typeof target === 'object' && target !== null ? (target as { fd?: unknown }).fd : target;
  if (typeof fd !== 'number' || (fd | 0) !== fd) {
    throw wrongType(argument, 'a socket, an object with a descriptor, or its number', target);
  }
  if (fd < 0) throw systemError(-errnos.EBADF, syscall, `${argument} is closed`);
  return fd;
}
