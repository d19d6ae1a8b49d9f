import { readdirSync, readlinkSync } from 'node:fs';
import { inet } from '@sockeye/addr';
import { AddressBuffer, constants, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { orSkip } from '../need/index.ts';
import { Net } from '../netns/index.ts';

const { AF_INET, SOCK_DGRAM, SOCK_STREAM } = constants;

/** The network namespace of each thread of this process. */
const threads = (): Set<string> =>
  new Set(readdirSync('/proc/self/task').map((task) => readlinkSync(`/proc/self/task/${task}/ns/net`)));

describe('one process with sockets in three hosts', () => {
  it('asks across links, each socket in the namespace that ip-netns(8) knows by name', async (context) => {
    await using net = await orSkip(context, () => Net.create());
    const [a, router, b] = [net.host('a'), net.host('router'), net.host('b')];
    const [fromA, toA] = net.link(a, router);
    const [toB, fromB] = net.link(router, b);
    router.forward();
    a.route('default', toA.v4);
    b.route('default', toB.v4);
    const own = threads();
    const server = Socket.create(AF_INET, SOCK_DGRAM, 0, { netns: b.namespace });
    const client = Socket.create(AF_INET, SOCK_DGRAM, 0, { netns: a.path });
    const here = Socket.create(AF_INET, SOCK_DGRAM);
    try {
      server.bind(inet(fromB.v4, 0));
      const to = server.getsockname();
      const from = new AddressBuffer();
      const buffer = Buffer.alloc(64);
      await client.sendTo(Buffer.from('ping'), to);
      const count = await server.recvFromInto(buffer, from, { timeout: 5000 });
      expect(buffer.toString('utf8', 0, count)).toBe('ping');
      expect(from.copy().subarray(4, 8)).toEqual(inet(fromA.v4, 0).toSockaddr('linux').subarray(4, 8));
      await server.sendTo(Buffer.from('pong'), from);
      expect((await client.recv(64, { timeout: 5000 })).toString()).toBe('pong');
      // The address is another host's, which this namespace has not.
      expect(() => here.bind(inet(fromB.v4, 0))).toThrow(/EADDRNOTAVAIL/);
      expect(threads()).toEqual(own);
    } finally {
      for (const socket of [server, client, here]) socket.close();
    }
  });

  it('a socket outlives the name and keeps its namespace', async (context) => {
    const net = await orSkip(context, () => Net.create());
    const host = net.host('a');
    const [listener, client] = [0, 0].map(() =>
      Socket.create(AF_INET, SOCK_STREAM, 0, { netns: host.namespace }),
    ) as [Socket, Socket];
    try {
      await net.end();
      expect(() => Socket.create(AF_INET, SOCK_STREAM, 0, { netns: host.namespace })).toThrow(
        /there is no network namespace/,
      );
      listener.bind(inet('127.0.0.1', 0));
      listener.listen();
      const [connection] = await Promise.all([
        listener.accept({ timeout: 5000 }),
        client.connect(listener.getsockname(), { timeout: 5000 }),
      ]);
      connection.close();
    } finally {
      for (const socket of [listener, client]) socket.close();
    }
  });
});
