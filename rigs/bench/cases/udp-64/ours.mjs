import { AddressBuffer, constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_DGRAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_DGRAM });
const a = Socket.create(AF_INET, SOCK_DGRAM);
const b = Socket.create(AF_INET, SOCK_DGRAM);
a.bind(loopback.address);
b.bind(loopback.address);
const to = b.getsockname();
const from = new AddressBuffer();
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);

turns((n) => {
  for (let i = 0; i < n; i++) {
    if (a.sendToSync(message, to) !== 64 || b.recvFromIntoSync(buffer, from) !== 64)
      throw new Error('a part only');
  }
});
