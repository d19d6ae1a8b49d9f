/** What this process may and has: capabilities, limits. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errnos, Socket } from '@sockeye/core';
import { CAPABILITIES, type Capability, capable, grant } from '../capabilities.ts';
import { MESSAGE } from '../exchange.ts';
import { inside } from '../explain.ts';
import { type Facility, Missing } from '../finding.ts';
import { AF, unix } from '../sockaddr.ts';

const DGRAM = 2;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

const capabilities = (Object.keys(CAPABILITIES) as Capability[]).map(
  (name): Facility => ({
    name: name.toLowerCase().replaceAll('_', '-'),
    place: 'machine',
    attempt: () => {
      if (capable(name)) return 'in effect: CapEff of /proc/self/status';
      throw new Missing('not in effect: CapEff of /proc/self/status', grant(name));
    },
  }),
);

const userns: Facility = {
  name: 'user-namespace',
  place: 'machine',
  packages: ['util-linux'],
  attempt: () => {
    const { status, stdout, stderr, error } = spawnSync(
      'unshare',
      ['--user', '--map-root-user', '--net', 'id', '-u'],
      {
        encoding: 'utf8',
        timeout: 5000,
      },
    );
    if (error !== undefined) throw error;
    if (status !== 0)
      throw new Missing(
        stderr.trim(),
        'sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000',
      );
    return `unshare gave a user and a network namespace, in which this process is ${stdout.trim()}`;
  },
};

const setting = (name: string): number => Number(readFileSync(`/proc/sys/net/${name}`, 'utf8'));
const raise = (name: string): string => `sudo sysctl -w net.${name.replaceAll('/', '.')}=<more>`;

const nofile: Facility = {
  name: 'limit-nofile',
  place: 'machine',
  attempt: () => {
    const [, soft, hard] =
      /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return `${soft} descriptors, at most ${hard}: /proc/self/limits`;
  },
};

/** The kernel doubles what is asked for and cuts it to twice the limit; socket(7). */
function buffer(name: string, option: number): Facility {
  return {
    name: `limit-${name.replaceAll('_', '-')}`,
    place: 'machine',
    attempt: () => {
      const socket = Socket.create(AF.INET, DGRAM);
      try {
        socket.setsockopt(SOL_SOCKET, option, 0x3fffffff);
        const most = socket.getsockopt(SOL_SOCKET, option) / 2;
        return `${most} bytes were granted to one that asked for more: ${raise(`core/${name}`)}`;
      } finally {
        socket.close();
      }
    },
  };
}

const somaxconn: Facility = {
  name: 'limit-somaxconn',
  place: 'machine',
  attempt: () =>
    `${setting('core/somaxconn')} connections may wait to be accepted: ${raise('core/somaxconn')}`,
};

const queue: Facility = {
  name: 'limit-max-dgram-qlen',
  place: 'machine',
  attempt: () => {
    // Not a pair: two that are each other's peers are held to the sender's buffer alone, unix_dgram_sendmsg of the kernel.
    const one = Socket.create(AF.UNIX, DGRAM);
    const other = Socket.create(AF.UNIX, DGRAM);
    try {
      other.bind(unix('').subarray(0, 2)); // a name of the kernel's choice: autobind, unix(7)
      one.connectSync(other.getsockname());
      let count = 0;
      let result = one.trySend(MESSAGE);
      for (; result > 0 && count < 100_000; result = one.trySend(MESSAGE)) count++;
      const end = result === -errnos.EAGAIN ? 'before a receiver was full' : 'and there was still room';
      return `${count} datagrams were taken ${end}; set for new namespaces by ${raise('unix/max_dgram_qlen')}`;
    } finally {
      one.close();
      other.close();
    }
  },
};

const modules: Facility = {
  name: 'kernel-modules',
  place: 'machine',
  attempt: () => {
    let lines: string[];
    try {
      lines = readFileSync('/proc/modules', 'utf8').split('\n');
    } catch {
      throw new Missing(
        'no /proc/modules: this kernel was built without loadable modules',
        inside() === undefined ? 'the rig’s virtual machine has a kernel with all of them' : 'another kernel',
      );
    }
    return `${lines.length - 1} are loaded: /proc/modules`;
  },
};

export const own: readonly Facility[] = [
  modules,
  userns,
  ...capabilities,
  nofile,
  buffer('rmem_max', SO_RCVBUF),
  buffer('wmem_max', SO_SNDBUF),
  somaxconn,
  queue,
];
