/** npm run rig: a virtual machine's kernel for one command, or what this machine and the virtual ones can. */
import { parseArgs } from 'node:util';
import type { KernelKey } from './contracts/medium.ts';
import { cacheFolder, type KernelName, MissingPackages } from './provision/index.ts';
import { KERNELS, Vm, VmError, type VmOptions } from './vm/index.ts';
import { through } from './vm/terminal.ts';

const USAGE = `usage:
  npm run rig -- vm [options] -- <command> [arguments]   runs a command inside a virtual machine
  npm run rig -- vm [options]                            a shell inside, from a terminal
  npm run rig -- doctor [options]                        what works on this machine and in the virtual ones
  npm run rig -- contracts [options]                     core's promises on every family, as a table
  npm run rig -- platforms [--update]                    what the three kernels have and do otherwise, as a table
  npm run rig -- soak <rounds> [options]                 the contracts so many times; goes on where it was ended
  npm run rig -- suite [options]                         all tests of the packages on another kernel

options of vm:
  --kernel ${KERNELS.join('|')}       Debian's kernel of that line (6.1)
  --can                   can0 and can1 too: two emulated controllers on one bus
  --can-fd                canfd0 and canfd1 too: two emulated CAN FD controllers; their driver is built once
  --bitrate <bit/s>       theirs (500000)
  --memory <MB>           the machine's (3072)
  --without <module>      a module of the kernel that must not load; more than once if need be
  --timeout <seconds>     ends the command after that time
  --verbose               shows the machine's console

options of doctor:
  --json                  for programs
  --place <place>         only there: host, "vm 6.1" or "vm 6.12"; more than once if need be
  --without <module>      boots the machines without it; more than once if need be

options of contracts:
  --on <kernel>           only there: host, containers, 6.1 or 6.12; more than once if need be
  --update                raises the least numbers of tests that must have run (rigs/contracts/least.json)

options of soak:
  --on <kernel>           only there: host, 6.1 or 6.12; more than once if need be
  --fresh                 forgets the rounds that were done before

options of suite:
  --on <kernel>           6.1 or 6.12 (6.1)
  --package <name>        only its tests; more than once if need be

The command sees the host's files under their own paths; what it writes is gone with the machine, but for what it writes to
the standard output and error. Its exit status is passed through: 127 for a command that is not found, 128 and the signal's
number for one that a signal ended, 124 after --timeout, 125 when the machine itself fails, 2 for a wrong argument.`;

/** Statuses as of timeout(1) and docker-run(1). */
const TIMED_OUT = 124;
const FAILED = 125;

class Wrong extends Error {}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Wrong(`--${name} takes a number; got ${JSON.stringify(text)}`);
  return Number(text);
}

function vmOptions(args: string[]): { options: VmOptions; timeout: number | undefined; stray: string[] } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      kernel: { type: 'string', default: '6.1' },
      can: { type: 'boolean', default: false },
      'can-fd': { type: 'boolean', default: false },
      bitrate: { type: 'string' },
      memory: { type: 'string' },
      without: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const { kernel, can, without, verbose } = values;
  if (!KERNELS.includes(kernel as KernelName))
    throw new Wrong(`--kernel takes one of ${KERNELS.join(', ')}; got ${JSON.stringify(kernel)}`);
  const bitrate = number('bitrate', values.bitrate);
  const memory = number('memory', values.memory);
  const options: VmOptions = {
    kernel: kernel as KernelName,
    modules: { without },
    can: {
      controllers: can || (bitrate !== undefined && !values['can-fd']),
      fd: values['can-fd'],
      ...(bitrate !== undefined && { bitrate }),
    },
    ...(memory !== undefined && { memory }),
    log: (line) => {
      if (verbose || line.startsWith('rig:')) console.error(line);
    },
  };
  return { options, timeout: number('timeout', values.timeout), stray: positionals };
}

async function vm(args: string[], command: string[]): Promise<number> {
  const { options, timeout, stray } = vmOptions(args);
  if (stray.length > 0) throw new Wrong(`the command comes after "--"; got ${stray.join(' ')} before it`);
  const interactive = command.length === 0;
  if (interactive && !(process.stdin.isTTY && process.stdout.isTTY))
    throw new Wrong('without a command it is a shell, and that takes a terminal');
  const machine = await Vm.boot(options);
  try {
    if (interactive)
      console.error(`rig: Linux ${machine.kernel} (${machine.accel}); what you write is gone with it`);
    const status = await through(machine, interactive ? ['bash', '-i'] : command, interactive, timeout);
    if (status !== undefined) return status;
    console.error(`rig: ${command.join(' ')} took longer than ${timeout} s and was killed`);
    return TIMED_OUT;
  } finally {
    await machine.close();
  }
}

async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      without: { type: 'string', multiple: true, default: [] },
      place: { type: 'string', multiple: true },
    },
  });
  const { json, without, place } = values;
  // The probe is loaded when it is asked for.
  const { doctor: diagnose, PLACES } = await import('./probe/doctor.ts');
  const strange = place?.find((name) => !PLACES.some((known) => known === name));
  if (strange !== undefined)
    throw new Wrong(`--place takes one of ${PLACES.join(', ')}; got ${JSON.stringify(strange)}`);
  const places = PLACES.filter((name) => place?.includes(name) ?? true);
  return diagnose({ json, without, places });
}

/** The kernels of the contracts that `--on` names, all when it names none. */
function chosen(all: readonly KernelKey[], on: readonly string[] | undefined): KernelKey[] {
  const strange = on?.find((name) => !all.some((known) => known === name));
  if (strange !== undefined)
    throw new Wrong(`--on takes one of ${all.join(', ')}; got ${JSON.stringify(strange)}`);
  return all.filter((name) => on?.includes(name) ?? true);
}

async function contracts(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { on: { type: 'string', multiple: true }, update: { type: 'boolean', default: false } },
  });
  const { run, KERNEL_KEYS } = await import('./contracts/run.ts');
  return run(chosen(KERNEL_KEYS, values.on), values.update);
}

async function platforms(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { update: { type: 'boolean', default: false } } });
  const { run } = await import('./platforms/run.ts');
  return run(values.update);
}

async function soak(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { on: { type: 'string', multiple: true }, fresh: { type: 'boolean', default: false } },
  });
  const rounds = number('rounds', positionals[0]) ?? 0;
  if (positionals.length !== 1 || !Number.isInteger(rounds) || rounds < 1)
    throw new Wrong(`soak takes a number of rounds; got ${positionals.join(' ') || 'none'}`);
  const { KERNEL_KEYS } = await import('./contracts/run.ts');
  const { soak: soakContracts } = await import('./contracts/soak.ts');
  return soakContracts(rounds, chosen(KERNEL_KEYS, values.on), values.fresh);
}

async function suite(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { on: { type: 'string', default: '6.1' }, package: { type: 'string', multiple: true } },
  });
  if (!KERNELS.includes(values.on as KernelName))
    throw new Wrong(`--on takes one of ${KERNELS.join(', ')}; got ${JSON.stringify(values.on)}`);
  const whole = await import('./vm/whole.ts');
  return whole.suite(values.on as KernelName, values.package);
}

/** Runs the command line and returns its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const split = argv.indexOf('--');
  const [name, ...args] = split === -1 ? argv : argv.slice(0, split);
  const command = split === -1 ? [] : argv.slice(split + 1);
  try {
    if (name === '--help' || name === '-h' || args.includes('--help')) {
      console.log(USAGE);
      return 0;
    }
    if (name === 'vm') return await vm(args, command);
    if (name === 'contracts' && command.length === 0) return await contracts(args);
    if (name === 'platforms' && command.length === 0) return await platforms(args);
    if (name === 'soak' && command.length === 0) return await soak(args);
    if (name === 'suite' && command.length === 0) return await suite(args);
    if (name === 'doctor' && command.length === 0) return await doctor(args);
    throw new Wrong(
      name === undefined ? 'what is it to do?' : `there is no "${[name, ...command].join(' ')}"`,
    );
  } catch (error) {
    return failed(error);
  }
}

/** Says what went wrong, and with which status that ends. */
function failed(error: unknown): number {
  const { code, message } = error as NodeJS.ErrnoException;
  const wrong = error instanceof Wrong || /^ERR_(PARSE_ARGS|INVALID_ARG|OUT_OF_RANGE)/.test(code ?? '');
  if (wrong) {
    console.error(`rig: ${message}\n\n${USAGE}`);
    return 2;
  }
  if (code === 'ENOSPC')
    console.error(`rig: no space left below ${cacheFolder()} (SOCKEYE_CACHE names another place)`);
  else if (error instanceof VmError || error instanceof MissingPackages) console.error(`rig: ${message}`);
  else console.error('rig:', error instanceof Error && code === undefined ? message : error);
  return FAILED;
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1])
  process.exitCode = await main(process.argv.slice(2));
