/** The three forms of a call, as one kind of thing. */
import { setImmediate as turn } from 'node:timers/promises';
import { errnos, type Socket } from '@sockeye/core';
import type { End } from './medium.ts';

/** How long a step may take that should take no time, in milliseconds: a machine without KVM is slow. */
export const patience: { ms: number } = { ms: 8000 };

/** Options of a call that should be done at once. */
export const soon = (): { timeout: number } => ({ timeout: patience.ms });

export interface Form {
  readonly name: string;
  send(end: End, data: Uint8Array): Promise<number>;
  recv(socket: Socket, size: number): Promise<Buffer>;
}

const promise: Form = {
  name: 'Promise',
  send: ({ socket, to }, data) => (to ? socket.sendTo(data, to, soon()) : socket.send(data, soon())),
  recv: (socket, size) => socket.recv(size, soon()),
};

const sync: Form = {
  name: 'Sync',
  send: async ({ socket, to }, data) =>
    to ? socket.sendToSync(data, to, soon()) : socket.sendSync(data, soon()),
  recv: async (socket, size) => socket.recvSync(size, soon()),
};

/** Asks again until it is there, as a program with a loop of its own does. */
export async function insist(call: () => number): Promise<number> {
  const until = performance.now() + patience.ms;
  for (;;) {
    const result = call();
    if (result >= 0) return result;
    if (result !== -errnos.EAGAIN) throw new Error(`errno ${-result}`);
    if (performance.now() > until) throw new Error(`EAGAIN for ${patience.ms} ms`);
    await turn();
  }
}

const trying: Form = {
  name: 'try',
  send: ({ socket, to }, data) => insist(() => (to ? socket.trySendTo(data, to) : socket.trySend(data))),
  async recv(socket, size) {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, await insist(() => socket.tryRecvInto(buffer)));
  },
};

export const FORMS: readonly Form[] = [promise, sync, trying];

/** The Promise form: what contracts use that are not about forms. */
export const { send, recv } = promise;
