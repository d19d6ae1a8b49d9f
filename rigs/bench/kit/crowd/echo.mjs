/** Echoes over thousands of connections in turn, some of them at once. */
import { setTimeout } from 'node:timers/promises';
import { turns } from '../turns.mjs';
import { CONNECTIONS, connect, server } from './crowd.mjs';

/** Connections with a message on its way. */
const AT_ONCE = 50;
const SIZE = 64;

/** @param {string} name of the server */
export async function echo(name) {
  const measured = server(name);
  const sockets = connect(await measured.ask('port'), CONNECTIONS);
  while ((await measured.ask('accepted')) < CONNECTIONS) await setTimeout(10);
  const message = Buffer.alloc(SIZE, 'x');
  const answer = Buffer.alloc(SIZE);
  let next = 0;
  const some = (count) => {
    const first = next;
    for (let i = 0; i < count; i++) sockets[(first + i) % CONNECTIONS].sendSync(message);
    for (let i = 0; i < count; i++) {
      const length = sockets[(first + i) % CONNECTIONS].recvIntoSync(answer);
      if (length !== SIZE) throw new Error(`${length} bytes came back, not ${SIZE}`);
    }
    next = (first + count) % CONNECTIONS;
  };
  turns((n) => {
    for (let left = n; left > 0; left -= AT_ONCE) some(Math.min(left, AT_ONCE));
  });
}
