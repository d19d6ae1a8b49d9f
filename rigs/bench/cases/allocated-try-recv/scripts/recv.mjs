import { constants, Socket } from '@sockeye/core';
import { measure } from '../../../kit/allocated.mjs';

const [a, b] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

measure(() => {
  if (a.trySend(message) !== 64 || b.tryRecvInto(buffer) !== 64) throw new Error('a part only');
});
