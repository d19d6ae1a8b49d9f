/** Blocking, timeouts and non-blocking, and what O_NONBLOCK is in each. */
import { setTimeout as delay } from 'node:timers/promises';
import * as socket from '@sockeye/compat-python';
import { afterEach, describe, expect, it } from 'vitest';
import { isNonblocking, needsPython, Program, python, thrown, typescript } from './support.ts';

const open: socket.socket[] = [];
const held = <T extends readonly socket.socket[]>(...sockets: T): T => {
  open.push(...sockets);
  return sockets;
};
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  socket.setdefaulttimeout(null);
});

function listener(backlog?: number): socket.socket {
  const [made] = held(socket.socket());
  made.bind(['127.0.0.1', 0]);
  made.listen(backlog);
  return made;
}

const at = (s: socket.socket): socket.ReturnedInet => s.getsockname<socket.ReturnedInet>();

describe('O_NONBLOCK and the timeout', () => {
  it('are what they are in CPython', (context) => {
    needsPython(context);
    const program = `
import fcntl, json, os, socket
rows = []
def look(name, s):
    rows.append([name, s.gettimeout(), s.getblocking(), bool(fcntl.fcntl(s.fileno(), fcntl.F_GETFL) & os.O_NONBLOCK)])
s = socket.socket(); look('new', s)
s.settimeout(1.5); look('timeout', s)
d = s.dup(); look('dup', d)
f = socket.fromfd(s.fileno(), s.family, s.type); look('fromfd', f)
s.settimeout(None); look('none', s)
s.setblocking(False); look('non-blocking', s)
s.setblocking(True); look('blocking', s)
look('SOCK_NONBLOCK', socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
a, b = socket.socketpair(); look('pair', a); look('pair', b)
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK); look('pair NONBLOCK', a); look('pair NONBLOCK', b)
l = socket.socket(); l.bind(('127.0.0.1', 0)); l.listen()
def accepted(name):
    c = socket.socket(); c.settimeout(None); c.connect(l.getsockname()); conn, _ = l.accept(); look(name, conn); look(name, l)
accepted('accepted'); l.settimeout(5); accepted('accepted, timeout')
socket.setdefaulttimeout(2); look('default', socket.socket()); accepted('accepted, default')
a, b = socket.socketpair(); look('pair, default', a)
look('fileno, default', socket.socket(fileno=a.detach()))
socket.setdefaulttimeout(0); look('default 0', socket.socket()); accepted('accepted, default 0')
print(json.dumps(rows))`;
    const expected = JSON.parse(python(program)) as unknown[];
    const rows: unknown[] = [];
    const look = (name: string, s: socket.socket): void => {
      held(s);
      rows.push([name, s.gettimeout(), s.getblocking(), isNonblocking(s.fileno())]);
    };
    const s = socket.socket();
    look('new', s);
    s.settimeout(1.5);
    look('timeout', s);
    look('dup', s.dup());
    look('fromfd', socket.fromfd(s.fileno(), s.family, s.type));
    s.settimeout(null);
    look('none', s);
    s.setblocking(false);
    look('non-blocking', s);
    s.setblocking(true);
    look('blocking', s);
    look('SOCK_NONBLOCK', socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK));
    for (const end of socket.socketpair()) look('pair', end);
    const flagged = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK);
    for (const end of flagged) look('pair NONBLOCK', end);
    const l = listener();
    const accepted = (name: string): void => {
      const [c] = held(socket.socket());
      c.settimeout(null);
      c.connect(at(l));
      look(name, l.accept()[0]);
      look(name, l);
    };
    accepted('accepted');
    l.settimeout(5);
    accepted('accepted, timeout');
    socket.setdefaulttimeout(2);
    look('default', socket.socket());
    accepted('accepted, default');
    const [a] = held(...socket.socketpair());
    look('pair, default', a as socket.socket);
    look('fileno, default', socket.socket({ fileno: (a as socket.socket).detach() }));
    socket.setdefaulttimeout(0);
    look('default 0', socket.socket());
    accepted('accepted, default 0');
    expect(rows).toEqual(expected);
  });

  it('keeps what was set, rounded as CPython rounds', (context) => {
    needsPython(context);
    const values = [0.1, 1.1, 1e-12, 3, 0.3333333333333, 123456.789, 2147483.648, 1e9];
    const program = `import json, socket, sys
s = socket.socket(); out = []
for v in json.load(sys.stdin): s.settimeout(v); out.append(s.gettimeout())
print(json.dumps(out))`;
    const [s] = held(socket.socket());
    const got = values.map((value) => {
      s.settimeout(value);
      return [s.gettimeout(), s.timeout];
    });
    const expected = JSON.parse(python(program, JSON.stringify(values))) as number[];
    expect(got).toEqual(expected.map((value) => [value, value]));
  });
});

describe('a socket with a timeout', () => {
  it('raises TimeoutError when the time is up, and not before', () => {
    const [a] = held(...socket.socketpair());
    const s = a as socket.socket;
    s.settimeout(0.05);
    for (const wait of [
      () => s.recv(1),
      () => s.recv_into(Buffer.alloc(1)),
      () => s.recvfrom(1),
      () => s.recvfrom_into(Buffer.alloc(1)),
      () => s.recv(1, socket.MSG_PEEK),
    ]) {
      const start = performance.now();
      const error = thrown(wait) as socket.OSError;
      expect(performance.now() - start).toBeGreaterThanOrEqual(49);
      expect(error).toBeInstanceOf(socket.timeout);
      expect([error.message, error.errno, error.strerror, error.code]).toEqual([
        'timed out',
        null,
        null,
        'ERR_SOCKET_TIMEOUT',
      ]);
    }
    const l = listener();
    l.settimeout(0.05);
    expect(thrown(() => l.accept())).toBeInstanceOf(socket.timeout);
  });

  it('has one timeout for the whole of sendall', () => {
    const [a] = held(...socket.socketpair());
    const s = a as socket.socket;
    s.settimeout(0.05);
    const error = thrown(() => s.sendall(Buffer.alloc(8 << 20)));
    expect(error).toBeInstanceOf(socket.timeout);
    expect((error.cause as { bytesSent?: number }).bytesSent).toBeGreaterThan(0);
  });

  it('gives up connecting, and connect_ex says EAGAIN, as CPython', (context) => {
    // A full backlog drops what comes: nobody answers.
    const l = listener(0);
    const fill = [0, 1, 2].map(() => {
      const [s] = held(socket.socket());
      s.setblocking(false);
      return s.connect_ex(at(l));
    });
    expect(fill).toContain(115);
    const [s, other] = held(socket.socket(), socket.socket());
    s.settimeout(0.1);
    expect(thrown(() => s.connect(at(l)))).toBeInstanceOf(socket.timeout);
    other.settimeout(0.1);
    expect(other.connect_ex(at(l))).toBe(socket.EAGAIN);
    needsPython(context);
    const program = `import socket; s = socket.socket(); s.settimeout(0.1); print(s.connect_ex(('127.0.0.1', ${at(l)[1]})))`;
    expect(Number(python(program))).toBe(socket.EAGAIN);
  });

  it('does not wait for room in the backlog of a Unix socket', (context) => {
    needsPython(context);
    const name = `\0sockeye-${process.pid}-backlog`;
    const [l] = held(socket.socket(socket.AF_UNIX));
    l.bind(name);
    l.listen(0);
    const [first, second] = held(socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX));
    first.connect(name);
    second.settimeout(5);
    const error = thrown(() => second.connect(name));
    expect(error).toBeInstanceOf(socket.BlockingIOError);
    const program = `import socket
s = socket.socket(socket.AF_UNIX); s.settimeout(5)
try: s.connect('\\0sockeye-${process.pid}-backlog')
except OSError as e: print(type(e).__name__ + ': ' + str(e))`;
    expect(python(program).trim()).toBe(String(error));
  });
});

describe('a socket that does not wait', () => {
  it('raises BlockingIOError EAGAIN', () => {
    const [a] = held(...socket.socketpair());
    const s = a as socket.socket;
    s.setblocking(false);
    const l = listener();
    l.settimeout(0);
    const calls = [
      () => s.recv(1),
      () => s.recv_into(Buffer.alloc(1)),
      () => s.recvfrom(1),
      () => s.recvfrom_into(Buffer.alloc(1)),
      () => s.sendall(Buffer.alloc(8 << 20)),
      () => s.send(Buffer.alloc(1)),
      () => l.accept(),
    ];
    for (const call of calls) {
      const error = thrown(call);
      expect(error).toBeInstanceOf(socket.BlockingIOError);
      expect([error.message, error.errno, error.code]).toEqual([
        '[Errno 11] Resource temporarily unavailable',
        11,
        'EAGAIN',
      ]);
    }
  });

  it('connects in the background: EINPROGRESS, then connected', async () => {
    const l = listener();
    const [s] = held(socket.socket());
    s.setblocking(false);
    const error = thrown(() => s.connect(at(l)));
    expect(error).toBeInstanceOf(socket.BlockingIOError);
    expect([error.message, error.code]).toEqual(['[Errno 115] Operation now in progress', 'EINPROGRESS']);
    const [conn] = l.accept();
    held(conn);
    await delay(1);
    expect([0, 106]).toContain(s.connect_ex(at(l)));
    expect(s.getpeername()).toEqual(at(l));
  });
});

describe('a socket that waits', () => {
  it('does not with MSG_DONTWAIT, as the kernel has it', () => {
    const [a] = held(...socket.socketpair());
    const s = a as socket.socket;
    expect(thrown(() => s.recv(1, socket.MSG_DONTWAIT))).toBeInstanceOf(socket.BlockingIOError);
    expect(thrown(() => s.sendall(Buffer.alloc(8 << 20), socket.MSG_DONTWAIT))).toBeInstanceOf(
      socket.BlockingIOError,
    );
  });

  it('waits for all with MSG_WAITALL, until the stream ends', async () => {
    const l = listener();
    // The client sends "hellohello" byte by byte, and closes.
    const client = new Program(process.execPath, [
      '-e',
      `const s = require('node:net').connect(${at(l)[1]}, '127.0.0.1'); s.setNoDelay();
       let i = 0; const t = setInterval(() => { if (i < 10) s.write('hellohello'[i++]); else { clearInterval(t); s.end(); } }, 10);`,
    ]);
    const [conn] = l.accept();
    held(conn);
    expect(conn.recv(5, socket.MSG_WAITALL).toString()).toBe('hello');
    const buffer = Buffer.alloc(4);
    expect(conn.recv_into(buffer, 0, socket.MSG_WAITALL)).toBe(4);
    expect(buffer.toString()).toBe('hell');
    expect(conn.recv(100, socket.MSG_WAITALL).toString()).toBe('o');
    expect(conn.recv(100, socket.MSG_WAITALL)).toHaveLength(0);
    conn.close();
    await client.end();
  });

  it('goes on after a signal', async () => {
    const l = listener();
    // The program takes its time to start where a processor is emulated.
    l.settimeout(50);
    const child = typescript('./programs/receive.ts', [String(at(l)[1])]);
    const [conn] = l.accept();
    held(conn);
    expect(conn.recv(5).toString()).toBe('ready');
    await delay(50);
    child.kill('SIGUSR2');
    await delay(50);
    conn.sendall(Buffer.from('after the signal'));
    conn.close();
    expect(await child.end()).toBe('after the signal\n');
  });
});
