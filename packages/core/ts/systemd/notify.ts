/** What a service says of itself: sd_notify(3), one function for each thing that is often said. */
import { checkOptions, wrongType, wrongValue } from '../check.ts';
import type { HasDescriptor } from '../cmsg/socket.ts';
import { remaining } from '../connect.ts';
import { constants as c } from '../constants.ts';
import { Socket } from '../socket.ts';
import type { WaitOptions } from '../wait.ts';
import { type NotifyOptions, notify } from './send.ts';
import { oneLine } from './state.ts';

/** What {@link notify} takes, save descriptors. */
export type SayOptions = Omit<NotifyOptions, 'fds'> & WaitOptions;

/** The service is up, or through with reloading: `READY=1`. As {@link notify}. */
export async function ready(options?: SayOptions): Promise<boolean> {
  return notify('READY=1', options);
}

/** The service begins to stop: `STOPPING=1`. As {@link notify}. */
export async function stopping(options?: SayOptions): Promise<boolean> {
  return notify('STOPPING=1', options);
}

/**
 * The service begins to load its configuration anew, and will say {@link ready} when it has: `RELOADING=1` with
 * MONOTONIC_USEC, which Type=notify-reload wants. As {@link notify}.
 */
export async function reloading(options?: SayOptions): Promise<boolean> {
  // CLOCK_MONOTONIC in nanoseconds, as libuv reads it.
  return notify({ RELOADING: 1, MONOTONIC_USEC: process.hrtime.bigint() / 1000n }, options);
}

/** How the service is, in a line for people: `STATUS=…`. As {@link notify}. */
export async function status(text: string, options?: SayOptions): Promise<boolean> {
  return notify({ STATUS: oneLine('text', text) }, options);
}

/** The service is alive: `WATCHDOG=1`, to be said more often than {@link watchdogInterval}. As {@link notify}. */
export async function watchdog(options?: SayOptions): Promise<boolean> {
  return notify('WATCHDOG=1', options);
}

/** How {@link fdStore} keeps descriptors. */
export interface FdStoreOptions {
  /** False: the manager keeps them after a hang-up or an error as well, FDPOLL=0. */
  poll?: boolean | undefined;
}

/**
 * Has the service manager keep descriptors over a restart: `FDSTORE=1`, with FileDescriptorStoreMax= in the unit. At the
 * next start {@link listenFds} gives them, under this name. They stay open here too. As {@link notify}.
 *
 * @param name 1 to 255 characters of ASCII, no control characters and no `:`
 */
export async function fdStore(
  name: string,
  fds: readonly (number | HasDescriptor)[],
  options?: FdStoreOptions & SayOptions,
): Promise<boolean> {
  const { poll = true, ...rest } = checkOptions(options);
  if (typeof poll !== 'boolean') throw wrongType('options.poll', 'a boolean', poll);
  const state = { FDSTORE: 1, FDNAME: checkName(name), ...(poll ? {} : { FDPOLL: 0 }) };
  if (!Array.isArray(fds)) throw wrongType('fds', 'an array of descriptors', fds);
  if (fds.length === 0) throw wrongValue('fds', 'at least one descriptor', fds);
  return notify(state, { ...rest, fds });
}

/** Has the service manager close what it keeps under a name: `FDSTOREREMOVE=1`. As {@link notify}. */
export async function fdStoreRemove(name: string, options?: SayOptions): Promise<boolean> {
  return notify({ FDSTOREREMOVE: 1, FDNAME: checkName(name) }, options);
}

function checkName(name: unknown): string {
  if (typeof name !== 'string') throw wrongType('name', 'a string', name);
  if (/^[ -9;-~]{1,255}$/.test(name)) return name;
  throw wrongValue('name', "1 to 255 characters of ASCII, no control characters and no ':'", name);
}

/**
 * Waits until the service manager has processed all that was said before: `BARRIER=1`, sd_notify_barrier(3). For a process
 * that the manager did not start and that ends at once, whose words it could not attribute otherwise. As {@link notify}.
 */
export async function notifyBarrier(options?: SayOptions): Promise<boolean> {
  const { timeout, signal, ...rest } = checkOptions(options);
  const left = remaining(timeout);
  // The manager closes its end when it comes to it.
  const [mine, theirs] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
  try {
    if (!(await notify('BARRIER=1', { ...rest, timeout, signal, fds: [theirs] }))) return false;
    theirs.close();
    await mine.recv(1, { timeout: left(), signal });
    return true;
  } finally {
    theirs.close();
    mine.close();
  }
}
