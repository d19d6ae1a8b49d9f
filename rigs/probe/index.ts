/** What the machine that this runs on has. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { capable } from './capabilities.ts';
import { installed } from './explain.ts';
import { named } from './facilities/index.ts';
import type { Facility, Finding } from './finding.ts';
import { checkout, inside } from './where.ts';

export type { Finding } from './finding.ts';

/** Milliseconds that one facility may take before its process is killed: a guest without KVM is slow. */
const DEADLINE = 30_000;

/** Whether this process can have a network namespace to itself: unshare(2) takes CAP_SYS_ADMIN. */
const spacious = (): boolean =>
  capable('CAP_SYS_ADMIN') && capable('CAP_NET_ADMIN') && installed('unshare') && installed('ip');

/** Runs trials until one hangs or crashes, or all are done; gives the findings so far, the last of them for the one that hung. */
function trials(names: readonly string[], own: boolean, deadline: number): Promise<Finding[]> {
  const node = [process.execPath, ...inside(), own ? 'own' : 'shared', ...names];
  const [program = '', ...args] = own ? ['unshare', '--net', '--', ...node] : node;
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    TSX_TSCONFIG_PATH: join(checkout, 'tsconfig.json'),
    PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
  };
  // A group of its own, so that what a trial started ends with it.
  const child = spawn(program, args, { env, cwd: checkout, stdio: 'pipe', detached: true });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const findings: Finding[] = [];
  let now: string | undefined;
  let stderr = '';
  let why: string | undefined;
  let clock = setTimeout(() => {}, 0);
  const wind = (): void => {
    clearTimeout(clock);
    const [facility] = now === undefined ? [] : named([now]);
    const most = Math.max(deadline, facility?.deadline ?? 0);
    clock = setTimeout(() => {
      why = `no answer within ${most} ms`;
      end();
    }, most);
  };
  wind();
  child.stderr.on('data', (text: Buffer) => {
    stderr = (stderr + text).slice(-2000);
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('begin ')) now = line.slice('begin '.length);
    else if (line.startsWith('{')) {
      findings.push(JSON.parse(line) as Finding);
      now = undefined;
    }
    wind();
  });
  return new Promise((resolve) => {
    const done = (reason: string): void => {
      clearTimeout(clock);
      end();
      const stuck = now ?? (findings.length === 0 ? names[0] : undefined);
      if (stuck !== undefined) findings.push({ facility: stuck, there: false, how: '', why: why ?? reason });
      resolve(findings);
    };
    child.on('error', (error) => done(`the trial did not start: ${error.message}`));
    child.on('close', (status, signal) => {
      const last =
        stderr
          .trim()
          .split('\n')
          .filter((line) => /Error|error|:/.test(line))
          .at(0) ?? '';
      done(`the trial ended with ${signal ?? `status ${status}`}${last === '' ? '' : `: ${last}`}`);
    });
  });
}

async function all(facilities: readonly Facility[], own: boolean, deadline: number): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let left = facilities.map(({ name }) => name); left.length > 0; ) {
    const some = await trials(left, own, deadline);
    findings.push(...some);
    left = left.filter((name) => !some.some(({ facility }) => facility === name));
  }
  return findings;
}

/**
 * Tries what this machine has, in processes of their own and, where that is allowed, in a network namespace that ends
 * with them. As an ordinary user it says of the rest what it could not try.
 *
 * @param only names of facilities; all unless given
 * @param options `deadline`: milliseconds for each, after which it counts as absent
 * @throws TypeError (ERR_INVALID_ARG_VALUE) for a name that is no facility
 */
export async function probe(
  only?: readonly string[],
  { deadline = DEADLINE }: { deadline?: number } = {},
): Promise<Finding[]> {
  const wanted = named(only);
  const own = spacious();
  const [spaced, plain] = [
    wanted.filter(({ place }) => place === 'namespace'),
    wanted.filter(({ place }) => place === 'machine'),
  ];
  const found = (await Promise.all([all(spaced, own, deadline), all(plain, false, deadline)])).flat();
  return wanted.flatMap(({ name }) => found.filter(({ facility }) => facility === name));
}
