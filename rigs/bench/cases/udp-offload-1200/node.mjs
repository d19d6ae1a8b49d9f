import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { turns } from '../../kit/turns.mjs';

const SIZE = 1200;
const WINDOW = 50;
const bound = async () => {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }).bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
};
const sender = await bound();
const receiver = await bound();
// connected: the quickest way that dgram has to send
sender.connect(receiver.address().port, '127.0.0.1');
await once(sender, 'connect');
const message = Buffer.alloc(SIZE, 'x');
let due = 0;
let left = 0; // below 0: received beyond the operations so far
let done = () => {};

const window = () => {
  due = WINDOW;
  for (let i = 0; i < WINDOW; i++) sender.send(message);
};
receiver.on('message', (data) => {
  if (data.length !== SIZE || data[0] !== 120) throw new Error('not what was sent');
  if (--due > 0) return;
  left -= WINDOW;
  if (left > 0) window();
  else done();
});

turns(
  (n) =>
    new Promise((resolve) => {
      left += n;
      if (left <= 0) return resolve();
      done = resolve;
      window();
    }),
);
