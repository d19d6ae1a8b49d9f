import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { constants as c, type Socket } from '@sockeye/core';
import { asListener, type SocketDuplex, toDuplex } from '@sockeye/core/streams';
import { describe, expect, it } from 'vitest';
import { allClosed, connected, everything, leavesNothing, places } from './streams-support.ts';
import { datagrams, pause, rejected, streams, thrown } from './support.ts';

leavesNothing();

describe.each(places)('a listener on $name', ({ listen, connect }) => {
  it('gives each connection to a function, and close() waits for the last one', async () => {
    const socket = listen();
    const seen: SocketDuplex[] = [];
    const listener = asListener(socket).serve((stream) => {
      seen.push(stream);
      stream.end('hello');
      stream.resume();
    });
    const clients = Array.from({ length: 40 }, () => toDuplex(connect(socket), { allowHalfOpen: true }));
    const said = await Promise.all(clients.map((client) => everything(client)));
    expect(said.map(String)).toEqual(Array(40).fill('hello'));
    expect([seen.length, listener.connections]).toEqual([40, 40]);
    let closed = false;
    const closing = listener.close().then(() => {
      closed = true;
    });
    expect([socket.closed, listener.closed]).toEqual([true, true]);
    await pause(5);
    expect(closed).toBe(false);
    for (const client of clients) client.end();
    await closing;
    expect(listener.connections).toBe(0);
    await listener.close();
    await allClosed([...clients, ...seen]);
  });

  it('for await gives one after the other, only as asked for, and ends with close()', async () => {
    const socket = listen();
    const listener = asListener(socket, { allowHalfOpen: true });
    const clients = Array.from({ length: 3 }, () => toDuplex(connect(socket)));
    await pause(5);
    expect(listener.connections).toBe(0);
    const got: SocketDuplex[] = [];
    for await (const stream of listener) {
      got.push(stream);
      expect(stream.allowHalfOpen).toBe(true);
      await pause(5);
      expect(listener.connections).toBe(got.length);
      if (got.length === 3) break;
    }
    // Left and begun anew: those that come wait in the kernel.
    const late = toDuplex(connect(socket));
    const next = await listener[Symbol.asyncIterator]().next();
    got.push(next.value as SocketDuplex);
    const waiting = listener[Symbol.asyncIterator]().next();
    for (const stream of [...got, ...clients, late]) stream.destroy();
    await listener.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    for await (const stream of listener) throw new Error(`a connection after the end: ${stream}`);
    await allClosed([...got, ...clients, late]);
  });

  it('maxConnections leaves the others in the backlog until one is closed', async () => {
    const socket = listen();
    const seen: SocketDuplex[] = [];
    const listener = asListener(socket, { maxConnections: 2 }).serve((stream) => void seen.push(stream));
    const clients = Array.from({ length: 5 }, () => toDuplex(connect(socket)));
    for (let gone = 0; gone < 5; gone++) {
      await pause(10);
      expect([seen.length, listener.connections]).toEqual([Math.min(5, gone + 2), Math.min(2, 5 - gone)]);
      seen[gone]?.destroy();
    }
    for (const client of clients) client.destroy();
    await allClosed([...clients, ...seen]);
    await listener.close();
  });

  it('a signal closes it, and connections go on', async () => {
    const stop = new AbortController();
    const socket = listen();
    const listener = asListener(socket, { signal: stop.signal });
    const client = toDuplex(connect(socket));
    const { value } = await listener[Symbol.asyncIterator]().next();
    const stream = value as SocketDuplex;
    stop.abort();
    expect([listener.closed, socket.closed]).toEqual([true, true]);
    stream.end('goes on');
    expect((await everything(client)).toString()).toBe('goes on');
    stream.destroy();
    await allClosed([client, stream]);
    const late = listen();
    expect(asListener(late, { signal: stop.signal }).closed).toBe(true);
    expect(late.closed).toBe(true);
  });

  it('what a handler throws is an uncaught exception, and the next connection is served', async () => {
    const socket = listen();
    const mine = new Error('from a handler');
    const seen: SocketDuplex[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = once(process, 'uncaughtException');
    const listener = asListener(socket).serve((stream) => {
      seen.push(stream);
      if (seen.length === 1) throw mine;
      stream.end('served');
    });
    const first = toDuplex(connect(socket));
    expect(await uncaught).toEqual([mine, 'uncaughtException']);
    for (const other of others) process.on('uncaughtException', other);
    const second = toDuplex(connect(socket));
    expect((await everything(second)).toString()).toBe('served');
    for (const stream of [first, second, ...seen]) stream.destroy();
    await listener.close();
    await allClosed([first, second, ...seen]);
  });

  it('the listening socket closed behind its back is an error', async () => {
    const socket = listen();
    const server = new EventEmitter();
    const listener = asListener(socket).serve(server);
    await once(server, 'listening');
    const failed = once(server, 'error');
    socket.close();
    expect((await failed)[0]).toMatchObject({ code: 'ECANCELED' });
    expect(listener.closed).toBe(true);
    const other = listen();
    const waiting = rejected(asListener(other)[Symbol.asyncIterator]().next());
    other.close();
    expect(await waiting).toMatchObject({ code: 'ECANCELED' });
  });
});

/** What a listener does when the process may have no more descriptors: runs by itself, with a limit of 64. */
const scarce = `
  import { openSync, closeSync } from 'node:fs';
  import net from 'node:net';
  import { constants as c, Socket } from '@sockeye/core';
  import { asListener } from '@sockeye/core/streams';
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const socket = Socket.create(c.AF_INET, c.SOCK_STREAM);
  socket.bind(Buffer.from([c.AF_INET, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
  socket.listen();
  const port = Buffer.from(socket.getsockname()).readUInt16BE(2);
  const first = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => first.once('connect', resolve));
  const told = [];
  process.on('uncaughtException', (error) => told.push(error.code));
  const hoard = [];
  const take = () => { try { for (;;) hoard.push(openSync('/dev/null', 'r')); } catch (error) { return error.code; } };
  const said = [take()];
  // The listener cannot be watched yet.
  let served = 0;
  const listener = asListener(socket).serve((stream) => { served += 1; stream.on('error', () => {}); stream.end('x'); stream.resume(); });
  await pause(40);
  said.push(served, listener.closed);
  for (const fd of hoard.splice(0, 16)) closeSync(fd);
  while (served < 1) await pause(5);
  // Watched, and a connection cannot be accepted.
  const second = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => second.once('connect', resolve));
  while (served < 2) await pause(5);
  const third = Socket.create(c.AF_INET, c.SOCK_STREAM);
  take();
  third.connectSync(socket.getsockname());
  await pause(40);
  said.push(served, listener.closed);
  for (const fd of hoard.splice(0)) closeSync(fd);
  while (served < 3) await pause(5);
  for (const client of [first, second]) client.destroy();
  third.close();
  await listener.close();
  console.log(JSON.stringify([...said, served, told]));`;

it('waits when descriptors run out, and goes on when there are some', async () => {
  const command = 'ulimit -n 64 && exec "$0" --input-type=module -e "$1"';
  const child = spawn('sh', ['-c', command, process.execPath, scarce], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 10_000,
  });
  const [said] = await Promise.all([everything(child.stdout), once(child, 'close')]);
  expect(JSON.parse(said.toString())).toEqual(['EMFILE', 0, false, 2, false, 3, []]);
});

describe('a listener', () => {
  it('serves net.Server’s own handlers, with what the server was made with', async () => {
    const [place] = places;
    const socket = place?.listen() as Socket;
    const server = net.createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 9000,
    });
    const listener = asListener(socket).serve(server);
    const client = toDuplex(place?.connect(socket) as Socket);
    const [stream] = (await once(server, 'connection')) as [SocketDuplex];
    expect(stream.allowHalfOpen).toBe(true);
    expect(stream.socket.getsockopt(c.IPPROTO_TCP, c.TCP_NODELAY)).toBe(1);
    expect(stream.socket.getsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE)).toBe(1);
    expect(stream.socket.getsockopt(c.IPPROTO_TCP, c.TCP_KEEPIDLE)).toBe(9);
    for (const end of [client, stream]) end.destroy();
    await listener.close();
    await allClosed([client, stream]);
  });

  it('its handlers, and listeners of streams, run in the context in which it or they were made', async () => {
    const store = new AsyncLocalStorage<string>();
    const socket = places[0]?.listen() as Socket;
    const seen: (string | undefined)[] = [];
    const listener = store.run('server', () =>
      asListener(socket).serve((stream) => {
        seen.push(store.getStore());
        stream.on('data', () => seen.push(store.getStore()));
        stream.on('end', () => stream.end('answer'));
      }),
    );
    const client = store.run('client', () => toDuplex(places[0]?.connect(socket) as Socket));
    client.end('question');
    client.on('data', () => seen.push(store.getStore()));
    await allClosed([client]);
    expect(seen).toEqual(['server', 'server', 'client']);
    await listener.close();
  });

  it('refuses what does not listen, what others own, and options that are wrong', async () => {
    const [one, other] = streams();
    expect(thrown(() => asListener(one))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(thrown(() => asListener(one)).message).toContain('one that listens');
    const [datagram, another] = datagrams();
    expect(thrown(() => asListener(datagram)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => asListener('x' as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    const socket = places[0]?.listen() as Socket;
    for (const options of [
      1,
      { maxConnections: 0 },
      { maxConnections: '1' },
      { signal: 1 },
      { allowHalfOpen: 'yes' },
      { highWaterMark: -1 },
      { readableHighWaterMark: 0.5 },
      { writableHighWaterMark: '1' },
      { messageSize: 0 },
    ]) {
      expect(thrown(() => asListener(socket, options as never)).code).toMatch(
        /^ERR_(INVALID_ARG|OUT_OF_RANGE)/,
      );
    }
    const listener = asListener(socket);
    expect(thrown(() => asListener(socket)).message).toContain('no other stream or listener');
    expect(thrown(() => listener.serve({} as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrown(() => listener.serve(null as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    await listener.close();
    expect(thrown(() => asListener(socket)).code).toBe('EBADF');
    for (const open of [one, other, datagram, another]) open.close();
  });

  it('whose descriptor something else closed tells the server, and can be closed', async () => {
    const socket = places[0]?.listen() as Socket;
    const server = new EventEmitter();
    const listener = asListener(socket).serve(server);
    const failed = once(server, 'error');
    await pause(5);
    const address = socket.getsockname();
    closeSync(socket.fd);
    // What is watched listens on, until the first connection shows that nothing can be accepted.
    const client = toDuplex(connected(socket.family, socket.type, address));
    client.on('error', () => {});
    client.resume();
    // EBADF, or EINVAL where the client has the number by now.
    expect((await failed)[0]).toMatchObject({ syscall: 'accept' });
    await listener.close();
    expect([socket.closed, listener.closed]).toEqual([true, true]);
    await allClosed([client]);
  });
});
