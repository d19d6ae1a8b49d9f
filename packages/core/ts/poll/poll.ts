/** Many descriptors in one call, of any kind: poll(2). */
import { patience, type SyncOptions } from '../arguments.ts';
import { native } from '../binding.ts';
import { checkInteger, wrongType } from '../check.ts';
import { systemError } from '../errors.ts';
import { numberOf, type Pollable } from './pollable.ts';

/** What is asked of one descriptor, and what is told of it: `struct pollfd`. */
export interface PollEntry<T extends Pollable = Pollable> {
  readonly target: T;
  /** `constants.POLLIN`, `POLLOUT`, `POLLPRI`, `POLLRDHUP` …. */
  readonly events: number;
  /** What stands of `events`, and POLLERR, POLLHUP, POLLNVAL; written by the call. */
  revents: number;
}

/**
 * Waits, blocking this thread, until something happens to one of the descriptors: to how many, 0 when the time was up. Regular
 * files are always ready.
 *
 * @param entries whose `revents` are written
 * @param options `timeout` in milliseconds, 0 to ask once
 * @throws SocketError EINVAL for more entries than the process may have descriptors, EBADF for a closed socket, EINTR where
 *   `interruptible` is true
 * @see poll(2), ppoll(2)
 */
export function pollSync(entries: readonly PollEntry[], options?: SyncOptions): number {
  if (!Array.isArray(entries)) throw wrongType('entries', 'an array', entries);
  const { timeout, interruptible } = patience(options);
  const halves = new Int16Array(entries.length * 4);
  const numbers = new Int32Array(halves.buffer);
  for (const [index, entry] of entries.entries()) {
    if (typeof entry !== 'object' || entry === null) throw wrongType(`entries[${index}]`, 'an object', entry);
    const { target, events } = entry;
    numbers[index * 2] = numberOf(`entries[${index}].target`, target, 'poll');
    halves[index * 4 + 2] = checkInteger(`entries[${index}].events`, events, 0, 0x7fff);
  }
  const bytes = new Uint8Array(halves.buffer);
  const result = timeout === 0 ? native.pollMany(bytes) : native.pollManySync(bytes, timeout, interruptible);
  if (result < 0) throw systemError(result, 'poll');
  for (const [index, entry] of entries.entries()) entry.revents = halves[index * 4 + 3] as number;
  return result;
}
