import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { turns } from '../../kit/turns.mjs';

const sender = fileURLToPath(new URL('./senders/node.mjs', import.meta.url));
const child = spawn(process.execPath, [sender], { stdio: ['ignore', 'pipe', 'inherit'] });
const [port] = await once(child.stdout.setEncoding('utf8'), 'data');

const size = 65536;
let left = 0; // below 0: received beyond the operations so far
let done = () => {};
// onread with one buffer is the quickest way that net has
const onread = {
  buffer: Buffer.alloc(size),
  callback(length) {
    left -= length;
    if (left > 0) return true;
    done();
    return false; // reads no more until it is resumed
  },
};
const socket = connect({ port: Number(port), host: '127.0.0.1', onread });
await once(socket, 'connect');
socket.pause();

turns(
  (n) =>
    new Promise((resolve) => {
      left += n * size;
      if (left <= 0) return resolve();
      done = resolve;
      socket.resume();
    }),
);
