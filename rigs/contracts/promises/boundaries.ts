import assert from 'node:assert/strict';
import { AddressBuffer, constants, MessageBuffer } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, insist, recv, send, soon } from '../forms.ts';

/** Lengths from the least to the most that the medium carries. */
const lengths = ({ medium }: Stage): number[] =>
  [1, 2, 7, 8, 9, 100, 1000, medium.largest].filter((length) => length <= medium.largest);

const kept: Contract[] = FORMS.map((form) => ({
  promise: 'boundaries',
  name: `messages keep their bounds and bytes, by the ${form.name} form`,
  only: 'messages',
  async run(stage) {
    const { one, other } = await stage.pair();
    for (const [n, length] of lengths(stage).entries()) {
      const due = stage.message(n, length);
      assert.equal(await form.send(one, due), due.length);
      same(
        stage.medium.body(await form.recv(other.socket, stage.room(stage.medium.largest))),
        due,
        `of ${length}`,
      );
    }
  },
}));

/** A stream has no bounds to keep, but a receive takes no more than it has room for. */
const parted: Contract[] = FORMS.map((form) => ({
  promise: 'boundaries',
  name: `a receive takes no more than it has room for, by the ${form.name} form`,
  only: 'stream',
  async run(stage) {
    const { one, other } = await stage.pair();
    const due = stage.message(1, 100);
    assert.equal(await form.send(one, due), 100);
    let at = 0;
    for (const room of [1, 10, 30, 59]) {
      for (let left = room; left > 0; ) {
        const piece = await form.recv(other.socket, left);
        assert.ok(piece.length > 0 && piece.length <= left, `${piece.length} bytes came for ${left}`);
        same(piece, due.subarray(at, at + piece.length), `from byte ${at} on`);
        at += piece.length;
        left -= piece.length;
      }
    }
  },
}));

export const boundaries: readonly Contract[] = [
  ...kept,
  ...parted,
  {
    promise: 'boundaries',
    name: 'a message of no bytes is a message',
    only: 'messages',
    needs: ['empty'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await send(one, Buffer.alloc(0));
      await send(one, stage.message(1));
      assert.equal((await recv(other.socket, stage.room(64))).length, stage.medium.header);
      same(stage.medium.body(await recv(other.socket, stage.room(64))), stage.message(1), 'the next');
    },
  },
  {
    promise: 'boundaries',
    name: 'several buffers are one message, and one message fills several buffers',
    async run(stage) {
      const { one, other } = await stage.pair();
      const due = stage.message(7, 64);
      const cut = due.length >> 1;
      const parts = [due.subarray(0, 3), due.subarray(3, cut), due.subarray(cut)];
      assert.equal(await one.socket.sendMsg(parts, { ...soon(), address: one.to }), due.length);
      const head = Buffer.alloc(stage.medium.header + 5);
      const tail = Buffer.alloc(stage.medium.largest);
      const message = new MessageBuffer();
      const count = await other.socket.recvMsgInto([head, tail], message, soon());
      const got = Buffer.concat([head, tail]).subarray(0, count);
      same(stage.medium.body(got), due, 'the message');
    },
  },
  {
    promise: 'boundaries',
    name: 'a receiver is told who sent, and can answer',
    needs: ['addresses'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const from = new AddressBuffer();
      for (const form of ['Promise', 'Sync', 'try'] as const) {
        await send(one, stage.message(1));
        const buffer = Buffer.alloc(stage.room(64));
        const count =
          form === 'Promise'
            ? await other.socket.recvFromInto(buffer, from, soon())
            : form === 'Sync'
              ? other.socket.recvFromIntoSync(buffer, from, soon())
              : await insist(() => other.socket.tryRecvFromInto(buffer, from));
        same(stage.medium.body(buffer.subarray(0, count)), stage.message(1), form);
        await other.socket.sendTo(stage.message(2), from, soon());
        same(stage.medium.body(await recv(one.socket, stage.room(64))), stage.message(2), 'the answer');
      }
    },
  },
  {
    promise: 'boundaries',
    name: 'a look with MSG_PEEK leaves everything where it is',
    needs: ['peek'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await send(one, stage.message(5));
      const room = stage.room(64);
      const peek = { ...soon(), flags: constants.MSG_PEEK };
      same(stage.medium.body(await other.socket.recv(room, peek)), stage.message(5), 'the look');
      same(stage.medium.body(other.socket.recvSync(room, peek)), stage.message(5), 'the second look');
      same(stage.medium.body(await recv(other.socket, room)), stage.message(5), 'the message');
    },
  },
];
