import * as socket from '@sockeye/compat-python';
import { turns } from '../../kit/turns.mjs';

const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM);
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

turns((n) => {
  for (let i = 0; i < n; i++) {
    if (a.send(message) !== 64 || b.recv_into(buffer) !== 64) throw new Error('a part only');
  }
});
