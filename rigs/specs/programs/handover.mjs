// Sockets handed to workers and back, some of which are terminated before they take or give; prints what a spec compares.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { constants as c, Socket } from '@sockeye/core';

const descriptors = () => readdirSync('/proc/self/fd').length;

/** Takes each ticket, says back what it reads in capitals, and hands the socket back. */
function serve() {
  parentPort.on('message', async (ticket) => {
    const socket = Socket.takeOver(ticket);
    const text = (await socket.recv(64)).toString();
    await socket.sendAll(Buffer.from(text.toUpperCase()));
    parentPort.postMessage(socket.handOver());
  });
  parentPort.postMessage('ready');
}

async function round(seen) {
  const workers = Array.from({ length: 4 }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) {
    // Through each worker, then home.
    const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    let held = one;
    for (let turn = 0; turn < 10; turn++) {
      const back = once(worker, 'message');
      worker.postMessage(held.handOver());
      await other.sendAll(Buffer.from(`turn ${turn}`));
      if (String(await other.recv(64, { timeout: 5000 })) === `TURN ${turn}`) seen.answers++;
      held = Socket.takeOver((await back)[0]);
    }
    held.close();
    if ((await other.recv(1, { timeout: 5000 })).length === 0) seen.ends++;
    other.close();
  }
  // On their way while the workers are terminated: taken, read from, handed back, or none of it.
  const pairs = workers.flatMap((worker) =>
    Array.from({ length: 8 }, (_, index) => {
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      const ticket = one.handOver();
      worker.postMessage(ticket);
      if (index % 2 === 0) other.trySend(Buffer.from('late'));
      return { ticket, other };
    }),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  for (const { ticket, other } of pairs) {
    // What nobody took is still ours; what the worker had went with it.
    try {
      Socket.takeOver(ticket).close();
    } catch (error) {
      if (error.code !== 'EBADF') throw error;
    }
    for (;;) {
      const part = await other.recv(64, { timeout: 5000 }).catch((error) => error);
      if (part.length === 0 || part.code === 'ECONNRESET') break;
      if (part instanceof Error) throw part;
    }
    seen.closed++;
    other.close();
  }
}

if (isMainThread) {
  const seen = { answers: 0, ends: 0, closed: 0 };
  await round({ ...seen });
  await sleep(100);
  const before = descriptors();
  await round(seen);
  await round(seen);
  for (let turn = 0; turn < 40 && descriptors() > before; turn++) await sleep(25);
  console.log(JSON.stringify({ ...seen, left: Math.max(0, descriptors() - before) }));
} else serve();
