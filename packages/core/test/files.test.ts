/** Files and pipes beside sockets, ioctl, batches of connections, fast open, and connections that end with a reset. */

import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants as c, Descriptor, errnos, Socket } from '@sockeye/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closing,
  datagrams,
  descriptors,
  fill,
  listener,
  loopback,
  pause,
  rejected,
  streams,
  thrown,
} from './support.ts';

let folder = '';
let path = '';
const content = Buffer.alloc(3_000_000, 'The quick brown fox. ');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sockeye-'));
  path = join(folder, 'content');
  writeFileSync(path, content);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Everything up to the end of the stream. */
async function drain(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const part = await socket.recv(65536, { timeout: 5000 });
    if (part.length === 0) return Buffer.concat(parts);
    parts.push(part);
  }
}

/** A TCP connection over loopback. */
async function connected(): Promise<[Socket, Socket]> {
  const server = listener();
  const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
  const [accepted] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  server.close();
  return [client, accepted];
}

describe('sendFile', () => {
  it('sends a whole file, larger than the send buffer, over TCP and Unix streams', async () => {
    for (const pair of [await connected(), streams()]) {
      const [a, b] = pair;
      await closing(pair, async () => {
        const file = await open(path);
        const received = drain(b);
        expect(await a.sendFile(file)).toBe(content.length);
        a.shutdown(c.SHUT_WR);
        expect((await received).equals(content)).toBe(true);
        await file.close();
      });
    }
  });

  it('sends a part, keeps the order with other sends, and ends at the end of the file', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const file = openSync(path, 'r');
      const sends = Promise.all([
        a.sendAll(Buffer.from('<')),
        a.sendFile(file, { offset: 4, length: 1_000_000 }),
        a.sendAll(Buffer.from('|')),
        a.sendFile({ fd: file }, { offset: content.length - 5, length: 100 }),
        a.sendAll(Buffer.from('>')),
      ]);
      const received = drain(b);
      expect((await sends)[3]).toBe(5);
      a.shutdown(c.SHUT_WR);
      const expected = Buffer.concat([
        Buffer.from('<'),
        content.subarray(4, 1_000_004),
        Buffer.from('|'),
        content.subarray(-5),
        Buffer.from('>'),
      ]);
      expect((await received).equals(expected)).toBe(true);
      closeSync(file);
    });
  });

  it('says how much went out when its time is over, when it is aborted, and when the file is closed', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const file = await open(path);
      const error = await rejected(a.sendFile(file, { timeout: 10 }));
      expect(error.code).toBe('ERR_SOCKET_TIMEOUT');
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(thrown(() => a.sendFileSync(file, { timeout: 10 }))).toMatchObject({ bytesSent: 0 });
      const stop = new AbortController();
      const aborted = rejected(a.sendFile(file, { signal: stop.signal }));
      stop.abort();
      expect(await aborted).toMatchObject({ code: 'ABORT_ERR', bytesSent: 0 });
      const sending = rejected(a.sendFile(file));
      await file.close();
      while (b.tryRecvInto(Buffer.alloc(65536)) > 0);
      expect(await sending).toMatchObject({ code: 'EBADF', syscall: 'sendfile' });
    });
  });

  it('blocks in the Sync form, one try in the try form', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const file = openSync(path, 'r');
      const once = a.trySendFile(file, 10);
      expect(once).toBeGreaterThan(0);
      fill(a);
      expect(a.trySendFile(file, 10)).toBe(-errnos.EAGAIN);
      while (b.tryRecvInto(Buffer.alloc(65536)) > 0);
      expect(a.sendFileSync(file, { offset: content.length - 1000 })).toBe(1000);
      expect(a.trySendFile(file, content.length)).toBe(0);
      closeSync(file);
    });
  });

  it('says what the kernel says of a file that is none, and refuses wrong arguments by name', async () => {
    const [a, b] = streams();
    const [read, write] = Descriptor.pipe();
    await closing([a, b], async () => {
      expect(await rejected(a.sendFile(read))).toMatchObject({ syscall: 'sendfile' });
      expect(await rejected(a.sendFile(-1))).toMatchObject({ code: 'EBADF' });
      const wrong = (value: unknown): never => value as never;
      const table: [() => unknown, string][] = [
        [() => a.trySendFile(wrong('7')), 'file'],
        [() => a.trySendFile(wrong(null)), 'file'],
        [() => a.trySendFile(1.5), 'file'],
        [() => a.trySendFile(1, -1), 'offset'],
        [() => a.trySendFile(1, 0, 2 ** 40), 'length'],
        [() => a.sendFileSync(1, { offset: 0.5 }), 'offset'],
        [() => a.trySpliceFrom(wrong({}), 1), 'pipe'],
        [() => a.trySpliceFrom(1, -1), 'length'],
        [() => a.trySpliceInto(1, 1, 99), 'flags'],
        [() => a.ioctl(-1), 'request'],
        [() => a.ioctl(c.FIONREAD, wrong('x')), 'argument'],
        [() => a.tryAcceptBatch(0), 'most'],
      ];
      for (const [call, name] of table) expect(thrown(call).message).toMatch(new RegExp(`^${name} must be`));
      read.close();
      write.close();
    });
  });
});

describe('splice', () => {
  it('moves bytes from a socket through a pipe into another socket', async () => {
    const [a, b] = streams();
    const [d, e] = await connected();
    const [read, write] = Descriptor.pipe();
    await closing([a, b, d, e], async () => {
      const proxy = async (): Promise<void> => {
        for (;;) {
          const count = await b.spliceInto(write, 65536);
          if (count === 0) break;
          for (let left = count; left > 0; ) left -= await d.spliceFrom(read, left);
        }
        d.shutdown(c.SHUT_WR);
      };
      const proxied = proxy();
      const received = drain(e);
      await a.sendAll(content);
      a.shutdown(c.SHUT_WR);
      expect((await received).equals(content)).toBe(true);
      await proxied;
      read.close();
      write.close();
    });
  });

  it('waits for a pipe that is empty or full, and for the socket', async () => {
    const [a, b] = streams();
    const [read, write] = Descriptor.pipe();
    await closing([a, b], async () => {
      const moving = a.spliceFrom(read, 100);
      await pause(10);
      writeSync(write.fd, 'late');
      expect(await moving).toBe(4);
      expect((await b.recv(10)).toString()).toBe('late');
      expect(await rejected(a.spliceFrom(read, 100, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      expect(thrown(() => a.spliceFromSync(read, 1, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      expect(b.trySpliceInto(write, 10)).toBe(-errnos.EAGAIN);
      a.sendSync(Buffer.from('there'));
      expect(b.spliceIntoSync(write, 10)).toBe(5);
      const bytes = Buffer.alloc(10);
      expect(bytes.toString('utf8', 0, readSync(read.fd, bytes))).toBe('there');
      write.close();
      expect(await a.spliceFrom(read, 10)).toBe(0);
      read.close();
    });
  });
});

describe('ioctl', () => {
  it('says how much can be read, and how much the peer has not taken', async () => {
    const [a, b] = await connected();
    await closing([a, b], async () => {
      await a.sendAll(Buffer.alloc(1234));
      await b.wait({ read: true });
      expect(b.ioctl(c.FIONREAD)).toBe(1234);
      expect(b.ioctl(c.SIOCINQ)).toBe(1234);
      expect(a.ioctl(c.SIOCOUTQ)).toBeLessThanOrEqual(1234);
      b.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4096);
      fill(a);
      expect(a.ioctl(c.SIOCOUTQ)).toBeGreaterThan(4096);
      const argument = Buffer.alloc(4);
      expect(b.ioctl(c.FIONREAD, argument)).toBe(0);
      expect(argument.readInt32LE()).toBeGreaterThan(1234);
    });
  });

  it('has a descriptor closed in programs that are executed, or not', () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const closes = (): boolean => {
      const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${socket.fd}`, 'utf8'))?.[1];
      return (Number.parseInt(flags as string, 8) & 0o2000000) !== 0;
    };
    expect(closes()).toBe(true);
    socket.ioctl(c.FIONCLEX);
    expect(closes()).toBe(false);
    socket.ioctl(c.FIOCLEX);
    expect(closes()).toBe(true);
    socket.close();
  });

  it('says when a datagram came', () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    socket.bind(loopback());
    expect(thrown(() => socket.ioctl(c.SIOCGSTAMP, Buffer.alloc(16)))).toMatchObject({ code: 'ENOENT' });
    socket.sendToSync(Buffer.from('x'), socket.getsockname());
    socket.recvSync(1);
    const time = Buffer.alloc(16);
    socket.ioctl(c.SIOCGSTAMPNS, time);
    const now = Math.floor(Date.now() / 1000);
    expect(Number(time.readBigInt64LE())).toBeGreaterThanOrEqual(now - 2);
    expect(Number(time.readBigInt64LE())).toBeLessThanOrEqual(now);
    socket.close();
  });

  it('asks about interfaces, and refuses what could write where it likes', () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const request = Buffer.alloc(40);
    request.write('lo');
    expect(socket.ioctl(0x8921, request)).toBe(0);
    expect(request.readInt32LE(16)).toBe(65536);
    expect(thrown(() => socket.ioctl(0x8921, Buffer.alloc(8)))).toMatchObject({ code: 'EINVAL' });
    // SIOCGIFCONF and SIOCETHTOOL hold pointers.
    for (const unknown of [0x8912, 0x8946, 0xdead]) {
      expect(thrown(() => socket.ioctl(unknown, Buffer.alloc(64)))).toMatchObject({ code: 'EOPNOTSUPP' });
    }
    socket.close();
  });

  it('knows the mark of urgent data: before it, at it, and what MSG_OOB gives', async () => {
    const [a, b] = await connected();
    await closing([a, b], async () => {
      const urgent = b.recv(1, { flags: c.MSG_OOB, timeout: 2000 }).catch((error: unknown) => error);
      await a.sendAll(Buffer.from('before'));
      await a.send(Buffer.from('!'), { flags: c.MSG_OOB });
      await a.sendAll(Buffer.from('after'));
      await b.wait({ exceptional: true, timeout: 2000 });
      expect(b.atMark()).toBe(false);
      expect((await b.recv(100)).toString()).toBe('before');
      expect(b.atMark()).toBe(true);
      const first = await urgent;
      const byte = first instanceof Error ? await b.recv(1, { flags: c.MSG_OOB }) : (first as Buffer);
      expect(byte.toString()).toBe('!');
      expect((await b.recv(100, { timeout: 2000 })).toString()).toBe('after');
      expect(await rejected(b.recv(1, { flags: c.MSG_OOB }))).toMatchObject({ code: 'EINVAL' });
    });
  });
});

describe('connections', () => {
  it('are accepted in batches, in all forms', async () => {
    const before = descriptors();
    const server = listener();
    const clients = Array.from({ length: 7 }, () => Socket.create(c.AF_INET, c.SOCK_STREAM));
    await closing([server, ...clients], async () => {
      expect(server.tryAcceptBatch()).toBe(-errnos.EAGAIN);
      const waiting = server.acceptBatch();
      await Promise.all(clients.map((client) => client.connect(server.getsockname())));
      const accepted = await waiting;
      expect(accepted.length).toBeGreaterThan(0);
      const rest = server.tryAcceptBatch();
      if (typeof rest !== 'number') accepted.push(...rest);
      expect(accepted).toHaveLength(7);
      for (const socket of accepted) socket.close();
      const more = [Socket.create(c.AF_INET, c.SOCK_STREAM), Socket.create(c.AF_INET, c.SOCK_STREAM)];
      for (const client of more) client.connectSync(server.getsockname());
      const both = server.acceptBatchSync(10);
      expect(both).toHaveLength(2);
      expect(thrown(() => server.acceptBatchSync(10, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      for (const socket of [...more, ...both]) socket.close();
    });
    expect(descriptors()).toBe(before);
  });

  it('of datagrams send their first bytes once they have a peer, in both forms', async () => {
    const udp = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    udp.bind(loopback());
    const unix = Socket.create(c.AF_UNIX, c.SOCK_DGRAM);
    unix.bind(Buffer.concat([Buffer.from([c.AF_UNIX, 0, 0]), Buffer.from(`sockeye-first-${process.pid}`)]));
    await closing([udp, unix], async () => {
      for (const receiver of [udp, unix]) {
        for (const form of ['connect', 'connectSync'] as const) {
          const client = Socket.create(receiver.family, c.SOCK_DGRAM);
          await closing([client], async () => {
            const to = receiver.getsockname();
            await client[form](to, { data: Buffer.from('first'), timeout: 1000 });
            expect([...client.getpeername()]).toEqual([...to]);
            expect((await receiver.recv(10)).toString()).toBe('first');
            expect(receiver.tryRecvInto(new Uint8Array(1))).toBe(-errnos.EAGAIN);
          });
        }
      }
    });
  });

  it('with first bytes are not begun when an argument is bad or the signal was aborted', async () => {
    const server = listener();
    const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await closing([server, client], async () => {
      const [to, data] = [server.getsockname(), Buffer.from('x')];
      const aborted = await rejected(client.connect(to, { data, signal: AbortSignal.abort() }));
      expect(aborted).toMatchObject({ code: 'ABORT_ERR', syscall: 'connect' });
      const refused = await rejected(client.connect(to, { data, signal: 7 as never }));
      expect(refused.code).toBe('ERR_INVALID_ARG_TYPE');
      const options = { data, interruptible: 7 as never };
      expect(thrown(() => client.connectSync(to, options)).code).toBe('ERR_INVALID_ARG_TYPE');
      await pause(20);
      expect(server.tryAccept()).toBe(-errnos.EAGAIN);
    });
  });

  it('send their first bytes with fast open, or without it, in both forms', async () => {
    const fastOpen = Number((await readFile('/proc/sys/net/ipv4/tcp_fastopen', 'utf8')).trim());
    const server = listener();
    if (fastOpen & 2) server.setsockopt(c.IPPROTO_TCP, c.TCP_FASTOPEN, 16);
    const unix = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    unix.bind(Buffer.concat([Buffer.from([c.AF_UNIX, 0, 0]), Buffer.from(`sockeye-${process.pid}`)]));
    unix.listen();
    const large = Buffer.alloc(2_000_000, 'abc');
    for (const listening of [server, server, unix]) {
      for (const data of [Buffer.from('hello'), Buffer.alloc(0), large]) {
        const client = Socket.create(listening.family, c.SOCK_STREAM);
        const connecting = client.connect(listening.getsockname(), { data, timeout: 5000 });
        const accepted = await listening.accept();
        const received = drain(accepted);
        await connecting;
        client.shutdown(c.SHUT_WR);
        expect((await received).equals(data)).toBe(true);
        expect(thrown(() => client.connectSync(listening.getsockname()))).toMatchObject({ code: 'EISCONN' });
        client.close();
        accepted.close();
      }
      const client = Socket.create(listening.family, c.SOCK_STREAM);
      client.connectSync(listening.getsockname(), { data: Buffer.from('sync'), timeout: 5000 });
      const accepted = await listening.accept();
      expect((await accepted.recv(10)).toString()).toBe('sync');
      client.close();
      accepted.close();
    }
    server.close();
    unix.close();
    const nobody = Socket.create(c.AF_INET, c.SOCK_STREAM);
    const dead = listener();
    const address = dead.getsockname();
    dead.close();
    expect(await rejected(nobody.connect(address, { data: Buffer.from('x') }))).toMatchObject({
      code: 'ECONNREFUSED',
    });
    nobody.close();
    const other = Socket.create(c.AF_INET, c.SOCK_STREAM);
    expect(thrown(() => other.connectSync(address, { data: Buffer.from('x') }))).toMatchObject({
      code: 'ECONNREFUSED',
    });
    other.close();
  });

  it('end with a reset, or half at a time, as they are told', async () => {
    const [a, b] = await connected();
    await closing([a, b], async () => {
      await a.sendAll(Buffer.from('delivered'));
      a.reset();
      expect(a.closed).toBe(true);
      expect(await rejected(drain(b))).toMatchObject({
        code: 'ECONNRESET',
      });
    });
    const [d, e] = await connected();
    await closing([d, e], async () => {
      d.shutdown(c.SHUT_WR);
      expect(await e.recv(1)).toHaveLength(0);
      await e.sendAll(Buffer.from('still open'));
      expect((await d.recv(100)).toString()).toBe('still open');
      expect(await rejected(d.send(Buffer.from('x')))).toMatchObject({ code: 'EPIPE' });
    });
    const [f, g] = datagrams();
    f.reset();
    g.close();
  });
});

describe('a send of much', () => {
  it('lets the event loop have its turn, though the reader keeps up', async () => {
    const [a, b] = streams();
    const block = Buffer.alloc(1 << 20);
    const drained = (count: number): number => {
      for (let got = 1; got > 0; ) got = b.tryRecvInto(block);
      return count;
    };
    // A reader that is always quicker: no try is ever told to wait.
    const [send, sendFile] = [a.trySend.bind(a), a.trySendFile.bind(a)];
    a.trySend = (...args) => drained(send(...args));
    a.trySendFile = (...args) => drained(sendFile(...args));
    await closing([a, b], async () => {
      const large = Buffer.alloc(40_000_000);
      const file = join(folder, 'large');
      writeFileSync(file, large);
      const opened = await open(file);
      for (const sending of [() => a.sendAll(large), () => a.sendFile(opened)]) {
        let turns = 0;
        const timer = setInterval(() => {
          turns += 1;
        }, 0);
        const waits = a.counters.waits;
        await sending();
        clearInterval(timer);
        expect(a.counters.waits).toBe(waits + 1);
        expect(turns).toBeGreaterThan(0);
      }
      await opened.close();
    });
  });
});
