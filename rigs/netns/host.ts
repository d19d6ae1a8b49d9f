import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Unavailable } from '../need/unavailable.ts';
import { modprobe } from '../probe/explain.ts';
import { IpError, ip, ipBatch, tc, tool } from './ip.ts';

/** What a command in a host did. */
export interface Ran {
  /** The exit status; 128 and the signal's number when a signal ended it, as a shell has it. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Milliseconds, after which the command is killed; 30,000 unless given. */
  timeout?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  input?: string;
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** What frames that leave an interface suffer; tc-netem(8). */
export interface Impairment {
  /** Milliseconds. */
  delay?: number;
  /** Milliseconds more or less. */
  jitter?: number;
  /** Percent. */
  loss?: number;
  /** Percent. */
  duplicate?: number;
  /** Percent, sent at once while the others are delayed. */
  reorder?: number;
}

/** Modules of the kinds of interface and queue that the kernel may lack. */
const MODULES: Readonly<Record<string, string>> = {
  veth: 'veth',
  bridge: 'bridge',
  vcan: 'vcan',
  vxcan: 'vxcan',
  netem: 'sch_netem',
};

/** Runs `body`; an absent kind of interface or queue is {@link Unavailable}. */
export function kind<T>(name: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof IpError) || error.code !== 'EOPNOTSUPP') throw error;
    throw new Unavailable([name], `${error.message}; ${modprobe([MODULES[name] ?? name])}`, { cause: error });
  }
}

/** One end of a link. */
export class Interface {
  readonly host: Host;
  readonly name: string;
  /** With prefix lengths: '10.1.0.1/24'. */
  readonly addresses: readonly string[];

  constructor(host: Host, name: string, addresses: readonly string[]) {
    this.host = host;
    this.name = name;
    this.addresses = addresses;
  }

  /** The first IPv4 address, without its prefix length; '' when there is none. */
  get v4(): string {
    return this.addresses.find((address) => !address.includes(':'))?.split('/')[0] ?? '';
  }

  /** The first IPv6 address, without its prefix length; '' when there is none. */
  get v6(): string {
    return this.addresses.find((address) => address.includes(':'))?.split('/')[0] ?? '';
  }

  up(): void {
    ip('-n', this.host.namespace, 'link', 'set', this.name, 'up');
  }

  down(): void {
    ip('-n', this.host.namespace, 'link', 'set', this.name, 'down');
  }

  /** Delays, loses or doubles what leaves here; {@link Unavailable} where the kernel has no netem. */
  impair({ delay = 0, jitter, loss, duplicate, reorder }: Impairment): void {
    const words = ['delay', `${delay}ms`];
    if (jitter !== undefined) words.push(`${jitter}ms`);
    if (loss !== undefined) words.push('loss', `${loss}%`);
    if (duplicate !== undefined) words.push('duplicate', `${duplicate}%`);
    if (reorder !== undefined) words.push('reorder', `${reorder}%`);
    kind('netem', () =>
      tc('-n', this.host.namespace, 'qdisc', 'replace', 'dev', this.name, 'root', 'netem', ...words),
    );
  }

  /** Takes back what {@link impair} did. */
  mend(): void {
    tc('-n', this.host.namespace, 'qdisc', 'delete', 'dev', this.name, 'root');
  }
}

/** A network namespace with its loopback interface up. */
export class Host {
  readonly name: string;
  /** As ip-netns(8) knows it. */
  readonly namespace: string;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, namespace: string) {
    this.name = name;
    this.namespace = namespace;
    // Addresses of IPv6 are usable at once: nobody else can have them.
    const quick =
      'for c in all default lo; do f=/proc/sys/net/ipv6/conf/$c/accept_dad; [ -e $f ] && echo 0 >$f; done; true';
    tool('ip', 'netns', 'exec', namespace, 'sh', '-c', quick);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }

  /** The namespace's file, for setns(2). */
  get path(): string {
    return `/run/netns/${this.namespace}`;
  }

  /** Gives an interface more addresses, with prefix lengths. */
  address(name: string, ...addresses: string[]): void {
    ipBatch(
      addresses.map(
        (address) => `address add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`,
      ),
      this.namespace,
    );
  }

  /** A route: `route('10.2.0.0/24', '10.1.0.2')`, or 'default'. */
  route(to: string, via: string): void {
    ip('-n', this.namespace, ...(via.includes(':') ? ['-6'] : []), 'route', 'add', to, 'via', via);
  }

  /** Makes a router of the host. */
  forward(): void {
    const all = 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding';
    tool('ip', 'netns', 'exec', this.namespace, 'sh', '-c', all);
  }

  /** A virtual CAN bus of the host's own, for frames of `mtu` bytes (16, FD 72, XL 2060); {@link Unavailable} without the module. */
  vcan(name = 'vcan0', mtu = 72): Interface {
    kind('vcan', () => ip('-n', this.namespace, 'link', 'add', name, 'mtu', String(mtu), 'type', 'vcan'));
    const made = new Interface(this, name, []);
    made.up();
    return made;
  }

  /** Starts a command in the host. What still runs when the net ends is killed. */
  spawn(command: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const env = { ...(options.env ?? process.env) };
    env.PATH = `${env.PATH ?? ''}:/usr/sbin:/sbin`;
    const child = spawn('ip', ['netns', 'exec', this.namespace, ...command], { ...options, env });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  /** Kills what was started here, also what is only on its way into the namespace and is not listed there yet. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  /** Runs a command in the host to its end. Rejects when it does not end in time. */
  run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const { env, cwd, input } = options;
    const settings: SpawnOptions = {
      stdio: 'pipe',
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    };
    return ended(this.spawn(command, settings), command, { ...options, input: input ?? '' });
  }
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Collects what a child says until it ends; rejects when that takes longer than `timeout`. */
export function ended(
  child: ChildProcess,
  command: readonly string[],
  { timeout = 30_000, input, onOutput }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const said = { stdout: '', stderr: '' };
    let late = false;
    const clock = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
        onOutput?.(text, stream);
      });
    }
    // A command need not read what it is given.
    child.stdin?.on('error', () => {});
    if (input !== undefined) child.stdin?.end(input);
    child.on('error', (error) => {
      clearTimeout(clock);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(clock);
      if (late) {
        const words = `${command.join(' ')} did not end within ${timeout} ms; it said: ${said.stderr.slice(-400) || said.stdout.slice(-400)}`;
        reject(Object.assign(new Error(words), { code: 'ETIMEDOUT' }));
      } else resolve({ status: status ?? 128 + (SIGNALS[signal ?? ''] ?? 0), ...said });
    });
  });
}
