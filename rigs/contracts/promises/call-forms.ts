import assert from 'node:assert/strict';
import { AddressBuffer, constants, MessageBuffer, type Socket } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { insist, patience, recv, send, soon } from '../forms.ts';
import { helper } from '../helper.ts';
import type { End } from '../medium.ts';

type Receive = (socket: Socket, size: number) => Promise<Buffer>;

/** A call that fills a buffer, as one that gives what it filled. */
const into =
  (call: (socket: Socket, buffer: Buffer) => Promise<number> | number): Receive =>
  async (socket, size) => {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, await call(socket, buffer));
  };

/** Every call that receives, by its name. */
const receives: Record<string, Receive> = {
  recv: (socket, size) => socket.recv(size, soon()),
  recvSync: async (socket, size) => socket.recvSync(size, soon()),
  recvInto: into((socket, buffer) => socket.recvInto(buffer, soon())),
  recvIntoSync: into((socket, buffer) => socket.recvIntoSync(buffer, soon())),
  tryRecvInto: into((socket, buffer) => insist(() => socket.tryRecvInto(buffer))),
  recvFrom: async (socket, size) => (await socket.recvFrom(size, soon())).data,
  recvFromSync: async (socket, size) => socket.recvFromSync(size, soon()).data,
  recvFromInto: into((socket, buffer) => socket.recvFromInto(buffer, new AddressBuffer(), soon())),
  recvFromIntoSync: into((socket, buffer) => socket.recvFromIntoSync(buffer, new AddressBuffer(), soon())),
  tryRecvFromInto: into((socket, buffer) =>
    insist(() => socket.tryRecvFromInto(buffer, new AddressBuffer())),
  ),
  recvMsg: async (socket, size) => (await socket.recvMsg(size, soon())).data,
  recvMsgSync: async (socket, size) => socket.recvMsgSync(size, soon()).data,
  recvMsgInto: into((socket, buffer) => socket.recvMsgInto(buffer, new MessageBuffer(), soon())),
  recvMsgIntoSync: into((socket, buffer) => socket.recvMsgIntoSync(buffer, new MessageBuffer(), soon())),
  tryRecvMsgInto: into((socket, buffer) => insist(() => socket.tryRecvMsgInto(buffer, new MessageBuffer()))),
};

type Send = (end: End, data: Buffer) => Promise<number>;

/** Every call that sends. */
const sends: Record<string, Send> = {
  'send or sendTo': send,
  'sendSync or sendToSync': async ({ socket, to }, data) =>
    to ? socket.sendToSync(data, to, soon()) : socket.sendSync(data, soon()),
  'trySend or trySendTo': ({ socket, to }, data) =>
    insist(() => (to ? socket.trySendTo(data, to) : socket.trySend(data))),
  sendMsg: ({ socket, to }, data) => socket.sendMsg(data, { address: to, ...soon() }),
  sendMsgSync: async ({ socket, to }, data) => socket.sendMsgSync(data, { address: to, ...soon() }),
  trySendMsg: ({ socket, to }, data) => insist(() => socket.trySendMsg(data, to)),
};

/** Room for exactly one message, which a stream's receives need. */
const room = (stage: Stage, due: Buffer): number => stage.room(due.length);

export const forms: readonly Contract[] = [
  {
    promise: 'forms',
    name: 'every call that receives gives the same',
    async run(stage) {
      const { one, other } = await stage.pair();
      for (const [name, call] of Object.entries(receives)) {
        const due = stage.message(name.length);
        await send(one, due);
        same(stage.medium.body(await call(other.socket, room(stage, due))), due, name);
      }
    },
  },
  {
    promise: 'forms',
    name: 'every call that sends is the same to the receiver',
    async run(stage) {
      const { one, other } = await stage.pair();
      for (const [name, call] of Object.entries(sends)) {
        const due = stage.message(name.length);
        assert.equal(await call(one, due), due.length, name);
        same(stage.medium.body(await recv(other.socket, room(stage, due))), due, name);
      }
    },
  },
  {
    promise: 'forms',
    name: 'every call that receives is woken by what comes while it waits on the event loop',
    async run(stage) {
      const { one, other } = await stage.pair();
      for (const name of ['recv', 'recvInto', 'recvFrom', 'recvFromInto', 'recvMsg', 'recvMsgInto', 'recv']) {
        const due = stage.message(name.length);
        const waiting = (receives[name] as Receive)(other.socket, room(stage, due));
        await new Promise((resolve) => setImmediate(resolve));
        await send(one, due);
        same(stage.medium.body(await waiting), due, name);
      }
    },
  },
  {
    promise: 'forms',
    name: 'every call that blocks is woken by what another thread sends',
    async run(stage) {
      const pair = await stage.pair();
      const { one, other } = pair;
      let sender = one.socket;
      for (const name of ['recvSync', 'recvIntoSync', 'recvFromSync', 'recvMsgSync']) {
        const due = stage.message(name.length);
        const work = { delay: 3, to: one.to, patience: patience.ms };
        const { back } = await helper.send(sender, due, work);
        const got = await (receives[name] as Receive)(other.socket, room(stage, due));
        sender = stage.keep(await back);
        same(stage.medium.body(got), due, name);
      }
    },
  },
  {
    promise: 'forms',
    name: 'a look says what can be done, in every form',
    async run(stage) {
      const { one, other } = await stage.pair();
      const { socket } = other;
      assert.equal(socket.tryWait(constants.POLLIN), 0);
      const looking = socket.wait({ read: true, ...soon() });
      await new Promise((resolve) => setImmediate(resolve));
      await send(one, stage.message(1));
      assert.equal((await looking).readable, true);
      assert.equal(socket.waitSync({ read: true, ...soon() }).readable, true);
      assert.equal(socket.tryWait(constants.POLLIN), constants.POLLIN);
      await recv(socket, room(stage, stage.message(1)));
      assert.equal(socket.tryWait(constants.POLLIN), 0);
    },
  },
];
