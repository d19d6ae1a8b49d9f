/** Python's `select` module, as on Linux. Every wait blocks the thread; signals do not end it. */
import { constants, errnos } from '@sockeye/core';
import { type PollEntry, pollSync } from '@sockeye/core/poll';
import { asPython, systemError, typeError, ValueError } from './errors.ts';
import { Epoll } from './select/epoll.ts';
import { type HasFileno, toFileno } from './select/fileno.ts';
import { Poll } from './select/poll.ts';
import { toWait } from './select/waiting.ts';
import { takes } from './signature.ts';

export { OSError as error } from './errors.ts';
export * from './select/constants.ts';
export type { HasFileno } from './select/fileno.ts';

/** `FD_SETSIZE`: select(2) knows no descriptor from there on. */
const FD_SETSIZE = 1024;

function toObjects(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    throw typeError('arguments 1-3 must be sequences');
  }
  return [...(value as Iterable<unknown>)];
}

function numbered(object: unknown): readonly [object: unknown, fd: number] {
  const fd = toFileno(object);
  if (fd >= FD_SETSIZE) throw new ValueError('filedescriptor out of range in select()');
  return [object, fd];
}

/**
 * Waits, blocking this thread, until something can be read or written or is exceptional (urgent data), and gives those objects
 * in three arrays; empty ones when the time was up. select(2), by poll(2).
 *
 * @param timeout seconds, 0 to ask once; null waits for ever
 * @throws ValueError for a closed socket, a descriptor from 1024 on, and a negative timeout; OSError EBADF
 */
export function select<R extends HasFileno, W extends HasFileno, X extends HasFileno>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout?: number | null,
): [readable: R[], writable: W[], exceptional: X[]];
export function select(...args: readonly unknown[]): [unknown[], unknown[], unknown[]] {
  if (args.length < 3) throw typeError(`select expected at least 3 arguments, got ${args.length}`);
  takes('select', args, 3, 4);
  const wait = toWait(args[3], 1000, 'timeout must be a float or None', () => {
    throw new ValueError('timeout must be non-negative');
  });
  const lists = args.slice(0, 3).map((list) => toObjects(list).map(numbered));
  const { POLLIN, POLLOUT, POLLPRI, POLLHUP, POLLERR, POLLNVAL } = constants;
  const asked = [POLLIN, POLLOUT, POLLPRI] as const;
  // What the kernel's select(2) takes for each: a hang-up can be read, an error both.
  const told = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI] as const;
  const entries = new Map<number, PollEntry<number>>();
  for (const [at, list] of lists.entries()) {
    for (const [, fd] of list) {
      const events = (entries.get(fd)?.events ?? 0) | (asked[at] as number);
      entries.set(fd, { target: fd, events, revents: 0 });
    }
  }
  return waited([...entries.values()], wait, POLLNVAL, (happened) => {
    const ready = lists.map((list, at) =>
      list
        .filter(([, fd]) => ((happened.get(fd) ?? 0) & (told[at] as number)) !== 0)
        .map(([object]) => object),
    );
    return ready.some((list) => list.length > 0) ? (ready as [unknown[], unknown[], unknown[]]) : undefined;
  });
}

type Found = [unknown[], unknown[], unknown[]];

/** Polls until there is something to tell: poll(2) tells of hang-ups that select(2) does not wait for. */
function waited(
  entries: readonly PollEntry<number>[],
  wait: { readonly timeout: number } | undefined,
  invalid: number,
  find: (happened: ReadonlyMap<number, number>) => Found | undefined,
): Found {
  const until = wait === undefined ? Number.POSITIVE_INFINITY : performance.now() + wait.timeout;
  let left = wait;
  let rest: readonly PollEntry<number>[] = entries;
  for (;;) {
    if (asPython(() => pollSync(rest, left)) === 0) return [[], [], []];
    if (rest.some(({ revents }) => (revents & invalid) !== 0)) throw systemError(errnos.EBADF);
    const found = find(new Map(rest.map(({ target, revents }) => [target, revents])));
    if (found !== undefined) return found;
    // Nobody asked for what these tell, and they would tell it again at once.
    rest = rest.filter(({ revents }) => revents === 0);
    if (until !== Number.POSITIVE_INFINITY) left = { timeout: Math.max(0, until - performance.now()) };
  }
}

/** A poll object: `select.poll()`. */
export function poll(): Poll {
  return new Poll();
}
/** The type of a poll object. */
export type poll = Poll;

interface EpollClass {
  new (sizehint?: number, flags?: number): Epoll;
  new (keywords: { sizehint?: number; flags?: number }): Epoll;
  (sizehint?: number, flags?: number): Epoll;
  (keywords: { sizehint?: number; flags?: number }): Epoll;
  fromfd(fd: number): Epoll;
  readonly prototype: Epoll;
}

/** The class `select.epoll`: called as in Python, or with `new`. */
export const epoll: EpollClass = /* @__PURE__ */ new Proxy(Epoll, {
  apply: (target, _self, args: unknown[]) => new target(...(args as [])),
}) as typeof Epoll & EpollClass;
/** The type of an epoll object. */
export type epoll = Epoll;
