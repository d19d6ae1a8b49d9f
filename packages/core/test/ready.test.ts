import { constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { closing, datagrams, fill, listener, loopback, pause, rejected, streams, thrown } from './support.ts';

const NONE = { readable: false, writable: false, exceptional: false, hungUp: false };

/** A connected pair of TCP sockets. */
async function tcp(): Promise<[Socket, Socket]> {
  const server = listener();
  const one = Socket.create(c.AF_INET, c.SOCK_STREAM);
  await one.connect(server.getsockname());
  const other = await server.accept();
  server.close();
  one.setsockopt(c.IPPROTO_TCP, c.TCP_NODELAY, 1);
  other.setsockopt(c.IPPROTO_TCP, c.TCP_NODELAY, 1);
  return [one, other];
}

/** A UDP socket with an error queue, and the address of a port where nobody is. */
function refused(): [Socket, Uint8Array] {
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  const target = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  socket.bind(loopback());
  target.bind(loopback());
  const gone = target.getsockname();
  target.close();
  socket.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
  return [socket, gone];
}

describe('wait', () => {
  it('says what stands already, of what was asked for', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      expect(await one.wait({ write: true })).toEqual({ ...NONE, writable: true });
      expect(one.waitSync({ read: true, write: true })).toEqual({ ...NONE, writable: true });
      other.trySend(Buffer.from('x'));
      expect(await one.wait({ read: true })).toEqual({ ...NONE, readable: true });
      expect(await one.wait({ read: true, write: true, exceptional: true })).toEqual({
        ...NONE,
        readable: true,
        writable: true,
      });
      expect(one.tryWait(c.POLLIN | c.POLLOUT)).toBe(c.POLLIN | c.POLLOUT);
      one.tryRecvInto(Buffer.alloc(1));
      expect(one.tryWait(c.POLLIN)).toBe(0);
      other.close();
      expect(await one.wait({ write: true })).toMatchObject({ writable: true, hungUp: true });
      expect(one.waitSync({ read: true })).toMatchObject({ readable: true, hungUp: true });
      expect(one.tryWait(0)).toBe(c.POLLHUP);
    });
    expect(one.tryWait(c.POLLIN)).toBe(-errnos.EBADF);
  });

  it('waits for data, for room and for the end', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const filled = fill(one);
      const room = one.wait({ write: true });
      const data = one.wait({ read: true });
      other.trySend(Buffer.from('x'));
      expect(await data).toEqual({ ...NONE, readable: true });
      for (let at = 0; at < filled; ) at += other.tryRecvInto(Buffer.alloc(1 << 20));
      expect(await room).toEqual({ ...NONE, writable: true });
      one.tryRecvInto(Buffer.alloc(8));
      const end = one.wait({ read: true });
      other.shutdown(c.SHUT_WR);
      expect(await end).toEqual({ ...NONE, readable: true });
    });
  });

  it('takes nothing away, holds nobody back, and is held back by nobody', async () => {
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const looking = Array.from({ length: 3 }, () => one.wait({ read: true }));
      const receiving = one.recv(8);
      let seen = 0;
      for (const look of looking) look.then(() => seen++);
      other.trySend(Buffer.from('1'));
      // The call was quicker than those who only look.
      expect((await receiving).toString()).toBe('1');
      await pause(5);
      expect(seen).toBe(0);
      other.trySend(Buffer.from('2'));
      expect(await Promise.all(looking)).toHaveLength(3);
      expect((await one.recv(8)).toString()).toBe('2');
    });
  });

  it('ends by timeout, abort and close, in both forms', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      for (const timeout of [0, 5]) {
        const error = { code: 'ERR_SOCKET_TIMEOUT', syscall: 'poll' };
        expect(await rejected(one.wait({ read: true, timeout }))).toMatchObject(error);
        expect(thrown(() => one.waitSync({ read: true, timeout }))).toMatchObject(error);
      }
      expect(one.waitSync({ write: true, timeout: 0 }).writable).toBe(true);
      const signal = AbortSignal.timeout(10);
      expect((await rejected(one.wait({ read: true, signal }))).code).toBe('ABORT_ERR');
      const closed = rejected(one.wait({ read: true }));
      one.close();
      expect((await closed).code).toBe('ECANCELED');
      expect((await rejected(one.wait({ read: true }))).code).toBe('EBADF');
      expect(thrown(() => one.waitSync({ read: true })).code).toBe('EBADF');
    });
  });

  it('refuses what is no direction, by name', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const bad = JSON.parse('{ "read": 1 }');
      expect((await rejected(one.wait(bad))).code).toBe('ERR_INVALID_ARG_TYPE');
      expect((await rejected(one.wait(bad))).message).toContain('read');
      expect(thrown(() => one.waitSync({})).code).toBe('ERR_INVALID_ARG_VALUE');
      expect((await rejected(one.wait({ read: false }))).code).toBe('ERR_INVALID_ARG_VALUE');
      expect((await rejected(one.wait({ read: true, timeout: -1 }))).code).toBe('ERR_OUT_OF_RANGE');
      for (const events of [-1, 0x8000, 1.5, Number.NaN]) {
        expect(thrown(() => one.tryWait(events)).code).toBe('ERR_OUT_OF_RANGE');
      }
      expect(thrown(() => one.tryWait(JSON.parse('"1"'))).code).toBe('ERR_INVALID_ARG_TYPE');
    });
  });
});

describe('the exceptional', () => {
  it('an error queue is waited for and read, while a plain receive waits on', async () => {
    const [socket, gone] = refused();
    await closing([socket], async () => {
      const errors = Buffer.alloc(64);
      const plain = socket.recv(64);
      const queued = socket.recvInto(errors, { flags: c.MSG_ERRQUEUE });
      await pause(5);
      socket.trySendTo(Buffer.from('lost'), gone);
      // The datagram that bounced; the error that came with it is taken too, so the plain receive hears nothing of it.
      expect(await queued).toBe(4);
      expect(errors.toString('latin1', 0, 4)).toBe('lost');
      socket.trySendTo(Buffer.from('data'), socket.getsockname());
      expect((await plain).toString()).toBe('data');
      expect(socket.counters.pauses).toBe(0);
    });
  });

  it('a call that waits for errors holds back no data', async () => {
    const [socket, gone] = refused();
    await closing([socket], async () => {
      const queued = socket.recv(64, { flags: c.MSG_ERRQUEUE });
      for (let i = 0; i < 100; i++) {
        socket.trySendTo(Buffer.from([i]), socket.getsockname());
        expect((await socket.recv(8, { timeout: 1000 }))[0]).toBe(i);
      }
      socket.trySendTo(Buffer.from('lost'), gone);
      expect((await queued).toString()).toBe('lost');
    });
  });

  it('wait tells of a filled error queue, and the Sync form of a receive waits for one', async () => {
    const [socket, gone] = refused();
    await closing([socket], async () => {
      const waiting = socket.wait({ exceptional: true });
      socket.trySendTo(Buffer.from('1'), gone);
      expect(await waiting).toEqual({ ...NONE, exceptional: true });
      expect(socket.waitSync({ exceptional: true, timeout: 0 }).exceptional).toBe(true);
      expect(socket.recvSync(8, { flags: c.MSG_ERRQUEUE, timeout: 1000 }).toString()).toBe('1');
      // Data do not end a wait for errors, nor make it spin.
      socket.trySendTo(Buffer.from('data'), socket.getsockname());
      const used = process.cpuUsage();
      const code = thrown(() => socket.recvSync(8, { flags: c.MSG_ERRQUEUE, timeout: 200 })).code;
      const { user, system } = process.cpuUsage(used);
      expect(code).toBe('ERR_SOCKET_TIMEOUT');
      expect((user + system) / 1000).toBeLessThan(60);
      expect(socket.recvSync(8).toString()).toBe('data');
    });
  });

  it('urgent data ends a wait for it, wakes no reader, and delays no data', async () => {
    const [one, other] = await tcp();
    await closing([one, other], async () => {
      const reading = one.recv(8);
      const urgent = one.wait({ exceptional: true });
      other.trySend(Buffer.from('!'), c.MSG_OOB);
      expect(await urgent).toEqual({ ...NONE, exceptional: true });
      expect((await one.recv(1, { flags: c.MSG_OOB })).toString()).toBe('!');
      other.trySend(Buffer.from('plain'));
      expect((await reading).toString()).toBe('plain');
      // Nobody takes this one; POLLPRI stands, which a reader does not ask for.
      const later = one.recv(8);
      const { wakeUps } = one.counters;
      other.trySend(Buffer.from('?'), c.MSG_OOB);
      await pause(50);
      expect(one.counters.wakeUps - wakeUps).toBeLessThan(5);
      const began = performance.now();
      other.trySend(Buffer.from('more'));
      expect((await later).toString()).toBe('more');
      expect(performance.now() - began).toBeLessThan(40);
      expect(one.counters.pauses).toBe(0);
    });
  });

  it('an error queue that nobody reads costs a plain receive pauses, not the processor', async () => {
    const [socket, gone] = refused();
    await closing([socket], async () => {
      const waiting = rejected(socket.recv(8));
      socket.trySendTo(Buffer.from('lost'), gone);
      expect((await waiting).code).toBe('ECONNREFUSED');
      const plain = socket.recv(8);
      await pause(20);
      const before = socket.counters;
      const used = process.cpuUsage();
      await pause(500);
      const { user, system } = process.cpuUsage(used);
      const after = socket.counters;
      expect(after.wakeUps - before.wakeUps).toBeLessThan(60);
      expect(after.pauses).toBeGreaterThan(before.pauses);
      expect((user + system) / 1000).toBeLessThan(150);
      socket.trySendTo(Buffer.from('data'), socket.getsockname());
      expect((await plain).toString()).toBe('data');
    });
  });

  it('fifty waiters of all directions each get what is theirs', async () => {
    const [socket, gone] = refused();
    socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 1 << 20);
    await closing([socket], async () => {
      const plain = Array.from({ length: 20 }, () => socket.recv(8, { timeout: 5000 }));
      const errors = Array.from({ length: 20 }, () =>
        socket.recv(8, { flags: c.MSG_ERRQUEUE, timeout: 5000 }),
      );
      const looks = Array.from({ length: 10 }, () =>
        socket.wait({ exceptional: true, read: true, timeout: 5000 }),
      );
      for (let i = 0; i < 20; i++) {
        socket.trySendTo(Buffer.from([i]), gone);
        // A send is told of the error that came before it; the queue has it all the same.
        socket.getsockopt(c.SOL_SOCKET, c.SO_ERROR);
      }
      const bounced = (await Promise.all(errors)).map(([first]) => first);
      for (let i = 0; i < 21; i++) socket.trySendTo(Buffer.from([100 + i]), socket.getsockname());
      const got = (await Promise.all(plain)).map(([first]) => first);
      expect(got).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
      expect(new Set(bounced).size).toBe(20);
      for (const look of await Promise.all(looks)) expect(look.readable || look.exceptional).toBe(true);
    });
  });
});
