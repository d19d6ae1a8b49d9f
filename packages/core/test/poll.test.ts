import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { constants, Descriptor, errnos, Socket } from '@sockeye/core';
import { Epoll, type PollEntry, pollSync } from '@sockeye/core/poll';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

const { AF_UNIX, SOCK_STREAM, EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLET, EPOLLONESHOT, EPOLLRDHUP } = constants;
const { POLLIN, POLLOUT, POLLHUP, POLLNVAL } = constants;

const open: { close(): void }[] = [];
const kept = <T extends { close(): void }>(one: T): T => {
  open.push(one);
  return one;
};
const pair = (): [Socket, Socket] => {
  const [a, b] = Socket.socketpair(AF_UNIX, SOCK_STREAM, 0);
  return [kept(a), kept(b)];
};
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
/** What a wait of so many events told of. */
const told = <T extends Socket | Descriptor | number>(epoll: Epoll<T>, count: number) =>
  Array.from({ length: count }, (_, index) => [epoll.target(index), epoll.events(index)] as const);

describe('Epoll', () => {
  it('tells which sockets are ready, in all three forms', async () => {
    const epoll = kept(Epoll.create<Socket>());
    const pairs = [pair(), pair(), pair()] as const;
    for (const [a] of pairs) epoll.add(a, EPOLLIN);
    expect(epoll.tryWait()).toBe(0);
    pairs[1][1].sendSync(Buffer.from('x'));
    expect(told(epoll, epoll.tryWait())).toEqual([[pairs[1][0], EPOLLIN]]);
    expect(told(epoll, epoll.waitSync())).toEqual([[pairs[1][0], EPOLLIN]]);
    expect(told(epoll, await epoll.wait())).toEqual([[pairs[1][0], EPOLLIN]]);
    pairs[1][0].recvSync(1);
    const later = epoll.wait();
    pairs[2][1].sendSync(Buffer.from('y'));
    expect(told(epoll, await later)).toEqual([[pairs[2][0], EPOLLIN]]);
  });

  it('one wait may tell of fewer than the set has room for, and loses none', () => {
    const epoll = kept(Epoll.create<Socket>({ maxEvents: 8 }));
    const pairs = [pair(), pair(), pair()];
    for (const [a] of pairs) epoll.add(a, EPOLLOUT | EPOLLONESHOT);
    const found = [2, 2].flatMap((maxEvents) =>
      told(epoll, epoll.waitSync({ maxEvents })).map(([one]) => one),
    );
    expect(new Set(found)).toEqual(new Set(pairs.map(([a]) => a)));
    for (const maxEvents of [0, 9, 1.5]) expect(() => epoll.waitSync({ maxEvents })).toThrow(RangeError);
  });

  it('modifies, deletes, and honours EPOLLONESHOT and EPOLLET', () => {
    const epoll = kept(Epoll.create<Socket>());
    const [a, b] = pair();
    epoll.add(a, EPOLLIN | EPOLLONESHOT);
    b.sendSync(Buffer.from('x'));
    expect(epoll.tryWait()).toBe(1);
    expect(epoll.tryWait()).toBe(0);
    epoll.modify(a, EPOLLIN | EPOLLOUT);
    expect(told(epoll, epoll.tryWait())).toEqual([[a, EPOLLIN | EPOLLOUT]]);
    epoll.modify(a, EPOLLIN | EPOLLET);
    expect(epoll.tryWait()).toBe(1);
    expect(epoll.tryWait()).toBe(0);
    b.sendSync(Buffer.from('y'));
    expect(epoll.tryWait()).toBe(1);
    epoll.delete(a);
    b.sendSync(Buffer.from('z'));
    expect(epoll.tryWait()).toBe(0);
    expect(epoll.target(0)).toBeUndefined();
  });

  it('tells of a hang-up without being asked, and of the end of a stream when asked', () => {
    const epoll = kept(Epoll.create<Socket>());
    const [a, b] = pair();
    epoll.add(a, EPOLLRDHUP);
    b.shutdown(constants.SHUT_WR);
    expect(told(epoll, epoll.waitSync())).toEqual([[a, EPOLLRDHUP]]);
    b.close();
    expect(told(epoll, epoll.waitSync())).toEqual([[a, EPOLLRDHUP | EPOLLHUP]]);
  });

  it('takes pipes, numbers and other sets', () => {
    const outer = kept(Epoll.create());
    const inner = kept(Epoll.create<number | Descriptor>());
    const [read, write] = Descriptor.pipe().map(kept) as [Descriptor, Descriptor];
    outer.add(inner, EPOLLIN);
    inner.add(read, EPOLLIN);
    inner.add(write.fd, EPOLLOUT);
    expect(outer.waitSync()).toBe(1);
    expect(outer.target(0)).toBe(inner);
    expect(told(inner, inner.waitSync())).toEqual([[write.fd, EPOLLOUT]]);
    writeSync(write.fd, 'x');
    inner.delete(write.fd);
    expect(told(inner, inner.waitSync())).toEqual([[read, EPOLLIN]]);
  });

  it('tells of no more events than asked for, and of the others next', () => {
    const epoll = kept(Epoll.create<Socket>({ maxEvents: 2 }));
    const sockets = Array.from({ length: 5 }, () => pair()[0]);
    for (const socket of sockets) epoll.add(socket, EPOLLOUT);
    const seen = new Set<unknown>();
    for (let turn = 0; turn < 3; turn++) {
      const count = epoll.tryWait();
      expect(count).toBe(2);
      for (const [socket] of told(epoll, count)) seen.add(socket);
    }
    expect(seen).toEqual(new Set(sockets));
  });

  it('does not mix up sockets that had the same number', () => {
    const epoll = kept(Epoll.create<Socket>());
    const [a, b] = pair();
    epoll.add(a, EPOLLIN);
    b.sendSync(Buffer.from('x'));
    // The open file outlives the number, and with it what the kernel has of it.
    const other = kept(a.dup());
    const { fd } = a;
    a.close();
    const [c, d] = pair();
    const again = [c, d].find((socket) => socket.fd === fd);
    if (again === undefined) throw new Error('the number was not given again');
    epoll.add(again, EPOLLIN);
    expect(epoll.tryWait()).toBe(0);
    (again === c ? d : c).sendSync(Buffer.from('y'));
    expect(told(epoll, epoll.tryWait())).toEqual([[again, EPOLLIN]]);
    expect(other.recvSync(1).toString()).toBe('x');
  });

  it('gives an event to nobody who got the number behind the wait that told of it', () => {
    const epoll = kept(Epoll.create<Socket>());
    const [a, b] = pair();
    epoll.add(a, EPOLLIN);
    epoll.add(b, EPOLLIN);
    a.shutdown(constants.SHUT_RDWR);
    expect(told(epoll, epoll.tryWait()).map(([target]) => target)).toEqual([a, b]);
    // As a server does that closes one connection, and accepts another, before it comes to the second event.
    const { fd } = b;
    epoll.modify(a, 0);
    b.close();
    const [c, d] = pair();
    const again = [c, d].find((one) => one.fd === fd) as Socket;
    epoll.add(again, EPOLLIN);
    expect([epoll.target(0), epoll.target(1)]).toEqual([a, undefined]);
    expect([epoll.target(2), epoll.target(-1), epoll.target(Number.NaN)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    // One that is only changed keeps its events.
    again.shutdown(constants.SHUT_RDWR);
    const count = epoll.tryWait();
    epoll.modify(again, EPOLLOUT);
    expect(told(epoll, count).map(([target]) => target)).toContain(again);
  });

  it('waits with a timeout and a signal, and until it is closed', async () => {
    const epoll = kept(Epoll.create());
    await expect(epoll.wait({ timeout: 5 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(() => epoll.waitSync({ timeout: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_TIMEOUT' }),
    );
    const controller = new AbortController();
    const aborted = epoll.wait({ signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' });
    const canceled = epoll.wait();
    epoll.close();
    epoll.close();
    await expect(canceled).rejects.toMatchObject({ code: 'ECANCELED' });
    expect(epoll.closed).toBe(true);
    expect(epoll.fd).toBe(-1);
    await expect(epoll.wait()).rejects.toMatchObject({ code: 'EBADF' });
    expect(() => epoll.add(0, EPOLLIN)).toThrow(/this Epoll is closed/);
    expect(epoll.tryWait()).toBe(-errnos.EBADF);
  });

  it('holds the event loop unless told not to', () => {
    const epoll = kept(Epoll.create());
    expect(epoll.hasRef()).toBe(true);
    expect(epoll.unref().hasRef()).toBe(false);
    expect(epoll.ref().hasRef()).toBe(true);
  });

  it('says what was wrong, and what to do', () => {
    const epoll = kept(Epoll.create());
    const [a] = pair();
    expect(() => epoll.modify(a, EPOLLIN)).toThrow(/ENOENT.*not in the set: add\(\) it/);
    expect(() => epoll.delete(a)).toThrow(/ENOENT/);
    epoll.add(a, EPOLLIN);
    expect(() => epoll.add(a, EPOLLIN)).toThrow(/EEXIST.*in the set already: modify\(\) it/);
    const file = openSync('/proc/self/status', 'r');
    try {
      const regular = openSync(process.execPath, 'r');
      expect(() => epoll.add(regular, EPOLLIN)).toThrow(/EPERM.*files and directories/);
      closeSync(regular);
    } finally {
      closeSync(file);
    }
    const inner = kept(Epoll.create());
    epoll.add(inner, EPOLLIN);
    expect(() => inner.add(epoll, EPOLLIN)).toThrow(/ELOOP.*circle/);
    a.close();
    expect(() => epoll.delete(a)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    for (const wrong of [undefined, null, 'x', {}, { fd: 'x' }, 1.5, Number.NaN]) {
      expect(() => epoll.add(wrong as number, EPOLLIN)).toThrow(/target/);
    }
    for (const wrong of [-(2 ** 31) - 1, 1.5, 2 ** 32, 'x', undefined]) {
      expect(() => epoll.add(0, wrong as number)).toThrow(/events/);
    }
    for (const wrong of [0, 513, 1.5, 'x']) {
      expect(() => Epoll.create({ maxEvents: wrong as number })).toThrow(/maxEvents/);
    }
  });

  it('agrees with poll(2) whatever is sent, read and closed', () => {
    const step = fc.record({
      which: fc.nat(5),
      what: fc.constantFrom('send', 'read', 'shut', 'modify'),
      events: fc.subarray([EPOLLIN, EPOLLOUT, EPOLLRDHUP]),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        using epoll = Epoll.create<Socket>();
        const pairs = Array.from({ length: 6 }, () => Socket.socketpair(AF_UNIX, SOCK_STREAM, 0));
        const wanted = new Map(pairs.map(([a]) => [a, EPOLLIN]));
        try {
          for (const [a] of pairs) epoll.add(a, EPOLLIN);
          for (const { which, what, events } of steps) {
            const [a, b] = pairs[which] as [Socket, Socket];
            if (what === 'send') b.trySend(Buffer.from('x'));
            else if (what === 'read') a.tryRecvInto(Buffer.alloc(9));
            else if (what === 'shut') b.shutdown(constants.SHUT_WR);
            else {
              const bits = events.reduce((all, bit) => all | bit, 0);
              wanted.set(a, bits);
              epoll.modify(a, bits);
            }
            const entries = pairs.map(([target]) => ({
              target,
              events: wanted.get(target) ?? 0,
              revents: 0,
            }));
            pollSync(entries, { timeout: 0 });
            const ready = entries.filter(({ revents }) => revents !== 0);
            const all = told(epoll, epoll.tryWait());
            expect(new Map(all)).toEqual(new Map(ready.map(({ target, revents }) => [target, revents])));
          }
        } finally {
          for (const one of pairs.flat()) one.close();
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leaves no descriptor when a worker that waits is ended', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const program = `
      const { Epoll } = require('@sockeye/core/poll');
      const { constants, Socket } = require('@sockeye/core');
      const epoll = Epoll.create();
      const [a, b] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM, 0);
      epoll.add(a, constants.EPOLLIN);
      require('node:worker_threads').parentPort.postMessage('waits');
      if (MODE === 'sync') epoll.waitSync(); else epoll.wait();`;
    for (const mode of ['sync', 'async']) {
      const worker = new Worker(program.replace('MODE', `'${mode}'`), { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('pollSync', () => {
  const entry = (target: Socket | Descriptor | number, events: number): PollEntry => ({
    target,
    events,
    revents: 7,
  });

  it('tells what stands of each, files and closed numbers included', () => {
    const [a, b] = pair();
    const file = openSync(process.execPath, 'r');
    const entries = [entry(a, POLLIN), entry(b, POLLIN | POLLOUT), entry(file, POLLIN), entry(9999, POLLIN)];
    try {
      expect(pollSync(entries, { timeout: 0 })).toBe(3);
      expect(entries.map(({ revents }) => revents)).toEqual([0, POLLOUT, POLLIN, POLLNVAL]);
      b.close();
      const alone = [entry(a, POLLIN)];
      expect(pollSync(alone)).toBe(1);
      expect(alone[0]?.revents).toBe(POLLIN | POLLHUP);
    } finally {
      closeSync(file);
    }
  });

  it('waits as long as it is told, and not longer than until something happens', () => {
    const [read, write] = Descriptor.pipe().map(kept) as [Descriptor, Descriptor];
    const waits = [entry(read, POLLIN)];
    const began = performance.now();
    expect(pollSync(waits, { timeout: 30 })).toBe(0);
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
    expect(waits[0]?.revents).toBe(0);
    writeSync(write.fd, 'x');
    expect(pollSync(waits)).toBe(1);
    expect(readSync(read.fd, Buffer.alloc(1))).toBe(1);
    expect(pollSync([], { timeout: 1 })).toBe(0);
  });

  it('names what was wrong', () => {
    const [a] = pair();
    a.close();
    expect(() => pollSync([entry(a, POLLIN)])).toThrow(/EBADF.*entries\[0\]\.target is closed/);
    expect(() => pollSync([entry(0, 70000)])).toThrow(/entries\[0\]\.events/);
    expect(() => pollSync([entry('x' as never, POLLIN)])).toThrow(/entries\[0\]\.target/);
    expect(() => pollSync('x' as never)).toThrow(/entries/);
    for (const none of [null, undefined, 3]) {
      expect(() => pollSync([entry(0, POLLIN), none as never], { timeout: 0 })).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_ARG_TYPE',
          message: expect.stringMatching(/^entries\[1\] must be an object; got /),
        }),
      );
    }
    expect(() => pollSync([], { timeout: -1 })).toThrow(/timeout/);
  });
});
