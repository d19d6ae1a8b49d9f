import { Batch, constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const [sender, receiver] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
const message = Buffer.alloc(64, 'x');
const out = new Batch({ messages: 64, size: 64, address: false });
while (out.push(message));
const came = new Batch({ messages: 64, size: 64, address: false });

turns(async (n) => {
  const sending = (async () => {
    for (let left = n; left > 0; left -= out.length) {
      out.fill(Math.min(left, 64));
      await sender.sendBatch(out);
    }
  })();
  for (let left = n; left > 0; ) {
    left -= await receiver.recvBatch(came);
    for (let i = 0; i < came.length; i++) if (came.lengths[i] !== 64) throw new Error('a part only');
  }
  await sending;
});
