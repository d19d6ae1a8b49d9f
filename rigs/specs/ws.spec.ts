import { once } from 'node:events';
import { createServer } from 'node:http';
import { unixAbstract } from '@sockeye/addr';
import { constants, Socket } from '@sockeye/core';
import { asListener, type SocketDuplex, toDuplex } from '@sockeye/core/streams';
import { describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

const { AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM } = constants;

describe.each([
  ['stream', SOCK_STREAM],
  ['seqpacket', SOCK_SEQPACKET],
])('ws over a Unix %s socket at an abstract name', (_name, type) => {
  it('carries messages of all sizes both ways, and closes with its code', async () => {
    const address = unixAbstract(`sockeye-ws-${process.pid}-${type}`);
    const socket = Socket.create(AF_UNIX, type);
    socket.bind(address);
    socket.listen();
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })));
    const listener = asListener(socket).serve(server);
    const createConnection = (): SocketDuplex => {
      const client = Socket.create(AF_UNIX, type);
      client.connectSync(address);
      return toDuplex(client);
    };
    const ws = new WebSocket('ws://localhost/', { createConnection });
    await once(ws, 'open');
    for (const size of [0, 1, 125, 126, 65_536, 3_000_001]) {
      const data = Buffer.alloc(size, 'salmon');
      ws.send(data);
      const [answer] = (await once(ws, 'message')) as [Buffer];
      expect(answer.equals(data)).toBe(true);
    }
    ws.close(4000, 'enough');
    expect((await once(ws, 'close'))[0]).toBe(4000);
    // Cut off in the middle of a message.
    const cut = new WebSocket('ws://localhost/', { createConnection });
    await once(cut, 'open');
    cut.send(Buffer.alloc(10_000_000));
    cut.terminate();
    await once(cut, 'close');
    sockets.close();
    server.close();
    await listener.close();
    expect(listener.connections).toBe(0);
  });
});
