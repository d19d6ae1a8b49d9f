import * as socket from '@sockeye/compat-python';
import { turns } from '../../kit/turns.mjs';

const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM);
const message = Buffer.alloc(64, 'x');

turns((n) => {
  for (let i = 0; i < n; i++) {
    if (a.send(message) !== 64 || b.recv(64).length !== 64) throw new Error('a part only');
  }
});
