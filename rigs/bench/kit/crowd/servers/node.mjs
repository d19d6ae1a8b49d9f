import { once } from 'node:events';
import { createServer } from 'node:net';
import { answers } from './answers.mjs';

let accepted = 0;
const server = createServer((socket) => {
  accepted += 1;
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => {}); // the client has ended
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 });
await once(server, 'listening');
answers(server.address().port, () => accepted);
