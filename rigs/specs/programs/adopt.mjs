// Between core and Node.js's own classes, both ways; prints what a spec compares. A runtime that cannot says so, with a code.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants as c, Socket } from '@sockeye/core';
import { fdOf, fromNode, toDgramSocket, toNetServer, toNetSocket } from '@sockeye/core/node';

const loopback = () => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(c.AF_INET, 0);
  bytes.set([127, 0, 0, 1], 4);
  return bytes;
};
const bound = (type) => {
  const socket = Socket.create(c.AF_INET, type);
  socket.bind(loopback());
  return socket;
};
const portOf = (socket) => Buffer.from(socket.getsockname()).readUInt16BE(2);
const text = async (stream) => {
  let all = '';
  for await (const part of stream) all += part;
  return all;
};

/** A refusal's code, and whether the socket is as it was. */
const refused = (error, socket) =>
  `${error.code ?? error} ${socket.getsockopt(c.SOL_SOCKET, c.SO_ERROR) === 0 ? 'kept' : 'broken'}`;

/** What each way gives, or the code of its refusal. */
const ways = {
  async toNetSocket() {
    const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    other.trySend(Buffer.from('to net'));
    try {
      const socket = toNetSocket(one);
      other.shutdown(c.SHUT_WR);
      return await text(socket);
    } catch (error) {
      return refused(error, one);
    } finally {
      one.close();
      other.close();
    }
  },
  async toNetServer() {
    const socket = bound(c.SOCK_STREAM);
    socket.listen();
    const port = portOf(socket);
    try {
      const server = toNetServer(socket, { server: createServer((peer) => peer.end('to server')) });
      const said = await text(connect(port, '127.0.0.1'));
      server.close();
      await once(server, 'close');
      return said;
    } catch (error) {
      return refused(error, socket);
    } finally {
      socket.close();
    }
  },
  async toDgramSocket() {
    const [one, other] = [bound(c.SOCK_DGRAM), bound(c.SOCK_DGRAM)];
    other.trySendTo(Buffer.from('to dgram'), one.getsockname());
    try {
      const socket = toDgramSocket(one);
      const [message] = await once(socket, 'message');
      socket.close();
      return String(message);
    } catch (error) {
      return refused(error, one);
    } finally {
      one.close();
      other.close();
    }
  },
  async fromNet() {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect(server.address().port, '127.0.0.1');
    client.write('from net');
    const [peer] = await once(server, 'connection');
    try {
      const socket = fromNode(peer);
      const said = String(await socket.recv(64));
      socket.close();
      return said;
    } finally {
      client.destroy();
      peer.destroy();
      server.close();
    }
  },
  async fromServer() {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    try {
      const socket = fromNode(server);
      const client = connect(port, '127.0.0.1');
      const accepted = await socket.accept();
      accepted.trySend(Buffer.from('from server'));
      accepted.close();
      socket.close();
      return await text(client);
    } finally {
      server.close();
    }
  },
  async fromDgram() {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const sender = bound(c.SOCK_DGRAM);
    const to = loopback();
    to.writeUInt16BE(socket.address().port, 2);
    try {
      const own = fromNode(socket);
      sender.trySendTo(Buffer.from('from dgram'), to);
      const said = String(await own.recv(64));
      own.close();
      return said;
    } finally {
      sender.close();
      try {
        socket.close();
      } catch {
        // It was told to let go.
      }
    }
  },
  async fdOf() {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      return fdOf(server) > 2;
    } finally {
      server.close();
    }
  },
};

const descriptors = () => readdirSync('/proc/self/fd').length;
const round = async () => {
  const seen = {};
  for (const [name, way] of Object.entries(ways))
    seen[name] = await way().catch((error) => error.code ?? String(error));
  return seen;
};
// The first round opens what the runtime keeps.
const seen = await round();
await sleep(50);
const before = descriptors();
for (let index = 0; index < 5; index++) await round();
for (let turn = 0; turn < 40 && descriptors() > before; turn++) await sleep(25);
console.log(JSON.stringify({ ...seen, left: Math.max(0, descriptors() - before) }));
