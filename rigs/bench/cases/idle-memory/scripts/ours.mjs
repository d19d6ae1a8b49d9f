import { constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { measure } from './resident.mjs';

const { AF_INET, SOCK_STREAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_STREAM });
const listener = Socket.create(AF_INET, SOCK_STREAM);
listener.bind(loopback.address);
listener.listen();
const to = listener.getsockname();
/** Data are told of, as net tells of them: into one buffer for all, as net has. */
const waiting = process.argv[2] === 'waiting';
const buffer = Buffer.alloc(65536);

measure(async (connections) => {
  const held = [];
  for (let i = 0; i < connections; i++) {
    const client = Socket.create(AF_INET, SOCK_STREAM);
    const [server] = await Promise.all([listener.accept(), client.connect(to)]);
    for (const end of [client, server]) held.push(waiting ? [end, end.recvInto(buffer)] : end);
  }
  return held;
});
