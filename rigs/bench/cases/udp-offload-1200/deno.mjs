import { turns } from '../../kit/turns.mjs';

const SIZE = 1200;
const WINDOW = 50;
const bound = () => Deno.listenDatagram({ transport: 'udp', hostname: '127.0.0.1', port: 0 });
const sender = bound();
const receiver = bound();
const message = new Uint8Array(SIZE).fill(120);
const buffer = new Uint8Array(2048);
let surplus = 0; // what an earlier batch received beyond its operations

turns(async (n) => {
  let left = n - surplus;
  while (left > 0) {
    for (let i = 0; i < WINDOW; i++) await sender.send(message, receiver.addr);
    for (let i = 0; i < WINDOW; i++) {
      const [data] = await receiver.receive(buffer);
      if (data.length !== SIZE || data[0] !== 120) throw new Error('not what was sent');
    }
    left -= WINDOW;
  }
  surplus = -left;
});
