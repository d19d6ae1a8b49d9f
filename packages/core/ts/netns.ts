/** Network namespaces: which one a socket is opened in. */

import type { Kind } from './arguments.ts';
import { native } from './binding.ts';
import { checkInteger, checkOptions, checkText, wrongType, wrongValue } from './check.ts';
import { Descriptor } from './descriptor.ts';
import { errnoName, type SocketError, systemError } from './errors.ts';
import { capability } from './hints/failure.ts';

/**
 * A network namespace, network_namespaces(7): a name that `ip netns` knows (`/run/netns/NAME`), an absolute path, a descriptor
 * of a namespace (`/proc/PID/ns/net`) or, since Linux 5.8, of a process (pidfd_open(2)), or a process by its number.
 */
export type NetworkNamespace = string | number | Descriptor | { pid: number };

export interface NamespaceOptions {
  /** Where the socket is opened and stays; this process's own namespace unless given. Takes CAP_SYS_ADMIN. */
  netns?: NetworkNamespace | undefined;
}

/** Where ip-netns(8) keeps the named ones. */
const FOLDER = '/run/netns';

/** What the native part writes when entering failed, and not the call there. */
const ENTERING = 1;

type Files = typeof import('node:fs');

type Make = 'socketIn' | 'socketpairIn';

/** socket(2) or socketpair(2) there; `out` as the native part fills it. A descriptor that was opened for it is closed again. */
export function makeIn(netns: NetworkNamespace, make: Make, kind: Kind, out: Int32Array): number {
  const { fd, path } = located(netns);
  const namespace = fd ?? open(path, netns);
  try {
    out[0] = 0;
    const result = native[make](namespace, kind.family, kind.type, kind.protocol, out);
    if (result < 0 && out[0] === ENTERING) throw entering(result, path);
    return result;
  } finally {
    if (fd === undefined) files().closeSync(namespace);
  }
}

/** The namespace of the options, and in `kind` that it is another one's. */
export function namespaceOf(options: NamespaceOptions, kind: Kind): NetworkNamespace | undefined {
  const { netns } = checkOptions(options);
  if (netns !== undefined) kind.foreign = true;
  return netns;
}

function files(): Files {
  return process.getBuiltinModule('node:fs');
}

function located(netns: NetworkNamespace): { fd?: number; path: string } {
  const takes = 'a name, an absolute path, a descriptor or { pid }';
  if (typeof netns === 'number') {
    return { fd: checkInteger('netns', netns, 0, 0x7fffffff), path: `the descriptor ${netns}` };
  }
  if (netns instanceof Descriptor) {
    if (netns.closed) throw wrongValue('netns', 'an open descriptor', netns);
    return { fd: netns.fd, path: `the descriptor ${netns.fd}` };
  }
  if (typeof netns === 'string') {
    const name = checkText('netns', netns);
    if (name.startsWith('/')) return { path: name };
    if (name === '' || name === '.' || name === '..' || name.includes('/')) {
      throw wrongValue('netns', 'the name of a namespace or an absolute path', name);
    }
    return { path: `${FOLDER}/${name}` };
  }
  if (netns === null || typeof netns !== 'object' || !('pid' in netns))
    throw wrongType('netns', takes, netns);
  return { path: `/proc/${checkInteger('netns.pid', netns.pid, 1, 0x7fffffff)}/ns/net` };
}

function open(path: string, netns: NetworkNamespace): number {
  const { openSync, constants } = files();
  try {
    // A FIFO would be waited for without O_NONBLOCK.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    throw systemError(errno, 'open', opening(code, path, netns));
  }
}

function opening(code: string | undefined, path: string, netns: NetworkNamespace): string {
  if (typeof netns === 'object' && 'pid' in netns) {
    if (code === 'ENOENT') return `there is no process ${netns.pid}`;
    if (code === 'EACCES')
      return `the process ${netns.pid} is not this one's to look into: ${capability('CAP_SYS_PTRACE')}`;
  }
  if (code !== 'ENOENT') return path;
  if (!path.startsWith(`${FOLDER}/`)) return `there is no ${path}`;
  const name = path.slice(FOLDER.length + 1);
  return `there is no network namespace ${name}; ${existing()}, and "sudo ip netns add ${name}" makes it`;
}

function existing(): string {
  try {
    const names = files().readdirSync(FOLDER);
    if (names.length > 0) return `there are ${names.sort().join(', ')}`;
  } catch {
    // No folder, no names.
  }
  return 'none has a name';
}

function entering(result: number, path: string): SocketError {
  switch (errnoName(-result)) {
    case 'EPERM':
      return systemError(result, 'setns', capability('CAP_SYS_ADMIN'));
    case 'EINVAL':
      return systemError(result, 'setns', `${path} is no network namespace`);
    case 'EBADF':
      return systemError(result, 'setns', `${path} is not open`);
    case 'EAGAIN':
      return systemError(result, 'pthread_create', 'no thread could be started to enter the namespace');
    default:
      return systemError(result, 'setns', path);
  }
}
