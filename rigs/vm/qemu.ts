import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Accel } from './accel.ts';

export interface Machine {
  /** Path of the kernel. */
  image: string;
  accel: Accel;
  /** Megabytes. */
  memory: number;
  initramfs: string;
  /** Folder of the writable share. */
  results: string;
  /** Two emulated CAN controllers on one bus. */
  controllers: boolean;
  /** Two emulated CAN FD controllers on another. */
  fd: boolean;
}

export interface Qemu {
  child: ChildProcess;
  console: NodeJS.ReadableStream;
  /** What QEMU itself complains of. */
  complaints: NodeJS.ReadableStream;
  port: Duplex;
}

const share = (path: string, tag: string, rest = ''): string[] => [
  '-virtfs',
  // A comma in a path is written twice.
  `local,path=${path.replaceAll(',', ',,')},mount_tag=${tag},security_model=none,multidevs=remap${rest}`,
];

/** Starts QEMU. Its console is its standard output; the agent's port is a socket pair, so nothing lies in the file system. */
export function startQemu({ image, accel, memory, initramfs, results, controllers, fd }: Machine): Qemu {
  // Emulated processors that share busy real ones wait for each other's locks: one is quicker.
  const processors = accel === 'kvm' ? '2' : '1';
  const kvaser = ['-device', 'kvaser_pci,canbus=bus'];
  const args = [
    ...['-accel', accel === 'kvm' ? 'kvm' : 'tcg,thread=multi', '-cpu', 'max', '-M', 'q35'],
    ...['-m', String(memory), '-smp', processors],
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', 'socket,id=agent,fd=3'],
    ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=rig'],
    ...share('/', 'host', ',readonly=on'),
    ...share(results, 'results'),
    ...(controllers ? ['-object', 'can-bus,id=bus', ...kvaser, ...kvaser] : []),
    ...(fd ? ['-object', 'can-bus,id=fdbus', '-device', 'ctucan_pci,canbus0=fdbus,canbus1=fdbus'] : []),
    ...['-kernel', image, '-initrd', initramfs],
    ...[
      '-append',
      'console=ttyS0 panic=-1 oops=panic quiet loglevel=4 reboot=t mitigations=off no_timer_check cryptomgr.notests=1',
    ],
  ];
  // The kernel ends QEMU when this process dies, however it does.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, console, complaints, port] = child.stdio;
  if (console === null || complaints === null || port === null || port === undefined)
    throw new Error('QEMU got no pipes');
  return {
    child,
    console: console as NodeJS.ReadableStream,
    complaints: complaints as NodeJS.ReadableStream,
    port: port as Duplex,
  };
}
