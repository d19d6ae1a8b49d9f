import assert from 'node:assert/strict';
import { constants, MessageBuffer, Socket } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { recv, send, soon } from '../forms.ts';

/** Bytes of each message here, whatever the medium makes of it. */
const SIZE = 8;

const room = (stage: Stage): number =>
  stage.medium.kind === 'stream' ? SIZE : stage.room(Math.max(SIZE, stage.message(0, SIZE).length));

/** Different calls that receive one message each. */
const calls: readonly ((socket: Socket, size: number) => Promise<Buffer>)[] = [
  (socket, size) => socket.recv(size, soon()),
  async (socket, size) => (await socket.recvFrom(size, soon())).data,
  async (socket, size) => (await socket.recvMsg(size, soon())).data,
  async (socket, size) => {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, await socket.recvInto(buffer, soon()));
  },
  async (socket, size) => {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, await socket.recvMsgInto(buffer, new MessageBuffer(), soon()));
  },
];

export const fairness: readonly Contract[] = [
  {
    promise: 'fairness',
    name: 'of twenty who wait by different calls, who came first is served first',
    async run(stage) {
      const { one, other } = await stage.pair();
      const { window } = stage.medium;
      const count = 20;
      const waiting = Array.from({ length: count }, (_, n) =>
        (calls[n % calls.length] as (typeof calls)[0])(other.socket, room(stage)),
      );
      for (let n = 0; n < count; n += window) {
        for (let m = n; m < Math.min(count, n + window); m++) await send(one, stage.message(m, SIZE));
        for (let m = n; m < Math.min(count, n + window); m++)
          same(
            stage.medium.body(await (waiting[m] as Promise<Buffer>)),
            stage.message(m, SIZE),
            `waiter ${m}`,
          );
      }
    },
  },
  {
    promise: 'fairness',
    name: 'who comes while others wait is served after them, though something is there',
    async run(stage) {
      const { one, other } = await stage.pair();
      const early = [recv(other.socket, room(stage)), recv(other.socket, room(stage))];
      // On a medium that carries one message at a time the second goes out behind the first.
      const sending = [0, 1, 2].map((n) => send(one, stage.message(n, SIZE)));
      const late = recv(other.socket, room(stage));
      const got = await Promise.all([...early, late]);
      await Promise.all(sending);
      for (const [n, data] of got.entries())
        same(stage.medium.body(data), stage.message(n, SIZE), `waiter ${n}`);
    },
  },
  {
    promise: 'fairness',
    name: 'a busy pair starves neither timers nor another pair',
    async run(stage) {
      const busy = await stage.pair();
      const [one, other] = socketpair(stage);
      let turns = 0;
      let over = false;
      const traffic = (async () => {
        for (let n = 0; !over; n++) {
          await send(busy.one, stage.message(n, SIZE));
          await recv(busy.other.socket, room(stage));
        }
      })();
      const timer = setInterval(() => turns++, 1);
      try {
        for (let n = 0; n < 5; n++) {
          const waiting = other.recv(8, soon());
          setTimeout(() => one.trySend(Buffer.from([n])), 1);
          assert.equal((await waiting)[0], n);
        }
      } finally {
        clearInterval(timer);
        over = true;
        await traffic;
      }
      assert.ok(turns > 0, 'timers had their turn');
    },
  },
];

/** A pair that is surely there, beside the one that the contract is about. */
function socketpair(stage: Stage): [Socket, Socket] {
  const [one, other] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
  stage.keep(one);
  stage.keep(other);
  return [one, other];
}
