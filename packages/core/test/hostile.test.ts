import { constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
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
} from './support.ts';

/** A connected pair of TCP sockets. */
async function tcp(): Promise<[Socket, Socket]> {
  const server = listener();
  const one = Socket.create(c.AF_INET, c.SOCK_STREAM);
  await one.connect(server.getsockname());
  const other = await server.accept();
  server.close();
  return [one, other];
}

/** Closes with RST: SO_LINGER with a time of 0. */
function reset(socket: Socket): void {
  socket.setsockopt(c.SOL_SOCKET, c.SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]));
  socket.close();
}

/** What became of a call: its result, or the code of its error. */
const ending = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => (Buffer.isBuffer(value) ? value.toString() : value),
    (error: { code: string }) => error.code,
  );

describe('a peer that resets', () => {
  it.each([
    ['recv', (socket: Socket) => socket.recv(8)],
    ['recvInto', (socket: Socket) => socket.recvInto(Buffer.alloc(8))],
    ['recvFrom', (socket: Socket) => socket.recvFrom(8)],
    ['recvMsg', (socket: Socket) => socket.recvMsg(8)],
  ])('ends %s, begun before and after, with ECONNRESET, and then the stream is at its end', async (_, call) => {
    const [before, first] = await tcp();
    const waiting = ending(call(before));
    await pause(2);
    reset(first);
    expect(await waiting).toBe('ECONNRESET');
    const [after, second] = await tcp();
    reset(second);
    await pause(2);
    expect(await ending(call(after))).toBe('ECONNRESET');
    expect(await ending(after.recv(8, { timeout: 1000 }))).toBe('');
    before.close();
    after.close();
  });

  it.each([
    ['send', (socket: Socket, data: Buffer) => socket.send(data)],
    ['sendAll', (socket: Socket, data: Buffer) => socket.sendAll(data)],
    ['sendMsg', (socket: Socket, data: Buffer) => socket.sendMsg(data)],
  ])('ends %s that waits for room, and those behind it', async (_, call) => {
    const [one, other] = await tcp();
    fill(one);
    const waiting = Array.from({ length: 5 }, () => ending(call(one, Buffer.alloc(1 << 20))));
    const receiving = ending(one.recv(8));
    await pause(2);
    reset(other);
    const codes = await Promise.all([...waiting, receiving]);
    // The kernel tells its error once; after that the connection is simply gone.
    expect(codes.filter((code) => code === 'ECONNRESET')).toHaveLength(1);
    for (const code of codes) expect(['ECONNRESET', 'EPIPE', '']).toContain(code);
    one.close();
  });

  it('ends who only looks, and leaves bytes that had come where they are', async () => {
    const [one, other] = await tcp();
    const looking = [one.wait({ exceptional: true }), one.wait({ read: true })];
    await pause(2);
    reset(other);
    for (const look of await Promise.all(looking)) expect(look.hungUp).toBe(true);
    expect(await ending(one.recv(8))).toBe('ECONNRESET');
    one.close();
    const [half, peer] = await tcp();
    peer.trySend(Buffer.from('last'));
    peer.shutdown(c.SHUT_WR);
    expect(await ending(half.recv(2))).toBe('la');
    expect(await ending(half.recv(8))).toBe('st');
    expect(await ending(half.recv(8))).toBe('');
    // The other direction is open still.
    expect(await half.send(Buffer.from('yes'))).toBe(3);
    expect(await ending(peer.recv(8))).toBe('yes');
    half.close();
    expect(await ending(peer.recv(8))).toBe('');
    peer.close();
  });

  it('while it connects, accepts or is accepted, ends nothing but its own call', async () => {
    const server = listener();
    const address = server.getsockname();
    const clients = Array.from({ length: 8 }, () => Socket.create(c.AF_INET, c.SOCK_STREAM));
    const accepting = Array.from({ length: 8 }, () => server.accept({ timeout: 5000 }));
    await Promise.all(clients.map((client) => client.connect(address)));
    for (const client of clients) reset(client);
    const accepted = await Promise.all(accepting);
    for (const socket of accepted) {
      expect(await ending(socket.recv(8, { timeout: 1000 }))).toBe('ECONNRESET');
      socket.close();
    }
    const closed = ending(server.accept());
    server.close();
    expect(await closed).toBe('ECANCELED');
    const late = Socket.create(c.AF_INET, c.SOCK_STREAM);
    expect(await ending(late.connect(address))).toBe('ECONNREFUSED');
    late.close();
  });
});

describe('callers who do the worst', () => {
  it('close in what a call runs: every other waiter hears of it, once', async () => {
    const [one, other] = datagrams();
    let ended = 0;
    const rest: Promise<unknown>[] = [];
    const first = one.recv(8).then(() => one.close());
    for (let i = 0; i < 20; i++) rest.push(ending(one.recv(8)).finally(() => ended++));
    rest.push(ending(one.wait({ read: true })).finally(() => ended++));
    rest.push(ending(one.recv(8, { flags: c.MSG_ERRQUEUE })).finally(() => ended++));
    other.trySend(Buffer.from('x'));
    await first;
    expect(new Set(await Promise.all(rest))).toEqual(new Set(['ECANCELED']));
    expect(ended).toBe(22);
    other.close();
  });

  it('close in a getter of a message that is sent, in the midst of a queue', async () => {
    const [one, other] = datagrams();
    fill(one);
    let asked = 0;
    const control = [
      {
        level: c.SOL_SOCKET,
        type: c.SCM_RIGHTS,
        get data(): Uint8Array {
          asked += 1;
          // At the first try, and then when there is room.
          if (asked > 1) one.close();
          return new Uint8Array(0);
        },
      },
    ];
    const sending = ending(one.sendMsg(Buffer.from('x'), { control }));
    const behind = Array.from({ length: 3 }, () => ending(one.send(Buffer.from('y'))));
    await pause(2);
    while (other.tryRecvInto(Buffer.alloc(1 << 16)) > 0);
    expect(['ECANCELED', 'EBADF']).toContain(await sending);
    expect(await Promise.all(behind)).toEqual(['ECANCELED', 'ECANCELED', 'ECANCELED']);
    expect(asked).toBeGreaterThan(1);
    other.close();
  });

  it('start a wait for each that ends, abort the next one, and close at the end', async () => {
    const [one, other] = datagrams();
    const controllers = Array.from({ length: 50 }, () => new AbortController());
    const order: number[] = [];
    const waits = controllers.map(({ signal }, i) =>
      ending(one.recv(8, { signal })).then((said) => {
        order.push(i);
        controllers[i + 1]?.abort();
        return said;
      }),
    );
    for (let i = 0; i < 25; i++) other.trySend(Buffer.from(String(i)));
    const said = await Promise.all(waits);
    expect(order).toHaveLength(50);
    // Whoever was served got the datagrams in order; none was lost on one that was aborted.
    const got = said.filter((text) => text !== 'ABORT_ERR');
    expect(got).toEqual(got.map((_, i) => String(i)));
    const left: string[] = [];
    const buffer = Buffer.alloc(8);
    for (let count = one.tryRecvInto(buffer); count > 0; count = one.tryRecvInto(buffer)) {
      left.push(buffer.toString('latin1', 0, count));
    }
    expect([...got, ...left]).toEqual(Array.from({ length: 25 }, (_, i) => String(i)));
    one.close();
    other.close();
  });

  it('let timeouts and data race: each datagram is received once, or is still there', async () => {
    const [one, other] = datagrams();
    const received: number[] = [];
    let timeouts = 0;
    for (let round = 0; round < 30; round++) {
      const waits = Array.from({ length: 10 }, (_, i) =>
        one.recv(8, { timeout: 1 + (i % 3) }).then(
          (data) => received.push(data[0] as number),
          (error) => {
            expect(error.code).toBe('ERR_SOCKET_TIMEOUT');
            timeouts += 1;
          },
        ),
      );
      const sender = setInterval(() => other.trySend(Buffer.from([round])), 1);
      await Promise.all(waits);
      clearInterval(sender);
      while (one.tryRecvInto(Buffer.alloc(8)) > 0) received.push(round);
    }
    expect(received.length + timeouts).toBeGreaterThanOrEqual(300);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    one.close();
    other.close();
  });

  it('wait on three hundred sockets at once, and close half of them in the callbacks of the others', async () => {
    const before = descriptors();
    const pairs = Array.from({ length: 300 }, () => streams());
    const endings = pairs.map(([one], i) =>
      ending(one.recv(8)).then((said) => {
        if (i % 2 === 0) pairs[i + 1]?.[0].close();
        return said;
      }),
    );
    await pause(1);
    for (const [, other] of pairs) other.trySend(Buffer.from('x'));
    const said = await Promise.all(endings);
    for (const [i, word] of said.entries()) expect(i % 2 === 0 ? ['x'] : ['x', 'ECANCELED']).toContain(word);
    for (const pair of pairs) for (const socket of pair) socket.close();
    await pause(1);
    expect(descriptors()).toBe(before);
  });
});

describe('order', () => {
  it('a receive right after one that waited sees what came meanwhile, in order, however traffic changes', async () => {
    // Ping-pong teaches the socket not to ask; then bursts come.
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const buffer = Buffer.alloc(8);
      let next = 0;
      let expected = 0;
      const send = (): void => {
        buffer.writeUInt32LE(next++);
        if (other.trySend(buffer) !== 8) throw new Error('not sent');
      };
      const receive = async (): Promise<void> => {
        const data = await one.recv(8, { timeout: 5000 });
        expect(data.readUInt32LE()).toBe(expected++);
      };
      for (let i = 0; i < 200; i++) {
        const waiting = receive();
        send();
        await waiting;
      }
      const calm = one.counters;
      // Most of those receives waited without asking first.
      expect(calm.waits).toBe(200);
      expect(calm.wouldBlocks).toBeLessThan(60);
      for (let burst = 1; burst < 60; burst++) {
        for (let i = 0; i < burst % 9; i++) send();
        while (expected < next) await receive();
        const waiting = receive();
        send();
        await waiting;
      }
      expect(expected).toBe(next);
      // Who asks once is answered, whatever was learnt.
      const waiting = receive();
      send();
      await waiting;
      send();
      expect((await one.recv(8, { timeout: 0 })).readUInt32LE()).toBe(expected++);
      send();
      expect((await one.recv(8, { flags: c.MSG_DONTWAIT })).readUInt32LE()).toBe(expected++);
      expect((await rejected(one.recv(8, { flags: c.MSG_DONTWAIT }))).code).toBe('EAGAIN');
    });
  });

  it('sends that ask once do not get between the bytes of a sendAll', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const bytes = Buffer.alloc(2 << 20, 1);
      const sending = one.sendAll(bytes);
      const between = [
        ending(one.send(Buffer.alloc(8, 2), { timeout: 0 })),
        ending(one.send(Buffer.alloc(8, 2), { flags: c.MSG_DONTWAIT })),
      ];
      expect(await Promise.all(between)).toEqual(['ERR_SOCKET_TIMEOUT', 'EAGAIN']);
      const got = Buffer.alloc(bytes.length);
      for (let at = 0; at < got.length; ) at += await other.recvInto(got, { offset: at });
      await sending;
      expect(got.equals(bytes)).toBe(true);
      expect(one.trySend(Buffer.alloc(1))).toBe(1);
      expect(other.tryRecvInto(Buffer.alloc(8))).toBe(1);
      expect(other.tryRecvInto(Buffer.alloc(8))).toBe(-errnos.EAGAIN);
    });
  });

  it('a hundred thousand waits with timeouts come and go', async () => {
    const [one, other] = datagrams();
    await closing([one, other], async () => {
      const buffer = Buffer.alloc(8);
      const waits = Array.from({ length: 100_000 }, (_, i) =>
        ending(one.recvInto(buffer, { timeout: i % 2 === 0 ? 50 : 600_000 })),
      );
      const half = await Promise.all(waits.filter((_, i) => i % 2 === 0));
      expect(new Set(half)).toEqual(new Set(['ERR_SOCKET_TIMEOUT']));
      other.trySend(buffer);
      expect(await waits[1]).toBe(8);
      one.close();
      expect(new Set((await Promise.all(waits)).slice(2))).toEqual(
        new Set(['ERR_SOCKET_TIMEOUT', 'ECANCELED']),
      );
    });
  });

  it('a ping-pong wakes each end once a datagram', async () => {
    const [one, other] = [0, 1].map(() => {
      const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
      socket.bind(loopback());
      return socket;
    }) as [Socket, Socket];
    await closing([one, other], async () => {
      const play = async (socket: Socket, to: Uint8Array, serve: boolean): Promise<void> => {
        if (serve) socket.trySendTo(Buffer.from([0]), to);
        for (;;) {
          const [count = 0] = await socket.recv(1, { timeout: 5000 });
          if (count < 200) await socket.sendTo(Buffer.from([count + 1]), to);
          if (count >= 199) return;
        }
      };
      await Promise.all([play(one, other.getsockname(), true), play(other, one.getsockname(), false)]);
      expect(one.counters.wakeUps).toBeLessThan(300);
    });
  });
});
