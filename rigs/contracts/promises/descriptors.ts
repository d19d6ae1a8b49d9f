import assert from 'node:assert/strict';
import { Socket } from '@sockeye/core';
import type { Contract } from '../contract.ts';
import { FORMS, type Form, recv } from '../forms.ts';
import { give, take } from './deliver.ts';

const [promise] = FORMS as [Form];

/** That none is left over each contract's end proves; these make many, in every way in which there are some. */
export const descriptors: readonly Contract[] = [
  {
    promise: 'descriptors',
    name: 'five pairs in a row, used and closed while calls wait, leave none',
    async run(stage) {
      for (let n = 0; n < 5; n++) {
        const { one, other } = await stage.pair();
        await give(stage, promise, one, n, 1);
        await take(stage, promise, other, n, 1);
        const waiting = [recv(other.socket, 8), recv(one.socket, 8), one.socket.wait({ read: true })];
        stage.close();
        await Promise.allSettled(waiting);
      }
    },
  },
  {
    promise: 'descriptors',
    name: 'a second descriptor is for the same socket, and outlives the first',
    async run(stage) {
      const { one, other } = await stage.pair();
      const twin = stage.keep(other.socket.dup());
      const waiting = recv(other.socket, 8).catch((error: NodeJS.ErrnoException) => error.code);
      other.socket.close();
      assert.equal(await waiting, 'ECANCELED');
      await give(stage, promise, one, 1, 2);
      await take(stage, promise, { socket: twin }, 1, 2);
    },
  },
  {
    promise: 'descriptors',
    name: 'one that is given away and taken again works on, with what was waiting in it',
    async run(stage) {
      const { one, other } = await stage.pair();
      await give(stage, promise, one, 1, 1);
      const waiting = other.socket.wait({ exceptional: true, timeout: 2000 }).catch(() => {});
      const { family, type, protocol } = other.socket;
      const again = stage.keep(Socket.fromFd(other.socket.detach(), { family, type, protocol }));
      await waiting;
      await take(stage, promise, { socket: again }, 1, 1);
      const third = stage.keep(Socket.takeOver(again.handOver()));
      await give(stage, promise, one, 2, 1);
      await take(stage, promise, { socket: third }, 2, 1);
    },
  },
];
