/** Sockets that systemd opened for this service: sd_listen_fds(3), systemd.socket(5). */
import { native } from '../binding.ts';
import { checkOptions, wrongType, wrongValue } from '../check.ts';
import { systemError } from '../errors.ts';
import { Socket } from '../socket.ts';

/** SD_LISTEN_FDS_START: the first descriptor that is passed. */
const FIRST = 3;

/** One descriptor that the service manager passed. */
export interface Passed {
  /** From FileDescriptorName=; `'unknown'` where it was not told, `'stored'` from the descriptor store. */
  readonly name: string;
  readonly fd: number;
  /** It, owned; undefined for what is no socket (a FIFO, a file, a device): `fd` is the caller's own then, for `node:fs`. */
  readonly socket: Socket | undefined;
}

/** How {@link listenFds} leaves the environment. */
export interface ListenFdsOptions {
  /** Whether LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES are taken out of `process.env`: true unless given. */
  unsetEnvironment?: boolean | undefined;
}

/**
 * The descriptors that systemd passed to this process, from 3 on, in the order of the unit's lines; none when it was not
 * started so, or when they are for another process (LISTEN_PID). Each is made close-on-exec. They are passed once: since
 * the Sockets own them, the variables are unset, so that a second call gives none.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE when a variable makes no sense; SocketError EBADF when one of the descriptors is
 *   not open, EBUSY when a Socket owns it already. Nothing was taken then.
 */
export function listenFds(options?: ListenFdsOptions): Passed[] {
  const { unsetEnvironment = true } = checkOptions(options);
  if (typeof unsetEnvironment !== 'boolean')
    throw wrongType('options.unsetEnvironment', 'a boolean', unsetEnvironment);
  const passed = adopt(names());
  if (unsetEnvironment) {
    for (const name of ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'])
      delete process.env[name];
  }
  return passed;
}

/** A name for each descriptor that is meant for this process. */
function names(): string[] {
  const { LISTEN_PID: pid, LISTEN_FDS: fds, LISTEN_FDNAMES: list } = process.env;
  if (!pid || !fds || number('LISTEN_PID', pid) !== process.pid) return [];
  const count = number('LISTEN_FDS', fds);
  if (list === undefined) return Array.from({ length: count }, () => 'unknown');
  const named = list.split(':');
  if (named.length !== count) {
    const takes = `${count} names with ':' between them, as LISTEN_FDS says`;
    throw wrongValue('The environment variable LISTEN_FDNAMES', takes, list);
  }
  return named;
}

/** The most descriptors that a number of LISTEN_FDS may mean: a process has fewer, and an array of names must fit. */
const MOST = 0xffff;

function number(variable: string, value: string): number {
  const most = variable === 'LISTEN_FDS' ? MOST : 0x7fffffff;
  if (/^\d{1,10}$/.test(value) && Number(value) >= 1 && Number(value) <= most) return Number(value);
  throw wrongValue(`The environment variable ${variable}`, `a whole number from 1 to ${most}`, value);
}

function adopt(named: readonly string[]): Passed[] {
  for (const index of named.keys()) {
    const result = native.setCloseOnExec(FIRST + index);
    if (result < 0) throw systemError(result, 'fcntl', `LISTEN_FDS promises descriptor ${FIRST + index}`);
  }
  const passed: Passed[] = [];
  try {
    for (const [index, name] of named.entries()) {
      const fd = FIRST + index;
      passed.push({ name, fd, socket: socketOf(fd) });
    }
  } catch (error) {
    for (const { socket } of passed) socket?.detach();
    throw error;
  }
  return passed;
}

/** Nothing for a descriptor of another kind. */
function socketOf(fd: number): Socket | undefined {
  try {
    return Socket.fromFd(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTSOCK') return undefined;
    throw error;
  }
}
