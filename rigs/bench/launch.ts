import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const kit = at('./kit');
const cache = at('../../.cache/bench');
/** Where the tests' runtimes are, which bring bun and deno. */
const RUNTIMES = ['@oven/bun-linux-x64/bin', '@deno/linux-x64-glibc'].map((path) =>
  at(`../nodes/node_modules/${path}`),
);

/** How a contender's process is started. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** Why a contender cannot be started on this machine. */
export class MissingError extends Error {
  override readonly name = 'MissingError';
}

/** The environment of contenders: no loader, debugger or coverage of the harness's own comes along; Python finds the kit. */
export function environment(): NodeJS.ProcessEnv {
  const env = { ...process.env, PYTHONPATH: kit, PYTHONDONTWRITEBYTECODE: '1' };
  for (const name of ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD'])
    Reflect.deleteProperty(env, name);
  return env;
}

/** The command for a contender's file: C is compiled first. Throws MissingError. */
export function commandFor(one: Case, contender: string, file: string): Command {
  switch (extname(file)) {
    case '.c':
      return { file: compile(one, contender, file), args: [] };
    case '.py':
      return { file: python().file, args: [file] };
    default:
      if (contender === 'bun') return { file: onPath('bun'), args: [file] };
      if (contender === 'deno')
        return { file: onPath('deno'), args: ['run', '--allow-all', '--quiet', '--unstable-net', file] };
      return { file: process.execPath, args: [file] };
  }
}

/** The versions of what the contenders of these cases run on, as far as it is there. */
export function versions(cases: readonly Case[]): Record<string, string> {
  const files = cases.flatMap((one) => [...one.contenders.values()]);
  const found: Record<string, string> = { node: process.version };
  const add = (name: string, ask: () => string): void => {
    try {
      found[name] = ask();
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
    }
  };
  if (files.some((file) => file.endsWith('.c'))) add('c', () => `${compiler().version} -O2`);
  if (files.some((file) => file.endsWith('.py'))) add('cpython', () => python().version);
  for (const name of ['bun', 'deno']) {
    if (cases.some((one) => one.contenders.has(name)))
      add(name, () => `${name} ${firstLine(onPath(name), ['--version']).replace(`${name} `, '')}`);
  }
  return found;
}

/** Called once, whatever comes of it: an answer or a MissingError. */
function once<T>(ask: () => T): () => T {
  let answer: { value: T } | { error: unknown } | undefined;
  return () => {
    if (answer === undefined) {
      try {
        answer = { value: ask() };
      } catch (error) {
        answer = { error };
      }
    }
    if ('error' in answer) throw answer.error;
    return answer.value;
  };
}

const compiler = once(() => {
  const file = onPath(process.env.CC ?? 'cc');
  return { file, version: firstLine(file, ['--version']) };
});

/** The interpreter itself, not a wrapper that a version manager put on the path. */
const python = once(() => {
  const script =
    'import platform, sys; print(sys.executable, platform.python_implementation(), platform.python_version())';
  const [file = '', implementation, version] = firstLine(onPath(process.env.PYTHON ?? 'python3'), [
    '-c',
    script,
  ]).split(' ');
  if (implementation !== 'CPython') throw new MissingError(`python3 is ${implementation}, not CPython`);
  return { file, version: `CPython ${version}` };
});

/** The kit's headers. */
const headers = once(() =>
  readdirSync(kit)
    .filter((name) => name.endsWith('.h'))
    .map((name) => readFileSync(join(kit, name))),
);

/** Compiled with -O2 into the cache, under a name that changes with all that goes in. */
function compile(one: Case, contender: string, source: string): string {
  const cc = compiler();
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', `-I${kit}`];
  const hash = createHash('sha256');
  for (const part of [cc.version, ...flags, ...one.cflags, readFileSync(source), ...headers()]) {
    hash.update(part).update('\0');
  }
  const program = join(cache, `${one.name}-${contender}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  try {
    execFileSync(cc.file, [...flags, source, '-o', fresh, ...one.cflags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw new MissingError(`does not compile: ${firstError(error)}`, { cause: error });
  }
  renameSync(fresh, program);
  return program;
}

/** The line of a failed command's standard error that names the error. */
function firstError(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: Buffer };
  const lines = String(stderr ?? '').split('\n');
  return (
    lines.find((line) => line.includes('error')) ??
    lines.find((line) => line !== '') ??
    message
  ).trim();
}

function firstLine(file: string, args: readonly string[]): string {
  try {
    const out = execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return out.split('\n')[0]?.trim() ?? '';
  } catch (error) {
    throw new MissingError(`${file} does not run: ${firstError(error)}`, { cause: error });
  }
}

function onPath(name: string): string {
  for (const folder of [...RUNTIMES, ...(process.env.PATH ?? '').split(delimiter)]) {
    const file = name.includes('/') ? name : join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // the next folder may have it
    }
  }
  throw new MissingError(`no ${name} on this machine`);
}
