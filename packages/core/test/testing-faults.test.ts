/** What goes wrong on a network in memory, and how its time passes. */
import { constants as c, errnos } from '@sockeye/core';
import { MemoryNetwork, type MemorySocket } from '@sockeye/core/testing';
import { describe, expect, it } from 'vitest';
import { arrived, bytes, still, tcpListener, text } from './memory.ts';
import { rejected, thrown } from './support.ts';

describe('faults', () => {
  it('are the same again from the same seed', () => {
    const run = (seed: number): string[] => {
      const { network } = still({ loss: 0.3, duplication: 0.3, reordering: 0.3 }, seed);
      const [a, b] = network.socketpair(c.AF_INET, c.SOCK_DGRAM);
      for (let number = 0; number < 50; number++) a.trySend(bytes(`${number}`));
      return arrived(b);
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
    const got = run(7).map(Number);
    const sorted = [...got].sort((one, other) => one - other);
    // Each of the three has happened.
    expect(new Set(got).size).toBeLessThan(50);
    expect(new Set(got).size).toBeLessThan(got.length);
    expect(got).not.toEqual(sorted);
  });

  it('lose, double and swap exactly what a function says', async () => {
    const { clock, network } = still();
    const [a, b] = network.socketpair(c.AF_INET, c.SOCK_DGRAM);
    let sent = 0;
    const nth = (number: number) => () => sent === number;
    network.setFaults({ loss: nth(1), duplication: nth(2), reordering: nth(3) });
    for (; sent < 5; sent++) a.trySend(bytes(`${sent}`));
    expect(arrived(b)).toEqual(['0', '2', '2', '4', '3']);
    network.setFaults({ reordering: 1 });
    a.trySend(bytes('alone'));
    expect(arrived(b)).toEqual([]);
    await clock.advance(10);
    expect(arrived(b)).toEqual(['alone']);
  });

  it('delay on a clock that a test moves, each datagram by itself and a stream in order', async () => {
    const { clock, network } = still({ delay: 1000 });
    const [a, b] = network.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const got = b.recv(16);
    let when = -1;
    void got.then(() => (when = clock.now()));
    await a.sendAll(bytes('slow'));
    a.close();
    await clock.advance(999);
    expect(when).toBe(-1);
    await clock.advance(1);
    expect([text(await got), when]).toEqual(['slow', 1000]);
    expect((await b.recv(1)).length).toBe(0);
    network.setFaults({ delay: { least: 0, most: 100 } });
    const [one, other] = network.socketpair(c.AF_INET, c.SOCK_DGRAM);
    const words = Array.from({ length: 20 }, (_, number) => `${number}`);
    for (const word of words) one.trySend(bytes(word));
    await clock.advance(100);
    const came = arrived(other);
    expect(came).not.toEqual(words);
    expect([...came].sort()).toEqual([...words].sort());
    expect(clock.pending).toBe(0);
  });

  it('a timeout of an hour takes no time', async () => {
    const { clock, network } = still();
    const [a] = network.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const waits = rejected(a.recv(1, { timeout: 3_600_000 }));
    await clock.advance(3_600_000);
    expect((await waits).code).toBe('ERR_SOCKET_TIMEOUT');
  });

  it('reset a connection after so many bytes', async () => {
    const network = new MemoryNetwork();
    const server = tcpListener(network);
    const client = network.create(c.AF_INET, c.SOCK_STREAM);
    const [end] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
    network.setFaults({ resetAfter: 5 }, client);
    const failed = await rejected(client.sendAll(bytes('0123456789')));
    expect(failed).toMatchObject({ code: 'ECONNRESET', syscall: 'send', bytesSent: 5 });
    expect(text(await end.recv(16))).toBe('01234');
    expect((await rejected(end.recv(16))).code).toBe('ECONNRESET');
    expect(client.trySend(bytes('x'))).toBe(-errnos.EPIPE);
  });

  it('read and write less than could be', async () => {
    const network = new MemoryNetwork({ faults: { shortReads: 1, shortWrites: 1 } });
    const [a, b] = network.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const sent = a.trySend(Buffer.alloc(1000));
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(1000);
    await a.sendAll(Buffer.alloc(1000 - sent));
    const got = (await b.recv(1000)).length;
    expect(got).toBeLessThan(1000);
    let total = got;
    while (total < 1000) total += (await b.recv(1000)).length;
    expect(total).toBe(1000);
  });

  it('say EAGAIN and ENOBUFS, which Promise and Sync forms wait out', async () => {
    const network = new MemoryNetwork();
    const [a, b] = network.socketpair(c.AF_INET, c.SOCK_DGRAM);
    let storms = 5;
    const storm = (): boolean => storms-- > 0;
    network.setFaults({ noBuffers: storm });
    expect(a.trySend(bytes('x'))).toBe(-errnos.ENOBUFS);
    expect(await a.send(bytes('one'))).toBe(3);
    expect(a.counters.noBuffers).toBe(4);
    storms = 3;
    expect(a.sendSync(bytes('two'))).toBe(3);
    network.setFaults({ wouldBlock: storm });
    storms = 4;
    expect(b.tryRecvInto(Buffer.alloc(8))).toBe(-errnos.EAGAIN);
    expect(text(await b.recv(8))).toBe('one');
    storms = 3;
    expect(text(b.recvSync(8))).toBe('two');
    network.setFaults({ noBuffers: 1 });
    const full = await rejected(a.send(bytes('x'), { timeout: 5 }));
    expect([full.code, (full.cause as { code: string }).code]).toEqual(['ERR_SOCKET_TIMEOUT', 'ENOBUFS']);
  });

  it('refuse connections, and leave them hanging', async () => {
    const { clock, network } = still();
    const server = tcpListener(network) as MemorySocket;
    const client = network.create(c.AF_INET, c.SOCK_STREAM);
    network.setFaults({ refuse: 1 }, server);
    expect((await rejected(client.connect(server.getsockname()))).code).toBe('ECONNREFUSED');
    network.setFaults({ hang: 1 }, server);
    const waits = rejected(client.connect(server.getsockname(), { timeout: 60_000 }));
    await clock.advance(60_000);
    expect((await waits).code).toBe('ERR_SOCKET_TIMEOUT');
    expect(client.tryConnect(server.getsockname())).toBe(-errnos.EALREADY);
  });

  it('that are none are refused by name', () => {
    const network = new MemoryNetwork();
    const [a] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
    for (const [call, code, name] of [
      [() => network.setFaults({ loss: 2 }), 'ERR_INVALID_ARG_VALUE', 'loss'],
      [() => network.setFaults({ hang: 'yes' as never }), 'ERR_INVALID_ARG_TYPE', 'hang'],
      [() => network.setFaults({ delay: { least: 2, most: 1 } }), 'ERR_INVALID_ARG_VALUE', 'delay'],
      [() => network.setFaults({ resetAfter: -1 }), 'ERR_OUT_OF_RANGE', 'resetAfter'],
      [() => new MemoryNetwork({ seed: 0.5 }), 'ERR_OUT_OF_RANGE', 'seed'],
      [() => new MemoryNetwork({ clock: {} as never }), 'ERR_INVALID_ARG_TYPE', 'clock'],
      [() => network.create(c.AF_UNIX, 0), 'ERR_OUT_OF_RANGE', 'type'],
      [() => network.setFaults({}, {} as never), 'ERR_INVALID_ARG_TYPE', 'socket'],
      [() => network.setFaults({}, a), 'EINVAL', 'network'],
    ] as const) {
      const error = thrown(call);
      expect([error.code, error.message.split(' ')[0]]).toEqual([code, name]);
    }
    a.close();
    const own = network.create(c.AF_UNIX, c.SOCK_STREAM);
    own.close();
    expect(thrown(() => network.drops(own)).code).toBe('EBADF');
  });
});

describe('a call that blocks', () => {
  it('has what is on its way arrive', () => {
    const { clock, network } = still({ delay: 500 });
    const [a, b] = network.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    a.sendSync(bytes('on its way'));
    expect(text(b.recvSync(16))).toBe('on its way');
    expect(clock.now()).toBe(500);
    expect(thrown(() => b.recvSync(16, { timeout: 100 })).code).toBe('ERR_SOCKET_TIMEOUT');
    expect(clock.now()).toBe(600);
  });

  it('is told EDEADLK where it would wait for ever', () => {
    const [a] = new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM);
    expect(thrown(() => a.recvSync(1))).toMatchObject({ code: 'EDEADLK', syscall: 'recv' });
    expect(thrown(() => a.sendAllSync(Buffer.alloc(1 << 20)))).toMatchObject({
      code: 'EDEADLK',
      syscall: 'send',
    });
    expect(thrown(() => a.waitSync({ read: true }))).toMatchObject({ code: 'EDEADLK', syscall: 'poll' });
  });
});
