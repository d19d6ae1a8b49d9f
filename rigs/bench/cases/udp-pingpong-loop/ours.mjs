import { AddressBuffer, constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_DGRAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_DGRAM });
const bound = () => {
  const socket = Socket.create(AF_INET, SOCK_DGRAM);
  socket.bind(loopback.address);
  return socket;
};
const ping = bound();
const pong = bound();

(async () => {
  const buffer = Buffer.alloc(64);
  const from = new AddressBuffer();
  for (;;) {
    const length = await pong.recvFromInto(buffer, from);
    if (pong.trySendTo(buffer, from, 0, 0, length) !== length) throw new Error('pong: not sent');
  }
})();

const to = pong.getsockname();
const message = Buffer.alloc(64, 'x');
const buffer = Buffer.alloc(64);
const from = new AddressBuffer();

turns(async (n) => {
  for (let i = 0; i < n; i++) {
    if (ping.trySendTo(message, to) !== 64) throw new Error('ping: not sent');
    if ((await ping.recvFromInto(buffer, from)) !== 64) throw new Error('ping: a part only');
  }
});
