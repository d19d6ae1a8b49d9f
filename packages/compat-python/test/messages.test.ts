/** Control data and descriptors, with CPython at the other end, and files that are sent. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as socket from '@sockeye/compat-python';
import { afterEach, describe, expect, it } from 'vitest';
import { needsPython, Program, thrown } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
const open: { close(): void }[] = [{ close: () => rmSync(folder, { recursive: true, force: true }) }];
function held<T extends { close(): void }>(one: T): T {
  open.push(one);
  return one;
}
afterEach(() => {
  for (const one of open.splice(1)) one.close();
});

function pair(type: number = socket.SOCK_STREAM): [socket.socket, socket.socket] {
  const made = socket.socketpair(socket.AF_UNIX, type);
  for (const one of made) held(one);
  return made;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('descriptors', () => {
  it('go to CPython and come back, as files that both read', async (context) => {
    needsPython(context);
    const path = join(folder, 'file');
    writeFileSync(path, 'written here');
    const listener = held(socket.socket(socket.AF_UNIX));
    listener.bind(join(folder, 'fds'));
    listener.listen();
    const program = new Program('python3', [
      '-c',
      `import array, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
msg, fds, flags, addr = socket.recv_fds(s, 100, 4)
got = [os.read(fd, 100).decode() for fd in fds]
r, w = os.pipe(); os.write(w, b'written there')
socket.send_fds(s, [repr((msg, got, flags, addr)).encode()], [r, w])
`,
      join(folder, 'fds'),
    ]);
    const [conn] = listener.accept();
    held(conn);
    const before = descriptors();
    const file = openSync(path, 'r');
    expect(socket.send_fds(conn, [Buffer.from('two '), Buffer.from('buffers')], [file])).toBe(11);
    closeSync(file);
    const [data, fds, flags, address] = socket.recv_fds(conn, 100, 4);
    const bound = join(folder, 'fds');
    expect(data.toString()).toBe(`(b'two buffers', ['written here'], 0, '${bound}')`);
    expect([fds.length, flags, address]).toEqual([2, 0, null]);
    const room = Buffer.alloc(100);
    expect(room.toString('latin1', 0, readSync(fds[0] as number, room))).toBe('written there');
    expect(descriptors()).toBe(before + 2);
    for (const fd of fds) socket.close(fd);
    expect(descriptors()).toBe(before);
    await program.end();
  });

  it('that there is no room for are closed, and the flags say so', () => {
    const [a, b] = pair(socket.SOCK_DGRAM);
    const before = descriptors();
    for (const room of [0, 1, socket.CMSG_LEN(0), socket.CMSG_LEN(0) + 1, socket.CMSG_LEN(4) - 1]) {
      socket.send_fds(a, [Buffer.from('x')], [0, 1]);
      const [, ancdata, flags] = b.recvmsg(1, room);
      expect([room, flags & socket.MSG_CTRUNC]).toEqual([room, socket.MSG_CTRUNC]);
      expect(ancdata.flatMap(([, , data]) => [...data])).toEqual([]);
      expect(descriptors()).toBe(before);
    }
    socket.send_fds(a, [Buffer.from('x')], [0, 1]);
    const [, [rights], flags] = b.recvmsg(1, socket.CMSG_LEN(4));
    expect(rights?.slice(0, 2)).toEqual([socket.SOL_SOCKET, socket.SCM_RIGHTS]);
    expect([rights?.[2].length, flags & socket.MSG_CTRUNC]).toEqual([4, socket.MSG_CTRUNC]);
    expect(descriptors()).toBe(before + 1);
    closeSync(rights?.[2].readInt32LE() as number);
  });

  it('are closed in programs that are executed, unless they are inheritable', async (context) => {
    needsPython(context);
    const [a, b] = pair();
    const there = async (fd: number): Promise<string> =>
      (
        await new Program('python3', ['-c', `import os; print(os.path.exists('/proc/self/fd/${fd}'))`]).end()
      ).trim();
    expect([a.get_inheritable(), await there(a.fileno())]).toEqual([false, 'False']);
    b.set_inheritable(true);
    expect(b.get_inheritable()).toBe(true);
    b.set_inheritable(0);
    expect(b.get_inheritable()).toBe(false);
    expect(socket.socket({ fileno: a.detach() }).get_inheritable()).toBe(false);
  });
});

describe('messages', () => {
  it('are scattered over buffers, and carry credentials', () => {
    const [a, b] = pair(socket.SOCK_DGRAM);
    b.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1);
    const who = Buffer.from(
      Int32Array.of(process.pid, process.getuid?.() ?? 0, process.getgid?.() ?? 0).buffer,
    );
    const credentials = [socket.SOL_SOCKET, socket.SCM_CREDENTIALS, who] as const;
    expect(a.sendmsg([Buffer.from('abc'), Buffer.from('defgh')], [credentials])).toBe(8);
    const [first, second] = [Buffer.alloc(2), Buffer.alloc(10)];
    const [count, ancdata, flags, address] = b.recvmsg_into([first, second], socket.CMSG_SPACE(12));
    expect([count, first.toString(), second.toString('latin1', 0, 6)]).toEqual([8, 'ab', 'cdefgh']);
    expect(ancdata).toEqual([[...credentials.slice(0, 2), who]]);
    // An unnamed sender.
    expect([flags, address]).toEqual([0, null]);
  });

  it('have an address each way, and say when they were cut', () => {
    const [a, b] = [0, 1].map(() => {
      const s = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
      s.bind(['127.0.0.1', 0]);
      return s;
    }) as [socket.socket, socket.socket];
    const to = b.getsockname<socket.ReturnedInet>();
    expect(a.sendmsg([Buffer.from('abcdef')], [], 0, to)).toBe(6);
    expect(b.recvmsg(3)).toEqual([Buffer.from('abc'), [], socket.MSG_TRUNC, a.getsockname()]);
  });

  it('wait as long as the timeout says, and not where the socket does not', () => {
    const [a] = pair();
    a.settimeout(0.05);
    expect(thrown(() => a.recvmsg(1))).toBeInstanceOf(socket.TimeoutError);
    expect(thrown(() => a.recvmsg_into([Buffer.alloc(1)]))).toBeInstanceOf(socket.TimeoutError);
    a.setblocking(false);
    expect(thrown(() => a.recvmsg(1))).toBeInstanceOf(socket.BlockingIOError);
  });
});

describe('sendfile', () => {
  const path = join(folder, 'sent');

  it('sends a file, a part of one, and what is read', () => {
    writeFileSync(path, '0123456789'.repeat(1000));
    const [a, b] = pair();
    const read = (count: number): string => {
      const parts: Buffer[] = [];
      for (let left = count; left > 0; left -= (parts.at(-1) as Buffer).length) parts.push(b.recv(left));
      return Buffer.concat(parts).toString();
    };
    const fd = openSync(path, 'r');
    try {
      expect(a.sendfile(fd)).toBe(10_000);
      expect(read(10_000)).toBe('0123456789'.repeat(1000));
      expect(a.sendfile({ fd }, 9_990)).toBe(10);
      expect(read(10)).toBe('0123456789');
      expect(a.sendfile(fd, { offset: 5, count: 3 })).toBe(3);
      expect(read(3)).toBe('567');
      expect(a.sendfile(fd, 20_000)).toBe(0);
      for (const bad of [0, -1])
        expect(thrown(() => a.sendfile(fd, 0, bad))).toBeInstanceOf(socket.ValueError);
      a.setblocking(false);
      expect(String(thrown(() => a.sendfile(fd)))).toBe('ValueError: non-blocking sockets are not supported');
    } finally {
      closeSync(fd);
    }
    a.setblocking(true);
    const chunks = [Buffer.from('chunk '), Buffer.from('by chunk'), Buffer.alloc(0)];
    let at = -1;
    const file = { read: () => chunks.shift() as Buffer, seek: (offset: number) => (at = offset) };
    expect(a.sendfile(file)).toBe(14);
    expect([read(14), at]).toEqual(['chunk by chunk', 14]);
    const text = { read: () => Buffer.alloc(0), mode: 'r' };
    expect(String(thrown(() => a.sendfile(text)))).toBe('ValueError: file should be opened in binary mode');
    const [datagram] = pair(socket.SOCK_DGRAM);
    expect(String(thrown(() => datagram.sendfile(file)))).toBe(
      'ValueError: only SOCK_STREAM type sockets are supported',
    );
  });
});

describe('sendfile to who reads slowly', () => {
  const path = join(folder, 'long');
  const SIZE = 1_500_000;
  const SLOW = `
import socket, time
s = socket.socket(fileno=3); s.setblocking(True); total = 0
while True:
    data = s.recv(100000)
    if not data: break
    total += len(data); time.sleep(0.1)
print(total)`;

  it('the timeout is for each wait', async (context) => {
    needsPython(context);
    writeFileSync(path, Buffer.alloc(SIZE));
    const [a, b] = pair();
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000);
    const reader = spawn('python3', ['-c', SLOW], { stdio: ['ignore', 'pipe', 'inherit', b.fileno()] });
    b.close();
    const said = text(reader.stdout as Readable);
    // Longer than each wait, and shorter than them all; the reader has to start first.
    a.settimeout(30);
    a.sendall(Buffer.alloc(1_000_000));
    a.settimeout(1);
    const fd = openSync(path, 'r');
    try {
      const began = performance.now();
      expect(a.sendfile(fd)).toBe(SIZE);
      expect(performance.now() - began).toBeGreaterThan(1000);
    } finally {
      closeSync(fd);
    }
    a.close();
    expect(await said).toBe(`${SIZE + 1_000_000}\n`);
  });

  it('a file that has a position is left behind what went, and where it was when nothing did', () => {
    writeFileSync(path, Buffer.alloc(SIZE));
    const [a, b] = pair();
    a.settimeout(0.05);
    const fd = openSync(path, 'r');
    let at = -1;
    const file = { fileno: () => fd, read: () => null, seek: (offset: number) => (at = offset) };
    try {
      expect(thrown(() => a.sendfile(file, 10))).toBeInstanceOf(socket.TimeoutError);
      b.setblocking(false);
      let came = 0;
      for (let count = 1; count > 0; came += count) {
        try {
          count = b.recv(100_000).length;
        } catch {
          count = 0;
        }
      }
      expect(came).toBeGreaterThan(0);
      expect(at).toBe(10 + came);
      expect([a.sendfile(file, SIZE + 5), at]).toEqual([0, 10 + came]);
    } finally {
      closeSync(fd);
    }
  });
});

describe('numbers', () => {
  it('are duplicated and closed, whoever has them', () => {
    const [a, b] = pair();
    const copy = socket.dup(a.fileno());
    const file = openSync('/dev/null', 'r');
    expect(thrown(() => socket.dup(file)).code).toBe('ENOTSOCK');
    socket.close(file);
    expect(thrown(() => fstatSync(file)).code).toBe('EBADF');
    a.close();
    const again = held(socket.socket({ fileno: copy }));
    again.send(Buffer.from('x'));
    expect(b.recv(1).toString()).toBe('x');
  });

  it('that are closed behind an object leave it with EBADF, at its close too', () => {
    const s = socket.socket();
    const fd = s.fileno();
    socket.close(fd);
    expect(s.fileno()).toBe(fd);
    expect(thrown(() => s.listen()).errno).toBe(socket.EBADF);
    expect(thrown(() => s.close()).errno).toBe(socket.EBADF);
    expect(s.fileno()).toBe(-1);
    s.close();
  });

  it('may have two objects, of which one gives it up', () => {
    const [a, b] = pair();
    const twin = socket.socket({ fileno: a.fileno() });
    expect([twin.fileno(), twin.family, twin.type]).toEqual([a.fileno(), a.family, a.type]);
    expect(a.detach()).toBe(twin.fileno());
    expect(thrown(() => a.send(Buffer.from('x'))).errno).toBe(socket.EBADF);
    a.close();
    twin.send(Buffer.from('y'));
    expect(b.recv(1).toString()).toBe('y');
    const third = socket.socket({ fileno: twin.fileno() });
    twin.close();
    expect(thrown(() => third.send(Buffer.from('x'))).errno).toBe(socket.EBADF);
    expect(thrown(() => third.close()).errno).toBe(socket.EBADF);
  });
});

describe('create_server', () => {
  it('takes connections over IPv4 and IPv6 by dual stack', (context) => {
    if (!socket.has_dualstack_ipv6()) context.skip('this kernel has no dual stack');
    const server = held(socket.create_server(['', 0], { family: socket.AF_INET6, dualstack_ipv6: true }));
    const [, port] = server.getsockname<socket.ReturnedInet6>();
    for (const [host, seen] of [
      ['127.0.0.1', '::ffff:127.0.0.1'],
      ['::1', '::1'],
    ] as const) {
      const client = held(socket.create_connection([host, port], 5));
      const [conn, [from]] = server.accept<socket.ReturnedInet6>();
      held(conn);
      expect(from).toBe(seen);
      client.send(Buffer.from('x'));
      expect(conn.recv(1).toString()).toBe('x');
    }
  });

  it('shares its port when it is told to', () => {
    const first = held(socket.create_server(['127.0.0.1', 0], { reuse_port: true }));
    const address = first.getsockname<socket.ReturnedInet>();
    held(socket.create_server(address, { reuse_port: true }));
    expect(thrown(() => socket.create_server(address)).errno).toBe(98);
  });
});
