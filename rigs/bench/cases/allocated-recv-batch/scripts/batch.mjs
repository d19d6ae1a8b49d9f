import { Batch, constants, Socket } from '@sockeye/core';
import { measure } from '../../../kit/allocated.mjs';

const [a, b] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_DGRAM);
const out = new Batch({ messages: 2, size: 64, control: 64, address: false });
while (out.push(Buffer.alloc(64, 'x')));
const came = new Batch({ messages: 2, size: 64, control: 64 });

measure(() => {
  if (a.trySendBatch(out) !== 2 || b.tryRecvBatch(came) !== 2) throw new Error('a part only');
});
