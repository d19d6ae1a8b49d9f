import { turns } from '../../kit/turns.mjs';

let left = 0;
let done = () => {};
const bound = (data) => Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: { data } });
const pong = await bound((socket, data, port, address) => socket.send(data, port, address));
const ping = await bound(() => {
  if (--left > 0) ping.send(message, pong.port, '127.0.0.1');
  else done();
});
const message = Buffer.alloc(64, 'x');

turns(
  (n) =>
    new Promise((resolve) => {
      left = n;
      done = resolve;
      ping.send(message, pong.port, '127.0.0.1');
    }),
);
