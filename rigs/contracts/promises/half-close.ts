import assert from 'node:assert/strict';
import { constants } from '@sockeye/core';
import type { Contract } from '../contract.ts';
import { rejected, same, thrown } from '../expect.ts';
import { FORMS, type Form, recv, send, soon } from '../forms.ts';
import { give, take } from './deliver.ts';

const [promise] = FORMS as [Form];
const NEEDS = ['halfClose'] as const;

const ends: Contract[] = FORMS.map((form) => ({
  promise: 'half-close',
  name: `what was sent before SHUT_WR comes first, then the end, and the other direction goes on, by the ${form.name} form`,
  needs: NEEDS,
  async run(stage) {
    const { one, other } = await stage.pair();
    await give(stage, form, one, 0, 3);
    one.socket.shutdown(constants.SHUT_WR);
    await take(stage, form, other, 0, 3);
    assert.equal((await form.recv(other.socket, 64)).length, 0, 'the end');
    assert.equal((await form.recv(other.socket, 64)).length, 0, 'the end again');
    await give(stage, form, other, 10, 3);
    await take(stage, form, one, 10, 3);
  },
}));

export const halfClose: readonly Contract[] = [
  ...ends,
  {
    promise: 'half-close',
    name: 'a receive that waits hears of it',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      const waiting = [recv(other.socket, 8), recv(other.socket, 8)];
      one.socket.shutdown(constants.SHUT_WR);
      for (const data of await Promise.all(waiting)) assert.equal(data.length, 0);
    },
  },
  {
    promise: 'half-close',
    name: 'a send after it is EPIPE in every form, and no signal ends the process',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      one.socket.shutdown(constants.SHUT_WR);
      await rejected(send(one, stage.message(1)), 'EPIPE');
      thrown(() => one.socket.sendSync(stage.message(1), soon()), 'EPIPE');
      assert.ok(one.socket.trySend(stage.message(1)) < 0);
      await give(stage, promise, other, 5, 1);
      await take(stage, promise, one, 5, 1);
    },
  },
  {
    promise: 'half-close',
    name: 'after both have ended their sending both see the end',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      one.socket.shutdown(constants.SHUT_WR);
      other.socket.shutdown(constants.SHUT_WR);
      const both = await Promise.all([recv(one.socket, 8), recv(other.socket, 8)]);
      same(Buffer.concat(both), Buffer.alloc(0), 'after the end');
    },
  },
];
