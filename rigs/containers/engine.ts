/** A Docker engine of the rig's own, in namespaces of its own, which ends with the process that started it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd } from '../provision/ending.ts';
import { type Life, life, lives, myself } from '../provision/process.ts';
import { call, EngineError } from './api.ts';

/** Debian packages that it takes. */
export const PACKAGES: readonly string[] = ['docker.io', 'tini', 'iproute2', 'util-linux', 'busybox-static'];

/** Milliseconds from the start to the first answer: a machine without KVM takes seven seconds. */
const DEADLINE = 40_000;
/** Milliseconds for the kernel to take away what ended. */
const PATIENCE = 5000;
const PREFIX = 'sockeye-docker-';
const CGROUPS = '/sys/fs/cgroup';

/**
 * What it keeps and what it runs is in memory, on a network with nothing but a loopback, in namespaces of mounts, processes and
 * networks: nobody else's engine, rule or interface is touched, and when its first process is killed, so is all that it started.
 */
const SCRIPT = `
set -e
cd "$1"
for name in data exec; do mount -t tmpfs -o mode=711 "$name" "$name"; done
mount -t tmpfs -o mode=755 run /run
ip link set lo up
exec tini -- dockerd --host "unix://$1/docker.sock" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/exec/pid" \
  --config-file "$1/daemon.json" --cgroup-parent "/$2" --bridge none --iptables=false --ip6tables=false --log-level warn
`;

interface Claim {
  owner: Life;
}

/** Folders of control groups under this name, one in each hierarchy. */
export function groups(name: string): string[] {
  if (existsSync(join(CGROUPS, 'cgroup.procs'))) return [join(CGROUPS, name)].filter(existsSync);
  const hierarchies = existsSync(CGROUPS) ? readdirSync(CGROUPS) : [];
  return hierarchies.map((hierarchy) => join(CGROUPS, hierarchy, name)).filter(existsSync);
}

/** Removes control groups, which are folders of folders without processes. */
function removeGroup(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(folder, entry.name));
  rmdirSync(folder);
}

/** Removes what an engine that is no more left over; false while something of it still runs. */
function remove(folder: string): boolean {
  try {
    for (const group of groups(basename(folder))) removeGroup(group);
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** Removes what engines left over whose processes were killed. */
export function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === undefined || lstatSync(folder, { throwIfNoEntry: false })?.uid !== process.getuid?.())
      continue;
    let owner: Life | undefined;
    try {
      ({ owner } = JSON.parse(readFileSync(join(folder, 'claim.json'), 'utf8')) as Claim);
    } catch {
      // Made at this moment, or left by a process that died in it.
      if (life(Number(pid)) !== undefined) continue;
    }
    if (owner === undefined || !lives(owner)) remove(folder);
  }
}

export class Engine {
  /** Path of its socket. */
  readonly socket: string;
  /** A folder of this engine's, which goes with it. */
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #forget: () => void;
  #said = '';

  private constructor(folder: string) {
    this.folder = folder;
    this.socket = join(folder, 'docker.sock');
    for (const name of ['data', 'exec']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'daemon.json'), '{}');
    const namespaces = ['--net', '--mount', '--pid', '--mount-proc', '--propagation', 'private'];
    const kill = ['--fork', '--kill-child=SIGKILL'];
    const script = ['sh', '-c', SCRIPT, 'sh', folder, basename(folder)];
    // However this process ends, the kernel ends the engine with it.
    const args = ['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, ...kill, '--', ...script];
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    this.#child = spawn('setpriv', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = `${this.#said}${text}`.slice(-4000);
      });
    this.#child.on('error', (error) => {
      this.#said += error.message;
    });
    this.#forget = atEnd(() => {
      this.#child.kill('SIGKILL');
      const clock = new Int32Array(new SharedArrayBuffer(4));
      for (let tries = 0; tries < 100 && !remove(folder); tries++) Atomics.wait(clock, 0, 0, 20);
    });
  }

  /**
   * Starts one, and removes what killed ones have left.
   *
   * @throws EngineError when it does not come up, with its last words
   */
  static async start(): Promise<Engine> {
    sweep();
    const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
    writeFileSync(join(folder, 'claim.json'), JSON.stringify({ owner: myself } satisfies Claim));
    const engine = new Engine(folder);
    try {
      await engine.#answers();
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  async #answers(): Promise<void> {
    const until = performance.now() + DEADLINE;
    for (;;) {
      const ended = this.#child.exitCode !== null || this.#child.signalCode !== null;
      const last = (): string => this.#said.trim().split('\n').slice(-3).join('\n');
      if (ended || this.#child.pid === undefined) throw new EngineError(`dockerd ended: ${last()}`);
      try {
        await call(this.socket, 'GET', '/_ping');
        return;
      } catch (cause) {
        if (performance.now() > until)
          throw new EngineError(`dockerd did not answer within ${DEADLINE / 1000} s: ${last()}`, { cause });
      }
      await sleep(20);
    }
  }

  /** One call of Docker's HTTP interface, whose answer is JSON. */
  async json<T>(method: string, path: string, body?: object | Readable): Promise<T> {
    const bytes = await call(this.socket, method, path, body);
    return JSON.parse(bytes.toString() || 'null') as T;
  }

  /** The process that all of it ends with. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it and all that runs on it, and removes what it left; twice is once. */
  async stop(): Promise<void> {
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await closed;
    }
    this.#forget();
    const until = performance.now() + PATIENCE;
    while (!remove(this.folder)) {
      if (performance.now() > until)
        throw new EngineError(
          `what the engine ran is still there: ${groups(basename(this.folder)).join(', ')}`,
        );
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
