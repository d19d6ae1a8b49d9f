/** Programs and devices: Docker, containers, KVM, QEMU. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { trial } from '../../containers/trial.ts';
import { tool } from '../../netns/ip.ts';
import { PATIENCE, withSockets } from '../exchange.ts';
import { inside, installed } from '../explain.ts';
import { type Facility, Missing } from '../finding.ts';
import { python } from '../python.ts';
import { AF, unix } from '../sockaddr.ts';
import { program } from '../where.ts';

const wait = { timeout: PATIENCE };

/** The engine's socket, as the environment or custom has it. */
function engine(): string {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  if (!host.startsWith('unix://'))
    throw new Missing(`DOCKER_HOST=${host} is no socket of this machine: not tried`);
  return host.slice('unix://'.length);
}

const docker: Facility = {
  name: 'docker',
  place: 'machine',
  attempt: () =>
    withSockets(async (make) => {
      const path = engine();
      const client = installed('docker') ? 'only the client is there' : 'not installed';
      const mend = installed('dockerd')
        ? 'start dockerd, as root'
        : 'sudo apt-get install docker.io, and start dockerd as root';
      if (!existsSync(path)) throw new Missing(`no engine at ${path}; ${client}`, mend);
      const socket = make(AF.UNIX, 1, 0);
      try {
        await socket.connect(unix(path), wait);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const allowed = code === 'EACCES' ? 'add yourself to the group docker' : mend;
        throw new Missing(`connect ${path}: ${code}; ${client}`, allowed);
      }
      await socket.sendAll(Buffer.from('GET /version HTTP/1.0\r\nHost: docker\r\n\r\n'), wait);
      let answer = '';
      for (let part = await socket.recv(8192, wait); part.length > 0; part = await socket.recv(8192, wait))
        answer += part.toString();
      const version = /"Version":"([^"]+)"/.exec(answer)?.[1];
      if (version === undefined) throw new Missing(`the engine answered ${answer.slice(0, 60)}`, mend);
      return `the engine answered: version ${version}`;
    }),
};

/** On an engine of the rig's own, whatever other engine there is. */
const containers: Facility = {
  name: 'containers',
  place: 'machine',
  // Three programs of 40 to 90 MB are started, which an emulated processor translates.
  deadline: 90_000,
  attempt: () => trial(installed),
};

const kvm: Facility = {
  name: 'kvm',
  place: 'machine',
  modules: ['kvm'],
  attempt: () => {
    if (!existsSync('/dev/kvm'))
      throw new Missing(
        'no /dev/kvm',
        inside() === undefined
          ? 'sudo modprobe kvm_intel or kvm_amd, on a machine with virtualisation'
          : 'a guest under KVM with nesting',
      );
    try {
      accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    } catch {
      throw new Missing('/dev/kvm: EACCES, this process may not', 'sudo adduser $USER kvm');
    }
    return `${tool(python(), program('kvm.py')).trim()} (whether a guest runs under it shows when one boots)`;
  },
};

/** QEMU without a machine, asked over its monitor. */
const qemu: Facility = {
  name: 'qemu',
  place: 'machine',
  packages: ['qemu-system-x86'],
  attempt: () => {
    const args = ['-M', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-qmp', 'stdio'];
    const input = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';
    const options = { input, encoding: 'utf8', timeout: 15_000, killSignal: 'SIGKILL' } as const;
    const { stdout, stderr, error } = spawnSync('qemu-system-x86_64', args, options);
    if (error !== undefined) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new Missing(code === 'ENOENT' ? 'qemu-system-x86_64 is not installed' : error.message);
    }
    const version = /"major":\s*(\d+)/.exec(stdout)?.[1];
    const minor = /"minor":\s*(\d+)/.exec(stdout)?.[1];
    if (version === undefined) throw new Missing(`QEMU said ${stderr.trim().slice(0, 120)}`);
    return `its monitor answered: version ${version}.${minor}`;
  },
};

export const machine: readonly Facility[] = [docker, containers, kvm, qemu];
