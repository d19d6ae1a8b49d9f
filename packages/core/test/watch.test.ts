/** Counters, events, the listing and the watchdog. */
import diagnostics from 'node:diagnostics_channel';
import { PerformanceObserver } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { Batch, constants as c, Descriptor, Socket, type SocketLike } from '@sockeye/core';
import { MemoryNetwork } from '@sockeye/core/testing';
import { markTotals, type SocketEvents, type Stall, sockets, totals, watchdog } from '@sockeye/core/watch';
import { describe, expect, it } from 'vitest';
import { closing, datagrams, fill, listener, loopback, pause, rejected, streams, thrown } from './support.ts';

const bytes = (words: string): Buffer => Buffer.from(words);

/** What is published on a channel while `work` runs. */
async function published<Name extends keyof SocketEvents>(
  name: Name,
  work: () => Promise<void> | void,
): Promise<SocketEvents[Name][]> {
  const got: SocketEvents[Name][] = [];
  const take = (message: unknown): void => void got.push(message as SocketEvents[Name]);
  diagnostics.subscribe(name, take);
  try {
    await work();
  } finally {
    diagnostics.unsubscribe(name, take);
  }
  return got;
}

async function connection(): Promise<[Socket, Socket, Socket]> {
  const server = listener();
  const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
  const [end] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  return [server, client, end];
}

/** Waits until it holds, for five seconds at most. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await pause(5);
  expect(holds()).toBe(true);
}

describe('counters', () => {
  for (const [name, pair] of [
    ['the kernel', () => datagrams()],
    ['in memory', () => new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_DGRAM)],
  ] as [string, () => [SocketLike, SocketLike]][]) {
    it(`count bytes and messages in every form, and stay: ${name}`, async () => {
      const [a, b] = pair();
      const buffer = Buffer.alloc(16);
      a.trySend(bytes('1'));
      a.sendSync(bytes('22'));
      await a.send(bytes('333'));
      await a.sendAll(bytes('4444'));
      await a.sendMsg([bytes('55'), bytes('555')]);
      a.sendMsgSync(bytes('666666'));
      const out = new Batch({ messages: 4, size: 8 });
      for (const word of ['7777777', '88888888']) out.push(bytes(word));
      await a.sendBatch(out);
      expect(a.counters).toMatchObject({ bytesOut: 36, messagesOut: 8, bytesIn: 0, messagesIn: 0 });
      b.tryRecvInto(buffer, c.MSG_PEEK);
      expect(b.counters).toMatchObject({ bytesIn: 0, messagesIn: 0 });
      b.tryRecvInto(buffer);
      b.recvIntoSync(buffer);
      b.recvSync(16);
      await b.recv(16);
      await b.recvFrom(16);
      await b.recvMsg(16);
      await b.recvBatch(new Batch({ messages: 4, size: 8 }));
      expect(b.counters).toMatchObject({ bytesIn: 36, messagesIn: 8, bytesOut: 0, messagesOut: 0 });
      for (const socket of [a, b]) socket.close();
      expect(a.counters).toMatchObject({ bytesOut: 36, messagesOut: 8 });
      expect(b.counters).toMatchObject({ bytesIn: 36, messagesIn: 8 });
    });
  }

  it('begin anew with each socket, and count connections of a listener', async () => {
    const [server, client, end] = await connection();
    expect(server.counters.messagesIn).toBe(1);
    await closing([server, client, end], async () => {
      await client.sendAll([bytes('ab'), bytes('cde')]);
      expect(end.recvIntoSync(Buffer.alloc(5), { flags: c.MSG_WAITALL })).toBe(5);
      expect([client.counters.bytesOut, end.counters.bytesIn]).toEqual([5, 5]);
    });
    // In slots that others have left.
    const [a, b] = streams();
    for (const socket of [a, b]) expect(socket.counters).toMatchObject({ bytesIn: 0, bytesOut: 0 });
    for (const socket of [a, b]) socket.close();
  });

  it('add up to what the process has moved, those of closed sockets too', async () => {
    const before = totals();
    const [a, b] = streams();
    await a.sendAll(Buffer.alloc(1000));
    await b.recv(1000);
    const during = totals();
    for (const socket of [a, b]) socket.close();
    const after = totals();
    expect(during.bytesOut - before.bytesOut).toBe(1000);
    expect(during.bytesIn - before.bytesIn).toBe(1000);
    expect(during.open - before.open).toBe(2);
    expect(after).toEqual({ ...during, open: before.open });
  });

  it('are on the timeline of perf_hooks', async () => {
    const seen = new Promise<unknown>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        observer.disconnect();
        resolve(list.getEntriesByName('sockeye:totals')[0]?.detail);
      });
      observer.observe({ entryTypes: ['mark'] });
    });
    const { detail } = markTotals();
    expect(await seen).toEqual(detail);
    expect(detail).toMatchObject({ bytesIn: expect.any(Number), open: expect.any(Number) });
    performance.clearMarks('sockeye:totals');
  });
});

describe('events', () => {
  it('tell of sockets that open and close', async () => {
    let last: Socket | undefined;
    const opens = await published('sockeye:socket:open', () => {
      const [a, b] = streams();
      last = a.dup();
      const taken = Socket.fromFd(b.detach());
      for (const socket of [a, last, taken]) socket.close();
    });
    expect(opens.map(({ socket }) => socket instanceof Socket)).toEqual([true, true, true, true]);
    expect(opens[2]?.socket).toBe(last);
    const [a, b] = streams();
    await a.send(bytes('four'));
    const closes = await published('sockeye:socket:close', () => {
      a.close();
      a.close();
      b.close();
    });
    expect(closes.map(({ socket }) => socket)).toEqual([a, b]);
    expect(closes[0]?.counters.bytesOut).toBe(4);
  });

  it('tell of connections on both sides', async () => {
    let sides: Socket[] = [];
    let address: Uint8Array | undefined;
    const accepts = await published('sockeye:socket:accept', async () => {
      const connects = await published('sockeye:socket:connect', async () => {
        sides = await connection();
        address = sides[0]?.getsockname();
        const second = Socket.create(c.AF_INET, c.SOCK_STREAM);
        second.connectSync(address as Uint8Array);
        sides.push(second, (sides[0] as Socket).acceptSync());
        const third = Socket.create(c.AF_INET, c.SOCK_STREAM);
        await third.connect(address as Uint8Array, { data: bytes('x') });
        sides.push(third, await (sides[0] as Socket).accept());
      });
      expect(connects.map(({ socket }) => socket)).toEqual([sides[1], sides[3], sides[5]]);
      expect(connects.map((event) => event.address)).toEqual([address, address, address]);
    });
    expect(accepts.map((event) => event.socket)).toEqual([sides[2], sides[4], sides[6]]);
    expect(new Set(accepts.map((event) => event.listener))).toEqual(new Set([sides[0]]));
    for (const socket of sides) socket.close();
  });

  it('tell of what fails in the kernel, and not of timeouts and tries', async () => {
    const [a, b] = streams();
    b.close();
    const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
    const errors = await published('sockeye:socket:error', async () => {
      a.trySend(bytes('x'));
      await rejected(a.send(bytes('x')));
      await rejected(socket.connect(loopback(1)));
      await rejected(Promise.resolve().then(() => socket.getpeername()));
      const [one, other] = streams();
      await rejected(one.recv(1, { timeout: 1 }));
      await rejected(one.recv(1, { signal: AbortSignal.timeout(1) }));
      for (const end of [one, other]) end.close();
    });
    expect(errors.map((event) => [event.socket, event.error.code, event.error.syscall])).toEqual([
      [a, 'EPIPE', 'send'],
      [socket, 'ECONNREFUSED', 'connect'],
      [socket, 'ENOTCONN', 'getpeername'],
    ]);
    for (const end of [a, socket]) end.close();
  });
});

describe('the listing', () => {
  const find = (fd: number) => sockets().find((entry) => entry.fd === fd);

  it('has what is open, with addresses, state, queues and counters', async () => {
    const [server, client, end] = await connection();
    const pipe = Descriptor.pipe();
    await client.sendAll(bytes('waits'));
    await end.wait({ read: true });
    const entry = find(end.fd);
    expect(entry).toMatchObject({
      family: c.AF_INET,
      type: c.SOCK_STREAM,
      protocol: c.IPPROTO_TCP,
      local: end.getsockname(),
      peer: client.getsockname(),
      state: 'connected',
      receiveQueue: 5,
      sendQueue: 0,
      drops: 0,
      own: true,
    });
    expect(entry?.tcp).toMatchObject({ state: 'ESTABLISHED', retransmits: 0, probes: 0, lost: 0 });
    expect(entry?.age).toBeGreaterThanOrEqual(0);
    expect(entry?.age).toBeLessThan(20_000);
    expect(find(client.fd)?.counters).toMatchObject({ bytesOut: 5, messagesOut: 1 });
    expect(find(client.fd)?.counters).toEqual(client.counters);
    expect(find(server.fd)).toMatchObject({ state: 'listening', peer: undefined, tcp: { state: 'LISTEN' } });
    expect(find(server.fd)?.counters.waits).toBe(server.counters.waits);
    // Pipes are no sockets.
    for (const { fd } of pipe) expect(find(fd)).toBe(undefined);
    const { fd } = end;
    for (const one of [server, client, end, ...pipe]) one.close();
    expect(find(fd)).toBe(undefined);
  });

  it('says how many datagrams were lost', async () => {
    const [a, b] = [Socket.create(c.AF_INET, c.SOCK_DGRAM), Socket.create(c.AF_INET, c.SOCK_DGRAM)];
    b.bind(loopback());
    b.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4096);
    for (let sent = 0; sent < 50; sent++) a.sendToSync(Buffer.alloc(1000), b.getsockname());
    let got = 0;
    const buffer = Buffer.alloc(1000);
    await until(() => {
      while (b.tryRecvInto(buffer) >= 0) got += 1;
      return got + (find(b.fd)?.drops ?? 0) === 50;
    });
    expect(got).toBeGreaterThan(0);
    expect(got).toBeLessThan(50);
    expect(find(b.fd)).toMatchObject({ state: 'unconnected', tcp: undefined });
    for (const socket of [a, b]) socket.close();
  });

  it('has those of other threads, as theirs', async () => {
    const program = `
      const { parentPort } = require('node:worker_threads');
      const { constants: c, Socket } = require('@sockeye/core');
      const [a, b] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      a.sendSync(Buffer.alloc(7));
      parentPort.once('message', () => { a.close(); b.close(); });
      parentPort.postMessage(a.fd);
    `;
    const worker = new Worker(program, { eval: true });
    const fd = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(find(fd)).toMatchObject({ own: false, counters: { bytesOut: 7, waits: 0 } });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
    expect(find(fd)).toBe(undefined);
  });
});

describe('a watchdog', () => {
  for (const [name, pair] of [
    ['the kernel', () => streams()],
    ['in memory', () => new MemoryNetwork().socketpair(c.AF_UNIX, c.SOCK_STREAM)],
  ] as [string, () => [SocketLike, SocketLike]][]) {
    it(`tells when data wait and nobody reads, once, and again after a read: ${name}`, async () => {
      const [a, b] = pair();
      const stalls: Stall[] = [];
      const watch = watchdog(b, { afterMs: 20, onStall: (stall) => stalls.push(stall) });
      await pause(60);
      expect(stalls).toEqual([]);
      await a.send(bytes('hello'));
      await until(() => stalls.length > 0);
      await pause(60);
      expect(stalls.length).toBe(1);
      expect(stalls[0]).toMatchObject({ socket: b, direction: 'read', receiveQueue: 5, tcp: undefined });
      expect(stalls[0]?.forMs).toBeGreaterThanOrEqual(20);
      await b.recv(2);
      await until(() => stalls.length > 1);
      expect(stalls[1]).toMatchObject({ direction: 'read', receiveQueue: 3, counters: { bytesIn: 2 } });
      await b.recv(3);
      await pause(60);
      expect(stalls.length).toBe(2);
      watch.stop();
      watch.stop();
      for (const socket of [a, b]) socket.close();
    });
  }

  it('tells subscribers when nothing more can be sent, with what TCP knows', async () => {
    const [server, client, end] = await connection();
    const stalls = await published('sockeye:socket:stall', async () => {
      const seen: Stall[] = [];
      fill(client);
      const watch = watchdog(client, { afterMs: 20, onStall: (stall) => seen.push(stall) });
      const waits = rejected(client.send(bytes('x')));
      await until(() => seen.length > 0);
      watch.stop();
      client.close();
      expect((await waits).code).toBe('ECANCELED');
    });
    expect(stalls.length).toBe(1);
    expect(stalls[0]).toMatchObject({ socket: client, direction: 'write', tcp: { state: 'ESTABLISHED' } });
    expect(stalls[0]?.sendQueue).toBeGreaterThan(0);
    expect(stalls[0]?.counters.waits).toBeGreaterThan(0);
    for (const socket of [server, end]) socket.close();
  });

  it('tells of connections that nobody accepts', async () => {
    const server = listener();
    const stalls: Stall[] = [];
    const watch = watchdog(server, { afterMs: 20, onStall: (stall) => stalls.push(stall) });
    const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await client.connect(server.getsockname());
    await until(() => stalls.length > 0);
    expect(stalls[0]).toMatchObject({ direction: 'read', tcp: { state: 'LISTEN' } });
    const end = await server.accept();
    await pause(60);
    expect(stalls.length).toBe(1);
    watch.stop();
    for (const socket of [server, client, end]) socket.close();
  });

  it('stops by signal and with the socket, and holds no process', async () => {
    const [a, b] = streams();
    const controller = new AbortController();
    const stalls: Stall[] = [];
    const onStall = (stall: Stall): void => void stalls.push(stall);
    watchdog(b, { afterMs: 20, onStall, signal: controller.signal });
    watchdog(b, { afterMs: 20, onStall, signal: AbortSignal.abort() });
    controller.abort();
    await a.send(bytes('x'));
    await pause(80);
    expect(stalls).toEqual([]);
    const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    watchdog(b, { afterMs: 20, onStall });
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBe(timers);
    b.close();
    await pause(80);
    expect(stalls).toEqual([]);
    a.close();
  });

  it('refuses what it cannot watch', () => {
    const [a, b] = streams();
    for (const [call, code, name] of [
      [() => watchdog({} as never, { afterMs: 5 }), 'ERR_INVALID_ARG_TYPE', 'socket'],
      [() => watchdog(undefined as never, { afterMs: 5 }), 'ERR_INVALID_ARG_TYPE', 'socket'],
      [() => watchdog(a, undefined as never), 'ERR_INVALID_ARG_TYPE', 'afterMs'],
      [() => watchdog(a, { afterMs: 0 }), 'ERR_OUT_OF_RANGE', 'afterMs'],
      [() => watchdog(a, { afterMs: 5, onStall: 'x' as never }), 'ERR_INVALID_ARG_TYPE', 'onStall'],
      [() => watchdog(a, { afterMs: 5, signal: 'x' as never }), 'ERR_INVALID_ARG_TYPE', 'signal'],
    ] as const) {
      const error = thrown(call);
      expect([error.code, error.message.split(' ')[0]]).toEqual([code, name]);
    }
    for (const socket of [a, b]) socket.close();
    expect(thrown(() => watchdog(a, { afterMs: 5 }))).toMatchObject({ code: 'EBADF', syscall: 'watchdog' });
  });
});
