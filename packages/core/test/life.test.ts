import { closeSync, fstatSync, openSync } from 'node:fs';
import { inspect } from 'node:util';
import { constants as c, errnos, Socket, SocketError } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import {
  closing,
  datagrams,
  descriptors,
  fill,
  listener,
  loopback,
  rejected,
  streams,
  thrown,
} from './support.ts';

describe('the life of a socket', () => {
  it('is made close-on-exec and non-blocking, with what it was asked for', () => {
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM | c.SOCK_CLOEXEC, c.IPPROTO_UDP);
    expect([socket.family, socket.type, socket.protocol]).toEqual([c.AF_INET, c.SOCK_DGRAM, c.IPPROTO_UDP]);
    expect(socket.fd).toBeGreaterThan(2);
    expect(socket.blocking).toBe(false);
    socket.blocking = true;
    expect(socket.blocking).toBe(true);
    socket.close();
    expect([socket.fd, socket.closed]).toEqual([-1, true]);
  });

  it('closes once, and refuses everything afterwards with EBADF', async () => {
    const [socket, other] = streams();
    socket.close();
    socket.close();
    const buffer = Buffer.alloc(8);
    expect(socket.tryRecvInto(buffer)).toBe(-errnos.EBADF);
    expect(socket.trySend(buffer)).toBe(-errnos.EBADF);
    expect(socket.tryAccept()).toBe(-errnos.EBADF);
    expect(socket.tryConnect(loopback())).toBe(-errnos.EBADF);
    const calls: (() => unknown)[] = [
      () => socket.recvSync(8),
      () => socket.recvIntoSync(buffer),
      () => socket.sendSync(buffer),
      () => socket.bind(loopback()),
      () => socket.listen(),
      () => socket.connectSync(loopback()),
      () => socket.acceptSync(),
      () => socket.shutdown(c.SHUT_RDWR),
      () => socket.getsockname(),
      () => socket.getpeername(),
      () => socket.getsockopt(c.SOL_SOCKET, c.SO_TYPE),
      () => socket.setsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE, 1),
      () => socket.blocking,
      () => socket.dup(),
      () => socket.detach(),
    ];
    for (const call of calls) expect(thrown(call)).toMatchObject({ code: 'EBADF', errno: -errnos.EBADF });
    for (const promise of [
      socket.recv(8),
      socket.recvInto(buffer),
      socket.send(buffer),
      socket.sendAll(buffer),
      socket.connect(loopback()),
      socket.accept(),
    ]) {
      const error = await rejected(promise);
      expect(error).toBeInstanceOf(SocketError);
      expect(error.code).toBe('EBADF');
      expect(error.message).toContain('this Socket is closed');
    }
    other.close();
  });

  it('a closed socket stays refused when its slot and its number are taken again', () => {
    const [old, other] = streams();
    const number = old.fd;
    old.close();
    const fresh = Array.from({ length: 8 }, () => streams());
    expect(fresh.flat().map((socket) => socket.fd)).toContain(number);
    expect(old.trySend(Buffer.from('stray'))).toBe(-errnos.EBADF);
    for (const socket of [...fresh.flat(), other]) socket.close();
  });

  it('leaves a number alone that something else has closed and somebody reused', () => {
    const [socket, other] = streams();
    const number = socket.fd;
    closeSync(number);
    const file = openSync('/dev/null', 'r');
    expect(file).toBe(number);
    expect(socket.tryRecvInto(Buffer.alloc(1))).toBe(-errnos.ENOTSOCK);
    const error = thrown(() => socket.close());
    expect(error).toMatchObject({ code: 'EBADF', syscall: 'close' });
    expect(error.message).toContain(`descriptor ${number}`);
    expect(fstatSync(file).isCharacterDevice()).toBe(true);
    closeSync(file);
    other.close();
  });

  it('says EBADF when something else has closed the descriptor', () => {
    const [socket, other] = streams();
    closeSync(socket.fd);
    expect(thrown(() => socket.close()).code).toBe('EBADF');
    socket.close();
    other.close();
  });

  it('detach gives the descriptor back, open, and fromFd takes it over', () => {
    const [socket, other] = streams();
    const fd = socket.detach();
    expect(socket.closed).toBe(true);
    const again = Socket.fromFd(fd);
    expect([again.family, again.type, again.protocol]).toEqual([c.AF_UNIX, c.SOCK_STREAM, 0]);
    again.trySend(Buffer.from('x'));
    expect(other.recvSync(8).toString()).toBe('x');
    again.close();
    expect(thrown(() => fstatSync(fd)).code).toBe('EBADF');
    other.close();
  });

  it('fromFd refuses what is no socket, what is not open, and what another Socket owns', () => {
    const file = openSync('/dev/null', 'r');
    expect(thrown(() => Socket.fromFd(file)).code).toBe('ENOTSOCK');
    closeSync(file);
    expect(thrown(() => Socket.fromFd(file)).code).toBe('EBADF');
    const [socket, other] = streams();
    const error = thrown(() => Socket.fromFd(socket.fd));
    expect(error.code).toBe('EBUSY');
    expect(error.message).toContain('dup()');
    socket.close();
    other.close();
  });

  it('fromFd changes no flag of the open file, before and after a wait', async () => {
    const [one, other] = streams();
    one.blocking = true;
    const again = Socket.fromFd(one.dup().detach());
    expect(again.blocking).toBe(true);
    const waiting = again.recv(8);
    expect(again.blocking).toBe(true);
    other.trySend(Buffer.from('y'));
    expect((await waiting).toString()).toBe('y');
    expect(one.blocking).toBe(true);
    for (const socket of [one, other, again]) socket.close();
  });

  it('dup has a descriptor of its own for the same socket', () => {
    const [socket, other] = datagrams();
    const twin = socket.dup();
    expect(twin.fd).not.toBe(socket.fd);
    socket.close();
    twin.trySend(Buffer.from('from the twin'));
    expect(other.recvSync(64).toString()).toBe('from the twin');
    twin.close();
    other.close();
  });

  it('is a Disposable', async () => {
    const [socket, other] = streams();
    socket[Symbol.dispose]();
    await other[Symbol.asyncDispose]();
    expect([socket.closed, other.closed]).toEqual([true, true]);
  });

  it('shows itself by what it is', () => {
    const [socket, other] = streams();
    expect(inspect(socket)).toBe(
      `Socket { fd: ${socket.fd}, family: ${c.AF_UNIX}, type: ${c.SOCK_STREAM}, protocol: 0 }`,
    );
    socket.close();
    expect(inspect(socket)).toContain('fd: -1');
    other.close();
  });

  it('has no constructor', () => {
    const call = (): unknown => Reflect.construct(Socket, []);
    expect(thrown(call)).toMatchObject({ code: 'ERR_ILLEGAL_CONSTRUCTOR' });
    expect(thrown(call).message).toContain('Socket.create');
  });

  it('closing while calls wait fails them with ECANCELED, all of them', async () => {
    const [socket, other] = streams();
    fill(socket);
    const waiting = [
      socket.recv(8),
      socket.recvInto(Buffer.alloc(8)),
      socket.recvFrom(8),
      socket.send(Buffer.alloc(8)),
      socket.sendAll(Buffer.alloc(8)),
    ].map(rejected);
    socket.close();
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({ code: 'ECANCELED', errno: -errnos.ECANCELED });
    }
    other.close();
    const server = listener();
    const accepting = rejected(server.accept());
    server.close();
    expect((await accepting).code).toBe('ECANCELED');
  });

  it('closing from within a waiter of its own is fine', async () => {
    const [socket, other] = streams();
    const first = socket.recv(1).then(() => socket.close());
    const second = rejected(socket.recv(1));
    other.trySend(Buffer.from('1'));
    await first;
    expect((await second).code).toBe('ECANCELED');
    other.close();
  });

  it('opening and closing 100,000 sockets leaves descriptors and memory where they were', async () => {
    const cycle = (count: number): void => {
      for (let i = 0; i < count; i++) Socket.create(c.AF_INET, c.SOCK_STREAM).close();
    };
    cycle(20_000);
    await new Promise((resolve) => setImmediate(resolve));
    const before = { fds: descriptors(), rss: process.memoryUsage().rss };
    cycle(100_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(descriptors()).toBe(before.fds);
    // A leak of 100 bytes a socket would be 10 MB; a garbage collector that has not run yet is given as much.
    expect(process.memoryUsage().rss - before.rss).toBeLessThan(24 * 1024 * 1024);
  });

  it('watched sockets go as they came, too', async () => {
    const before = descriptors();
    for (let round = 0; round < 500; round++) {
      const [socket, other] = streams();
      await closing([socket, other], async () => {
        const waiting = socket.recv(4);
        other.trySend(Buffer.from('ping'));
        expect((await waiting).toString()).toBe('ping');
      });
    }
    expect(descriptors()).toBe(before);
  });
});
