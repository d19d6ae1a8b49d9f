// Terminates twenty workers in the midst of something, then shows that the process goes on and nothing is left.

import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { constants as c, Socket } from '@sockeye/core';

const [state, rounds = '1'] = process.argv.slice(2);
const descriptors = () => readdirSync('/proc/self/fd').length;
const threads = () => readdirSync('/proc/self/task').length;

async function round() {
  const workers = Array.from(
    { length: 20 },
    () => new Worker(new URL('./worker.mjs', import.meta.url), { workerData: state }),
  );
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  await new Promise((resolve) => setTimeout(resolve, 30));
  await Promise.all(workers.map((worker) => worker.terminate()));
}

// The first round brings what the process keeps: threads of the pool, for example.
await round();
const before = { descriptors: descriptors(), threads: threads() };
for (let i = 0; i < Number(rounds); i++) await round();
const after = { descriptors: descriptors(), threads: threads() };

const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
const waiting = other.recv(16);
setTimeout(() => one.trySend(Buffer.from('it goes on')), 5);
const said = (await waiting).toString();
one.close();
other.close();
console.log(JSON.stringify({ before, after, said }));
