/** The process in which the facade works: `host.mjs <path of Python's socket>`. It ends with its standard input. */
import { Worker } from 'node:worker_threads';

/** Threads that wait for a Python thread, so that it need not wait for one. */
const READY = 3;

let ready = 0;

function spawn(): void {
  ready += 1;
  const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: process.argv[2] });
  worker.on('message', (word: 'taken' | 'free') => {
    ready += word === 'free' ? 1 : -1;
    if (ready < READY) spawn();
  });
}

process.stdin.on('end', () => process.exit()).resume();
for (let count = 0; count < READY; count++) spawn();
