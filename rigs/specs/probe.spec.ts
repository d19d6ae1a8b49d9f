import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { facilities } from '../probe/facilities/index.ts';
import { type Finding, probe } from '../probe/index.ts';
import { mark, marked, soon } from './leftovers.ts';

const run = ['--import', 'tsx', fileURLToPath(new URL('../probe/run.ts', import.meta.url))];
const root = process.getuid?.() === 0;
const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** The probe as a program, by way of a command that takes rights away; its findings by name. */
function ask(names: readonly string[], by: readonly string[] = []): Map<string, Finding> {
  const [program = '', ...args] = [...by, process.execPath, ...run, '--json', ...names];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr]).toEqual([0, '']);
  return new Map((JSON.parse(stdout) as Finding[]).map((finding) => [finding.facility, finding]));
}

/** Whether a shell command in a namespace of its own succeeds. */
const works = (command: string): boolean =>
  spawnSync('unshare', ['--net', 'sh', '-c', command], { timeout: 10_000 }).status === 0;

describe('the probe as a program', () => {
  it('says of everything whether it is there, and how that was shown or why not', () => {
    const findings = ask([]);
    expect([...findings.keys()]).toEqual(facilities.map(({ name }) => name));
    for (const { facility, there, how, why, mend, ...rest } of findings.values()) {
      expect(rest).toEqual({});
      if (there)
        expect([facility, how, why, mend]).toEqual([
          facility,
          expect.stringMatching(/./),
          undefined,
          undefined,
        ]);
      else expect([facility, how, why]).toEqual([facility, '', expect.stringMatching(/./)]);
    }
    // What no kernel is built without, if Node.js is to run.
    for (const name of ['tcp', 'udp', 'unix', 'netlink'])
      expect(findings.get(name)?.how).toMatch(/message|datagram|answered/);
  });

  it('refuses what it does not know, and names what it knows', () => {
    const { status, stderr } = spawnSync(process.execPath, [...run, 'vcam'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/no facility 'vcam'; it knows tcp udp .*vcan/);
  });

  it('leaves no process when it is killed half-way', async () => {
    for (const wait of [200, 350, 500, 700]) {
      const value = mark();
      const env = { ...process.env, SPEC_MARK: value };
      const child = spawn(process.execPath, [...run, '--json'], { env, stdio: 'ignore' });
      await sleep(wait);
      child.kill('SIGKILL');
      expect(await soon(() => marked(value).length === 0, 15_000)).toBe(true);
    }
  });
});

describe('findings agree with what others say', () => {
  it('with /proc/net/protocols', async () => {
    const names: [string, string][] = [
      ['udplite', 'UDP-Lite'],
      ['mptcp', 'MPTCP'],
      ['sctp', 'SCTP'],
      ['tipc', 'TIPC'],
      ['rds', 'RDS'],
      ['alg', 'ALG'],
      ['qrtr', 'QIPCRTR'],
      ['smc', 'SMC'],
      ['bluetooth', 'HCI'],
    ];
    const findings = await probe(names.map(([name]) => name));
    // Afterwards, since the kernel loads modules when it is asked for a socket.
    const protocols = readFileSync('/proc/net/protocols', 'utf8');
    const listed = names.map(([name, protocol]) => [name, new RegExp(`^${protocol} `, 'm').test(protocols)]);
    expect(findings.map(({ facility, there }) => [facility, there]).sort()).toEqual(listed.sort());
  });

  it('with ip link add and tc qdisc add', async (context) => {
    if (!works('true')) return context.skip('making interfaces takes CAP_SYS_ADMIN and CAP_NET_ADMIN');
    const trials: [string, string][] = [
      ['vcan', 'ip link add x type vcan'],
      ['vxcan', 'ip link add x type vxcan'],
      ['veth', 'ip link add x type veth'],
      ['bridge', 'ip link add x type bridge'],
      ['netem', 'tc qdisc add dev lo root netem delay 1ms'],
      ['tun', 'ip tuntap add x mode tun'],
    ];
    const findings = await probe(trials.map(([name]) => name));
    const there = new Map(findings.map((finding) => [finding.facility, finding.there]));
    for (const [name, command] of trials) expect([name, there.get(name)]).toEqual([name, works(command)]);
  });

  it('with the kernel’s own limits and capabilities', () => {
    const findings = ask(['limit-nofile', 'limit-rmem-max', 'cap-net-raw', 'cap-sys-admin', 'raw']);
    const nofile = spawnSync('sh', ['-c', 'ulimit -Sn; ulimit -Hn'], { encoding: 'utf8' }).stdout.split('\n');
    // Node.js raises the soft one to the hard one.
    expect(findings.get('limit-nofile')?.how).toContain(`at most ${nofile[1]}:`);
    const most = readFileSync('/proc/sys/net/core/rmem_max', 'utf8').trim();
    expect(findings.get('limit-rmem-max')?.how).toMatch(new RegExp(`^${most} bytes`));
    expect(findings.get('cap-sys-admin')?.there).toBe(works('true'));
    expect(findings.get('cap-net-raw')?.there).toBe(findings.get('raw')?.there);
  });

  it('a capability that is taken away is gone, and with it what needs it', (context) => {
    if (!root) return context.skip('taking capabilities away takes root');
    const less = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'];
    const findings = ask(['cap-net-raw', 'cap-net-admin', 'raw', 'packet', 'tcp'], less);
    const there = Object.fromEntries([...findings].map(([name, finding]) => [name, finding.there]));
    const expected = { 'cap-net-raw': false, 'cap-net-admin': true, raw: false, packet: false, tcp: true };
    expect(there).toEqual(expected);
    expect(findings.get('raw')).toMatchObject({
      why: 'socket: EPERM, this process may not',
      mend: expect.stringContaining('--cap-add NET_RAW'),
    });
  });
});

describe('a trial', () => {
  it('that does not answer in time counts as absent, and the next ones are tried', async () => {
    const findings = await probe(['tcp', 'unix'], { deadline: 1 });
    expect(findings).toEqual([
      { facility: 'tcp', there: false, how: '', why: 'no answer within 1 ms' },
      { facility: 'unix', there: false, how: '', why: 'no answer within 1 ms' },
    ]);
  });
});

describe('an ordinary user', () => {
  it('gets what he may, and hears of the rest what was not tried and how to get it', (context) => {
    if (!root) return context.skip('this is an ordinary user: the specs above ran as one');
    const findings = ask([], NOBODY);
    expect(findings.size).toBe(facilities.length);
    for (const name of ['tcp', 'udp', 'unix', 'netlink'])
      expect(findings.get(name)).toMatchObject({ there: true });
    for (const name of ['netns', 'veth', 'bridge', 'tun']) {
      expect(findings.get(name)).toMatchObject({
        there: false,
        why: expect.stringMatching(/CAP_SYS_ADMIN.*not tried/),
        mend: expect.stringContaining('run as root'),
      });
    }
    for (const name of ['raw', 'packet', 'xdp'])
      expect(findings.get(name)).toMatchObject({ there: false, why: 'socket: EPERM, this process may not' });
  });
});
