/** Options of Node.js's own sockets, which stay Node.js's. */
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { constants as c, ifNameToIndex } from '@sockeye/core';
import * as o from '@sockeye/core/options';
import { afterEach, describe, expect, it } from 'vitest';
import { descriptors, thrown } from './support.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Both ends of a connection, and the server. */
async function connected(): Promise<{ client: net.Socket; server: net.Server; accepted: net.Socket }> {
  const server = net.createServer();
  ends.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [net.Socket];
  if (client.connecting) await once(client, 'connect');
  ends.push(
    () => client.destroy(),
    () => accepted.destroy(),
  );
  return { client, server, accepted };
}
async function bound(type: 'udp4' | 'udp6' = 'udp4'): Promise<dgram.Socket> {
  const socket = dgram.createSocket(type);
  ends.push(() => socket.close());
  socket.bind(0, type === 'udp4' ? '0.0.0.0' : '::');
  await once(socket, 'listening');
  return socket;
}

describe('options of sockets of Node.js', () => {
  it('of net: read and set by all forms, and the connection goes on', async () => {
    const { client, server, accepted } = await connected();
    const before = descriptors();
    const socket = o.of(client);
    client.setNoDelay(true);
    expect(o.tcpNoDelay.get(socket)).toBe(true);
    o.tcpNoDelay.set(socket, false);
    expect(o.tcpNoDelay.get(socket)).toBe(false);
    client.setKeepAlive(true, 77_000);
    expect([o.keepAlive.get(socket), o.tcpKeepIdle.get(socket)]).toEqual([true, 77]);
    o.tcpUserTimeout.set(socket, 5000);
    expect(o.tcpUserTimeout.get(socket)).toBe(5000);
    o.linger.set(socket, { on: true, seconds: 3 });
    expect(o.linger.get(socket)).toEqual({ on: true, seconds: 3 });
    expect(o.tcpCongestion.get(socket)).toMatch(/^\w+$/);
    expect(o.cookie.get(socket)).not.toBe(o.cookie.get(o.of(accepted)));
    expect(o.acceptsConnections.get(o.of(server))).toBe(true);
    client.write('still alive');
    const [data] = (await once(accepted, 'data')) as [Buffer];
    expect(data.toString()).toBe('still alive');
    const info = o.tcpInfo.get(socket);
    expect([info.state, info.bytesSent]).toEqual(['ESTABLISHED', 11n]);
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_TYPE)).toBe(c.SOCK_STREAM);
    socket.setsockopt(c.SOL_SOCKET, c.SO_LINGER, Buffer.from([1, 0, 0, 0, 4, 0, 0, 0]));
    expect(o.linger.get(socket)).toEqual({ on: true, seconds: 4 });
    expect(socket.getsockopt(c.SOL_SOCKET, c.SO_LINGER, 8)).toEqual(Buffer.from([1, 0, 0, 0, 4, 0, 0, 0]));
    expect(descriptors()).toBe(before);
  });

  it('of dgram: multicast by index, from a source, and a filter', async () => {
    const receiver = await bound();
    const sender = await bound();
    const before = descriptors();
    const [to, from] = [o.of(receiver), o.of(sender)];
    const lo = ifNameToIndex('lo');
    const group = Uint8Array.of(c.AF_INET, 0, 0, 0, 239, 255, 77, 99, 0, 0, 0, 0, 0, 0, 0, 0);
    o.ipMulticastAll.set(to, false);
    o.joinGroup.set(to, { group, interfaceIndex: lo });
    o.ipMulticastInterface.set(from, lo);
    // Those that begin with an 'x': a filter sees the UDP header first.
    o.filter.set(to, [
      { code: 0x30, jt: 0, jf: 0, k: 8 },
      { code: 0x15, jt: 0, jf: 1, k: 0x78 },
      { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
      { code: 0x06, jt: 0, jf: 0, k: 0 },
    ]);
    expect(o.filter.get(to).length).toBe(4);
    const { port } = receiver.address();
    sender.send('a filtered one', port, '239.255.77.99');
    sender.send('x, let through', port, '239.255.77.99');
    const [message] = (await once(receiver, 'message')) as [Buffer];
    expect(message.toString()).toBe('x, let through');
    expect(o.groupFilter.get(to, { group, interfaceIndex: lo }).mode).toBe('exclude');
    o.detachFilter.set(to);
    o.leaveGroup.set(to, { group, interfaceIndex: lo });
    expect(descriptors()).toBe(before);
  });

  it('of a Unix connection: the peer', async () => {
    const path = `\0sockeye-option-node-${process.pid}`;
    const server = net.createServer().listen(path);
    ends.push(() => server.close());
    await once(server, 'listening');
    const client = net.connect(path);
    const [accepted] = (await once(server, 'connection')) as [net.Socket];
    ends.push(
      () => client.destroy(),
      () => accepted.destroy(),
    );
    expect(o.peerCredentials.get(o.of(accepted)).pid).toBe(process.pid);
    try {
      o.peerProcess.get(o.of(accepted)).close();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOPROTOOPT' });
    }
  });

  it('refuses what has no descriptor, and what is no socket', async () => {
    const unbound = dgram.createSocket('udp4');
    const { client } = await connected();
    const socket = o.of(client);
    for (const other of [undefined, null, 7, {}] as unknown[])
      expect(thrown(() => o.of(other as net.Socket)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrown(() => o.receiveBuffer.get(o.of(new net.Socket()))).code).toBe('ERR_INVALID_ARG_VALUE');
    client.destroy();
    await once(client, 'close');
    expect(thrown(() => o.receiveBuffer.get(socket)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => o.receiveBuffer.set(o.of(unbound), -1)).code).toBe('ERR_OUT_OF_RANGE');
    unbound.close();
    expect(thrown(() => o.receiveBuffer.get(o.of(unbound))).code).toBe('ERR_INVALID_ARG_VALUE');
  });
});
