import { Batch, constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { segmentSize } from '@sockeye/core/cmsg';
import { UdpReceiver } from '@sockeye/core/udp';
import { measure } from '../../../kit/allocated.mjs';

const { AF_INET, SOCK_DGRAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_DGRAM });
const [a, b] = [Socket.create(AF_INET, SOCK_DGRAM), Socket.create(AF_INET, SOCK_DGRAM)];
for (const socket of [a, b]) socket.bind(loopback.address);
const out = new Batch({ messages: 1, size: 400, control: 64 });
out.push(Buffer.alloc(400, 'x'), b.getsockname(), [segmentSize(100)]);
const receiver = new UdpReceiver(b, { messages: 4 });

measure(() => {
  if (a.trySendBatch(out) !== 1 || receiver.tryReceive() !== 4) throw new Error('a part only');
});
