import assert from 'node:assert/strict';
import { Batch, constants, type Message, MessageBuffer, Socket } from '@sockeye/core';
import { controlSpace, decodeControl, rights } from '@sockeye/core/cmsg';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { insist, send, soon } from '../forms.ts';
import type { Control } from '../medium.ts';

const control = ({ medium }: Stage): Control => {
  if (medium.control === undefined) throw new Error(`${medium.name} says not what comes along`);
  return medium.control;
};

const kinds = (messages: Iterable<Parameters<typeof decodeControl>[0]>): string[] =>
  [...messages].map((message) => decodeControl(message).kind).sort();

export const ancillary: readonly Contract[] = [
  {
    promise: 'ancillary data',
    name: 'what comes beside the bytes comes in every form, and is what was asked for',
    needs: ['ancillary'],
    async run(stage) {
      const pair = await stage.pair();
      const { room, kinds: due, prepare } = control(stage);
      prepare?.(pair);
      const { socket } = pair.other;
      const size = stage.room(64);
      for (let n = 0; n < 3; n++) await send(pair.one, stage.message(n));
      const seen: string[][] = [];
      const bytes: Buffer[] = [];
      const stream = stage.medium.kind === 'stream';
      const most = stream ? stage.message(0).length : size;
      const first: Message = await socket.recvMsg(most, { control: room, ...soon() });
      const second = socket.recvMsgSync(most, { control: room, ...soon() });
      const message = new MessageBuffer({ control: room });
      const buffer = Buffer.alloc(most);
      const count = await insist(() => socket.tryRecvMsgInto(buffer, message));
      seen.push(kinds(first.control), kinds(second.control), kinds(message.control()));
      bytes.push(first.data, second.data, buffer.subarray(0, count));
      assert.deepEqual(seen, [due, due, due]);
      for (const [n, data] of bytes.entries())
        same(stage.medium.body(data), stage.message(n), `message ${n}`);
      assert.equal(first.controlTruncated || second.controlTruncated || message.controlTruncated, false);
    },
  },
  {
    promise: 'ancillary data',
    name: 'without enough room for it the message comes whole, and says that control data were cut',
    needs: ['ancillary'],
    async run(stage) {
      const pair = await stage.pair();
      control(stage).prepare?.(pair);
      await send(pair.one, stage.message(2));
      const message = await pair.other.socket.recvMsg(stage.room(64), { control: 8, ...soon() });
      assert.equal(message.controlTruncated, true);
      same(stage.medium.body(message.data), stage.message(2), 'the message');
    },
  },
  {
    promise: 'ancillary data',
    name: 'a batch has it for each of its messages',
    needs: ['ancillary', 'batches'],
    async run(stage) {
      const pair = await stage.pair();
      const { room, kinds: due, prepare } = control(stage);
      prepare?.(pair);
      const count = Math.min(3, stage.medium.window);
      for (let n = 0; n < count; n++) await send(pair.one, stage.message(n));
      const batch = new Batch({ messages: 1, size: stage.room(64), control: room });
      for (let n = 0; n < count; n++) {
        assert.equal(await pair.other.socket.recvBatch(batch, soon()), 1);
        same(stage.medium.body(batch.at(0).copy()), stage.message(n), `message ${n}`);
        assert.deepEqual(kinds(batch.at(0).control), due);
      }
    },
  },
  {
    promise: 'ancillary data',
    name: 'descriptors go along and work, and those that nobody takes are closed',
    needs: ['descriptors'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const [near, far] = Socket.socketpair(constants.AF_UNIX, constants.SOCK_STREAM);
      stage.keep(near);
      stage.keep(far);
      const along = { control: [rights([far, far])], ...soon() };
      await one.socket.sendMsg(stage.message(1), { ...along, address: one.to });
      const message = await other.socket.recvMsg(stage.room(64), { control: controlSpace(8), ...soon() });
      same(stage.medium.body(message.data), stage.message(1), 'the message');
      const [descriptor] = message.descriptors;
      assert.equal(message.descriptors.length, 2);
      if (descriptor === undefined) assert.fail('no descriptor');
      const through = stage.keep(Socket.fromFd(descriptor));
      // The other one has nobody.
      message.close();
      await through.send(Buffer.from('through it'), soon());
      assert.equal((await near.recv(64, soon())).toString(), 'through it');
      // Nor have these.
      one.socket.sendMsgSync(stage.message(2), { ...along, address: one.to });
      other.socket.recvMsgSync(stage.room(64), { control: controlSpace(8), ...soon() }).close();
      // There is no room for these: the kernel closes them.
      await one.socket.sendMsg(stage.message(3), { ...along, address: one.to });
      assert.equal((await other.socket.recvMsg(stage.room(64), soon())).controlTruncated, true);
    },
  },
];
