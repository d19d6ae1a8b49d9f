/** The socket object: how it is made, called, shown, copied and given up. */
import { openSync, readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import * as socket from '@sockeye/compat-python';
import { Socket as Core } from '@sockeye/core';
import { afterEach, describe, expect, it } from 'vitest';
import { needsPython, python, thrown } from './support.ts';

const open: socket.socket[] = [];
const held = (s: socket.socket): socket.socket => {
  open.push(s);
  return s;
};
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

describe('socket', () => {
  it('is a class that is called with or without new', () => {
    for (const s of [held(socket.socket()), held(new socket.socket())]) {
      expect(s).toBeInstanceOf(socket.socket);
      expect(s).toBeInstanceOf(socket.SocketType);
      expect(s.constructor).toBe(socket.socket);
    }
    expect(socket.SocketType).toBe(socket.socket);
    expect(socket.socket.name).toBe('socket');
    expect({}).not.toBeInstanceOf(socket.socket);
  });

  it('can be extended, and dup keeps the class', () => {
    class Counting extends socket.socket {
      sent = 0;
      override send(data: socket.BytesLike, flags?: number): number {
        this.sent += 1;
        return super.send(data, flags);
      }
    }
    const s = new Counting(socket.AF_INET, socket.SOCK_DGRAM);
    held(s);
    s.connect(['127.0.0.1', 9]);
    s.send(Buffer.from('x'));
    expect(s.sent).toBe(1);
    const copy = s.dup();
    held(copy);
    expect(copy).toBeInstanceOf(Counting);
    expect(copy.getpeername()).toEqual(['127.0.0.1', 9]);
  });

  it('takes keywords as an object at the end', () => {
    const s = held(socket.socket({ type: socket.SOCK_DGRAM }));
    expect([s.family, s.type, s.proto]).toEqual([socket.AF_INET, socket.SOCK_DGRAM, 0]);
    const again = held(socket.socket({ fileno: s.detach() }));
    expect([again.family, again.type, again.proto]).toEqual([2, 2, 17]);
    const make = socket.socket as object as (...args: unknown[]) => socket.socket;
    expect(String(thrown(() => make({ kind: 1 })))).toBe(
      "TypeError: socket.__init__() got an unexpected keyword argument 'kind'",
    );
    expect(String(thrown(() => make(2, { family: 2 })))).toBe(
      "TypeError: socket.__init__() got multiple values for argument 'family'",
    );
    expect(socket.getaddrinfo('127.0.0.1', 80, { proto: socket.IPPROTO_TCP })).toEqual([
      [2, 1, 6, '', ['127.0.0.1', 80]],
    ]);
  });

  it('refuses a descriptor that is no socket, or that another Socket owns', () => {
    const file = openSync('/dev/null', 'r');
    expect(thrown(() => socket.socket({ fileno: file })).code).toBe('ENOTSOCK');
    expect(thrown(() => socket.fromfd(file, 2, 1)).code).toBe('ENOTSOCK');
    const core = Core.create(2, 1);
    expect(thrown(() => socket.socket({ fileno: core.fd })).code).toBe('EBUSY');
    core.close();
  });

  it('shows itself as in CPython', (context) => {
    needsPython(context);
    const program = `import socket, re
s = socket.socket(); print(s)
s.bind(('127.0.0.1', 0)); s.listen(); c = socket.create_connection(s.getsockname()); print(c)
s.close(); print(s)
u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); u.bind("\\0it's"); print(u)
print(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))`;
    const expected = python(program).replace(/fd=\d+|\d{4,5}(?=\))/g, 'N');
    const s = held(socket.socket());
    const lines = [String(s)];
    s.bind(['127.0.0.1', 0]);
    s.listen();
    lines.push(String(held(socket.create_connection(s.getsockname<socket.ReturnedInet>()))));
    s.close();
    lines.push(inspect(s));
    const u = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    u.bind("\0it's");
    lines.push(String(u));
    lines.push(String(held(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))));
    const got = `${lines.join('\n')}\n`.replace(/fd=(?!-)\d+|\d{4,5}(?=\))/g, 'N');
    expect(got).toBe(expected);
  });
});

describe('descriptors', () => {
  it('are given up by detach, and taken by fileno', () => {
    const [a, b] = socket.socketpair();
    held(b);
    const fd = a.detach();
    expect([a.fileno(), a.detach()]).toEqual([-1, -1]);
    const again = held(socket.socket({ fileno: fd }));
    expect(again.fileno()).toBe(fd);
    again.sendall(Buffer.from('still open'));
    expect(b.recv(20).toString()).toBe('still open');
  });

  it('are duplicated by dup and fromfd, and each is closed for itself', () => {
    const [a, b] = socket.socketpair();
    held(b);
    const copies = [a.dup(), socket.fromfd(a.fileno(), a.family, a.type)].map(held);
    expect(new Set([a, ...copies].map((s) => s.fileno())).size).toBe(3);
    a.close();
    for (const copy of copies) {
      copy.send(Buffer.from('x'));
      expect(b.recv(1).toString()).toBe('x');
    }
    for (const copy of copies) copy.close();
    expect(b.recv(1)).toHaveLength(0);
  });

  it('of others, not of a Socket, are duplicated too', () => {
    const [a, b] = socket.socketpair();
    held(b);
    const fd = a.detach();
    const copy = held(socket.fromfd(fd, socket.AF_UNIX, socket.SOCK_STREAM));
    held(socket.socket({ fileno: fd })).close();
    copy.send(Buffer.from('y'));
    expect(b.recv(1).toString()).toBe('y');
  });

  it('are all closed again', () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const before = count();
    for (let i = 0; i < 2000; i++) {
      for (const end of socket.socketpair()) {
        end.dup().close();
        end.close();
      }
    }
    for (let i = 0; i < 2000; i++) expect(thrown(() => socket.socket(2, 99)).code).toBe('EINVAL');
    expect(count()).toBe(before);
  });

  it('are closed when a block ends: Symbol.dispose', () => {
    const s = socket.socket();
    s[Symbol.dispose]();
    s.close();
    expect(s.fileno()).toBe(-1);
  });
});

describe('create_connection', () => {
  it('walks the addresses, binds first, sets the timeout, and raises the last error', () => {
    const l = held(socket.socket());
    l.bind(['127.0.0.1', 0]);
    l.listen();
    const [, port] = l.getsockname<socket.ReturnedInet>();
    const s = held(socket.create_connection(['localhost', port], 5, ['127.0.0.1', 0]));
    expect([s.gettimeout(), s.getpeername()]).toEqual([5, ['127.0.0.1', port]]);
    const other = held(socket.create_connection(['127.0.0.1', port], { timeout: null }));
    expect(other.gettimeout()).toBe(null);
    const error = thrown(() => socket.create_connection(['127.0.0.1', 1]));
    expect(error).toBeInstanceOf(socket.ConnectionRefusedError);
    const all = thrown(() => socket.create_connection(['127.0.0.1', 1], { all_errors: true }));
    expect((all as AggregateError).errors.map(String)).toEqual([String(error)]);
  });
});

describe('data', () => {
  it('is bytes of any kind, and no text', () => {
    const [a, b] = socket.socketpair();
    held(a);
    held(b);
    for (const bytes of [
      Buffer.from('ab'),
      new Uint8Array([97, 98]),
      new DataView(new Uint8Array([0, 97, 98]).buffer, 1),
      new Uint8Array([97, 98]).buffer,
      new Uint16Array(new Uint8Array([97, 98]).buffer),
    ]) {
      expect(a.send(bytes)).toBe(2);
      const data = b.recv(10);
      expect(data).toBeInstanceOf(Buffer);
      expect(data.toString()).toBe('ab');
    }
  });

  it('is received into a part of a buffer', () => {
    const [a, b] = socket.socketpair();
    held(a);
    held(b);
    a.sendall(Buffer.from('abcdef'));
    const buffer = Buffer.from('------');
    expect(b.recv_into(buffer, 2)).toBe(2);
    expect(b.recv_into(buffer.subarray(3), 0)).toBe(3);
    expect(buffer.toString()).toBe('ab-cde');
  });

  it('comes through whole, a megabyte at a time', async (context) => {
    needsPython(context);
    const l = held(socket.socket());
    l.bind(['127.0.0.1', 0]);
    l.listen();
    const [, port] = l.getsockname<socket.ReturnedInet>();
    const { Program } = await import('./support.ts');
    const program = `import socket, hashlib
s = socket.create_connection(('127.0.0.1', ${port})); h = hashlib.sha256(); n = 0
while True:
    d = s.recv(65536)
    if not d: break
    h.update(d); n += len(d)
print(n, h.hexdigest())`;
    const peer = new Program('python3', ['-c', program]);
    const [conn] = l.accept();
    const data = Buffer.alloc(1 << 20, 'sockeye ');
    conn.sendall(data);
    conn.shutdown(socket.SHUT_WR);
    expect(conn.recv(1)).toHaveLength(0);
    conn.close();
    const { createHash } = await import('node:crypto');
    expect(await peer.end()).toBe(`${data.length} ${createHash('sha256').update(data).digest('hex')}\n`);
  });
});
