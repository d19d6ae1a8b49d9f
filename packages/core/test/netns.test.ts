/** Sockets in other network namespaces: each test in namespaces of its own, so that it takes no rights. */
import { spawnSync } from 'node:child_process';
import { Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { cannotIsolate, isolated } from './isolated.ts';
import { thrown } from './support.ts';

const reason = cannotIsolate();

/** Two named namespaces, with an address each that the other has not, and a way to ask where a socket is. */
const NAMESPACES = `
  import { execFileSync, spawn, spawnSync } from 'node:child_process';
  import { closeSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
  const { Socket } = core;
  const ip = (...words) => execFileSync('ip', words.join(' ').split(' '), { encoding: 'utf8', stdio: 'pipe' });
  execFileSync('mount', ['-t', 'tmpfs', 'none', '/run']);
  const HOMES = { blue: '192.0.2.1', green: '192.0.2.2', here: '192.0.2.3' };
  for (const name of ['blue', 'green']) { ip('netns add', name); ip('-n', name, 'link set lo up'); ip('-n', name, 'address add', HOMES[name] + '/32 dev lo'); }
  ip('address add', HOMES.here + '/32 dev lo');
  const at = (host, port = 0) => core.getaddrinfoSync(host, port, { flags: c.AI_NUMERICHOST })[0].address;
  const udp = (netns) => Socket.create(c.AF_INET, c.SOCK_DGRAM, 0, { netns });
  /** In which namespace a UDP socket is: whose address it can have. */
  const where = (socket) => {
    for (const [name, host] of Object.entries(HOMES)) {
      try { socket.bind(at(host)); socket.close(); return name; }
      catch (error) { if (error.code !== 'EADDRNOTAVAIL') throw error; }
    }
  };
  const say = (call) => { try { console.log(call()); } catch (error) { console.log(error.code, error.syscall, error.message); } };
`;

const run = (lines: string, command?: string[]): ReturnType<typeof isolated> =>
  isolated({ resolver: 'refusing' }, NAMESPACES + lines, command);

describe('a socket in another network namespace', () => {
  it('by name, path, descriptor, process or Descriptor; without one it is made here', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await run(`
      console.log(where(udp('blue')), where(udp('green')), where(udp(undefined)), where(Socket.create(c.AF_INET, c.SOCK_DGRAM)));
      console.log(where(udp('/run/netns/blue')));
      const fd = openSync('/run/netns/green', 'r');
      console.log(where(udp(fd)), where(udp({ pid: process.pid })));
      const child = spawn('ip', ['netns', 'exec', 'blue', 'sh', '-c', 'echo; exec sleep 30']);
      await new Promise((resolve) => child.stdout.once('data', resolve));
      console.log(where(udp({ pid: child.pid })));
      child.kill();
      const [a, b] = Socket.socketpair(c.AF_UNIX, c.SOCK_DGRAM);
      const rights = { level: c.SOL_SOCKET, type: c.SCM_RIGHTS, data: new Uint8Array(Int32Array.of(fd).buffer) };
      await a.sendMsg(Buffer.from('x'), { control: [rights] });
      const { descriptors: [descriptor] } = await b.recvMsg(1, { control: 64 });
      console.log(where(udp(descriptor)));
      descriptor.close(); closeSync(fd); a.close(); b.close();
      say(() => udp(descriptor));`);
    expect({ status, output: output.split('\n') }).toEqual({
      status: 0,
      output: [
        'blue green here here',
        'blue',
        'green here',
        'blue',
        'green',
        'ERR_INVALID_ARG_VALUE undefined netns must be an open descriptor; got an object of Descriptor',
      ],
    });
  });

  it('works like any other: servers and clients of two namespaces in one process', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await run(`
      const serve = async (netns) => {
        const server = Socket.create(c.AF_INET, c.SOCK_STREAM, 0, { netns });
        server.bind(at('127.0.0.1', 7777)); server.listen();
        const one = await server.accept();
        await one.sendAll(Buffer.from('this is ' + netns));
        one.close(); server.close();
      };
      const ask = async (netns) => {
        const client = Socket.create(c.AF_INET, c.SOCK_STREAM, 0, { netns });
        await client.connect(at('127.0.0.1', 7777), { timeout: 5000 });
        const said = (await client.recv(64, { timeout: 5000 })).toString();
        client.close();
        return said;
      };
      const serving = [serve('blue'), serve('green')];
      console.log(await Promise.all([ask('green'), ask('blue')]), await ask(undefined).catch((error) => error.code));
      await Promise.all(serving);
      const [a, b] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM, 0, { netns: 'blue' });
      a.sendSync(Buffer.from('pair'));
      console.log(b.recvSync(8).toString());
      a.close(); b.close();`);
    expect({ status, output }).toEqual({
      status: 0,
      output: "[ 'this is green', 'this is blue' ] ECONNREFUSED\npair",
    });
  });

  it('none of Node.js’s threads moves, also while workers open thousands', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await run(`
      import { Worker } from 'node:worker_threads';
      const namespace = (task) => { try { return readlinkSync('/proc/self/task/' + task + '/ns/net'); } catch { return 'gone'; } };
      const tasks = () => readdirSync('/proc/self/task');
      const program = \`
        import { constants as c, Socket } from '@sockeye/core';
        import { parentPort, workerData } from 'node:worker_threads';
        for (let i = 0; i < 1500; i++) {
          const netns = i % 2 ? 'blue' : 'green';
          const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM, 0, { netns });
          socket.close();
          Socket.create(c.AF_INET, c.SOCK_DGRAM).close();
          try { Socket.create(c.AF_INET, 77, 0, { netns }); throw new Error('made'); } catch (error) { if (error.code !== 'EINVAL') throw error; }
        }
        parentPort.postMessage('done');
        parentPort.once('message', () => process.exit());\`;
      const own = namespace(process.pid);
      const workers = Array.from({ length: 3 }, () => new Worker(program, { eval: true }));
      let done = 0;
      for (const worker of workers) worker.once('message', () => done++);
      await readFile('/etc/hosts');
      const strays = new Set(); let looks = 0; let abroad = 0;
      while (done < workers.length) {
        for (const task of tasks()) {
          const is = namespace(task);
          if (is === 'gone' || is === own) continue;
          // It had its name before it went; none when it has ended meanwhile.
          const name = comm(task);
          if (name === 'sockeye.netns' || name === '') abroad++; else strays.add(name);
        }
        looks++;
        if (where(udp('blue')) !== 'blue' || where(udp(undefined)) !== 'here') throw new Error('lost');
        await pause(0);
      }
      console.log([...strays], looks > 5);
      console.log(tasks().every((task) => namespace(task) === own), tasks().filter((task) => comm(task) === 'sockeye.netns').length);
      for (const worker of workers) worker.postMessage('end');
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
      const before = readdirSync('/proc/self/fd').length;
      for (let i = 0; i < 300; i++) udp('blue').close();
      console.log(readdirSync('/proc/self/fd').length - before, where(udp(undefined)));`);
    expect({ status, output }).toEqual({ status: 0, output: '[] true\ntrue 0\n0 here' });
  });

  it('errors say what is wrong with the namespace, and leave no descriptor', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    const { status, output } = await run(`
      const before = readdirSync('/proc/self/fd').length;
      say(() => udp('red'));
      say(() => udp('/nowhere'));
      say(() => udp('/etc/hosts'));
      say(() => udp(4095));
      const pipe = core.Descriptor.pipe();
      say(() => udp(pipe[0].fd));
      for (const end of pipe) end.close();
      say(() => udp({ pid: 0x7fffffff }));
      execFileSync('mkfifo', ['/run/netns/fifo']);
      say(() => udp('fifo'));
      writeFileSync('/run/netns/left', '');
      say(() => udp('left'));
      // A name that goes: what holds the namespace still has it.
      const held = openSync('/run/netns/green', 'r');
      ip('netns delete green');
      say(() => udp('green'));
      console.log(where(udp(held)));
      closeSync(held);
      const gone = spawnSync('true').pid;
      say(() => udp({ pid: gone }).close());
      // What the kernel says there is told as it is here.
      say(() => Socket.create(12345, c.SOCK_DGRAM, 0, { netns: 'blue' }));
      console.log(readdirSync('/proc/self/fd').length - before);`);
    const lines = output.split('\n');
    expect(status, output).toBe(0);
    const expected = [
      /^ENOENT open .*there is no network namespace red; there are blue, green, and "sudo ip netns add red"/,
      /^ENOENT open .*there is no \/nowhere$/,
      /^EINVAL setns .*\/etc\/hosts is no network namespace$/,
      /^EBADF setns .*the descriptor 4095 is not open$/,
      /^EINVAL setns .*the descriptor \d+ is no network namespace$/,
      /^ENOENT open .*there is no process 2147483647$/,
      /^EINVAL setns .*fifo is no network namespace$/,
      /^EINVAL setns .*left is no network namespace$/,
      /^ENOENT open .*there is no network namespace green; there are blue, fifo, left/,
      /^green$/,
      /^ENOENT open .*there is no process \d+$/,
      /^EAFNOSUPPORT socket /,
      /^0$/,
    ];
    expect(lines).toHaveLength(expected.length);
    for (const [at, pattern] of expected.entries()) expect(lines[at]).toMatch(pattern);
  });

  it('without CAP_SYS_ADMIN it says which capability, and how to have it', async (context) => {
    if (reason !== undefined) return context.skip(reason);
    if (spawnSync('setpriv', ['--version']).error !== undefined)
      return context.skip('there is no setpriv(1)');
    const program = `
      import { constants as c, Socket } from '@sockeye/core';
      try { Socket.create(c.AF_INET, c.SOCK_DGRAM, 0, { netns: { pid: process.pid } }); console.log('made'); }
      catch (error) { console.log(error.code, error.syscall, error.message); }`;
    const lesser = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', process.execPath];
    const { output } = await isolated({ resolver: 'refusing' }, '', [
      ...lesser,
      '--input-type=module',
      '-e',
      program,
    ]);
    expect(output).toMatch(/^EPERM setns .*capability CAP_SYS_ADMIN: run "sudo setcap cap_sys_admin\+ep/);
  });

  it('refuses what is no namespace by name', () => {
    const make = (netns: unknown) => (): unknown => Socket.create(2, 2, 0, { netns: netns as string });
    for (const netns of [true, null, {}, [], () => {}]) {
      expect(thrown(make(netns))).toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
        message: expect.stringContaining('netns must be a name, an absolute path, a descriptor or { pid }'),
      });
    }
    for (const netns of ['', '.', '..', 'a/b', '../netns', 'a\0b', '\udfff']) {
      expect(thrown(make(netns)).code).toBe('ERR_INVALID_ARG_VALUE');
    }
    for (const netns of [-1, 1.5, Number.NaN, 2 ** 31, { pid: 0 }, { pid: -1 }]) {
      expect(thrown(make(netns)).code).toBe('ERR_OUT_OF_RANGE');
    }
    expect(thrown(make({ pid: '1' })).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});
