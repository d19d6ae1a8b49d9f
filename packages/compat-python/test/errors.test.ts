/** The class tree of Python's exceptions, and what core's errors become in it. */

import * as socket from '@sockeye/compat-python';
import { errnos, SocketError } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { needsPython, python, thrown } from './support.ts';

const classes = socket as object as Readonly<Record<string, new (...args: unknown[]) => Error>>;

describe('classes', () => {
  it('are chosen by number, as CPython chooses them', (context) => {
    needsPython(context);
    const program = `import errno, json, os
print(json.dumps([[n, type(OSError(n, os.strerror(n))).__name__, str(OSError(n, os.strerror(n)))] for n in errno.errorcode]))`;
    const rows = JSON.parse(python(program)) as [number, string, string][];
    const words = new Map(rows.map(([number, , text]) => [number, text.replace(/^\[Errno \d+\] /, '')]));
    const got = rows.map(([number]) => {
      const error = new socket.OSError(number, words.get(number));
      return [error.errno, error.name, error.message];
    });
    expect(got).toEqual(rows);
  });

  it('descend from one another as in CPython', (context) => {
    needsPython(context);
    const names = Object.keys(classes).filter(
      (name) => name.endsWith('Error') || /^(error|timeout|gaierror|herror)$/.test(name),
    );
    const program = `import builtins, json, socket, sys
names = json.load(sys.stdin)
kinds = [getattr(builtins, n, None) or getattr(socket, n) for n in names]
print(json.dumps([[issubclass(a, b) for b in kinds] for a in kinds]))`;
    const expected = JSON.parse(python(program, JSON.stringify(names)));
    const types = names.map((name) => classes[name] as new (...args: unknown[]) => Error);
    const descends = (a: (typeof types)[number], b: (typeof types)[number]): boolean =>
      a === b || a.prototype instanceof b;
    expect(names.length).toBeGreaterThan(20);
    expect(types.map((a) => types.map((b) => descends(a, b)))).toEqual(expected);
  });

  it('have two aliases', () => {
    expect(socket.error).toBe(socket.OSError);
    expect(socket.timeout).toBe(socket.TimeoutError);
  });

  it('made from one argument have no number', () => {
    const error = new socket.OSError('what went wrong');
    expect([error.message, error.errno, error.strerror, error.args, error.code]).toEqual([
      'what went wrong',
      null,
      null,
      ['what went wrong'],
      undefined,
    ]);
    expect(new socket.OSError().message).toBe('');
  });

  it('stay what they were made as', () => {
    class Mine extends socket.OSError {}
    expect(new Mine(errnos.EPIPE, 'x')).not.toBeInstanceOf(socket.BrokenPipeError);
    const gai = new socket.gaierror(-2, 'Name or service not known');
    expect([gai.name, gai.code, String(gai)]).toEqual([
      'gaierror',
      'EAI_NONAME',
      'gaierror: [Errno -2] Name or service not known',
    ]);
  });
});

describe('what the kernel says', () => {
  it("becomes Python's error, with core's as its cause", () => {
    const s = socket.socket();
    const error = thrown(() => s.connect(['127.0.0.1', 1])) as socket.OSError;
    s.close();
    expect(error).toBeInstanceOf(socket.ConnectionRefusedError);
    expect([error.errno, error.strerror, error.code, error.args]).toEqual([
      111,
      'Connection refused',
      'ECONNREFUSED',
      [111, 'Connection refused'],
    ]);
    expect(error.message).toBe('[Errno 111] Connection refused');
    expect(error.cause).toBeInstanceOf(SocketError);
    expect((error.cause as SocketError).syscall).toBe('connect');
  });

  it('keeps what core says to do about it', (context) => {
    if (process.getuid?.() === 0) {
      const s = socket.socket();
      s.bind(['127.0.0.1', 0]);
      const other = socket.socket();
      const error = thrown(() => other.bind(s.getsockname<socket.ReturnedInet>()));
      s.close();
      other.close();
      expect((error.cause as Error).message).toContain('SO_REUSEADDR');
      return;
    }
    if (process.platform !== 'linux') context.skip('AF_PACKET is of Linux');
    const error = thrown(() => socket.socket(socket.AF_PACKET, socket.SOCK_RAW));
    expect(error).toBeInstanceOf(socket.PermissionError);
    expect((error.cause as Error).message).toContain('CAP_NET_RAW');
  });

  it('of a reset and of a closed peer', () => {
    const listener = socket.socket();
    listener.bind(['127.0.0.1', 0]);
    listener.listen();
    const client = socket.socket();
    client.connect(listener.getsockname<socket.ReturnedInet>());
    const [conn] = listener.accept();
    // Linger 0: close sends RST.
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Int32Array([1, 0]));
    conn.close();
    expect(thrown(() => client.recv(1))).toBeInstanceOf(socket.ConnectionResetError);
    expect(thrown(() => client.send(Buffer.from('x')))).toBeInstanceOf(socket.BrokenPipeError);
    client.close();
    listener.close();
  });

  it('about names is a gaierror', () => {
    const error = thrown(() => socket.getaddrinfo('no such name.invalid', 80)) as socket.gaierror;
    expect(error).toBeInstanceOf(socket.gaierror);
    expect(error).toBeInstanceOf(socket.OSError);
    expect(error.errno).toBeLessThan(0);
    expect(error.code).toMatch(/^EAI_/);
    expect(error.cause).toBeInstanceOf(SocketError);
  });
});
