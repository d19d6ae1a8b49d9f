/** What systemd's own manager makes of it is for rigs/specs/systemd.spec.ts; here are the bytes and the bad input. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { constants as c, Socket } from '@sockeye/core';
import {
  fdStore,
  fdStoreRemove,
  listenFds,
  notify,
  notifyBarrier,
  notifySync,
  ready,
  reloading,
  type State,
  status,
  stopping,
  watchdog,
  watchdogInterval,
} from '@sockeye/core/systemd';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { destination, vsockAddress } from '../ts/systemd/address.ts';
import { descriptors, rejected, streams, thrown } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockeye-systemd-'));
const path = join(folder, 'notify');
const variables = [
  'NOTIFY_SOCKET',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
];
const clear = (): void => {
  for (const name of variables) delete process.env[name];
};

beforeAll(async () => {
  // The first wait opens what the engine keeps.
  const [one, other] = streams();
  await Promise.all([one.recv(1), other.send(Buffer.alloc(1))]);
  one.close();
  other.close();
});
beforeEach(clear);
afterEach(clear);
afterAll(() => rmSync(folder, { recursive: true }));

/** A sockaddr_un. */
const unix = (name: string): Uint8Array => Buffer.concat([Uint8Array.of(c.AF_UNIX, 0), Buffer.from(name)]);

/** A manager's socket, at a path or an abstract name, for the time of one body. */
async function manager(body: (socket: Socket) => Promise<void>, name = path): Promise<void> {
  const before = descriptors();
  const socket = Socket.create(c.AF_UNIX, c.SOCK_DGRAM);
  socket.bind(unix(name.replace(/^@/, '\0')));
  process.env.NOTIFY_SOCKET = name;
  try {
    await body(socket);
  } finally {
    socket.close();
    rmSync(path, { force: true });
  }
  expect(descriptors()).toBe(before);
}

const heard = async (socket: Socket, timeout = 1000): Promise<string> =>
  (await socket.recv(65536, { timeout })).toString();

describe('notify', () => {
  it.for([path, `@sockeye-${process.pid}`])('says what it is told: %s', (name) =>
    manager(async (socket) => {
      const before = descriptors();
      const said: [() => Promise<boolean> | boolean, string][] = [
        [() => notify('READY=1'), 'READY=1'],
        [() => notify('READY=1\nSTATUS=a = b\n'), 'READY=1\nSTATUS=a = b\n'],
        [
          () => notify({ READY: 1, STATUS: 'ein Süß', MAINPID: 4711n }),
          'READY=1\nSTATUS=ein Süß\nMAINPID=4711',
        ],
        [() => notifySync('STOPPING=1'), 'STOPPING=1'],
        [() => notifySync({ X_OWN: '' }), 'X_OWN='],
        [() => ready(), 'READY=1'],
        [() => stopping(), 'STOPPING=1'],
        [() => status('serving 12 clients'), 'STATUS=serving 12 clients'],
        [() => watchdog({ timeout: 100 }), 'WATCHDOG=1'],
        [() => fdStoreRemove('web'), 'FDSTOREREMOVE=1\nFDNAME=web'],
      ];
      for (const [say, words] of said) {
        expect(await say()).toBe(true);
        expect(await heard(socket)).toBe(words);
        expect(process.env.NOTIFY_SOCKET).toBe(name);
      }
      expect(descriptors()).toBe(before);
    }, name));

  it('reloading has the monotonic clock’s microseconds', () =>
    manager(async (socket) => {
      const program = 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)';
      const clock = (): number => Number(spawnSync('python3', ['-c', program]).stdout);
      const before = clock();
      await reloading();
      const after = clock();
      const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(await heard(socket)) ?? [];
      expect(Number(usec)).toBeGreaterThanOrEqual(before);
      expect(Number(usec)).toBeLessThanOrEqual(after);
    }));

  it('is false where nobody wants to know, and still looks at what it was given', async () => {
    const calls = [ready(), stopping(), reloading(), status('x'), watchdog(), notifyBarrier(), notify('A=1')];
    expect(await Promise.all(calls)).toEqual(calls.map(() => false));
    expect(notifySync('READY=1')).toBe(false);
    expect(thrown(() => notifySync('READY')).code).toBe('ERR_INVALID_ARG_VALUE');
    process.env.NOTIFY_SOCKET = '';
    expect(await ready()).toBe(false);
    const [one, other] = streams();
    expect(await fdStore('kept', [one])).toBe(false);
    one.close();
    other.close();
  });

  it('takes the variable away when it is told to, whatever comes of it', () =>
    manager(async (socket) => {
      expect(await ready({ unsetEnvironment: true })).toBe(true);
      expect(process.env.NOTIFY_SOCKET).toBeUndefined();
      expect(await ready()).toBe(false);
      expect(await heard(socket)).toBe('READY=1');
      process.env.NOTIFY_SOCKET = join(folder, 'nobody');
      expect((await rejected(ready({ unsetEnvironment: true }))).code).toBe('ENOENT');
      expect(process.env.NOTIFY_SOCKET).toBeUndefined();
    }));

  it('waits for a manager that is busy, as long as it may', () =>
    manager(async (socket) => {
      let sent = 0;
      let last: string | undefined;
      while (last === undefined) {
        last = await notify('X=1', { timeout: 20 }).then(
          () => undefined,
          (error: { code: string }) => error.code,
        );
        sent += 1;
      }
      expect([last, sent > 1]).toEqual(['ERR_SOCKET_TIMEOUT', true]);
      expect(thrown(() => notifySync('X=1', { timeout: 20 })).code).toBe('ERR_SOCKET_TIMEOUT');
      const waiting = notify('LATE=1');
      let text = '';
      while (text !== 'LATE=1') text = await heard(socket);
      expect(await waiting).toBe(true);
    }));

  it('refuses states that are none', async () => {
    const odd: [unknown, string][] = [
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [1, 'ERR_INVALID_ARG_TYPE'],
      [Symbol('x'), 'ERR_INVALID_ARG_TYPE'],
      [{ READY: true }, 'ERR_INVALID_ARG_TYPE'],
      [{ STATUS: null }, 'ERR_INVALID_ARG_TYPE'],
      ['', 'ERR_INVALID_ARG_VALUE'],
      [{}, 'ERR_INVALID_ARG_VALUE'],
      ['READY', 'ERR_INVALID_ARG_VALUE'],
      ['=1', 'ERR_INVALID_ARG_VALUE'],
      ['READY=1\n\nSTATUS=x', 'ERR_INVALID_ARG_VALUE'],
      ['STATUS=a\0b', 'ERR_INVALID_ARG_VALUE'],
      [{ STATUS: 'one\nREADY=1' }, 'ERR_INVALID_ARG_VALUE'],
      [{ 'a b': '1' }, 'ERR_INVALID_ARG_VALUE'],
    ];
    process.env.NOTIFY_SOCKET = path;
    for (const [state, code] of odd) {
      expect(thrown(() => notifySync(state as State))).toMatchObject({ name: 'TypeError', code });
      expect((await rejected(notify(state as State))).code).toBe(code);
    }
    for (const text of ['a\nb', 'a\0b', 7])
      expect((await rejected(status(text as string))).code).toMatch(/^ERR_INVALID_ARG/);
    const wrong = { unsetEnvironment: 1 } as unknown;
    expect((await rejected(ready(wrong as { unsetEnvironment: boolean }))).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('no text in an object becomes a second assignment', () =>
    fc.assert(
      fc.property(fc.string(), (text) => {
        process.env.NOTIFY_SOCKET = join(folder, 'nobody');
        const { code } = thrown(() => notifySync({ STATUS: text }));
        expect(code).toBe(/[\n\0]/.test(text) ? 'ERR_INVALID_ARG_VALUE' : 'ENOENT');
      }),
    ));

  it('refuses a NOTIFY_SOCKET that is no address', async () => {
    const odd = [
      'relative',
      '/'.padEnd(108, 'x'),
      '@',
      `@${'x'.repeat(108)}`,
      'vsock:',
      'vsock:2',
      'vsock:2:',
    ];
    odd.push(
      'vsock:-1:5',
      'vsock::5',
      'vsock:4294967295:5',
      'vsock:2:4294967295',
      'vsock:2:5:6',
      'vsock-raw:2:5',
    );
    odd.push('vsock:any:5', 'vsock:2:0x5', 'unix:/x');
    for (const value of odd) {
      process.env.NOTIFY_SOCKET = value;
      const error = thrown(() => notifySync('READY=1'));
      expect(error, value).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      expect(error.message).toContain('NOTIFY_SOCKET');
    }
    // The longest that fit: nobody is there, but it is an address.
    for (const value of ['/'.padEnd(107, 'x'), `@${'x'.repeat(107)}`]) {
      process.env.NOTIFY_SOCKET = value;
      expect((await rejected(ready())).code).toMatch(/^(ENOENT|ECONNREFUSED)$/);
    }
  });
});

describe('notify over VSOCK', () => {
  it('lays the address out as CPython reads it', (context) => {
    const { family, types, address } = destination('vsock:host:1000');
    expect([family, types]).toEqual([c.AF_VSOCK, [c.SOCK_DGRAM, c.SOCK_SEQPACKET]]);
    expect(destination('vsock-stream:2:1000')).toEqual({ family, types: [c.SOCK_STREAM], address });
    expect(destination('vsock-dgram:2:1000')).toEqual({ family, types: [c.SOCK_DGRAM], address });
    expect(destination('vsock-seqpacket:2:1000')).toEqual({ family, types: [c.SOCK_SEQPACKET], address });
    expect(destination('vsock:hypervisor:1').address).toEqual(destination('vsock:0:1').address);
    let socket: Socket;
    try {
      socket = Socket.create(c.AF_VSOCK, c.SOCK_STREAM);
    } catch (error) {
      return context.skip(`this kernel has no AF_VSOCK: ${String(error)}`);
    }
    // To any of one's own addresses everybody may bind.
    const port = 50_000 + (process.pid % 10_000);
    socket.bind(vsockAddress(c.VMADDR_CID_ANY, port));
    const { stdout } = spawnSync(
      'python3',
      ['-c', 'import socket; print(*socket.socket(fileno=3).getsockname())'],
      {
        stdio: ['ignore', 'pipe', 'inherit', socket.fd],
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe(`${c.VMADDR_CID_ANY} ${port}\n`);
    socket.close();
  });

  it.for([
    'vsock-stream',
    'vsock-seqpacket',
    'vsock',
  ])('%s: the host that is not there is said', async (form, context) => {
    try {
      Socket.create(c.AF_VSOCK, c.SOCK_STREAM).close();
    } catch (error) {
      return context.skip(`this kernel has no AF_VSOCK: ${String(error)}`);
    }
    const before = descriptors();
    for (const cid of ['local', '1']) {
      process.env.NOTIFY_SOCKET = `${form}:${cid}:12345`;
      const error = await rejected(ready({ timeout: 200 }));
      // Without a transport that loops back the kernel says so or waits; with one nobody listens, or it takes no datagrams.
      expect(error.code).toMatch(/^(ENODEV|ESOCKTNOSUPPORT|ECONNRESET|EINVAL|ERR_SOCKET_TIMEOUT)$/);
      expect(thrown(() => notifySync('READY=1', { timeout: 200 })).code).toBe(error.code);
    }
    const [one, other] = streams();
    expect((await rejected(fdStore('kept', [one]))).code).toBe('EOPNOTSUPP');
    expect((await rejected(notifyBarrier())).code).toBe('EOPNOTSUPP');
    one.close();
    other.close();
    expect(descriptors()).toBe(before);
  });
});

describe('descriptors with a notification', () => {
  it('fdStore sends them under a name, and they stay open here', () =>
    manager(async (socket) => {
      const [one, other] = streams();
      expect(await fdStore('web', [one, other.fd], { poll: false })).toBe(true);
      const message = await socket.recvMsg(1024, { control: 64 });
      expect(message.data.toString()).toBe('FDSTORE=1\nFDNAME=web\nFDPOLL=0');
      const [first, second] = message.descriptors.map((descriptor) => Socket.fromFd(descriptor));
      await one.send(Buffer.from('ping'));
      expect(String(await second?.recv(64))).toBe('ping');
      first?.close();
      second?.close();
      expect([one.closed, other.closed]).toEqual([false, false]);
      one.close();
      other.close();
    }));

  it('the barrier stands until the manager closes its end', () =>
    manager(async (socket) => {
      let through = false;
      const barrier = notifyBarrier({ timeout: 5000 }).then((result) => {
        through = result;
      });
      const message = await socket.recvMsg(1024, { control: 64 });
      expect(message.data.toString()).toBe('BARRIER=1');
      expect(message.descriptors).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(through).toBe(false);
      message.close();
      await barrier;
      expect(through).toBe(true);
    }));

  it('the barrier’s timeout ran out, and its signal', () =>
    manager(async (socket) => {
      const before = descriptors();
      expect((await rejected(notifyBarrier({ timeout: 20 }))).code).toBe('ERR_SOCKET_TIMEOUT');
      expect((await rejected(notifyBarrier({ signal: AbortSignal.timeout(20) }))).code).toBe('ABORT_ERR');
      // In flight until the manager looks.
      for (let count = 0; count < 2; count++) (await socket.recvMsg(1024, { control: 64 })).close();
      expect(descriptors()).toBe(before);
    }));

  it('refuses what is no descriptor', async () => {
    process.env.NOTIFY_SOCKET = path;
    const [one, other] = streams();
    one.close();
    const odd: [unknown, string][] = [
      [[], 'ERR_INVALID_ARG_VALUE'],
      [[one], 'EBADF'],
      [Array.from({ length: 254 }, () => other), 'ERR_OUT_OF_RANGE'],
      [7, 'ERR_INVALID_ARG_TYPE'],
      [['3'], 'ERR_INVALID_ARG_TYPE'],
      [[{}], 'ERR_INVALID_ARG_TYPE'],
      [[null], 'ERR_INVALID_ARG_TYPE'],
      [[1.5], 'ERR_OUT_OF_RANGE'],
    ];
    for (const [fds, code] of odd) expect((await rejected(fdStore('x', fds as number[]))).code).toBe(code);
    for (const name of ['', 'a:b', 'a\n', 'ü', 'x'.repeat(256)])
      expect((await rejected(fdStore(name, [other]))).code).toBe('ERR_INVALID_ARG_VALUE');
    expect((await rejected(fdStore(7 as never, [other]))).code).toBe('ERR_INVALID_ARG_TYPE');
    other.close();
  });

  it('CPython hears who says it, and gets the descriptor', async () => {
    const text = `
import array, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
print('bound', flush=True)
data, control, flags, _ = s.recvmsg(1024, 256)
pid = fd = None
for level, kind, value in control:
    if kind == socket.SCM_CREDENTIALS: pid = struct.unpack('3i', value)[0]
    if kind == socket.SCM_RIGHTS: fd = struct.unpack('i', value)[0]
socket.socket(fileno=fd).send(b'by CPython')
print(pid, data.decode().replace('\\n', ' '), flush=True)`;
    const place = join(folder, 'cpython');
    const child = spawn('python3', ['-c', text, place], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('bound');
    process.env.NOTIFY_SOCKET = place;
    const [one, other] = streams();
    await fdStore('kept', [other]);
    expect((await lines.next()).value).toBe(`${process.pid} FDSTORE=1 FDNAME=kept`);
    expect((await one.recv(64)).toString()).toBe('by CPython');
    await closed;
    one.close();
    other.close();
  });
});

describe('systemd-notify, systemd’s own', () => {
  it('says the same to our socket as we do', async (context) => {
    if (!existsSync('/usr/bin/systemd-notify')) return context.skip('systemd-notify is not installed');
    await manager(async (socket) => {
      const child = spawn('systemd-notify', ['--no-block', '--ready', '--status=serving'], {
        stdio: 'inherit',
      });
      const exited = once(child, 'exit');
      const theirs = await heard(socket, 10_000);
      await exited;
      await notify({ READY: 1, STATUS: 'serving' });
      const ours = await heard(socket);
      // Theirs may say MAINPID as well.
      const lines = theirs.trim().split('\n');
      expect(lines).toEqual(expect.arrayContaining(ours.split('\n')));
    });
  });
});

describe('watchdogInterval', () => {
  const own = String(process.pid);

  it.for<[string | undefined, string | undefined, number | undefined]>([
    [undefined, undefined, undefined],
    [undefined, own, undefined],
    ['20000000', undefined, 20_000],
    ['1500', own, 1.5],
    ['20000000', '1', undefined],
  ])('WATCHDOG_USEC=%s WATCHDOG_PID=%s: %s ms', ([usec, pid, milliseconds]) => {
    if (usec !== undefined) process.env.WATCHDOG_USEC = usec;
    if (pid !== undefined) process.env.WATCHDOG_PID = pid;
    expect(watchdogInterval()).toBe(milliseconds);
  });

  it.for(['', '0', '-1', '1e3', '1.5', 'x', '9'.repeat(20)])('refuses %s', (value) => {
    process.env.WATCHDOG_USEC = value;
    expect(thrown(watchdogInterval)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    process.env.WATCHDOG_USEC = '1';
    process.env.WATCHDOG_PID = value;
    expect(thrown(watchdogInterval).message).toContain('WATCHDOG_PID');
  });
});

/** Runs a program over the built package with descriptors from 3 on, and LISTEN_PID as systemd sets it. */
function listening(
  fds: number[],
  env: Record<string, string>,
  body: string,
): { status: number | string | null; output: string } {
  const text = `
    const { listenFds } = require('@sockeye/core/systemd');
    const { Socket, constants: c } = require('@sockeye/core');
    const { readFileSync, readSync, closeSync } = require('node:fs');
    const closeOnExec = (fd) => (parseInt(/flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1], 8) & 0o2000000) !== 0;
    const shown = (list) => list.map(({ name, fd, socket }) => [name, fd, socket?.fd, closeOnExec(fd)].join(' ')).join(', ');
    const code = (call) => { try { return call(); } catch (error) { return error.code; } };
    const adopted = () => { const socket = Socket.fromFd(3); const { fd } = socket; socket.close(); return fd; };
    ${body}`;
  // The shell becomes Node.js, so its number is the child's.
  const pid = env.LISTEN_PID ?? '$$';
  const args = ['-c', `LISTEN_PID=${pid} exec "$0" -e "$1"`, process.execPath, text];
  const { status, signal, stdout, stderr } = spawnSync('sh', args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    cwd: new URL('..', import.meta.url),
    timeout: 15_000,
  });
  return { status: status ?? signal, output: `${stdout}${stderr}`.trim() };
}

describe('listenFds', () => {
  it('gives what was passed, by name, close-on-exec, once', () => {
    const [one, other] = streams();
    const file = openSync('/dev/null', 'r');
    const { status: code, output } = listening(
      [other.fd, file],
      { LISTEN_FDS: '2', LISTEN_FDNAMES: 'web:extra' },
      `const list = listenFds();
      console.log(shown(list));
      list[0].socket.sendSync(Buffer.from('from descriptor 3'));
      list[0].socket.close(); closeSync(list[1].fd);
      console.log(listenFds().length, Object.keys(process.env).filter((name) => name.startsWith('LISTEN_')).length);`,
    );
    closeSync(file);
    expect({ code, output }).toEqual({ code: 0, output: 'web 3 3 true, extra 4  true\n0 0' });
    expect(one.recvSync(64).toString()).toBe('from descriptor 3');
    one.close();
    other.close();
  });

  it('names are unknown where none were told, and the environment may stay', () => {
    const [one, other] = streams();
    const { output } = listening(
      [one.fd, other.fd],
      { LISTEN_FDS: '2' },
      `const list = listenFds({ unsetEnvironment: false });
      console.log(shown(list), process.env.LISTEN_FDS);
      console.log(code(() => listenFds()));
      for (const { socket } of list) socket.close();`,
    );
    expect(output).toBe('unknown 3 3 true, unknown 4 4 true 2\nEBUSY');
    one.close();
    other.close();
  });

  it('gives nothing to another process, or without the variables', () => {
    for (const env of [{ LISTEN_FDS: '1', LISTEN_PID: '1' }, { LISTEN_FDS: '' }, {}] as Record<
      string,
      string
    >[])
      expect(listening([], env, 'console.log(listenFds().length)').output).toBe('0');
    expect(listenFds()).toEqual([]);
  });

  it('refuses variables that make no sense, and takes nothing then', () => {
    const odd: Record<string, string>[] = [
      { LISTEN_FDS: '0' },
      { LISTEN_FDS: '-1' },
      { LISTEN_FDS: '1x' },
      { LISTEN_FDS: '99999999999' },
      { LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' },
      { LISTEN_FDS: '1', LISTEN_PID: 'x' },
    ];
    const [one, other] = streams();
    for (const env of odd) {
      const body = `console.log(code(listenFds), code(adopted));`;
      expect(listening([one.fd], env, body).output).toBe('ERR_INVALID_ARG_VALUE 3');
    }
    const missing = `console.log(code(listenFds), code(adopted));`;
    expect(listening([one.fd], { LISTEN_FDS: '200' }, missing).output).toBe('EBADF 3');
    one.close();
    other.close();
    const wrong = { unsetEnvironment: 'yes' as never };
    expect(thrown(() => listenFds(wrong)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('the README’s service serves its first client, and says so', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```ts\n(import [^`]*?core\/systemd.*?)```/s.exec(readme)?.[1]?.replaceAll('!', '') ?? '';
    const server = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    server.bind(unix(`\0sockeye-readme-${process.pid}`));
    server.listen();
    await manager(async (socket) => {
      const command = 'LISTEN_PID=$$ WATCHDOG_USEC=50000 exec "$0" --input-type=module -e "$1"';
      const child = spawn('sh', ['-c', command, process.execPath, code], {
        env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'front' },
        stdio: ['ignore', 'inherit', 'inherit', server.fd],
        cwd: new URL('..', import.meta.url),
      });
      const exited = once(child, 'exit');
      expect(await heard(socket, 10_000)).toBe('READY=1');
      expect(await heard(socket)).toBe('WATCHDOG=1');
      const client = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
      await client.connect(server.getsockname());
      expect((await client.recv(64, { timeout: 1000 })).toString()).toBe('from front');
      client.close();
      const said: string[] = [];
      while (said.at(-1) !== 'STOPPING=1') said.push(await heard(socket));
      expect(await exited).toEqual([0, null]);
      expect(said.filter((words) => words !== 'WATCHDOG=1')).toEqual([
        'STATUS=serving the first client',
        'STOPPING=1',
      ]);
    });
    server.close();
  });

  it('systemd-socket-activate starts us, and the first client is served', async (context) => {
    const activate = '/usr/bin/systemd-socket-activate';
    if (!existsSync(activate)) return context.skip('systemd-socket-activate is not installed');
    const name = join(folder, 'activated');
    const text = `
      const { listenFds } = require('@sockeye/core/systemd');
      const [{ name, socket }] = listenFds();
      socket.accept().then(async (connection) => {
        const got = await connection.recv(64);
        await connection.sendAll(Buffer.from(name + ': ' + got));
        connection.close(); socket.close();
      });`;
    const args = ['-l', name, '--fdname=front', process.execPath, '-e', text];
    const child = spawn(activate, args, {
      stdio: ['ignore', 'inherit', 'pipe'],
      cwd: new URL('..', import.meta.url),
    });
    const exited = once(child, 'exit');
    // The path is there before anybody listens at it.
    const listening = new Promise<void>((resolve) => {
      child.stderr.on('data', (words) => String(words).includes('Listening') && resolve());
    });
    await Promise.race([listening, exited]);
    const client = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    await client.connect(unix(name));
    await client.sendAll(Buffer.from('hello'));
    expect((await client.recv(64, { timeout: 10_000 })).toString()).toBe('front: hello');
    client.close();
    expect(await exited).toEqual([0, null]);
  });
});
