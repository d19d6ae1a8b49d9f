/** Whether containers run here: shown by a message between two. */
import { existsSync } from 'node:fs';
import { Missing } from '../probe/finding.ts';
import { Engine } from './engine.ts';
import { makeImage } from './image.ts';

const BUSYBOX = '/bin/busybox';
const PROGRAMS: Readonly<Record<string, string>> = {
  dockerd: 'docker.io',
  tini: 'tini',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  ip: 'iproute2',
  busybox: 'busybox-static',
};

interface Inspected {
  NetworkSettings: { Networks: Readonly<Record<string, { IPAddress: string }>> };
}

/** A container of busybox on a network, with the rights to change it. */
async function run(engine: Engine, image: string, network: string, script: string): Promise<string> {
  const rights = { CapAdd: ['NET_ADMIN', 'NET_RAW'], NetworkMode: network };
  const Cmd = [BUSYBOX, 'sh', '-c', script];
  const wanted = { Image: image, Cmd, HostConfig: rights };
  const { Id } = await engine.json<{ Id: string }>('POST', '/containers/create', wanted);
  await engine.json('POST', `/containers/${Id}/start`);
  return Id;
}

/**
 * Starts an engine, and on it two containers on a network of their own, one of which changes its network and sends the other an
 * ICMP echo request.
 *
 * @param installed whether a program is in the PATH
 * @returns how it was shown
 * @throws Missing for a program that is not installed; EngineError
 */
export async function trial(installed: (program: string) => boolean): Promise<string> {
  const missing = Object.keys(PROGRAMS).filter((program) => !installed(program));
  const packages = [...new Set(missing.map((program) => PROGRAMS[program]))].join(' ');
  if (missing.length > 0)
    throw new Missing(`${missing.join(', ')}: not installed`, `sudo apt-get install ${packages}`);
  if (process.getuid?.() !== 0) throw new Missing('an engine of its own takes root', 'run it as root');
  if (!existsSync(BUSYBOX)) throw new Missing(`no ${BUSYBOX}`, 'sudo apt-get install busybox-static');
  await using engine = await Engine.start();
  const image = await makeImage(engine, 'trial', { [BUSYBOX]: BUSYBOX });
  const network = 'trial';
  await engine.json('POST', '/networks/create', { Name: network, Driver: 'bridge', Internal: true });
  const other = await run(engine, image, network, `${BUSYBOX} sleep 60`);
  const { NetworkSettings } = await engine.json<Inspected>('GET', `/containers/${other}/json`);
  const address = NetworkSettings.Networks[network]?.IPAddress ?? '';
  const script = `${BUSYBOX} ip address add 192.0.2.1/32 dev lo && ${BUSYBOX} ping -c 1 -W 5 ${address}`;
  const one = await run(engine, image, network, script);
  const { StatusCode } = await engine.json<{ StatusCode: number }>('POST', `/containers/${one}/wait`);
  if (StatusCode !== 0) throw new Error(`one container did not reach the other at ${address}`);
  const { Version } = await engine.json<{ Version: string }>('GET', '/version');
  return `an echo request went from one container to another and back, on a private engine: version ${Version}`;
}
