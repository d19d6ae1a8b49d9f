import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { cacheFolder, kernel, MissingPackages } from '../provision/index.ts';

const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));

/** A cache of its own, with the kernels of the real one, so that what is left over can be seen. */
let cache: string;
let missing: string | undefined;
beforeAll(async () => {
  try {
    await kernel('6.1');
  } catch (error) {
    if (!(error instanceof MissingPackages)) throw error;
    missing = error.message;
  }
}, 300_000);
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'rig-'));
  mkdirSync(join(cache, 'rig'));
  symlinkSync(cacheFolder('kernels'), join(cache, 'rig/kernels'));
});
afterEach(() => rmSync(cache, { recursive: true }));

const needsVm = (context: TestContext): void => {
  if (missing !== undefined) context.skip(missing);
};

interface Run {
  status: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** The command line, as a process. */
function rig(args: string[], { env = {}, input }: { env?: NodeJS.ProcessEnv; input?: string } = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', cli, ...args], {
    env: { ...process.env, SOCKEYE_CACHE: cache, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  const collect = (name: 'out' | 'err') => (text: string) => {
    said[name] += text;
  };
  child.stdout.setEncoding('utf8').on('data', collect('out'));
  child.stderr.setEncoding('utf8').on('data', collect('err'));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Run>((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal, ...said })),
  );
  return { child, said, ended };
}

/** Machines whose files lie in this test's cache. */
function machines(): string[] {
  const commands = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
    } catch {
      return [];
    }
  });
  return commands.filter((command) => command.includes('qemu-system') && command.includes(cache));
}

const leftovers = (): string[] => readdirSync(join(cache, 'rig/run'));

/** Waits until something is so. */
async function until(what: () => boolean, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!what()) {
    if (performance.now() > end) throw new Error(`it never was: ${what}`);
    await sleep(50);
  }
}

describe('rig vm', { timeout: 180_000 }, () => {
  it('passes streams and status through and leaves nothing behind', async (context) => {
    needsVm(context);
    const run = rig(['vm', '--', 'sh', '-c', 'tr a-z A-Z; echo err >&2; exit 7'], { input: 'from here\n' });
    const { err, ...rest } = await run.ended;
    expect(rest).toEqual({ status: 7, signal: null, out: 'FROM HERE\n' });
    // The first machine of a cache may say that KVM does not work.
    expect(err.replace(/^rig: no KVM here.*\n/, '')).toBe('err\n');
    expect([machines(), leftovers()]).toEqual([[], []]);
  });

  it.for<NodeJS.Signals>([
    'SIGTERM',
    'SIGINT',
  ])('%s half-way leaves nothing behind', async (signal, context) => {
    needsVm(context);
    const { child, said, ended } = rig(['vm', '--', 'sh', '-c', 'echo up; exec sleep 100']);
    await until(() => said.out === 'up\n' || child.exitCode !== null);
    child.kill(signal);
    expect(await ended).toMatchObject({ status: null, signal });
    await until(() => machines().length === 0, 5000);
    expect(leftovers()).toEqual([]);
  });

  it('SIGTERM while it boots leaves nothing behind', async (context) => {
    needsVm(context);
    const { child, ended } = rig(['vm', '--', 'true']);
    await until(() => machines().length > 0 || child.exitCode !== null);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: null, signal: 'SIGTERM' });
    await until(() => machines().length === 0, 5000);
    expect(leftovers()).toEqual([]);
  });

  it('SIGKILL ends the machine too, and its folder is swept by the next', async (context) => {
    needsVm(context);
    const { child, said, ended } = rig(['vm', '--', 'sh', '-c', 'echo up; exec sleep 100']);
    await until(() => said.out === 'up\n' || child.exitCode !== null);
    child.kill('SIGKILL');
    await ended;
    await until(() => machines().length === 0, 5000);
    expect(leftovers()).toHaveLength(1);
    const next = rig(['vm', '--timeout', '1', '--', 'sleep', '100']);
    expect(await next.ended).toEqual({
      status: 124,
      signal: null,
      out: '',
      err: 'rig: sleep 100 took longer than 1 s and was killed\n',
    });
    expect(leftovers()).toEqual([]);
  });
});

describe('what goes wrong', { timeout: 120_000 }, () => {
  /** Programs that stand before the system's. */
  function before(programs: Record<string, string>): NodeJS.ProcessEnv {
    const folder = join(cache, 'bin');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return { PATH: `${folder}:${process.env.PATH}` };
  }
  const meta = `case "$*" in
    *linux-image-amd64*) printf 'Package: linux-image-amd64\\nVersion: 6.1.9-1\\nDepends: linux-image-6.1.0-9-amd64 (= 6.1.9-1)\\n' ;;
    *) printf 'Package: linux-image-6.1.0-9-amd64\\nVersion: 6.1.9-1\\nSize: 5\\nSHA256: abc\\n' ;;
  esac`;
  /** As apt-get names what it downloads. */
  const deb = 'linux-image-6.1.0-9-amd64_6.1.9-1_amd64.deb';
  /** No kernel in the cache. */
  const bare = (): void => rmSync(join(cache, 'rig/kernels'));
  const installed = `shift 3; for name; do echo "$name installed"; done`;

  it('packages that cannot be installed are named, with the command that would', async () => {
    const env = before({
      'dpkg-query': '[ "$1" = -W ] && exit 1',
      'apt-get': 'case "$*" in *install*) echo "E: no network" >&2; exit 100 ;; esac',
      sudo: 'exit 1',
    });
    const { status, err } = await rig(['vm', '--', 'true'], { env }).ended;
    expect(status).toBe(125);
    expect(err).toMatch(/the virtual machine needs qemu-system-x86, .*Run: apt-get install qemu-system-x86/);
  });

  it('a kernel that apt does not know', async () => {
    bare();
    const env = before({ 'dpkg-query': installed, 'apt-cache': 'exit 0', 'apt-get': 'exit 0' });
    const { status, err } = await rig(['vm', '--', 'true'], { env }).ended;
    expect([status, err]).toEqual([
      125,
      'rig: no kernel 6.1 for the virtual machine: apt knows no package linux-image-amd64 of Linux 6.1 (Debian 12 has it, with its security updates)\n',
    ]);
  });

  it.each([
    ['is shorter', `printf abc > ${deb}`, 'amd64.deb has 3 bytes, not 5'],
    ['has other bytes', `printf abcde > ${deb}`, /amd64\.deb has the SHA-256 [0-9a-f]{64}, not abc/],
    ['does not come', 'echo "E: Failed to fetch" >&2; exit 100', 'E: Failed to fetch'],
    ['does not fit', 'echo "E: You don\'t have enough free space" >&2; exit 100', 'enough free space'],
  ])('a kernel that %s is fetched once more, then refused', async (_, download, words) => {
    bare();
    const fetched = `case "$*" in *download*) echo x >> ${cache}/fetched; ${download} ;; esac`;
    const env = before({ 'dpkg-query': installed, 'apt-cache': meta, 'apt-get': fetched });
    const { status, err } = await rig(['vm', '--', 'true'], { env }).ended;
    expect(status).toBe(125);
    expect(err).toMatch(/^rig: no kernel 6\.1 for the virtual machine: /m);
    expect(err).toMatch(words);
    expect(readFileSync(join(cache, 'fetched'), 'utf8')).toBe('x\nx\n');
    expect(readdirSync(join(cache, 'rig/kernels'))).toEqual([]);
  });

  it('no space', async (context) => {
    needsVm(context);
    const small = join(cache, 'small');
    mkdirSync(small);
    const script = `mount -t tmpfs -o size=1m none ${small} && mkdir ${small}/rig && ln -s ${cacheFolder('kernels')} ${small}/rig/kernels &&
      SOCKEYE_CACHE=${small} exec "$@"`;
    const { status, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', script, 'sh', process.execPath, '--import', 'tsx', cli, 'vm', '--', 'true'],
      { encoding: 'utf8' },
    );
    if (/unshare failed|permission denied/i.test(stderr)) context.skip(`no mount of its own: ${stderr}`);
    expect([status, stderr]).toEqual([
      125,
      `rig: no space left below ${small}/rig (SOCKEYE_CACHE names another place)\n`,
    ]);
  });

  it('QEMU that does not start is one message with what it said', async (context) => {
    needsVm(context);
    const env = before({ 'qemu-system-x86_64': 'echo "qemu: broken" >&2; exit 3' });
    const { status, err } = await rig(['vm', '--', 'true'], { env }).ended;
    expect(status).toBe(125);
    expect(err).toMatch(
      /rig: the virtual machine ended: QEMU left with status 3; its console said last:\nqemu: broken\n$/,
    );
    expect(leftovers()).toEqual([]);
  });

  it.each<[string[], string]>([
    [[], 'what is it to do?'],
    [['bogus'], 'there is no "bogus"'],
    [['vm'], 'without a command it is a shell, and that takes a terminal'],
    [['vm', 'ls'], 'the command comes after "--"; got ls before it'],
    [['vm', '--kernel', '5', '--', 'ls'], '--kernel takes one of 6.1, 6.12; got "5"'],
    [['vm', '--memory', 'x', '--', 'ls'], '--memory takes a number; got "x"'],
    [['vm', '--memory', '3', '--', 'ls'], 'memory must be an integer from 256 to 65536; got 3'],
    [['vm', '--bitrate', '1', '--', 'ls'], 'can.bitrate must be an integer from 10000 to 1000000; got 1'],
    [['vm', '--zork', '--', 'ls'], "Unknown option '--zork'"],
    [['doctor', '--place', 'x'], '--place takes one of host, vm 6.1, vm 6.12; got "x"'],
    [['doctor', '--zork'], "Unknown option '--zork'"],
  ])('%j: status 2, and help', async (args, words) => {
    const { status, out, err } = await rig(args).ended;
    expect([status, out]).toEqual([2, '']);
    expect(err.startsWith(`rig: ${words}`), err).toBe(true);
    expect(err).toContain('usage:\n');
  });

  it('--help is no mistake', async () => {
    const { status, out, err } = await rig(['vm', '--help']).ended;
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^usage:\n/);
    expect(existsSync(join(cache, 'rig/run'))).toBe(false);
  });
});
