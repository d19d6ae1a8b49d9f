import { constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const [a, b] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

turns((n) => {
  for (let i = 0; i < n; i++) {
    if (a.sendSync(message) !== 64 || b.recvIntoSync(buffer) !== 64) throw new Error('a part only');
  }
});
