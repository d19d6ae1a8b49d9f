import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { turns } from '../../kit/turns.mjs';

const bound = async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};
const ping = await bound();
const pong = await bound();
const { port } = pong.address();
const message = Buffer.alloc(64, 'x');
let left = 0;
let done = () => {};

pong.on('message', (data, from) => pong.send(data, from.port, from.address));
ping.on('message', () => {
  if (--left > 0) ping.send(message, port, '127.0.0.1');
  else done();
});

turns(
  (n) =>
    new Promise((resolve) => {
      left = n;
      done = resolve;
      ping.send(message, port, '127.0.0.1');
    }),
);
