import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tour = ['--import', 'tsx', fileURLToPath(new URL('../../examples/tour.ts', import.meta.url))];

/** Takes the tour by way of a command that takes rights away. */
function take(command: string, args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

/** Numbers that differ every time, and the last step's words, which differ with the kernel. */
const alike = (output: string): string[] =>
  output
    .split('\n')
    .map((line) => line.trim().replace(/\d+/g, 'N'))
    .filter((line) => line !== '' && !/^(not here:|can\/frame)/.test(line))
    // What a server and its client print comes in either order.
    .sort();

describe('the tour', () => {
  it('goes through, and is what the README shows', () => {
    const { status, output } = take(process.execPath, tour);
    expect([status, output]).toEqual([0, expect.stringContaining('That was the tour.')]);
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const shown = /```text\n(Sockeye: a tour.*?)```/s.exec(readme)?.[1] ?? '';
    expect(alike(output)).toEqual(alike(shown));
    // With CAN a frame, without it one line that says how to get it.
    expect(output).toMatch(/vcan0 123#DEADBEEF|EAFNOSUPPORT.*modprobe can-raw|ENODEV.*ip link add vcan0/);
  }, 60_000);

  it('goes through without CAP_NET_RAW, and says which capability the sniffer lacks and how to grant it', (context) => {
    const drop =
      process.getuid?.() === 0
        ? ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw']
        : undefined;
    if (drop === undefined)
      return context.skip('this user has no rights to take away: the tour above ran without');
    const [command = '', ...args] = [...drop, process.execPath, ...tour];
    const { status, output } = take(command, args);
    expect([status, output]).toEqual([0, expect.stringContaining('That was the tour.')]);
    expect(output).toMatch(
      /not here: socket EPERM: .* it takes the capability CAP_NET_RAW: run "sudo setcap cap_net_raw\+ep/,
    );
  }, 60_000);

  it('goes through as an ordinary user', (context) => {
    if (process.getuid?.() !== 0) return context.skip('this is an ordinary user: the tour above ran as one');
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const readable = spawnSync('setpriv', [...user, 'cat', `${root}package.json`]).status === 0;
    if (!readable) return context.skip(`the user nobody may not read ${root}`);
    const { status, output } = take('setpriv', [...user, process.execPath, ...tour]);
    expect([status, output]).toEqual([0, expect.stringContaining('That was the tour.')]);
    expect(output).toContain('CAP_NET_RAW');
  }, 60_000);
});
