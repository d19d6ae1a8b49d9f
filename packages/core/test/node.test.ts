import { createSocket, type Socket as DgramSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer as createHttpServer, get } from 'node:http';
import { type AddressInfo, connect, createServer, Socket as NetSocket, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { constants as c, getaddrinfo, Socket } from '@sockeye/core';
import { fdOf, fromNode, toDgramSocket, toNetServer, toNetSocket } from '@sockeye/core/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closing, descriptors, listener, loopback, pause, rejected, streams, thrown } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sockeye-node-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  // The first wait opens what the engine keeps.
  const [one, other] = streams();
  await Promise.all([one.recv(1), other.send(Buffer.alloc(1))]);
  one.close();
  other.close();
});

/** A sockaddr_un of a path. */
const unix = (path: string): Uint8Array => Buffer.concat([Uint8Array.of(c.AF_UNIX, 0), Buffer.from(path)]);

/** A connected TCP pair, both ends ours. */
async function tcp(): Promise<[Socket, Socket]> {
  const server = listener();
  const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
  const [accepted] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  server.close();
  return [client, accepted];
}

/** A bound UDP socket of Node.js's. */
async function bound(): Promise<DgramSocket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

function udp(): Socket {
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  socket.bind(loopback());
  return socket;
}

/** Everything until the end of a net.Socket. */
async function all(socket: NetSocket): Promise<string> {
  let text = '';
  for await (const part of socket) text += String(part);
  return text;
}

const gone = async (socket: NetSocket | Server | DgramSocket): Promise<void> => {
  const closed = once(socket, 'close');
  if (socket instanceof NetSocket) socket.destroy();
  else socket.close();
  await closed;
};

/** Runs a body, and holds this process to as many descriptors as before. */
async function nothingLeft(body: () => Promise<void>): Promise<void> {
  const before = descriptors();
  await body();
  // Node.js closes on the next turns of the loop.
  for (let turn = 0; turn < 50 && descriptors() !== before; turn++) await pause(5);
  expect(descriptors()).toBe(before);
}

const pairs: [string, () => Promise<[Socket, Socket]>][] = [
  ['TCP', tcp],
  ['Unix', async () => streams()],
];

describe.each(pairs)('toNetSocket: %s', (_, make) => {
  it('what the kernel holds is the net.Socket’s, and both directions go on', () =>
    nothingLeft(async () => {
      const [one, other] = await make();
      await other.sendAll(Buffer.from('before '));
      const adopted = toNetSocket(one);
      expect([one.closed, one.fd]).toEqual([true, -1]);
      expect(thrown(() => one.recvSync(1)).code).toBe('EBADF');
      adopted.end('answer');
      await other.sendAll(Buffer.from('after'));
      other.shutdown(c.SHUT_WR);
      expect(await all(adopted)).toBe('before after');
      expect((await other.recv(64)).toString()).toBe('answer');
      expect((await other.recv(64)).length).toBe(0);
      other.close();
    }));

  it('a megabyte crosses in each direction', () =>
    nothingLeft(async () => {
      const [one, other] = await make();
      const big = Buffer.alloc(1 << 20, 'sockeye');
      const [a, b] = [toNetSocket(one, { allowHalfOpen: true }), toNetSocket(other, { allowHalfOpen: true })];
      a.end(big);
      b.end(big);
      const [atA, atB] = await Promise.all([all(a), all(b)]);
      expect([atA === big.toString(), atB === big.toString()]).toEqual([true, true]);
      a.destroy();
      b.destroy();
    }));

  it('pauseOnCreate leaves everything to the kernel, and back again nothing is lost', () =>
    nothingLeft(async () => {
      const [one, other] = await make();
      const adopted = toNetSocket(one, { pauseOnCreate: true });
      await other.sendAll(Buffer.from('all of it'));
      await pause(20);
      expect(adopted.readableLength).toBe(0);
      const back = fromNode(adopted);
      expect(adopted.destroyed).toBe(true);
      await once(adopted, 'close');
      expect((await back.recv(64)).toString()).toBe('all of it');
      await back.sendAll(Buffer.from('still up'));
      expect((await other.recv(64)).toString()).toBe('still up');
      back.close();
      other.close();
    }));

  it('calls that wait are told', async () => {
    const [one, other] = await make();
    const waiting = rejected(one.recv(1));
    const adopted = toNetSocket(one);
    expect((await waiting).code).toBe('ECANCELED');
    await gone(adopted);
    other.close();
  });

  it('the end of the peer is the end', async () => {
    const [one, other] = await make();
    await other.sendAll(Buffer.from('last words'));
    other.close();
    const adopted = toNetSocket(one);
    expect(await all(adopted)).toBe('last words');
  });
});

describe('toNetSocket', () => {
  it('a reset that came first is told as Node.js tells it', () =>
    nothingLeft(async () => {
      const [one, other] = await tcp();
      other.setsockopt(c.SOL_SOCKET, c.SO_LINGER, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]));
      other.close();
      await pause(5);
      const adopted = toNetSocket(one);
      const [error] = (await once(adopted, 'error')) as [NodeJS.ErrnoException];
      expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    }));

  it('a signal ends the connection; one that was aborted before is refused', () =>
    nothingLeft(async () => {
      const [one, other] = streams();
      expect(thrown(() => toNetSocket(one, { signal: AbortSignal.abort() })).code).toBe('ABORT_ERR');
      expect(one.closed).toBe(false);
      const controller = new AbortController();
      const adopted = toNetSocket(one, { signal: controller.signal });
      const ended = once(adopted, 'error');
      await pause(5);
      controller.abort();
      expect((await ended)[0].name).toBe('AbortError');
      expect((await other.recv(1, { timeout: 1000 })).length).toBe(0);
      other.close();
    }));

  it('refuses every other kind, and leaves it as it was', async () => {
    const made = (family: number, type: number): Socket => Socket.create(family, type);
    const refused: [Socket, RegExp][] = [
      [made(c.AF_INET, c.SOCK_DGRAM), /a TCP or a Unix stream/],
      [made(c.AF_UNIX, c.SOCK_DGRAM), /a TCP or a Unix stream/],
      [Socket.socketpair(c.AF_UNIX, c.SOCK_SEQPACKET)[0], /a TCP or a Unix stream/],
      [made(c.AF_NETLINK, c.SOCK_RAW), /a TCP or a Unix stream/],
      [made(c.AF_INET, c.SOCK_STREAM), /connected/],
      [made(c.AF_UNIX, c.SOCK_STREAM), /connected/],
      [listener(), /not listening \(see toNetServer\)/],
    ];
    await closing(
      refused.map(([socket]) => socket),
      () => {
        for (const [socket, words] of refused) {
          const error = thrown(() => toNetSocket(socket));
          expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE', name: 'TypeError' });
          expect(error.message).toMatch(words);
          expect(socket.closed).toBe(false);
          expect(socket.getsockopt(c.SOL_SOCKET, c.SO_TYPE)).toBe(socket.type);
        }
      },
    );
    for (const [socket] of refused)
      expect(thrown(() => toNetSocket(socket)).message).toMatch(/socket must be open/);
    for (const odd of [undefined, null, 1, {}, 'socket', new NetSocket()])
      expect(thrown(() => toNetSocket(odd as Socket)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('says what it is by the kernel’s word, not by the caller’s', () => {
    const [one, other] = streams();
    const posing = Socket.fromFd(one.detach(), { family: c.AF_INET, type: c.SOCK_DGRAM });
    expect(thrown(() => toDgramSocket(posing)).code).toBe('ERR_INVALID_ARG_VALUE');
    toNetSocket(posing).destroy();
    other.close();
  });
});

describe('toNetServer', () => {
  it('takes on who waits to be accepted, TCP', () =>
    nothingLeft(async () => {
      const socket = listener();
      const port = Buffer.from(socket.getsockname()).readUInt16BE(2);
      const early = connect(port, '127.0.0.1');
      await once(early, 'connect');
      const server = toNetServer(socket, { server: createServer((peer) => peer.end('welcome')) });
      expect(socket.closed).toBe(true);
      expect((server.address() as AddressInfo).port).toBe(port);
      expect(await all(early)).toBe('welcome');
      expect(await all(connect(port, '127.0.0.1'))).toBe('welcome');
      await gone(server);
    }));

  it('serves HTTP on an abstract Unix name', () =>
    nothingLeft(async () => {
      const socket = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
      const name = `\0sockeye-${process.pid}`;
      socket.bind(unix(name));
      socket.listen();
      const server = toNetServer(socket, {
        server: createHttpServer((_, answer) => answer.end('over a Unix name')),
      });
      const client = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
      await client.connect(unix(name));
      const request = get({ createConnection: () => toNetSocket(client), headers: { connection: 'close' } });
      const [response] = await once(request, 'response');
      let text = '';
      for await (const part of response) text += String(part);
      expect(text).toBe('over a Unix name');
      await gone(server);
    }));

  it('the README’s server answers', () =>
    nothingLeft(async () => {
      const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
      const [, code = ''] = /```ts\n([^`]*?core\/node.*?)```/s.exec(readme) ?? [];
      const body = code
        .replaceAll('!', '')
        .replace(/^import .*$/gm, '')
        .replace('8080', '0');
      const run = new Function(
        'createServer, constants, getaddrinfo, Socket, toNetServer',
        `return (async () => {${body.replace('toNetServer(', 'return toNetServer(')}})();`,
      );
      const made = await run(createHttpServer, c, getaddrinfo, Socket, toNetServer).catch(
        (error: Error) => error,
      );
      expect(made).toBeInstanceOf(Server);
      const [response] = await once(
        get({ port: (made.address() as AddressInfo).port, agent: false }),
        'response',
      );
      expect(String((await once(response, 'data'))[0])).toBe('hello');
      await gone(made);
    }));

  it('does not unlink a path that it did not make', async () => {
    const path = join(folder, 'kept');
    const socket = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
    socket.bind(unix(path));
    socket.listen();
    await gone(toNetServer(socket));
    expect(existsSync(path)).toBe(true);
  });

  it('refuses what does not listen, and a server that does', async () => {
    const other = toNetServer(listener());
    const sockets = [listener(), Socket.create(c.AF_INET, c.SOCK_STREAM), ...streams()];
    await closing(sockets, async () => {
      const [socket, ...rest] = sockets as [Socket, ...Socket[]];
      expect(thrown(() => toNetServer(socket, { server: other }))).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
      });
      expect(thrown(() => toNetServer(socket, { server: {} as Server })).code).toBe('ERR_INVALID_ARG_TYPE');
      expect(thrown(() => toNetServer(socket, { backlog: 0 })).code).toBe('ERR_OUT_OF_RANGE');
      for (const wrong of rest)
        expect(thrown(() => toNetServer(wrong)).message).toMatch(/socket must be listening/);
      for (const kept of sockets) expect(kept.closed).toBe(false);
    });
    await gone(other);
  });
});

describe('toDgramSocket', () => {
  it('hears what came before, answers, and leaves the options as they were', () =>
    nothingLeft(async () => {
      const [mine, peer] = [udp(), udp()];
      const name = mine.getsockname();
      await peer.sendTo(Buffer.from('early'), name);
      const adopted = toDgramSocket(mine);
      expect(mine.closed).toBe(true);
      expect(adopted.address().port).toBe(Buffer.from(name).readUInt16BE(2));
      const [message, from] = await once(adopted, 'message');
      expect(String(message)).toBe('early');
      adopted.send('late', from.port, from.address);
      expect((await peer.recv(64)).toString()).toBe('late');
      const back = fromNode(adopted);
      expect(back.getsockopt(c.SOL_SOCKET, c.SO_REUSEADDR)).toBe(0);
      back.close();
      peer.close();
    }));

  it('knows IPv6', async () => {
    const socket = Socket.create(c.AF_INET6, c.SOCK_DGRAM);
    const any = new Uint8Array(28);
    any[0] = c.AF_INET6;
    socket.bind(any);
    const adopted = toDgramSocket(socket);
    expect(adopted.address().family).toBe('IPv6');
    await gone(adopted);
  });

  it('refuses what is not UDP, not bound, or connected', () => {
    const connected = udp();
    connected.connectSync(connected.getsockname());
    const refused: [Socket, RegExp][] = [
      [listener(), /a UDP socket/],
      [Socket.create(c.AF_UNIX, c.SOCK_DGRAM), /a UDP socket/],
      [Socket.create(c.AF_INET, c.SOCK_DGRAM), /must be bound/],
      [connected, /unconnected/],
    ];
    for (const [socket, words] of refused) {
      const error = thrown(() => toDgramSocket(socket));
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      expect(error.message).toMatch(words);
      expect(socket.closed).toBe(false);
      socket.close();
    }
  });
});

describe('fdOf', () => {
  it('is the number that the kernel has, and a typed error where there is none', async () => {
    const server = createServer();
    const fresh = createSocket('udp4');
    expect(thrown(() => fdOf(server)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => fdOf(new NetSocket())).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => fdOf(fresh)).code).toBe('ERR_INVALID_ARG_VALUE');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [[peer]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    const [dgram] = [await bound()];
    for (const socket of [server, client, peer, dgram]) {
      const twin = Socket.dupFd(fdOf(socket));
      const stat = (fd: number): number => statSync(`/proc/self/fd/${fd}`).ino;
      expect(stat(twin.fd)).toBe(stat(fdOf(socket)));
      twin.close();
    }
    for (const socket of [client, peer, dgram, server]) {
      await gone(socket);
      expect(thrown(() => fdOf(socket)).code).toBe('ERR_INVALID_ARG_VALUE');
    }
    fresh.close();
    expect(thrown(() => fdOf(fresh)).code).toBe('ERR_INVALID_ARG_VALUE');
    for (const odd of [undefined, null, 3, {}, { _handle: { fd: 3 } }])
      expect(thrown(() => fdOf(odd as NetSocket)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe('fromNode', () => {
  it('takes a connection in the listener’s own turn, with all that the client sends', () =>
    nothingLeft(async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.write('said at once');
      const taken = await new Promise<Socket>((resolve) =>
        server.once('connection', (peer) => resolve(fromNode(peer))),
      );
      expect([taken.family, taken.type]).toEqual([c.AF_INET, c.SOCK_STREAM]);
      await pause(10);
      expect((await taken.recv(64)).toString()).toBe('said at once');
      await taken.sendAll(Buffer.from('and back'));
      const [data] = await once(client, 'data');
      expect(String(data)).toBe('and back');
      taken.close();
      await once(client, 'close');
      await gone(server);
    }));

  it('refuses while data would be lost, and goes on when it was read', async () => {
    const [one, other] = await tcp();
    const socket = toNetSocket(one);
    socket.pause();
    await other.sendAll(Buffer.from('abc'));
    await once(socket, 'readable');
    const error = thrown(() => fromNode(socket));
    expect(error.code).toBe('ERR_INVALID_ARG_VALUE');
    expect(error.message).toMatch(/3 bytes.*pauseOnConnect.*read\(\)/);
    expect(socket.destroyed).toBe(false);
    expect(String(socket.read())).toBe('abc');
    const back = fromNode(socket);
    await other.sendAll(Buffer.from('def'));
    expect((await back.recv(64)).toString()).toBe('def');
    back.close();
    other.close();
  });

  it('refuses half a character, data that waits to be written, and an end that is under way', async () => {
    const [one, other] = await tcp();
    const socket = toNetSocket(one);
    socket.setEncoding('utf8');
    socket.on('data', () => {});
    await other.sendAll(Buffer.from([0xe2, 0x82]));
    await pause(20);
    expect(thrown(() => fromNode(socket)).message).toMatch(/half a character/);
    await other.sendAll(Buffer.from([0xac]));
    await pause(20);
    while (socket.write(Buffer.alloc(1 << 20)));
    await pause(20);
    expect(thrown(() => fromNode(socket)).message).toMatch(/waits to be written.*'drain'/);
    const buffer = Buffer.alloc(1 << 20);
    let left = false;
    socket.once('drain', () => {
      left = true;
    });
    while (!left) await other.recvInto(buffer);
    socket.end();
    expect(thrown(() => fromNode(socket)).message).toMatch(/end\(\)/);
    await gone(socket);
    other.close();
  });

  it('refuses a connection that is under way, and HTTP’s', async () => {
    const server = createHttpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    expect(thrown(() => fromNode(client)).code).toBe('ERR_INVALID_ARG_VALUE');
    await once(client, 'connect');
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const [request] = await once(server, 'request');
    expect(thrown(() => fromNode(request.socket)).message).toMatch(/HTTP/);
    client.destroy();
    await gone(server);
  });

  it('refuses a connection that speaks TLS', async () => {
    const [one, other] = await tcp();
    const inner = toNetSocket(one);
    const secured = new TLSSocket(inner);
    expect(fdOf(secured)).toBe(fdOf(inner));
    expect(thrown(() => fromNode(secured)).message).toMatch(/without TLS/);
    secured.on('error', () => {});
    await gone(secured);
    other.close();
  });

  it('takes an upgraded connection off HTTP', async () => {
    const server = createHttpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: raw\r\n\r\n');
    const taken = await new Promise<Socket>((resolve) =>
      server.once('upgrade', (_, socket) => resolve(fromNode(socket as NetSocket))),
    );
    client.write('raw bytes');
    expect((await taken.recv(64)).toString()).toBe('raw bytes');
    taken.close();
    await once(client, 'close');
    await gone(server);
  });

  it('takes a server, whose clients stay and whose path stays', () =>
    nothingLeft(async () => {
      const path = join(folder, 'server');
      const server = createServer();
      server.listen(path);
      await once(server, 'listening');
      const taken = fromNode(server);
      await once(server, 'close');
      expect(existsSync(path)).toBe(true);
      const client = connect(path);
      const accepted = await taken.accept();
      await accepted.sendAll(Buffer.from('served by core'));
      const [data] = await once(client, 'data');
      expect(String(data)).toBe('served by core');
      for (const socket of [accepted, taken]) socket.close();
      await once(client, 'close');
    }));

  it('takes UDP with what was not delivered yet, memberships and all', () =>
    nothingLeft(async () => {
      const [socket, peer] = [await bound(), udp()];
      const { port } = socket.address();
      // Nobody listens yet: Node.js would throw them away in its next turn.
      for (const text of ['one', 'two']) peer.trySendTo(Buffer.from(text), loopback(port));
      const taken = fromNode(socket);
      await once(socket, 'close');
      expect((await taken.recv(64)).toString()).toBe('one');
      expect((await taken.recv(64)).toString()).toBe('two');
      taken.close();
      peer.close();
    }));

  it('takes UDP inside a message’s own event, and loses none of those behind it', () =>
    nothingLeft(async () => {
      const [socket, peer] = [await bound(), udp()];
      const { port } = socket.address();
      for (let index = 0; index < 10; index++) peer.trySendTo(Buffer.of(index), loopback(port));
      const taken = await new Promise<Socket>((resolve) =>
        socket.once('message', (message) => {
          expect([...message]).toEqual([0]);
          resolve(fromNode(socket));
        }),
      );
      const rest: number[] = [];
      for (let index = 1; index < 10; index++) rest.push(...(await taken.recv(8, { timeout: 1000 })));
      expect(rest).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      taken.close();
      peer.close();
    }));

  it('refuses UDP with datagrams that wait to be sent', async () => {
    const socket = await bound();
    // UDP over loopback never waits for room, so the count that Node.js would tell is told here.
    socket.getSendQueueCount = () => 1;
    expect(thrown(() => fromNode(socket)).message).toMatch(/wait to be sent \(1\)/);
    await gone(socket);
  });
});
