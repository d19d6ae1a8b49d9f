import { turns } from '../../kit/turns.mjs';

const SIZE = 1200;
const WINDOW = 50;
let due = 0;
let left = 0; // below 0: received beyond the operations so far
let done = () => {};
const receiver = await Bun.udpSocket({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    data(_socket, data) {
      if (data.length !== SIZE || data[0] !== 120) throw new Error('not what was sent');
      if (--due > 0) return;
      left -= WINDOW;
      if (left > 0) window();
      else done();
    },
  },
});
const sender = await Bun.udpSocket({ connect: { hostname: '127.0.0.1', port: receiver.port } });
const messages = new Array(WINDOW).fill(Buffer.alloc(SIZE, 'x'));

function window() {
  due = WINDOW;
  if (sender.sendMany(messages) !== WINDOW) throw new Error('a part only');
}

turns(
  (n) =>
    new Promise((resolve) => {
      left += n;
      if (left <= 0) return resolve();
      done = resolve;
      window();
    }),
);
