import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { constants as c, type Socket } from '@sockeye/core';
import { asListener, type Listener, type SocketDuplex, toDuplex } from '@sockeye/core/streams';
import { describe, expect, it } from 'vitest';
import { certificate } from './certificate.ts';
import { allClosed, connected, everything, leavesNothing, pattern, places } from './streams-support.ts';
import { pause } from './support.ts';

leavesNothing();

/** What a request's peer says. */
const answered = async (request: http.ClientRequest): Promise<http.IncomingMessage> =>
  (await once(request, 'response'))[0] as http.IncomingMessage;

/** Answers with what it was sent, and for GET with as many bytes as the path says. */
const echo: http.RequestListener = (request, response) => {
  if (request.method === 'POST') request.pipe(response);
  else response.end(pattern(Number(request.url?.slice(1))));
};

describe.each(places)('over $name', ({ listen, connect }) => {
  /** A server, and how to connect to it; closed whatever happens. */
  const serving = async (
    server: http.Server | tls.Server | http2.Http2Server,
    work: (open: () => SocketDuplex, listener: Listener, socket: Socket) => Promise<void>,
  ): Promise<void> => {
    const socket = listen();
    const listener = asListener(socket).serve(server);
    const made: SocketDuplex[] = [];
    const open = (): SocketDuplex => {
      const stream = toDuplex(connect(socket));
      made.push(stream);
      return stream;
    };
    try {
      await work(open, listener, socket);
    } finally {
      for (const stream of made) stream.destroy();
      await listener.close();
      server.close();
      await allClosed(made);
    }
  };

  it('http: bodies of any size both ways', async () => {
    await serving(http.createServer(echo), async (open) => {
      for (const size of [0, 1, 5000, 3_000_001]) {
        const request = http.request({ method: 'POST', createConnection: open });
        const body = pattern(size);
        request.end(body);
        const response = await answered(request);
        expect(response.statusCode).toBe(200);
        expect((await everything(response)).equals(body)).toBe(true);
        const got = await answered(http.get({ path: `/${size}`, createConnection: open }));
        expect((await everything(got)).equals(body)).toBe(true);
      }
    });
  });

  it('http: a connection is kept alive, idles unreferenced, and serves the next requests', async () => {
    let opened = 0;
    await serving(http.createServer(echo), async (open, listener) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1, timeout: 5000 });
      const counted = Object.assign(agent, {
        createConnection: () => {
          opened += 1;
          return open();
        },
      });
      for (let i = 0; i < 20; i++) {
        const response = await answered(http.get({ agent: counted, path: `/${i * 997}` }));
        expect(await everything(response)).toHaveLength(i * 997);
      }
      expect([opened, listener.connections]).toEqual([1, 1]);
      agent.destroy();
    });
  });

  it('http: the connection of a createConnection that calls back', async () => {
    await serving(http.createServer(echo), async (open) => {
      const request = http.get({
        path: '/10',
        createConnection: (_options, callback) => {
          setImmediate(() => callback(null, open()));
          return undefined;
        },
      });
      expect(await everything(await answered(request))).toHaveLength(10);
    });
  });

  it('http: requests in a row without waiting are answered in order', async () => {
    await serving(http.createServer(echo), async (open) => {
      const stream = open();
      const sizes = Array.from({ length: 50 }, (_, i) => i * 331);
      stream.write(sizes.map((size) => `GET /${size} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
      stream.end('GET /7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      const said = await everything(stream);
      const lengths = [...said.toString('latin1').matchAll(/Content-Length: (\d+)/g)].map(([, n]) =>
        Number(n),
      );
      expect(lengths).toEqual([...sizes, 7]);
    });
  });

  it('http: a slow client holds the server back', async () => {
    let wrote = 0;
    const server = http.createServer((_request, response) => {
      const block = pattern(64 * 1024);
      const write = (): void => {
        while (wrote < 500 && response.write(block)) wrote += 1;
      };
      response.on('drain', write).on('error', () => {});
      write();
    });
    await serving(server, async (open) => {
      const response = await answered(http.get({ createConnection: open }));
      await pause(50);
      const stuck = wrote;
      await pause(50);
      expect(wrote).toBe(stuck);
      expect(wrote).toBeLessThan(400);
      response.destroy();
    });
  });

  it('http: 100 at once, an idle timeout, and an upgrade', async () => {
    const server = http.createServer(echo);
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n');
      socket.pipe(socket);
    });
    await serving(server, async (open) => {
      const all = Array.from({ length: 100 }, async (_, i) => {
        const response = await answered(http.get({ path: `/${i * 1000}`, createConnection: open }));
        return (await everything(response)).length;
      });
      expect(await Promise.all(all)).toEqual(Array.from({ length: 100 }, (_, i) => i * 1000));
      const headers = { connection: 'upgrade', upgrade: 'raw' };
      const request = http.get({ headers, createConnection: open });
      const [, stream] = (await once(request, 'upgrade')) as [unknown, SocketDuplex];
      stream.end('hello');
      expect((await everything(stream)).toString()).toBe('hello');
      const idle = http.request({ method: 'POST', createConnection: open });
      idle.setTimeout(30);
      await once(idle, 'timeout');
      idle.destroy();
      await once(idle, 'error');
    });
  });

  it('http: close() of the server closes the listener, and idle connections with it', async () => {
    // Longer than the test may take: idling by itself would not close them.
    const server = http.createServer({ keepAliveTimeout: 60_000 }, echo);
    const socket = listen();
    const listener = asListener(socket).serve(server);
    const agent = new http.Agent({ keepAlive: true });
    const client = toDuplex(connect(socket));
    Object.assign(agent, { createConnection: () => client });
    await everything(await answered(http.get({ agent, path: '/5' })));
    expect([listener.connections, listener.closed]).toEqual([1, false]);
    server.close();
    await once(server, 'close');
    expect([listener.closed, socket.closed]).toEqual([true, true]);
    await listener.close();
    expect(listener.connections).toBe(0);
    await allClosed([client]);
    agent.destroy();
  });

  it('tls and https: large bodies both ways, and the certificate is checked', async () => {
    const { key, cert } = certificate();
    await serving(https.createServer({ key, cert }, echo), async (open) => {
      const secured = (): tls.TLSSocket => tls.connect({ socket: open(), ca: cert, servername: 'localhost' });
      const body = pattern(2_000_003);
      const request = https.request({ method: 'POST', createConnection: secured });
      request.end(body);
      expect((await everything(await answered(request))).equals(body)).toBe(true);
      const stranger = tls.connect({ socket: open(), servername: 'localhost' });
      const [error] = await once(stranger, 'error');
      expect(error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    });
  });

  it('tls: an echo ends orderly in both directions', async () => {
    const { key, cert } = certificate();
    const server = tls.createServer({ key, cert, allowHalfOpen: true }, (stream) => stream.pipe(stream));
    await serving(server, async (open) => {
      const stream = tls.connect({ socket: open(), ca: cert, servername: 'localhost' });
      await once(stream, 'secureConnect');
      expect([stream.authorized, stream.encrypted]).toEqual([true, true]);
      const data = pattern(1_000_000);
      stream.end(data);
      expect((await everything(stream)).equals(data)).toBe(true);
    });
  });

  it('http2, plain and over tls: many streams on one connection', async () => {
    const { key, cert } = certificate();
    const respond = (stream: http2.ServerHttp2Stream): void => {
      stream.respond({ ':status': 200 });
      stream.pipe(stream);
    };
    for (const secure of [false, true]) {
      const server = secure ? http2.createSecureServer({ key, cert }) : http2.createServer();
      server.on('stream', respond);
      await serving(server, async (open) => {
        const createConnection = (): SocketDuplex | tls.TLSSocket =>
          secure
            ? tls.connect({ socket: open(), ca: cert, servername: 'localhost', ALPNProtocols: ['h2'] })
            : open();
        const session = http2.connect(`${secure ? 'https' : 'http'}://localhost`, { createConnection });
        const bodies = await Promise.all(
          Array.from({ length: 10 }, async (_, i) => {
            const stream = session.request({ ':method': 'POST' });
            const body = pattern(100_000 + i, i + 1);
            stream.end(body);
            return (await everything(stream)).equals(body);
          }),
        );
        expect(bodies).toEqual(Array(10).fill(true));
        session.close();
        await once(session, 'close');
      });
    }
  });
});

describe('beside net', () => {
  it('Node’s own client speaks to http over this, and Node’s own server is spoken to', async () => {
    const [place] = places;
    const socket = place?.listen() as Socket;
    const listener = asListener(socket).serve(http.createServer(echo));
    const port = Buffer.from(socket.getsockname()).readUInt16BE(2);
    const response = await answered(http.get({ port, host: '127.0.0.1', path: '/100000', agent: false }));
    expect((await everything(response)).equals(pattern(100_000))).toBe(true);
    await listener.close();
    const theirs = http.createServer(echo).listen(0, '127.0.0.1');
    await once(theirs, 'listening');
    const address = Buffer.alloc(16);
    address.writeUInt16LE(2, 0);
    address.writeUInt16BE((theirs.address() as net.AddressInfo).port, 2);
    address.set([127, 0, 0, 1], 4);
    const mine = connected(c.AF_INET, c.SOCK_STREAM, address);
    const body = await everything(
      await answered(http.get({ path: '/100000', createConnection: () => toDuplex(mine) })),
    );
    expect(body.equals(pattern(100_000))).toBe(true);
    theirs.close();
    await once(theirs, 'close');
  });

  it('a half-open peer is seen by both alike', async () => {
    const [place] = places;
    const socket = place?.listen() as Socket;
    const seen: string[] = [];
    const listener = asListener(socket).serve((stream) => {
      stream.on('end', () => seen.push('ours end')).on('close', () => seen.push('ours close'));
      stream.resume();
    });
    const theirs = net.createServer((stream) => {
      stream.on('end', () => seen.push('theirs end')).on('close', () => seen.push('theirs close'));
      stream.resume();
    });
    theirs.listen(0, '127.0.0.1');
    await once(theirs, 'listening');
    const ports = [
      Buffer.from(socket.getsockname()).readUInt16BE(2),
      (theirs.address() as net.AddressInfo).port,
    ];
    for (const port of ports) {
      const client = net.connect(port, '127.0.0.1');
      client.end('x');
      client.resume();
      await once(client, 'close');
      await pause(10);
    }
    expect(seen).toEqual(['ours end', 'ours close', 'theirs end', 'theirs close']);
    await listener.close();
    theirs.close();
  });
});
