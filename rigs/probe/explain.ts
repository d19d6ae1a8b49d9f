/** Why a trial failed, in words, and what mends it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { SocketError } from '@sockeye/core';
import { IpError } from '../netns/ip.ts';
import { type Capability, capable, grant } from './capabilities.ts';
import { type Facility, type Finding, Missing } from './finding.ts';

/** Which of the rig's virtual machines this is, 'vm 6.1'; they set it. */
export const inside = (): string | undefined => process.env.SOCKEYE_RIG;

const MEANINGS: Readonly<Record<string, string>> = {
  EAFNOSUPPORT: 'the kernel knows no such address family',
  EPFNOSUPPORT: 'the kernel knows no such address family',
  EPROTONOSUPPORT: 'the kernel knows the family, but not this protocol',
  ESOCKTNOSUPPORT: 'the kernel knows the family, but not this type of socket',
  ENOPROTOOPT: 'the kernel does not know the option',
  EOPNOTSUPP: 'the kernel does not do this',
  ENOENT: 'there is none',
  ENODEV: 'there is no such device, or nobody to carry the message',
  EADDRNOTAVAIL: 'nobody carries such an address here',
  EPERM: 'this process may not',
  EACCES: 'this process may not',
  ECONNREFUSED: 'nobody listens there',
  ETIMEDOUT: 'no answer',
  ERR_SOCKET_TIMEOUT: 'no answer in time',
};

/** Whether a program is in the PATH. */
export function installed(program: string): boolean {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  return path.split(':').some((folder) => folder !== '' && existsSync(`${folder}/${program}`));
}

/** What gives a module to this kernel. */
export function modprobe(modules: readonly string[]): string {
  const names = modules.join(' ');
  const place = inside();
  if (place !== undefined)
    return `boot ${place} with the ${modules.length > 1 ? 'modules' : 'module'} ${names}, or modprobe inside`;
  const machine = 'the rig’s virtual machine has it: npm run rig -- vm -- <command>';
  if (!existsSync('/proc/modules')) return `this kernel loads no modules; ${machine}`;
  const known = modules.every(
    (module) => spawnSync('modprobe', ['--dry-run', '--quiet', module]).status === 0,
  );
  if (known) return `sudo modprobe --all ${names}`;
  const release = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return `no module ${names} for kernel ${release}: its extra modules package may have it; ${machine}`;
}

/** The capability that an error of the network stack asks for, where this process lacks it. */
function lacks(code: string | undefined): Capability | undefined {
  if (code !== 'EPERM' && code !== 'EACCES') return undefined;
  return (['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_SYS_ADMIN'] as const).find((name) => !capable(name));
}

function why(error: Error): string {
  if (error instanceof SocketError) {
    const meaning = MEANINGS[error.code];
    // The kernel's words are in the message; its hints are core's, about sockets and not about the rig.
    return `${error.syscall ?? 'socket'}: ${error.code}${meaning === undefined ? '' : `, ${meaning}`}`;
  }
  const code = (error as NodeJS.ErrnoException).code;
  const meaning = code === undefined ? undefined : MEANINGS[code];
  return meaning === undefined ? error.message : `${error.message} (${meaning})`;
}

function mend(facility: Facility, error: Error): string | undefined {
  if (error instanceof Missing && error.mend !== undefined) return error.mend;
  const capability = lacks(error instanceof IpError ? error.code : (error as NodeJS.ErrnoException).code);
  if (capability !== undefined) return grant(capability);
  if (facility.modules !== undefined) return modprobe(facility.modules);
  if (facility.packages !== undefined) return `sudo apt-get install ${facility.packages.join(' ')}`;
  return undefined;
}

/** The finding for a trial that threw. */
export function absent(facility: Facility, thrown: unknown): Finding {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const words = mend(facility, error);
  const finding: Finding = { facility: facility.name, there: false, how: '', why: why(error) };
  return words === undefined ? finding : { ...finding, mend: words };
}
