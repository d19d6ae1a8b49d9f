import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { constants, getaddrinfoSync, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';

const { AF_INET, SOCK_STREAM } = constants;
const [loopback] = getaddrinfoSync('127.0.0.1', 0, { family: AF_INET, type: SOCK_STREAM });
const listener = Socket.create(AF_INET, SOCK_STREAM);
listener.bind(loopback.address);
listener.listen(1);
const address = Buffer.from(listener.getsockname()).toString('hex');
const sender = fileURLToPath(new URL('./senders/ours.mjs', import.meta.url));
spawn(process.execPath, [sender, address], { stdio: ['ignore', 'ignore', 'inherit'] });
const socket = await listener.accept();

const size = 65536;
const buffer = Buffer.alloc(size);
let surplus = 0; // what an earlier batch received beyond its operations

turns(async (n) => {
  let left = n * size - surplus;
  while (left > 0) {
    const length = await socket.recvInto(buffer);
    if (length === 0) throw new Error('the sender has ended');
    left -= length;
  }
  surplus = -left;
});
