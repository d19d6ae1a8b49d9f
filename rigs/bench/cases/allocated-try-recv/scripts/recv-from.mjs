import { AddressBuffer, constants, Socket } from '@sockeye/core';
import { measure } from '../../../kit/allocated.mjs';

const { AF_UNIX, SOCK_DGRAM } = constants;
const [a, b] = [Socket.create(AF_UNIX, SOCK_DGRAM), Socket.create(AF_UNIX, SOCK_DGRAM)];
// AF_UNIX alone: the kernel finds a name
for (const socket of [a, b]) socket.bind(new Uint8Array([AF_UNIX, 0]));
const to = new AddressBuffer();
to.bytes.set(b.getsockname());
to.length = b.getsockname().length;
const from = new AddressBuffer();
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

measure(() => {
  if (a.trySendTo(message, to) !== 64 || b.tryRecvFromInto(buffer, from) !== 64) {
    throw new Error('a part only');
  }
});
