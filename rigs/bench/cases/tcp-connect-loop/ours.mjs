import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { constants, Socket } from '@sockeye/core';
import { turns } from '../../kit/turns.mjs';
import { AT_ONCE, sockaddr } from './acceptors/addresses.mjs';

const acceptor = fileURLToPath(new URL('./acceptors/ours.mjs', import.meta.url));
const child = spawn(process.execPath, [acceptor], { stdio: ['pipe', 'pipe', 'inherit'] });
const [said] = await once(child.stdout.setEncoding('utf8'), 'data');
const port = Number(said);
const { AF_INET, SOCK_STREAM } = constants;
const buffer = Buffer.alloc(1);
let turn = 0;

/** Connects, and waits until the other end has closed. */
async function operation() {
  const socket = Socket.create(AF_INET, SOCK_STREAM);
  try {
    await socket.connect(sockaddr(AF_INET, turn++, port));
    if ((await socket.recvInto(buffer)) !== 0) throw new Error('not closed');
  } finally {
    socket.close();
  }
}

turns(async (n) => {
  let left = n;
  const worker = async () => {
    while (left-- > 0) await operation();
  };
  await Promise.all(Array.from({ length: Math.min(n, AT_ONCE) }, worker));
});
