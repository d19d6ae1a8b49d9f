/** What several of these tests need: CPython, programs in processes of their own, free ports. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const found = spawnSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
  encoding: 'utf8',
});

/** CPython's version, `3.11`; undefined where there is none. */
const pythonVersion: string | undefined = found.status === 0 ? found.stdout.trim() : undefined;

/** Skips the test, with the reason, where there is no CPython. */
export function needsPython(context: TestContext): void {
  if (pythonVersion === undefined) context.skip('there is no python3 on this machine to compare with');
}

/** As {@link needsPython}, for comparisons word by word: other versions have other words. */
export function needsPython311(context: TestContext): void {
  needsPython(context);
  if (pythonVersion !== '3.11')
    context.skip(`python3 is ${pythonVersion}; its words are compared with 3.11's`);
}

/** Runs a Python program to its end and gives what it printed. */
export function python(program: string, input = ''): string {
  const { status, stdout, stderr } = spawnSync('python3', ['-W', 'ignore', '-c', program], {
    encoding: 'utf8',
    input,
    timeout: 15_000,
  });
  if (status !== 0) throw new Error(`python3 failed:\n${stderr}`);
  return stdout;
}

/** A program that runs beside the test. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } });
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.output += data;
    });
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.output += data;
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', resolve);
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Its output, once it ended well. */
  async end(): Promise<string> {
    const status = await this.#ended;
    if (status !== 0) throw new Error(`ended with ${status}:\n${this.output}`);
    return this.output;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}

/** Starts a TypeScript program, by its path from this folder. */
export function typescript(path: string, args: readonly string[] = []): Program {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return new Program(process.execPath, ['--import', 'tsx', file, ...args]);
}

/** A TCP port that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Waits until somebody listens on a TCP port, without connecting. */
export async function listening(port: number, program: Program): Promise<void> {
  const wanted = new RegExp(
    `^ *\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 0A `,
    'm',
  );
  for (let tries = 0; tries < 1000; tries++) {
    if (['tcp', 'tcp6'].some((table) => wanted.test(readFileSync(`/proc/net/${table}`, 'utf8')))) return;
    await delay(10);
  }
  program.kill();
  throw new Error(`nobody listens on ${port}: ${program.output}`);
}

/** What a call threw; fails when it threw nothing. */
export function thrown(call: () => unknown): Error & { code?: string; errno?: number | null } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** O_NONBLOCK of a descriptor of a process, as the kernel shows it: proc(5). */
export function isNonblocking(fd: number, pid: number | 'self' = 'self'): boolean {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1];
  return (Number.parseInt(flags as string, 8) & 0o4000) !== 0;
}
