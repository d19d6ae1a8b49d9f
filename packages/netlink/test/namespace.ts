/** A network namespace for tests, empty but for lo, and iproute2 in it as the judge. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { platform } from '@sockeye/core';
import { Netlink } from '../src/index.ts';

export class Namespace implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly pid: number;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** A new one; a string says why there cannot be one here. */
  static async create(): Promise<Namespace | string> {
    if (platform !== 'linux') return 'network namespaces are Linux only';
    if (spawnSync('ip', ['-V']).error !== undefined) return 'there is no ip (iproute2)';
    const child = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec sleep 300'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject())]);
    } catch {
      return 'unshare -n needs CAP_SYS_ADMIN';
    }
    return new Namespace(child, child.pid as number);
  }

  get netns(): { pid: number } {
    return { pid: this.pid };
  }

  /** Runs a program inside; throws what it says when it fails. */
  run(program: string, ...args: string[]): string {
    const ran = spawnSync('nsenter', ['-n', '-t', String(this.pid), program, ...args], { encoding: 'utf8' });
    if (ran.error !== undefined) throw ran.error;
    if (ran.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  }

  ip(...args: string[]): void {
    this.run('ip', ...args);
  }

  /** What `ip -json` says. */
  json(...args: string[]): Record<string, unknown>[] {
    return JSON.parse(this.run('ip', '-json', '-details', ...args) || '[]');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** Why netlink sockets cannot be had; undefined when they can. */
export function whyNoNetlink(): string | undefined {
  try {
    Netlink.open().close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
