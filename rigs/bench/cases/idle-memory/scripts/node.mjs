import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { measure } from './resident.mjs';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const onData = () => {};

measure(async (connections) => {
  const held = [];
  for (let i = 0; i < connections; i++) {
    const client = connect(port, '127.0.0.1');
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    for (const end of [client, accepted]) held.push(end.on('data', onData));
  }
  return held;
});
