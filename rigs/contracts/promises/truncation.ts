import assert from 'node:assert/strict';
import { Batch, MessageBuffer } from '@sockeye/core';
import type { Contract } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, insist, send, soon } from '../forms.ts';

const NEEDS = ['truncation'] as const;
/** Bytes of room, fewer than any medium's message of 32 has. */
const ROOM = 5;

const cut: Contract[] = FORMS.map((form) => ({
  promise: 'truncation',
  name: `a message that is too long is cut, and the next one is whole, by the ${form.name} form`,
  only: 'messages',
  needs: NEEDS,
  async run(stage) {
    const { one, other } = await stage.pair();
    for (const n of [1, 2]) await form.send(one, stage.message(n));
    const got = await form.recv(other.socket, stage.room(ROOM));
    assert.equal(got.length, stage.room(ROOM));
    same(stage.medium.body(got), stage.message(1).subarray(0, ROOM), 'what was left of it');
    same(stage.medium.body(await form.recv(other.socket, stage.room(64))), stage.message(2), 'the next');
  },
}));

export const truncation: readonly Contract[] = [
  ...cut,
  {
    promise: 'truncation',
    name: 'recvMsg says that a message was cut, and says nothing of one that was not, in all forms',
    only: 'messages',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      const { socket } = other;
      const message = new MessageBuffer();
      const seen: boolean[] = [];
      for (const room of [ROOM, 64]) {
        const size = stage.room(room);
        for (let n = 0; n < 3; n++) await send(one, stage.message(n));
        seen.push((await socket.recvMsg(size, soon())).truncated);
        seen.push(socket.recvMsgSync(size, soon()).truncated);
        await insist(() => socket.tryRecvMsgInto(Buffer.alloc(size), message));
        seen.push(message.truncated);
      }
      assert.deepEqual(seen, [true, true, true, false, false, false]);
    },
  },
  {
    promise: 'truncation',
    name: 'a batch says which of its messages were cut',
    only: 'messages',
    needs: ['truncation', 'batches'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const long = stage.message(1, 32);
      const batch = new Batch({ messages: 4, size: stage.room(long.length - 1) });
      await send(one, long);
      assert.equal(await other.socket.recvBatch(batch, soon()), 1);
      assert.equal(batch.at(0).truncated, true);
      same(stage.medium.body(batch.at(0).copy()), long.subarray(0, long.length - 1), 'what was left of it');
      await send(one, stage.message(2, 8));
      assert.equal(await other.socket.recvBatch(batch, soon()), 1);
      // A medium whose messages have all one length cuts this one too.
      assert.equal(batch.at(0).truncated, stage.message(2, 8).length >= long.length);
    },
  },
];
