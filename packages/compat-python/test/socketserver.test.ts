/** Python's socketserver: its classes over real sockets, with CPython's own clients and servers on the other side. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as socket from '@sockeye/compat-python';
import * as server from '@sockeye/compat-python/socketserver';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { needsPython, Program } from './support.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const one of open.splice(0)) one.close();
});
function kept<T extends socket.socket>(one: T): T {
  open.push(one);
  return one;
}

/** The manual's: one line, answered in capitals. */
class Upper extends server.StreamRequestHandler {
  readonly seen: string[] = ['a field of a subclass is there when handle() runs'];

  override handle(): void {
    const line = this.rfile.readline();
    expect(this.seen).toHaveLength(1);
    this.wfile.write(Buffer.from(line.toString().trim().toUpperCase()));
  }
}
class UpperDatagram extends server.DatagramRequestHandler {
  override handle(): void {
    this.wfile.write(Buffer.from(this.rfile.readline().toString().trim().toUpperCase()));
  }
}

type Inet = socket.ReturnedInet;

describe('one request', () => {
  it('over TCP: the files, and the end of the connection', () => {
    using s = new server.TCPServer(['127.0.0.1', 0], Upper);
    const client = kept(socket.create_connection(s.server_address as Inet));
    client.sendall(Buffer.from('hello\n'));
    s.handle_request();
    expect(client.recv(100).toString()).toBe('HELLO');
    expect(client.recv(100)).toHaveLength(0);
  });

  it('over UDP: what is written goes back as one datagram', () => {
    using s = new server.UDPServer(['127.0.0.1', 0], UpperDatagram);
    const client = kept(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    client.settimeout(5);
    client.sendto(Buffer.from('hello'), s.server_address as Inet);
    s.handle_request();
    expect(client.recvfrom(100)).toEqual([Buffer.from('HELLO'), s.server_address]);
  });

  it('over Unix sockets of both kinds', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
    try {
      using s = new server.UnixStreamServer(join(folder, 's'), Upper);
      const client = kept(socket.socket(socket.AF_UNIX));
      client.connect(join(folder, 's'));
      client.sendall(Buffer.from('unix\n'));
      s.handle_request();
      expect(client.recv(100).toString()).toBe('UNIX');
      expect(client.recv(100)).toHaveLength(0);
      using d = new server.UnixDatagramServer(join(folder, 'd'), UpperDatagram);
      const sender = kept(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
      sender.bind(join(folder, 'c'));
      sender.sendto(Buffer.from('unix'), join(folder, 'd'));
      d.handle_request();
      expect(sender.recv(100).toString()).toBe('UNIX');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('none in time calls handle_timeout', () => {
    const timedOut = vi.fn();
    class Hasty extends server.TCPServer {
      override handle_timeout(): void {
        timedOut();
      }
    }
    using s = new Hasty(['127.0.0.1', 0], Upper);
    s.timeout = 0.02;
    s.handle_request();
    s.timeout = null;
    s.socket.settimeout(0.02);
    s.handle_request();
    expect(timedOut).toHaveBeenCalledTimes(2);
  });

  it('one that is not verified is ended without a handler', () => {
    class Strict extends server.TCPServer {
      override verify_request(): boolean {
        return false;
      }
    }
    using s = new Strict(['127.0.0.1', 0], Upper);
    const client = kept(socket.create_connection(s.server_address as Inet));
    s.handle_request();
    expect(client.recv(1)).toHaveLength(0);
  });

  it('what a handler throws is shown, its files are closed, and the server goes on', () => {
    const shown: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      shown.push(String(text));
      return true;
    });
    const finished = vi.fn();
    class Broken extends server.StreamRequestHandler {
      static override wbufsize = 100;
      override handle(): void {
        this.wfile.write(Buffer.from('before'));
        throw new socket.ValueError('broken on purpose');
      }
      override finish(): void {
        super.finish();
        finished(this.rfile.closed, this.wfile.closed);
      }
    }
    using s = new server.TCPServer(['127.0.0.1', 0], Broken);
    const client = kept(socket.create_connection(s.server_address as Inet));
    s.handle_request();
    expect(client.recv(100).toString()).toBe('before');
    expect(client.recv(100)).toHaveLength(0);
    expect(finished).toHaveBeenCalledExactlyOnceWith(true, true);
    expect(shown.join('')).toMatch(/request from \('127\.0\.0\.1', \d+\)\nValueError: broken on purpose/);
  });
});

describe('serve_forever', () => {
  it('serves CPython until a handler calls shutdown', async (context) => {
    needsPython(context);
    let count = 0;
    class Counting extends server.StreamRequestHandler<server.TCPServer> {
      override handle(): void {
        this.wfile.write(Buffer.from(this.rfile.readline().toString().trim().toUpperCase()));
        count += 1;
        if (count === 3) this.server.shutdown();
      }
    }
    class Reusing extends server.TCPServer {
      static override allow_reuse_address = true;
    }
    using s = new Reusing(['127.0.0.1', 0], Counting);
    const [, port] = s.server_address as Inet;
    const program = `
import socket
for word in ('one', 'two', 'three'):
    with socket.create_connection(('127.0.0.1', ${port})) as s:
        s.sendall(word.encode() + b'\\n'); print(s.makefile().read())`;
    const client = new Program('python3', ['-c', program]);
    s.serve_forever(5);
    expect(await client.end()).toBe('ONE\nTWO\nTHREE\n');
    expect(s.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)).toBe(1);
  });

  it('looks at its flag and calls service_actions in each round', () => {
    let rounds = 0;
    class Patient extends server.TCPServer {
      override service_actions(): void {
        rounds += 1;
        if (rounds === 3) Atomics.store(this.shutdown_flag, 0, 1);
      }
    }
    using s = new Patient(['127.0.0.1', 0], Upper);
    s.serve_forever(0.005);
    expect(rounds).toBe(3);
    expect(s.shutdown_flag[0]).toBe(0);
  });
});

it('workers share a port, each a server of its own, until their flags are set', async () => {
  interface Told {
    address: Inet;
    flag: Int32Array;
  }
  const start = async (port: number): Promise<Told & { ended: Promise<unknown> }> => {
    const file = new URL('./programs/serve.ts', import.meta.url).href;
    const program = `import('tsx/esm/api').then(({ register }) => (register(), import('${file}')))`;
    const worker = new Worker(program, { eval: true, execArgv: [], workerData: port });
    const ended = once(worker, 'exit');
    const [told] = (await once(worker, 'message')) as [Told];
    return { ...told, ended };
  };
  const first = await start(0);
  const second = await start(first.address[1]);
  expect(second.address).toEqual(first.address);
  for (let times = 0; times < 8; times++) {
    const client = kept(socket.create_connection(first.address));
    client.settimeout(5);
    client.sendall(Buffer.from('shared\n'));
    expect(client.recv(100).toString()).toBe('SHARED\n');
  }
  for (const { flag } of [first, second]) Atomics.store(flag, 0, 1);
  expect(await Promise.all([first.ended, second.ended])).toEqual([[0], [0]]);
  expect(() => socket.create_connection(first.address)).toThrow(socket.ConnectionRefusedError);
});

it('a server that cannot bind leaves nothing open', () => {
  using s = new server.TCPServer(['127.0.0.1', 0], Upper);
  const before = readdirSync('/proc/self/fd').length;
  expect(() => new server.TCPServer(s.server_address as Inet, Upper)).toThrow(/Errno 98/);
  expect(readdirSync('/proc/self/fd').length).toBe(before);
  const later = new server.TCPServer(['127.0.0.1', 0], Upper, false);
  expect(later.server_address).toEqual(['127.0.0.1', 0]);
  later.server_close();
});
