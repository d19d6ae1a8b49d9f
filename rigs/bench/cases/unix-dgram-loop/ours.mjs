import { constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const [sender, receiver] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

turns(async (n) => {
  const sending = (async () => {
    for (let i = 0; i < n; i++) await sender.send(message);
  })();
  for (let i = 0; i < n; i++) {
    if ((await receiver.recvInto(buffer)) !== 64) throw new Error('a part only');
  }
  await sending;
});
