import type { Guest } from './guest.ts';
import { MODULES, type ModuleIndex, moduleName } from './modules.ts';
import type { Wanted } from './options.ts';

/** Bits a second of the data of CAN FD frames with BRS. */
const DATA_BITRATE = 2_000_000;

/** What makes a fresh machine ready for commands, as a shell script; every line that fails says so on its own. */
function script(
  { without, controllers, fd, bitrate }: Wanted,
  index: ModuleIndex,
  driver: readonly string[],
): string {
  const absent = new Set(without.map(moduleName));
  const names = [...MODULES, ...(controllers ? ['kvaser_pci'] : [])];
  const modules = names.filter((name) => index.has(name) && !absent.has(moduleName(name)));
  const lines = ['ip link set lo up', `modprobe -a ${modules.join(' ')}`];
  lines.push('mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup');
  // A network as any machine has one; nobody else is on it.
  if (!absent.has('dummy')) {
    lines.push('ip link add lan0 type dummy && ip addr add 192.0.2.1/24 dev lan0 && ip link set lan0 up');
    lines.push('ip route add 255.255.255.255 dev lan0');
  }
  if (!absent.has('vcan')) lines.push('ip link add vcan0 type vcan && ip link set vcan0 up');
  if (controllers) {
    for (const name of ['can0', 'can1'])
      lines.push(`ip link set ${name} type can bitrate ${bitrate} && ip link set ${name} up`);
  }
  if (fd) {
    lines.push('modprobe can_dev', ...driver.map((file) => `insmod '${file}'`));
    lines.push(
      'n=0; for i in /sys/bus/pci/drivers/ctucanfd*/*/net/*; do ip link set "$(basename $i)" name canfd$n; n=$((n + 1)); done',
    );
    for (const name of ['canfd0', 'canfd1']) {
      const rates = `bitrate ${bitrate} dbitrate ${DATA_BITRATE} fd on`;
      lines.push(`ip link set ${name} type can ${rates} && ip link set ${name} up`);
    }
  }
  return lines.map((line) => `{ ${line}; } || echo "rig: failed inside: ${line}" >&2`).join('\n');
}

/** Loads modules and brings interfaces up; what fails is told to the log, or thrown when it was asked for by name. */
export async function prepare(
  guest: Guest,
  wanted: Wanted,
  index: ModuleIndex,
  driver: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  let said = '';
  const running = guest.run({
    command: ['sh', '-c', script(wanted, index, driver)],
    cwd: '/',
    env,
    onBytes: (bytes) => {
      said += bytes.toString();
    },
  });
  await running.status;
  for (const line of said.split('\n').filter(Boolean)) wanted.log(line);
  const failed = /failed inside: .*type (v?can).*/.exec(said);
  if (failed !== null && wanted.without.length === 0) throw guest.error(`no CAN interfaces: ${said.trim()}`);
}
