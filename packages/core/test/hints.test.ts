/** What errors say beyond the kernel's words, each provoked on the kernel: as root of a namespace, and without a right. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cannotIsolate, isolated } from './isolated.ts';

const reason = cannotIsolate();

const PREAMBLE = `
  import { execFileSync, spawn } from 'node:child_process';
  import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  const { Socket } = core;
  const ip = (...words) => execFileSync('ip', words.join(' ').split(' '), { encoding: 'utf8', stdio: 'pipe' });
  const at = (host, port = 0) => core.getaddrinfoSync(host, port, { flags: c.AI_NUMERICHOST })[0].address;
  const make = (family = c.AF_INET, type = c.SOCK_STREAM, protocol = 0, options = undefined) => Socket.create(family, type, protocol, options);
  const say = (call) => { try { call(); console.log('no error'); } catch (error) { console.log(error.message); } };
  const later = async (promise) => { try { await promise; console.log('no error'); } catch (error) { console.log(error.message); } };
`;

const run = (lines: string, command?: string[]): ReturnType<typeof isolated> =>
  isolated({ resolver: 'refusing' }, PREAMBLE + lines, command);

/** Holds the lines of an output to patterns, one each. */
function held({ status, output }: { status: number | null; output: string }, patterns: RegExp[]): void {
  expect(status, output).toBe(0);
  const lines = output.split('\n');
  expect(lines, output).toHaveLength(patterns.length);
  for (const [index, pattern] of patterns.entries()) expect(lines[index]).toMatch(pattern);
}

describe('EADDRINUSE', () => {
  it('says who has the port of TCP or UDP, or that its connections are closing', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const ended = await run(`
      const server = make(); server.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
      server.bind(at('127.0.0.1', 8080)); server.listen();
      say(() => make().bind(at('127.0.0.1', 8080)));
      const six = make(c.AF_INET6); six.bind(at('::1', 8081)); six.listen();
      say(() => make(c.AF_INET6).bind(at('::', 8081)));
      const udp = make(c.AF_INET, c.SOCK_DGRAM); udp.bind(at('127.0.0.1', 53));
      say(() => make(c.AF_INET, c.SOCK_DGRAM).bind(at('0.0.0.0', 53)));
      // Another process.
      const lines = 'const s = require("node:net").createServer().listen(8082, "127.0.0.1", () => console.log(process.pid))';
      const child = spawn(process.execPath, ['-e', lines]);
      const pid = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(Number(data))));
      try { make().bind(at('127.0.0.1', 8082)); } catch (error) { console.log(error.message.replace(String(pid), 'PID')); }
      child.kill();
      // Whoever closes first keeps the port for a minute.
      const client = make();
      await client.connect(at('127.0.0.1', 8080));
      const one = await server.accept();
      one.close(); await client.recv(1); client.close(); server.close();
      say(() => make().bind(at('127.0.0.1', 8080)));
      const again = make(); again.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1); again.bind(at('127.0.0.1', 8080));
      // Bound and not listening: the kernel lists it nowhere.
      const quiet = make(); quiet.bind(at('127.0.0.1', 8090));
      say(() => make().bind(at('127.0.0.1', 8090)));
      process.exit();`);
    held(ended, [
      /^bind EADDRINUSE: .*; port 8080 is held by this process itself; two sockets .* SO_REUSEPORT$/,
      /^bind EADDRINUSE: .*; port 8081 is held by this process itself/,
      /^bind EADDRINUSE: .*; port 53 is held by this process itself/,
      /^bind EADDRINUSE: .*; port 8082 is held by (node|MainThread) \(process PID\); two sockets/,
      /^bind EADDRINUSE: .*; connections over port 8080 are still there or closing: servers that all set SO_REUSEADDR before bind need not wait$/,
      /^bind EADDRINUSE: .*; another socket has this address/,
    ]);
  });

  it('says who is bound to a path, or that its file may be left over', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const ended = await run(`
      const folder = mkdtempSync(tmpdir() + '/sockeye-hints-');
      const path = (name) => { const bytes = Buffer.from('..' + name + '\\0'); bytes.writeUInt16LE(c.AF_UNIX, 0); return bytes; };
      const unix = () => make(c.AF_UNIX, c.SOCK_STREAM);
      const server = unix();
      server.bind(path(folder + '/a socket'));
      say(() => unix().bind(path(folder + '/a socket')));
      say(() => unix().connectSync(path(folder + '/a socket')));
      server.close();
      say(() => unix().bind(path(folder + '/a socket')));
      say(() => unix().connectSync(path(folder + '/a socket')));
      say(() => unix().bind(path(folder + '/none/socket')));
      const abstract = Buffer.from('..\\0sockeye-hint'); abstract.writeUInt16LE(c.AF_UNIX, 0);
      const held = unix(); held.bind(abstract);
      say(() => unix().bind(abstract));
      rmSync(folder, { recursive: true });
      process.exit();`);
    held(ended, [
      /^bind EADDRINUSE: .*; \/.*\/a socket is held by this process itself$/,
      /^connect ECONNREFUSED: .*a socket does not listen, or is of another type$/,
      /^bind EADDRINUSE: .*the file \/.*\/a socket is there: if its server has ended, unlink it first$/,
      /^connect ECONNREFUSED: .*a socket is there, but no socket that was bound to it by that name/,
      /^bind ENOENT: .*the folder of \/.*\/none\/socket is not there$/,
      /^bind EADDRINUSE: .*@sockeye-hint is held by this process itself$/,
    ]);
  });
});

describe('ways that are none', () => {
  it('ENETUNREACH, EHOSTUNREACH and EADDRNOTAVAIL say which way is missing', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const ended = await run(`
      await later(make().connect(at('203.0.113.5', 80)));
      say(() => make(c.AF_INET, c.SOCK_DGRAM).sendToSync(Buffer.from('x'), at('203.0.113.5', 80)));
      say(() => make(c.AF_INET6).connectSync(at('2001:db8::99', 80)));
      ip('route add unreachable 198.51.100.0/24');
      await later(make().connect(at('198.51.100.1', 80)));
      ip('route add prohibit 192.0.2.128/25');
      ip('link add name v0 type veth peer name v1'); ip('address add 192.0.2.1/24 dev v0'); ip('link set v0 up'); ip('link set v1 up');
      say(() => make().bind(at('192.0.2.99')));
      say(() => make(c.AF_INET6).bind(at('2001:db8::1')));
      say(() => make(c.AF_INET, c.SOCK_DGRAM).connectSync(at('192.0.2.255', 9)));
      say(() => make(c.AF_INET6).connectSync(at('fe80::1', 80)));
      say(() => make(c.AF_INET6).bind(at('fe80::1')));
      execFileSync('mount', ['-t', 'tmpfs', 'none', '/run']);
      ip('netns add blue'); ip('-n blue link set lo up');
      const netns = 'blue';
      say(() => make(c.AF_INET, c.SOCK_DGRAM, 0, { netns }).connectSync(at('192.0.2.1', 80)));
      say(() => make(c.AF_INET, c.SOCK_DGRAM, 0, { netns }).bind(at('192.0.2.1')));
      const ticket = structuredClone(make(c.AF_INET, c.SOCK_DGRAM, 0, { netns }).handOver());
      say(() => Socket.takeOver(ticket).bind(at('192.0.2.1')));
      process.exit();`);
    if (/type veth/.test(ended.output)) return context.skip('the kernel has no veth');
    held(ended, [
      /^connect ENETUNREACH: .*; no route leads to 203\.0\.113\.5, and there is no default route: "ip route get 203\.0\.113\.5"/,
      /^sendto ENETUNREACH: .*; no route leads to 203\.0\.113\.5/,
      /^connect ENETUNREACH: .*; no route leads to 2001:db8::99, and there is no default route/,
      /^connect EHOSTUNREACH: .*; a route refuses 198\.51\.100\.1, or the host/,
      /^bind EADDRNOTAVAIL: .*; no interface has 192\.0\.2\.99; there are 127\.0\.0\.1, 192\.0\.2\.1 \(or set IP_FREEBIND\)$/,
      /^bind EADDRNOTAVAIL: .*; no interface has 2001:db8::1; there are ::1/,
      /^connect EACCES: .*; a broadcast address takes the option SO_BROADCAST/,
      /^connect EINVAL: .*; a link-local address takes the interface it is on, as fe80::1%eth0/,
      /^bind EINVAL: .*; a link-local address takes the interface it is on/,
      // This process's routes and addresses say nothing of another namespace's.
      /^connect ENETUNREACH: .*; no route of its namespace leads to 192\.0\.2\.1$/,
      /^bind EADDRNOTAVAIL: .*; no interface of its namespace has 192\.0\.2\.1$/,
      /^bind EADDRNOTAVAIL: .*; no interface of its namespace has 192\.0\.2\.1$/,
    ]);
  });

  it('EPERM of a send names the firewall', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const ended = await run(`
      const rules = 'add table inet t; add chain inet t out { type filter hook output priority 0; policy drop; }';
      try { execFileSync('nft', [rules], { stdio: 'pipe' }); } catch (error) { console.log('no nft: ' + error.message); process.exit(); }
      say(() => make(c.AF_INET, c.SOCK_DGRAM).sendToSync(Buffer.from('x'), at('127.0.0.1', 9)));
      process.exit();`);
    if (ended.output.startsWith('no nft')) return context.skip(ended.output);
    held(ended, [/^sendto EPERM: .*; a rule of the firewall refuses it/]);
  });

  it('every local port in use: EADDRNOTAVAIL names the range', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const ended = await run(`
      writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '40000 40003');
      const server = make(); server.bind(at('127.0.0.1', 8080)); server.listen();
      for (let i = 0; i < 8; i++) try { make().connectSync(at('127.0.0.1', 8080)); } catch (error) { console.log(error.message); break; }
      process.exit();`);
    held(ended, [/^connect EADDRNOTAVAIL: .*; every local port \(40000 to 40003\) is in use towards it/]);
  });
});

describe('limits', () => {
  it('EMFILE says how many descriptors there may be, and how to have more', async (context) => {
    const lines = `
      import { constants as c, Socket } from '@sockeye/core';
      const open = [];
      try { for (;;) open.push(Socket.create(c.AF_INET, c.SOCK_DGRAM)); } catch (error) { console.log(error.code, error.message); }
      try { open[0].dup(); } catch (error) { console.log(error.code, error.message); }
      process.exit();`;
    const script = 'ulimit -S -n 64 && ulimit -H -n 128 && exec "$0" --input-type=module -e "$1"';
    const { stdout, stderr, error } = spawnSync('sh', ['-c', script, process.execPath, lines], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    if (error !== undefined) return context.skip(error.message);
    const words =
      'this process may have \\d+ descriptors open \\(RLIMIT_NOFILE\\): ("ulimit -n 128" raises it|only root can raise it)';
    expect(stderr).toBe('');
    const told = stdout.trim().split('\n');
    expect(told[0]).toMatch(new RegExp(`^EMFILE socket EMFILE: .*; ${words}`));
    expect(told[1]).toMatch(new RegExp(`^EMFILE fcntl EMFILE: .*; ${words}`));
  });
});

describe('without a right', () => {
  it('EACCES on a low port and EPERM on raw sockets name capability, setcap and sysctl', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    if (spawnSync('setpriv', ['--version']).error !== undefined)
      return context.skip('there is no setpriv(1)');
    const lesser = '-net_bind_service,-net_raw,-net_admin';
    const program = `
      import * as core from '@sockeye/core';
      const { constants: c, Socket } = core;
      const at = (host, port) => core.getaddrinfoSync(host, port, { flags: c.AI_NUMERICHOST })[0].address;
      const say = (call) => { try { call(); console.log('no error'); } catch (error) { console.log(error.message); } };
      say(() => Socket.create(c.AF_INET, c.SOCK_STREAM).bind(at('127.0.0.1', 80)));
      say(() => Socket.create(c.AF_INET6, c.SOCK_DGRAM).bind(at('::1', 1023)));
      say(() => Socket.create(c.AF_INET, c.SOCK_RAW, c.IPPROTO_UDP));
      say(() => Socket.create(c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_ICMP));
      say(() => Socket.create(c.AF_PACKET, c.SOCK_RAW, 0));
      say(() => core.sethostname('x'.repeat(100)));
      process.exit();`;
    const ended = await isolated({ resolver: 'refusing' }, '', [
      'setpriv',
      `--bounding-set=${lesser}`,
      `--inh-caps=${lesser}`,
      process.execPath,
      '--input-type=module',
      '-e',
      program,
    ]);
    const low = (port: number): RegExp =>
      new RegExp(
        '^bind EACCES: .*; ports below 1024 are privileged: it takes the capability CAP_NET_BIND_SERVICE: ' +
          'run "sudo setcap cap_net_bind_service\\+ep .*", or start the container with --cap-add NET_BIND_SERVICE, ' +
          `or run as root, or "sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}"$`,
      );
    held(ended, [
      low(80),
      low(1023),
      /^socket EPERM: .*; it takes the capability CAP_NET_RAW: run "sudo setcap cap_net_raw\+ep/,
      // A namespace of its own has no such groups, whatever this one has.
      /^socket EACCES: .*; an ICMP datagram socket takes a group of net\.ipv4\.ping_group_range: run "sudo sysctl/,
      /^socket EPERM: .*; it takes the capability CAP_NET_RAW: run "sudo setcap cap_net_raw\+ep/,
      /^sethostname (EINVAL|EPERM): .*; (the name has 100 bytes|it takes the capability CAP_SYS_ADMIN)/,
    ]);
  });

  it('as an ordinary user: the same words, and no look into others’ processes', async (context) => {
    const uid = process.getuid?.();
    const program = `
      import * as core from '@sockeye/core';
      import { createServer } from 'node:net';
      const { constants: c, Socket } = core;
      const at = (host, port) => core.getaddrinfoSync(host, port, { flags: c.AI_NUMERICHOST })[0].address;
      const say = (call) => { try { call(); console.log('no error'); } catch (error) { console.log(error.message); } };
      say(() => Socket.create(c.AF_INET, c.SOCK_RAW, c.IPPROTO_UDP));
      say(() => Socket.create(c.AF_INET, c.SOCK_STREAM).bind(at('127.0.0.1', Number(process.argv[1]))));
      say(() => core.sethostname('sockeye'));
      say(() => Socket.create(c.AF_INET, c.SOCK_DGRAM, 0, { netns: '/proc/self/ns/net' }));
      process.exit();`;
    const { Socket, constants: c } = await import('@sockeye/core');
    const server = Socket.create(c.AF_INET, c.SOCK_STREAM);
    try {
      server.bind(Buffer.from([c.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
      server.listen();
      const port = String(Buffer.from(server.getsockname()).readUInt16BE(2));
      const node = [process.execPath, '--input-type=module', '-e', program, port];
      const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
      const [command = '', ...args] = uid === 0 ? ['setpriv', ...user, ...node] : node;
      const { error, status, stdout, stderr } = spawnSync(command, args, {
        encoding: 'utf8',
        cwd: import.meta.dirname,
      });
      if (error !== undefined) return context.skip(error.message);
      const holder = uid === 0 ? `a process of the user ${uid}` : `.* \\(process ${process.pid}\\)`;
      held({ status, output: `${stdout}${stderr}`.trim() }, [
        /^socket EPERM: .*; it takes the capability CAP_NET_RAW/,
        new RegExp(`^bind EADDRINUSE: .*; port ${port} is held by ${holder}; two sockets`),
        /^sethostname EPERM: .*; it takes the capability CAP_SYS_ADMIN/,
        /^setns EPERM: .*; it takes the capability CAP_SYS_ADMIN/,
      ]);
    } finally {
      server.close();
    }
  });
});

describe('families and protocols that a kernel lacks', () => {
  it('EAFNOSUPPORT and EPROTONOSUPPORT name the module, or say that there is no such thing', async () => {
    const { Socket, SocketError, constants: c } = await import('@sockeye/core');
    const asked: [number, number, number, RegExp][] = [
      [c.AF_INET, c.SOCK_STREAM, c.IPPROTO_SCTP, /sudo modprobe sctp"/],
      [c.AF_INET, c.SOCK_DGRAM, 115, /sudo modprobe l2tp_ip"/],
      [c.AF_TIPC, c.SOCK_RDM, 0, /sudo modprobe tipc"/],
      [c.AF_RDS, c.SOCK_SEQPACKET, 0, /sudo modprobe rds"/],
      [c.AF_NFC, c.SOCK_SEQPACKET, 0, /sudo modprobe nfc"/],
      [c.AF_X25, c.SOCK_SEQPACKET, 0, /sudo modprobe x25"/],
      [c.AF_APPLETALK, c.SOCK_DGRAM, 0, /sudo modprobe appletalk"/],
      [c.AF_CAN, c.SOCK_RAW, c.CAN_RAW, /sudo modprobe can-raw"/],
      [c.AF_INET, c.SOCK_STREAM, 253, /this type has no such protocol/],
      [c.AF_INET6, c.SOCK_DGRAM, c.IPPROTO_TCP, /this type has no such protocol/],
    ];
    let lacking = 0;
    for (const [family, type, protocol, words] of asked) {
      try {
        Socket.create(family, type, protocol).close();
      } catch (error) {
        if (!(error instanceof SocketError)) throw error;
        if (!/^E(AF|PROTO|SOCKT)NOSUPPORT$/.test(error.code)) continue;
        lacking += 1;
        expect(error.message).toMatch(words);
      }
    }
    // The last two no kernel has.
    expect(lacking).toBeGreaterThanOrEqual(2);
  });
});
