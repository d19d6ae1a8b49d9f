import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A Node.js release, and its program; undefined where it is not installed. */
export interface Release {
  major: number;
  path: string | undefined;
}

/** The releases that the packages are for. */
export const releases: Release[] = [20, 22, 24, 26].map((major) => {
  const path = fileURLToPath(new URL(`../nodes/node_modules/node-${major}/bin/node`, import.meta.url));
  if (existsSync(path)) return { major, path };
  const own = Number(process.versions.node.split('.')[0]) === major;
  return { major, path: own ? process.execPath : undefined };
});

/** Other runtimes, which have no libuv: there the thread waits. */
export const others: { name: string; command: string[] | undefined }[] = [
  ['Bun', '@oven/bun-linux-x64/bin/bun'],
  ['Deno', '@deno/linux-x64-glibc/deno', 'run', '-A'],
].map(([name = '', path = '', ...args]) => {
  const command = fileURLToPath(new URL(`../nodes/node_modules/${path}`, import.meta.url));
  return { name, command: existsSync(command) ? [command, ...args] : undefined };
});

/** Why a release is not here. */
export const absent = (major: number): string =>
  `Node.js ${major} is not installed for ${process.platform} ${process.arch}: npm install --prefix rigs/nodes`;

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Runs one of the programs beside this file to its end. */
export function run(
  node: string,
  program: string,
  args: string[] = [],
  seconds = 60,
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<Ended> {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(node, [...flags, path, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, stdout, stderr });
    });
  });
}
