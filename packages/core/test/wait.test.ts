import { spawn } from 'node:child_process';
import { connect as netConnect } from 'node:net';
import { AddressBuffer, constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it, vi } from 'vitest';
import { closing, datagrams, fill, listener, loopback, pause, rejected, streams, thrown } from './support.ts';

describe('the three forms', () => {
  it('recv: a message, cut to the size; the end of a stream is empty', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      one.trySend(Buffer.from('abcdef'));
      expect((await other.recv(4)).toString()).toBe('abcd');
      expect(other.recvSync(4).toString()).toBe('ef');
      one.shutdown(c.SHUT_WR);
      expect(await other.recv(4)).toHaveLength(0);
      expect(other.recvSync(4)).toHaveLength(0);
      expect(other.tryRecvInto(Buffer.alloc(4))).toBe(0);
    });
  });

  it('recv: messages of a pool do not overlap, large ones have memory of their own', async () => {
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const messages: Buffer[] = [];
      for (let i = 0; i < 3000; i++) {
        one.trySend(Buffer.alloc(i % 97, i & 0xff));
        messages.push(await other.recv(100));
      }
      for (const [i, message] of messages.entries()) expect(message).toEqual(Buffer.alloc(i % 97, i & 0xff));
      one.trySend(Buffer.alloc(60_000, 1));
      expect(await other.recv(60_000)).toEqual(Buffer.alloc(60_000, 1));
      one.trySend(Buffer.from('tiny'));
      expect((await other.recv(60_000)).buffer.byteLength).toBeLessThan(16_384 + 1);
    });
  });

  it('recvInto: offset and length', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const buffer = Buffer.alloc(8, '.');
      one.trySend(Buffer.from('abcdefgh'));
      expect(await other.recvInto(buffer, { offset: 2, length: 3 })).toBe(3);
      expect(buffer.toString()).toBe('..abc...');
      expect(other.recvIntoSync(buffer, { offset: 6 })).toBe(2);
      expect(buffer.toString()).toBe('..abc.de');
      expect(other.tryRecvInto(buffer, 0, 0, 1)).toBe(1);
      expect(buffer.toString()).toBe('f.abc.de');
      expect(other.tryRecvInto(buffer, c.MSG_PEEK)).toBe(2);
      expect(other.tryRecvInto(buffer)).toBe(2);
      expect(other.tryRecvInto(buffer)).toBe(-errnos.EAGAIN);
    });
  });

  it('works on a Uint8Array that is no Buffer, on a view, and on shared memory', () => {
    const [one, other] = streams();
    one.trySend(new Uint8Array([1, 2, 3, 4, 5, 6]));
    const plain = new Uint8Array(2);
    expect(other.recvIntoSync(plain)).toBe(2);
    const view = new Uint8Array(new ArrayBuffer(16), 8, 2);
    expect(other.recvIntoSync(view)).toBe(2);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    expect(other.recvIntoSync(shared)).toBe(2);
    expect([...plain, ...view, ...shared]).toEqual([1, 2, 3, 4, 5, 6]);
    one.close();
    other.close();
  });

  it('sendTo, recvFrom and their kin carry addresses, and an AddressBuffer answers', async () => {
    const server = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const client = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    server.bind(loopback());
    client.bind(loopback());
    await closing([server, client], async () => {
      const from = new AddressBuffer();
      const buffer = Buffer.alloc(64);
      const waiting = server.recvFromInto(buffer, from);
      expect(await client.sendTo(Buffer.from('one'), server.getsockname())).toBe(3);
      expect(await waiting).toBe(3);
      expect(from.view()).toEqual(client.getsockname());
      expect(server.trySendTo(buffer, from, 0, 0, 3)).toBe(3);
      const answer = await client.recvFrom(64);
      expect(answer.data.toString()).toBe('one');
      expect(answer.address).toEqual(server.getsockname());
      expect(client.sendToSync(Buffer.from('two'), { toSockaddr: () => server.getsockname() })).toBe(3);
      expect(server.recvFromSync(64).data.toString()).toBe('two');
      expect(await server.sendTo(Buffer.from('abc'), from)).toBe(3);
      expect(client.recvFromIntoSync(buffer, from)).toBe(3);
      expect(from.copy()).toEqual(server.getsockname());
      expect(client.tryRecvFromInto(buffer, from)).toBe(-errnos.EAGAIN);
    });
  });

  it('accept and connect, in all forms', async () => {
    const server = listener();
    const address = server.getsockname();
    const peer = new AddressBuffer();
    const made: Socket[] = [server];
    const client = (): Socket => {
      const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
      made.push(socket);
      return socket;
    };
    await closing(made, async () => {
      const accepting = server.accept({ address: peer });
      const first = client();
      await first.connect(address);
      const accepted = await accepting;
      made.push(accepted);
      expect(peer.copy()).toEqual(first.getsockname());
      expect(accepted.getpeername()).toEqual(first.getsockname());
      expect(accepted.blocking).toBe(false);
      const second = client();
      second.connectSync(address);
      made.push(server.acceptSync({ address: peer }));
      expect(peer.copy()).toEqual(second.getsockname());
      expect(server.tryAccept()).toBe(-errnos.EAGAIN);
      const third = client();
      expect(third.tryConnect(address)).toBe(-errnos.EINPROGRESS);
      const got = await server.accept();
      made.push(got);
      expect(got.getpeername()).toEqual(third.getsockname());
    });
  });

  it('a second connect says EISCONN, however the first one waited', async () => {
    const server = listener();
    const address = server.getsockname();
    const [one, other] = [Socket.create(c.AF_INET, c.SOCK_STREAM), Socket.create(c.AF_INET, c.SOCK_STREAM)];
    await closing([server, one, other], async () => {
      await one.connect(address);
      other.connectSync(address, { timeout: 1000 });
      for (const socket of [one, other]) {
        expect((await rejected(socket.connect(address))).code).toBe('EISCONN');
        expect(thrown(() => socket.connectSync(address)).code).toBe('EISCONN');
      }
    });
  });

  it('a refused connection is ECONNREFUSED in every form', async () => {
    const server = listener();
    const address = server.getsockname();
    server.close();
    const refused = { code: 'ECONNREFUSED', errno: -errnos.ECONNREFUSED, syscall: 'connect' };
    // A new socket for each: what a failed connect leaves is unspecified, connect(2).
    const sockets = Array.from({ length: 3 }, () => Socket.create(c.AF_INET, c.SOCK_STREAM));
    const [first, second, third] = sockets as [Socket, Socket, Socket];
    await closing(sockets, async () => {
      expect(await rejected(first.connect(address))).toMatchObject(refused);
      expect(thrown(() => second.connectSync(address))).toMatchObject(refused);
      third.blocking = true;
      expect(thrown(() => third.connectSync(address, { timeout: 1000 }))).toMatchObject(refused);
      expect(third.blocking).toBe(true);
    });
  });

  it('a full backlog of a Unix socket is waited for, and bounded by the timeout', async () => {
    const server = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    server.bind(new Uint8Array([1, 0]));
    server.listen(0);
    const address = server.getsockname();
    const clients = Array.from({ length: 3 }, () => Socket.create(c.AF_UNIX, c.SOCK_STREAM));
    const [first, second, third] = clients as [Socket, Socket, Socket];
    await closing([server, ...clients], async () => {
      await first.connect(address);
      expect((await rejected(second.connect(address, { timeout: 30 }))).code).toBe('ERR_SOCKET_TIMEOUT');
      expect(thrown(() => second.connectSync(address, { timeout: 30 })).code).toBe('ERR_SOCKET_TIMEOUT');
      const later = third.connect(address);
      await pause(10);
      (await server.accept()).close();
      await later;
    });
  });
});

describe('waiting', () => {
  it('a timeout has a code of its own, 0 asks once, and nothing is lost', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      for (const timeout of [0, 5, 15.5]) {
        const began = performance.now();
        const error = await rejected(other.recv(8, { timeout }));
        expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT', errno: undefined, syscall: 'recv' });
        expect(performance.now() - began).toBeGreaterThanOrEqual(Math.floor(timeout) - 1);
        expect(thrown(() => other.recvSync(8, { timeout })).code).toBe('ERR_SOCKET_TIMEOUT');
        expect(thrown(() => other.recvIntoSync(Buffer.alloc(1), { timeout })).code).toBe(
          'ERR_SOCKET_TIMEOUT',
        );
      }
      one.trySend(Buffer.from('still here'));
      expect((await other.recv(64, { timeout: 0 })).toString()).toBe('still here');
    });
  });

  it('an abort before and during a wait; the socket goes on', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const reason = new Error('enough');
      const before = await rejected(other.recv(8, { signal: AbortSignal.abort(reason) }));
      expect(before).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
      const controller = new AbortController();
      const during = rejected(other.recv(8, { signal: controller.signal }));
      const patient = other.recv(8);
      controller.abort(reason);
      expect(await during).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
      one.trySend(Buffer.from('later'));
      expect((await patient).toString()).toBe('later');
    });
  });

  it('who waited first is served first, and one event serves as many as it can', async () => {
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const waiting = Array.from({ length: 5 }, () => other.recv(8));
      for (let i = 0; i < 5; i++) one.trySend(Buffer.from([i]));
      // Data is there, but five were first.
      const late = other.recv(8, { timeout: 500 });
      one.trySend(Buffer.from([5]));
      const order = (await Promise.all([...waiting, late])).map((message) => message[0]);
      expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    });
  });

  it('reading and writing wait side by side', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const filled = fill(one);
      const reading = one.recv(8);
      const writing = one.send(Buffer.from('more'));
      other.trySend(Buffer.from('hello'));
      expect((await reading).toString()).toBe('hello');
      const sink = Buffer.alloc(1 << 20);
      let drained = 0;
      while (drained < filled + 4) drained += await other.recvInto(sink);
      expect(await writing).toBe(4);
    });
  });

  it('sendAll keeps the order of bytes among many senders, and says how far it came', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const parts = [Buffer.alloc(1 << 20, 1), Buffer.alloc(1 << 20, 2), Buffer.from([3])];
      const sending = Promise.all(parts.map((part) => one.sendAll(part)));
      const all = Buffer.concat(parts);
      const got = Buffer.alloc(all.length);
      for (let at = 0; at < got.length; ) at += await other.recvInto(got, { offset: at });
      await sending;
      expect(got.equals(all)).toBe(true);
      const error = await rejected(one.sendAll(Buffer.alloc(8 << 20), { timeout: 20 }));
      expect(error.code).toBe('ERR_SOCKET_TIMEOUT');
      expect(error.bytesSent).toBeGreaterThan(0);
      const sync = thrown(() => one.sendAllSync(Buffer.alloc(1024), { timeout: 20 }));
      expect(sync).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT', bytesSent: 0 });
      expect(other.tryRecvInto(Buffer.alloc(4 << 20))).toBe(error.bytesSent);
    });
  });

  it('a peer that resets or goes wakes who waits', async () => {
    const server = listener();
    const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
    const accepting = server.accept();
    await client.connect(server.getsockname());
    const accepted = await accepting;
    const reading = rejected(client.recv(8));
    accepted.setsockopt(c.SOL_SOCKET, c.SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]));
    accepted.close();
    expect((await reading).code).toBe('ECONNRESET');
    server.close();
    client.close();
    const [one, other] = streams();
    const end = one.recv(8);
    other.close();
    expect(await end).toHaveLength(0);
    expect((await rejected(one.send(Buffer.from('x')))).code).toBe('EPIPE');
    one.close();
  });

  it('an error that the kernel tells once is not lost in a Sync call', async () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const target = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    target.bind(loopback());
    socket.connectSync(target.getsockname());
    target.close();
    for (const call of [
      () => socket.recvIntoSync(Buffer.alloc(8)),
      () => socket.sendSync(Buffer.from('y')),
    ]) {
      expect(socket.trySend(Buffer.from('x'))).toBe(1);
      await pause(10);
      expect(thrown(call).code).toBe('ECONNREFUSED');
    }
    socket.close();
  });

  it('an error that no call takes away does not spin', async () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    const target = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    target.bind(loopback());
    const gone = target.getsockname();
    target.close();
    socket.bind(loopback());
    // Errors go to the error queue, which nobody reads here: the descriptor polls as ERR for good.
    socket.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
    await closing([socket], async () => {
      socket.trySendTo(Buffer.from('x'), gone);
      await pause(20);
      expect((await rejected(socket.recv(8, { timeout: 100 }))).code).toBe('ECONNREFUSED');
      expect((await rejected(socket.recv(8, { timeout: 100 }))).code).toBe('ERR_SOCKET_TIMEOUT');
      // Growing pauses: 1 + 2 + 4 + … + 64 ms, then 64 each. A spinning poller would ask tens of thousands of times.
      const asked = vi.spyOn(socket, 'tryRecvInto');
      const buffer = Buffer.alloc(8);
      const patient = rejected(socket.recvInto(buffer, { timeout: 300 }));
      expect((await patient).code).toBe('ERR_SOCKET_TIMEOUT');
      expect(asked.mock.calls.length).toBeLessThan(30);
      asked.mockRestore();
      expect(socket.tryRecvInto(Buffer.alloc(64), c.MSG_ERRQUEUE)).toBeGreaterThanOrEqual(0);
      const waiting = socket.recv(8);
      socket.trySendTo(Buffer.from('to myself'), socket.getsockname());
      expect((await waiting).toString()).toBe('to mysel');
    });
  });

  it('calls that never wait leave timers their turn', async () => {
    const [one, other] = streams();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await closing([one, other], async () => {
      const buffer = Buffer.alloc(8);
      const end = performance.now() + 200;
      while (performance.now() < end) {
        await one.send(buffer);
        await other.recvInto(buffer);
      }
    });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it('is on one loop with a net.Socket that has the same descriptor', async () => {
    const server = listener();
    const port = Buffer.from(server.getsockname()).readUInt16BE(2);
    const accepting = server.accept();
    const stream = netConnect(port, '127.0.0.1');
    const accepted = await accepting;
    const { fd } = Reflect.get(stream, '_handle') as { fd: number };
    stream.on('data', () => {});
    const shared = Socket.fromFd(fd);
    const writing = shared.send(Buffer.from('from our side'));
    expect(await writing).toBe(13);
    fill(shared);
    const room = shared.send(Buffer.from('when there is room'));
    const sink = Buffer.alloc(1 << 20);
    const end = performance.now() + 5000;
    let sent = -1;
    room.then((count) => {
      sent = count;
    });
    while (sent < 0 && performance.now() < end) await accepted.recvInto(sink, { timeout: 1000 });
    expect(sent).toBe(18);
    shared.detach();
    stream.destroy();
    accepted.close();
    server.close();
  });

  it('a Sync call goes on after a signal, unless it is told not to', async () => {
    const script = `
      import { constants as c, Socket } from '@sockeye/core';
      process.on('SIGUSR2', () => {});
      const [one] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      console.log('ready');
      for (const options of [{ timeout: 600 }, { timeout: 600, interruptible: true }]) {
        try { one.recvSync(8, options); } catch (error) { console.log(error.code); }
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    while (!output.includes('ready')) await pause(10);
    const timer = setInterval(() => child.kill('SIGUSR2'), 50);
    await new Promise((resolve) => child.once('close', resolve));
    clearInterval(timer);
    expect(output.trim().split('\n')).toEqual(['ready', 'ERR_SOCKET_TIMEOUT', 'EINTR']);
  });
});
