/** A second thread, for what needs one: it gets a socket by ticket, does a thing while this thread is blocked, and gives it back. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Socket, type Ticket } from '@sockeye/core';

/** What the thread runs. The built package, since a worker has no TypeScript; both have one native part. */
const PROGRAM = `
  const { parentPort } = require('node:worker_threads');
  const { Socket } = require('@sockeye/core');
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  parentPort.on('message', ({ ticket, work, delay, data, to, count, stream, patience }) => {
    const socket = Socket.takeOver(ticket);
    const soon = { timeout: patience };
    let error;
    parentPort.postMessage('taken');
    try {
      Atomics.wait(sleep, 0, 0, delay);
      if (work === 'send') to ? socket.sendToSync(data, to, soon) : socket.sendSync(data, soon);
      const buffer = Buffer.alloc(1 << 17);
      if (work === 'drain')
        for (let got = 0; got < count; ) {
          const size = socket.recvIntoSync(buffer, stream ? { length: Math.min(buffer.length, count - got), ...soon } : soon);
          got += stream ? size : 1;
        }
    } catch (problem) {
      error = String(problem);
    }
    parentPort.postMessage({ ticket: socket.handOver(), error });
  });
`;

interface Work {
  /** Milliseconds until it begins, within which this thread is to block. */
  delay: number;
  /** Milliseconds for each call. */
  patience: number;
}

/** What was begun: the socket comes back. */
interface Begun {
  back: Promise<Socket>;
}

let worker: Worker | undefined;

async function begin(socket: Socket, job: object): Promise<Begun> {
  worker ??= new Worker(PROGRAM, { eval: true, execArgv: [] });
  const taken = once(worker, 'message');
  worker.postMessage({ ticket: socket.handOver(), ...job });
  await taken;
  const done = once(worker, 'message');
  const back = done.then((arguments_) => {
    const { ticket, error } = arguments_[0] as { ticket: Ticket; error?: string };
    const again = Socket.takeOver(ticket);
    if (error === undefined) return again;
    again.close();
    throw new Error(`in the other thread: ${error}`);
  });
  // Whoever asked for it may fail before it looks.
  back.catch(() => {});
  return { back };
}

export const helper = {
  /** Resolves when the thread is up: before anybody counts descriptors. */
  async ready(): Promise<void> {
    if (worker !== undefined) return;
    worker = new Worker(PROGRAM, { eval: true, execArgv: [] });
    await once(worker, 'online');
    const pair = Socket.socketpair(1, 1);
    try {
      const { back } = await begin(pair[0], {
        work: 'send',
        delay: 0,
        data: new Uint8Array(1),
        patience: 1000,
      });
      pair[0] = await back;
    } finally {
      for (const socket of pair) socket.close();
    }
  },
  /** Has the thread send something after a while. */
  send: (socket: Socket, data: Uint8Array, work: Work & { to?: Uint8Array | undefined }): Promise<Begun> =>
    begin(socket, { work: 'send', data, ...work }),
  /** Has the thread receive so many messages, or bytes of a stream. */
  drain: (socket: Socket, count: number, work: Work & { stream: boolean }): Promise<Begun> =>
    begin(socket, { work: 'drain', count, ...work }),
  /** Ends the thread. */
  async close(): Promise<void> {
    await worker?.terminate();
    worker = undefined;
  },
};
