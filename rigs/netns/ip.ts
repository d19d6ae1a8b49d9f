import { spawnSync } from 'node:child_process';

/** What `ip` or `tc` said when it failed. */
export class IpError extends Error {
  readonly command: string;
  /** Node.js's name for what happened, as far as the message tells: EPERM, EOPNOTSUPP, EEXIST, ENOENT. */
  readonly code: string | undefined;

  constructor(command: string, said: string) {
    super(`${command}: ${said}`);
    this.name = 'IpError';
    this.command = command;
    this.code = CODES.find(([words]) => words.test(said))?.[1];
  }
}

const CODES: readonly (readonly [RegExp, string])[] = [
  [/Operation not permitted|Permission denied/, 'EPERM'],
  [
    /not supported|Unknown device type|Specified qdisc (kind is unknown|not found)|No such file or directory.*netem/,
    'EOPNOTSUPP',
  ],
  [/File exists/, 'EEXIST'],
  [/Cannot find device|No such device|No such file or directory/, 'ENOENT'],
  [/is not installed/, 'ENOENT'],
];

function run(program: string, args: readonly string[], input?: string): string {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  const env = { ...process.env, PATH: path, LC_ALL: 'C' };
  const options = { encoding: 'utf8', env, timeout: 10_000, killSignal: 'SIGKILL' } as const;
  const { status, stdout, stderr, error } = spawnSync(
    program,
    args,
    input === undefined ? options : { ...options, input },
  );
  const command = [program, ...args].join(' ');
  if (error !== undefined) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new IpError(command, missing ? `${program} is not installed` : error.message);
  }
  if (status !== 0) {
    const said = stderr.trim().replace(/\s*\n\s*/g, '; ');
    throw new IpError(command, said === '' ? `exit status ${status}` : said);
  }
  return stdout;
}

/** Runs ip(8); throws {@link IpError}. */
export function ip(...args: string[]): string {
  return run('ip', args);
}

/** Runs several commands of ip(8) in one process, the first failure ends it; throws {@link IpError}. */
export function ipBatch(commands: readonly string[], namespace?: string): void {
  run(
    'ip',
    [...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'],
    `${commands.join('\n')}\n`,
  );
}

/** Runs tc(8); throws {@link IpError}. */
export function tc(...args: string[]): string {
  return run('tc', args);
}

/** Runs any other program with the same care; throws {@link IpError}. */
export function tool(program: string, ...args: string[]): string {
  return run(program, args);
}
