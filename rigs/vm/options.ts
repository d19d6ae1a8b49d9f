import type { KernelName } from '../provision/index.ts';

export interface VmOptions {
  /** The line of Debian's kernel; 6.1 unless given. */
  kernel?: KernelName;
  /** Megabytes; 3072 unless given. */
  memory?: number;
  /** Modules of the kernel that must not load, so that what they bring is not there. */
  modules?: { without?: readonly string[] };
  /**
   * With `controllers`, can0 and can1: emulated SJA1000 controllers on one bus, up at `bitrate` (500,000 unless given). With
   * `fd`, canfd0 and canfd1: emulated CTU CAN FD controllers on a bus of their own, at `bitrate` and, for data, 2,000,000;
   * their driver is built once.
   */
  can?: { controllers?: boolean; fd?: boolean; bitrate?: number };
  /** Ends the machine, and what waits for it fails. */
  signal?: AbortSignal;
  /** Gets each line of the machine's console and of its set-up. */
  log?: (line: string) => void;
}

/** Options, checked and whole. */
export interface Wanted {
  kernel: KernelName;
  memory: number;
  without: readonly string[];
  controllers: boolean;
  fd: boolean;
  bitrate: number;
  signal: AbortSignal | undefined;
  log: (line: string) => void;
}

export const KERNELS: readonly KernelName[] = ['6.1', '6.12'];

const bad = (Type: typeof RangeError, code: string, message: string): Error =>
  Object.assign(new Type(message), { code });

function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number')
    throw bad(TypeError, 'ERR_INVALID_ARG_TYPE', `${name} must be a number; got ${String(value)}`);
  if (!Number.isInteger(value) || value < least || value > most)
    throw bad(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `${name} must be an integer from ${least} to ${most}; got ${value}`,
    );
  return value;
}

/** @throws TypeError or RangeError that names the option, what it got and what it takes */
export function checkOptions(options: VmOptions): Wanted {
  const { kernel = '6.1', memory = 3072, modules, can, signal, log = () => {} } = options;
  if (!KERNELS.includes(kernel)) {
    const message = `kernel must be one of ${KERNELS.join(', ')}; got ${String(kernel)}`;
    throw bad(TypeError, 'ERR_INVALID_ARG_VALUE', message);
  }
  const without = modules?.without ?? [];
  const odd = without.find((name) => !/^[\w-]+$/.test(name));
  if (odd !== undefined)
    throw bad(
      TypeError,
      'ERR_INVALID_ARG_VALUE',
      `modules.without must name modules; got ${JSON.stringify(odd)}`,
    );
  return {
    kernel,
    memory: integer('memory', memory, 256, 65_536),
    without,
    controllers: can?.controllers ?? false,
    fd: can?.fd ?? false,
    bitrate: integer('can.bitrate', can?.bitrate ?? 500_000, 10_000, 1_000_000),
    signal,
    log,
  };
}
