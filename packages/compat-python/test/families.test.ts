/** Datagrams, Unix sockets, IPv6, packets and CAN: real sockets, and CPython at the other end where one is. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as socket from '@sockeye/compat-python';
import { afterEach, describe, expect, it } from 'vitest';
import { toSockaddr } from '../src/address/registry.ts';
import { fsdecode, fsencode } from '../src/filesystem.ts';
import { idna } from '../src/host.ts';
import { needsPython, Program, python, thrown } from './support.ts';

const open: { close(): void }[] = [];
const held = <T extends { close(): void }>(one: T): T => {
  open.push(one);
  return one;
};
const folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
open.push({ close: () => rmSync(folder, { recursive: true, force: true }) });
afterEach(() => {
  for (const one of open.splice(1)) one.close();
});

describe('UDP', () => {
  it('goes to and fro, with addresses', () => {
    const a = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    const b = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    a.bind(['127.0.0.1', 0]);
    b.bind(['', 0]);
    const [host, port] = b.getsockname<socket.ReturnedInet>();
    expect(host).toBe('0.0.0.0');
    expect(a.sendto(Buffer.from('ping'), ['localhost', port])).toBe(4);
    const [data, from] = b.recvfrom<socket.ReturnedInet>(100);
    expect([data.toString(), from]).toEqual(['ping', a.getsockname()]);
    expect(b.sendto(Buffer.from('pong!'), 0, from)).toBe(5);
    const buffer = new Uint16Array(8);
    const [count, peer] = a.recvfrom_into<socket.ReturnedInet>(buffer);
    expect([count, peer]).toEqual([5, ['127.0.0.1', port]]);
    expect(Buffer.from(buffer.buffer, 0, 5).toString()).toBe('pong!');
  });

  it('answers a CPython client', async (context) => {
    needsPython(context);
    const s = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    s.bind(['127.0.0.1', 0]);
    s.settimeout(10);
    const [, port] = s.getsockname<socket.ReturnedInet>();
    const program = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(10)
s.sendto(b'abc', ('127.0.0.1', ${port})); print(s.recvfrom(100)[0].decode())`;
    const client = new Program('python3', ['-c', program]);
    const [data, from] = s.recvfrom<socket.ReturnedInet>(100);
    s.sendto(Buffer.concat([data, data]), from);
    expect(await client.end()).toBe('abcabc\n');
  });

  it('over IPv6 has addresses of four', (context) => {
    const a = held(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM));
    try {
      a.bind(['::1', 0]);
    } catch (error) {
      context.skip(`this machine has no ::1: ${(error as Error).message}`);
    }
    const own = a.getsockname<socket.ReturnedInet6>();
    expect(own).toEqual(['::1', own[1], 0, 0]);
    a.sendto(Buffer.from('x'), own);
    expect(a.recvfrom(10)).toEqual([Buffer.from('x'), own]);
  });

  it('broadcasts where SO_BROADCAST is set', () => {
    const s = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    expect(thrown(() => s.sendto(Buffer.from('x'), ['<broadcast>', 9]))).toBeInstanceOf(
      socket.PermissionError,
    );
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1);
    expect(s.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)).toBe(1);
  });
});

describe('AF_UNIX', () => {
  it('streams by path, with CPython as the client', async (context) => {
    needsPython(context);
    const path = join(folder, 'stream');
    const l = held(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM));
    l.bind(path);
    l.listen();
    l.settimeout(10);
    expect(l.getsockname()).toBe(path);
    const program = `import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'hello'); print(s.recv(10).decode(), repr(s.getsockname()), s.getpeername() == sys.argv[1])`;
    const client = new Program('python3', ['-c', program, path]);
    const [conn, address] = l.accept();
    expect(address).toBe('');
    conn.sendall(conn.recv(10));
    conn.close();
    expect(await client.end()).toBe("hello '' True\n");
  });

  it('has datagrams and seqpackets, which keep their bounds', () => {
    for (const type of [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]) {
      const [a, b] = socket.socketpair(socket.AF_UNIX, type);
      held(a).send(Buffer.from('one'));
      a.send(Buffer.from('two'));
      expect([held(b).recv(100).toString(), b.recv(2).toString()]).toEqual(['one', 'tw']);
    }
  });

  it('tells no address of a sender without name', () => {
    const path = join(folder, 'datagram');
    const a = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    a.bind(path);
    const b = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    b.sendto(Buffer.from('x'), path);
    expect(a.recvfrom(10)).toEqual([Buffer.from('x'), null]);
    b.bind('');
    b.sendto(Buffer.from('y'), Buffer.from(path));
    const [, from] = a.recvfrom<Buffer>(10);
    expect(from).toHaveLength(6);
    expect(from[0]).toBe(0);
  });

  it('takes abstract names of any bytes', () => {
    const name = Buffer.from(`\0sockeye-${process.pid}-\xff\0x`, 'latin1');
    const a = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    a.bind(name);
    expect(a.getsockname()).toEqual(name);
    const b = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    b.connect(name);
    b.send(Buffer.from('x'));
    expect(a.recv(5).toString()).toBe('x');
  });

  it('gives paths that are no UTF-8 as CPython does, and takes them back', (context) => {
    needsPython(context);
    const path = Buffer.concat([
      Buffer.from(`${folder}/`),
      Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82]),
    ]);
    const a = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    a.bind(path);
    const text = a.getsockname<string>();
    expect(text).toBe(`${folder}/a\udcff\u00e9\udce2\udc82`);
    const b = held(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM));
    b.connect(text);
    expect(b.getpeername()).toBe(text);
    expect(readdirSync(folder, 'buffer')).toContainEqual(path.subarray(folder.length + 1));
  });
});

describe('names', () => {
  it('of files are encoded as CPython encodes them', (context) => {
    needsPython(context);
    const names = [
      '61',
      'ff',
      'c3a9',
      'c3',
      'e282ac',
      'e282',
      'f09f9880',
      'f09f98',
      'eda080',
      'c080',
      '80',
      'f4908080',
      '61ff62c3a9ff',
    ];
    const program = `import json, os, sys
print(json.dumps([os.fsdecode(bytes.fromhex(n)) for n in json.load(sys.stdin)]))`;
    const expected = JSON.parse(python(program, JSON.stringify(names))) as string[];
    expect(names.map((hex) => fsdecode(Buffer.from(hex, 'hex')))).toEqual(expected);
    expect(expected.map((name) => Buffer.from(fsencode(name)).toString('hex'))).toEqual(names);
  });

  it('of hosts are encoded as CPython encodes them', (context) => {
    needsPython(context);
    const hosts = [
      'bücher.example',
      'Bücher.EXAMPLE',
      'faß.de',
      'ΣΊΣΥΦΟΣ.gr',
      'βόλος.com',
      '例え.jp',
      'a。é',
      'ＡＢＣ.é',
      '１２７.é',
      'é.',
      'é',
    ];
    const program = `import json, sys
print(json.dumps([h.encode('idna').decode() for h in json.load(sys.stdin)]))`;
    const expected = JSON.parse(python(program, JSON.stringify(hosts))) as string[];
    expect(hosts.map(idna)).toEqual(expected);
    for (const bad of ['é..b', '.é', 'é'.repeat(64)]) {
      expect(thrown(() => socket.getaddrinfo(bad, 80))).toBeInstanceOf(socket.UnicodeError);
    }
  });
});

describe('AF_PACKET', () => {
  it('binds to an interface and says whose frames come', (context) => {
    let s: socket.socket;
    try {
      s = held(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)));
    } catch (error) {
      context.skip(`no packet socket can be made: ${(error as Error).message}`);
      return;
    }
    s.bind(['lo', 0x0800]);
    expect(s.getsockname()).toEqual(['lo', 0x0800, 0, 772, Buffer.alloc(6)]);
    s.settimeout(10);
    const udp = held(socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    const text = `sockeye ${process.pid} ${Date.now()}`;
    udp.sendto(Buffer.from(text), ['127.0.0.1', 9]);
    for (;;) {
      const [frame, from] = s.recvfrom<socket.ReturnedPacket>(2000);
      if (!frame.includes(text)) continue;
      expect(from[0]).toBe('lo');
      expect(from[1]).toBe(0x0800);
      break;
    }
  });
});

describe('AF_CAN', () => {
  const raw = { caller: 'bind', family: socket.AF_CAN, proto: socket.CAN_RAW };

  it('addresses are an interface, or all of them', () => {
    expect(toSockaddr([''], raw)).toEqual(Uint8Array.from([29, ...new Array(23).fill(0)]));
    expect([...toSockaddr(['lo'], raw)].slice(0, 8)).toEqual([29, 0, 0, 0, 1, 0, 0, 0]);
    expect(toSockaddr([Buffer.from('lo')], raw)).toEqual(toSockaddr(['lo'], raw));
  });

  it.each([
    ['x', 'TypeError: bind(): AF_CAN address must be tuple, not str'],
    [['lo', 1], 'TypeError: AF_CAN address must be a tuple (interface, )'],
    [[5], 'TypeError: expected str, bytes or os.PathLike object, not int'],
    [['a'.repeat(16)], 'OSError: AF_CAN interface name too long'],
    [['a\0'], 'ValueError: embedded null byte'],
    [['no such'], 'OSError: [Errno 19] No such device'],
  ])('%j is refused', (address, words) => {
    expect(String(thrown(() => toSockaddr(address, raw)))).toBe(words);
  });

  it('refuses protocols and families without a form', () => {
    const other = { ...raw, proto: 99 };
    expect(String(thrown(() => toSockaddr(['lo'], other)))).toBe('OSError: bind(): unsupported CAN protocol');
    expect(String(thrown(() => toSockaddr([1, 2], { ...raw, family: socket.AF_KEY })))).toBe(
      'OSError: bind(): bad family',
    );
  });

  it('sends a frame over vcan0 to itself', (context) => {
    const [a, b] = ((): [socket.socket, socket.socket] | [] => {
      try {
        const make = (): socket.socket => {
          const s = held(socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW));
          s.bind(['vcan0']);
          return s;
        };
        return [make(), make()];
      } catch (error) {
        context.skip(`no vcan0: ${(error as Error).message}`);
        return [];
      }
    })();
    if (a === undefined || b === undefined) return;
    const frame = Buffer.from('01000000030000000102030000000000', 'hex');
    a.send(frame);
    b.settimeout(5);
    expect(b.recvfrom(16)).toEqual([frame, ['vcan0']]);
  });
});

describe('AF_ALG', () => {
  it('accepts without an address, as the kernel has none to tell', (context) => {
    let algorithm: ReturnType<typeof socket.socket>;
    try {
      algorithm = held(socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0));
      algorithm.bind(['hash', 'sha256']);
    } catch (error) {
      if (/EAFNOSUPPORT|ENOENT|No such file|not supported/.test(String(error))) {
        return context.skip('this kernel has no AF_ALG with sha256');
      }
      throw error;
    }
    // Python asks for a name to learn the family.
    expect(String(thrown(() => socket.socket({ fileno: algorithm.fileno() })))).toBe(
      'OSError: [Errno 95] Operation not supported',
    );
    const [operation, address] = algorithm.accept();
    held(operation);
    expect(address).toBeNull();
    operation.sendall(Buffer.from('abc'));
    expect(operation.recv(512).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
