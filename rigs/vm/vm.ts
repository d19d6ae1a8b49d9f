import { dirname } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { bootImage, canFdDriver, kernel as getKernel, provision, root } from '../provision/index.ts';
import { type Accel, firstAccel, KVM_DEADLINE, rememberKvm } from './accel.ts';
import { VmError } from './error.ts';
import { Guest, type Running, type Start, type Stream } from './guest.ts';
import { initramfs } from './initramfs.ts';
import { ModuleIndex } from './modules.ts';
import { checkOptions, type VmOptions, type Wanted } from './options.ts';
import { sweep } from './places.ts';
import { prepare } from './setup.ts';

/** What a command inside did. */
export interface Ran {
  /** Its exit status: 127 when it was not found, 128 and the number of the signal that ended it. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Milliseconds after which the command is killed and the call fails; none unless given. */
  timeout?: number;
  /** Variables for it, above PATH, HOME, LANG and SOCKEYE_RIG (which says which machine this is). */
  env?: Record<string, string>;
  /** Gets its output as it comes. */
  onOutput?: (text: string, stream: Stream) => void;
}

/** Debian packages that a machine takes; can-utils and iproute2 are used inside, where the host's tree is. */
const PACKAGES = ['qemu-system-x86', 'busybox-static', 'kmod', 'xz-utils', 'zstd', 'iproute2', 'can-utils'];
/** Milliseconds from QEMU's start until the machine is ready. */
const BOOT_DEADLINE = 60_000;
/** Milliseconds in which a killed command has to be gone. */
const KILL_DEADLINE = 5000;
const SIGKILL = 9;
const RESULTS = '/run/rig/results';

/** What a machine is started from. */
interface Plan {
  wanted: Wanted;
  index: ModuleIndex;
  /** Path of the kernel. */
  image: string;
  /** The initramfs. */
  archive: Uint8Array;
  /** Files of modules that the kernel's package has not. */
  driver: readonly string[];
  env: Record<string, string>;
}

/** A virtual machine with a stock Debian kernel, over the host's tree: what is written inside, but for the results, is lost at its end. */
export class Vm {
  /** The kernel's release, as `uname -r` has it. */
  readonly kernel: string;
  readonly accel: Accel;
  /** Milliseconds from QEMU's start until commands could run. */
  readonly bootMs: number;
  /** A folder for result files, writable from inside: its path on the host and inside. It goes with the machine. */
  readonly results: { host: string; guest: string };
  readonly #guest: Guest;
  readonly #env: Record<string, string>;

  private constructor(
    guest: Guest,
    release: string,
    accel: Accel,
    bootMs: number,
    env: Record<string, string>,
  ) {
    this.#guest = guest;
    this.kernel = release;
    this.accel = accel;
    this.bootMs = bootMs;
    this.results = { host: guest.place.results, guest: RESULTS };
    this.#env = env;
  }

  /**
   * Starts a machine and makes it ready: modules loaded, `lo` and `vcan0` up. Installs and fetches what it takes, once.
   *
   * @throws VmError when the machine does not come up; MissingPackages when packages are missing and may not be installed;
   * TypeError or RangeError for options that cannot be
   */
  static async boot(options: VmOptions = {}): Promise<Vm> {
    const wanted = checkOptions(options);
    wanted.signal?.throwIfAborted();
    await provision(PACKAGES, 'the virtual machine');
    const found = await getKernel(wanted.kernel);
    const index = new ModuleIndex(found);
    for (const name of wanted.without) {
      if (index.has(name)) continue;
      const what = index.isBuiltIn(name) ? 'is built into' : 'is no module of';
      throw Object.assign(new TypeError(`modules.without: ${name} ${what} ${found.version}`), {
        code: 'ERR_INVALID_ARG_VALUE',
      });
    }
    sweep();
    const [image, archive] = await Promise.all([bootImage(found), initramfs(found, index, wanted.without)]);
    const driver = wanted.fd ? await canFdDriver(found) : [];
    const plan: Plan = { wanted, index, image, archive, driver, env: environment(wanted.kernel) };
    if (firstAccel() === 'kvm') {
      try {
        const vm = await Vm.#start(plan, 'kvm');
        rememberKvm(true);
        return vm;
      } catch (error) {
        if (!(error instanceof VmError) || wanted.signal?.aborted) throw error;
        wanted.log(`rig: no KVM here for the next days: ${error.message.split('\n')[0]}`);
        rememberKvm(false);
      }
    }
    return Vm.#start(plan, 'tcg');
  }

  static async #start({ wanted, index, image, archive, driver, env }: Plan, accel: Accel): Promise<Vm> {
    const began = performance.now();
    const { memory, controllers, fd, signal } = wanted;
    const guest = await Guest.start({ image, accel, memory, controllers, fd }, archive, wanted.log);
    const abort = (): void => void guest.destroy(guest.error('the virtual machine was cancelled'));
    signal?.addEventListener('abort', abort);
    void guest.ended.then(() => signal?.removeEventListener('abort', abort));
    const deadline = accel === 'kvm' ? KVM_DEADLINE : BOOT_DEADLINE;
    const timer = setTimeout(() => {
      void guest.destroy(
        guest.error(`the virtual machine did not come up within ${deadline / 1000} s (${accel})`),
      );
    }, deadline);
    try {
      const release = await guest.hello;
      await prepare(guest, wanted, index, driver, env);
      return new Vm(guest, release, accel, performance.now() - began, env);
    } catch (error) {
      await guest.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts a command in the checkout, for a caller that wants its bytes or gives it input. */
  start(
    command: readonly string[],
    options: Pick<Start, 'terminal' | 'onBytes'> & Pick<RunOptions, 'env'>,
  ): Running {
    const { env, ...rest } = options;
    return this.#guest.run({ command, cwd: root, ...rest, env: { ...this.#env, ...env } });
  }

  /**
   * Runs a command in the checkout, which has the path that it has on the host.
   *
   * @throws VmError when it takes longer than `timeout`, and when the machine ends first
   */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { timeout, env = {}, onOutput } = options;
    const said = { stdout: '', stderr: '' };
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    const hear = (text: string, stream: Stream): void => {
      said[stream] += text;
      if (text !== '') onOutput?.(text, stream);
    };
    const running = this.start(command, {
      env,
      onBytes: (bytes, name) => hear(decoders[name].write(bytes), name),
    });
    running.endInput();
    const status =
      timeout === undefined ? await running.status : await this.#within(timeout, command, running, said);
    for (const name of ['stdout', 'stderr'] as const) hear(decoders[name].end(), name);
    return { status, ...said };
  }

  /** A command's status, if it comes in time; otherwise it is killed, and the machine with it if that does not help. */
  async #within(
    timeout: number,
    command: readonly string[],
    running: Running,
    said: { stdout: string; stderr: string },
  ): Promise<number> {
    const { promise, cancel } = after(timeout);
    const status = await Promise.race([running.status, promise]);
    cancel();
    if (status !== undefined) return status;
    const name = command.join(' ');
    running.kill(SIGKILL);
    const kill = after(KILL_DEADLINE);
    const gone = await Promise.race([running.status, kill.promise]);
    kill.cancel();
    if (gone !== undefined) {
      const last = `${said.stdout}${said.stderr}`.trimEnd().split('\n').slice(-5).join('\n');
      throw new VmError(
        `${name} took longer than ${timeout} ms and was killed${last && `; it said last:\n${last}`}`,
      );
    }
    const error = this.#guest.error(`${name} took longer than ${timeout} ms, and the virtual machine hangs`);
    await this.#guest.destroy(error);
    throw error;
  }

  /** Powers the machine off and removes what it left; twice is once. */
  async close(): Promise<void> {
    await this.#guest.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function after(ms: number): { promise: Promise<undefined>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

/** What commands inside find in their environment. */
function environment(kernel: string): Record<string, string> {
  const system = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const path = new Set([
    dirname(process.execPath),
    ...(process.env.PATH ?? '').split(':').filter(Boolean),
    ...system,
  ]);
  return {
    PATH: [...path].join(':'),
    HOME: process.env.HOME ?? '/root',
    LANG: 'C.UTF-8',
    SOCKEYE_RIG: `vm ${kernel}`,
  };
}
