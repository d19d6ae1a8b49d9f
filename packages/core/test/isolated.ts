/** Programs in a network namespace of their own, with a hosts file and name servers of the test's choice. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const HOSTS = `127.0.0.1 localhost
::1 localhost6 ip6-loopback
192.0.2.10 full.example.org full alias.example.org alias
192.0.2.11 full.example.org
2001:db8::10 six.example.org six
192.0.2.12 short longer.example.org
`;

/** ip(8) is not in everybody's. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

export interface Surroundings {
  /** `silent` takes questions and never answers, `refusing` has nobody there, `missing` has no /etc/resolv.conf at all. */
  resolver: 'silent' | 'refusing' | 'missing';
  input?: string;
  /** Milliseconds until the program is killed. */
  timeout?: number;
}

/** A silent name server is waited for so long: half a minute, so that what ends sooner did not wait for it. */
const RESOLV = 'nameserver 127.0.0.1\noptions timeout:30 attempts:1\n';

/** What every program begins with. */
const PREAMBLE = `
  import * as core from '@sockeye/core';
  import { createSocket } from 'node:dgram';
  import { readdirSync, readFileSync } from 'node:fs';
  import { readFile } from 'node:fs/promises';
  import dns from 'node:dns';
  const { constants: c } = core;
  const began = performance.now();
  /** Whether less than ten seconds have passed, a third of what a silent name server takes. */
  const soon = () => performance.now() - began < 10_000;
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const comm = (task) => { try { return readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim(); } catch { return ''; } };
  /** How many threads look up just now. */
  const lookups = () => readdirSync('/proc/self/task').filter((task) => comm(task) === 'sockeye.lookup').length;
  /** The same once it is as many as that, or after a while: a thread has its name a moment after it began. */
  const counted = async (count) => { while (lookups() !== count && soon()) await pause(10); return lookups(); };
  const silent = async () => {
    const server = createSocket('udp4'); const questions = [];
    server.on('message', (data) => questions.push(data)); server.unref();
    await new Promise((resolve) => server.bind(53, '127.0.0.1', resolve));
    return questions;
  };
`;

/** Why programs cannot be isolated here; undefined when they can. */
export function cannotIsolate(): string | undefined {
  const { error, status, stderr } = spawnSync(
    'unshare',
    ['-r', '-n', '-m', 'sh', '-c', 'ip link set lo up && mount --bind /etc/hosts /etc/hosts'],
    { encoding: 'utf8', env: { PATH } },
  );
  if (error !== undefined) return `unshare(1): ${error.message}`;
  return status === 0 ? undefined : `no namespaces of one's own here: ${stderr.trim()}`;
}

/** Runs a program over the built package, or `command`, and says how it ended and what it wrote. */
export async function isolated(
  { resolver, input, timeout = 15_000 }: Surroundings,
  lines: string,
  command?: string[],
): Promise<{ status: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sockeye-names-'));
  try {
    writeFileSync(join(folder, 'hosts'), HOSTS);
    writeFileSync(join(folder, 'resolv.conf'), RESOLV);
    const missing = 'mount -t tmpfs none /etc && cp "$0/hosts" /etc/hosts';
    const present = 'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf';
    const script = `ip link set lo up && ${resolver === 'missing' ? missing : present} && exec "$@"`;
    const node = [process.execPath, '--expose-gc', '--input-type=module', '-e', PREAMBLE + lines];
    const args = ['-r', '-n', '-m', 'sh', '-c', script, folder, ...(command ?? node)];
    return await new Promise((resolve, reject) => {
      const child = spawn('unshare', args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        // Certificates that are to be loaded from /etc would be missed aloud.
        env: { PATH },
        timeout,
        killSignal: 'SIGKILL',
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      child.on('error', reject);
      child.on('close', (status) => resolve({ status, output: output.trim() }));
      child.stdin.on('error', () => {});
      child.stdin.end(input ?? '');
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
