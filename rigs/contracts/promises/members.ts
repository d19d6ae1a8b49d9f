import assert from 'node:assert/strict';
import { errnos } from '@sockeye/core';
import type { Contract } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, type Form } from '../forms.ts';

const NEEDS = ['members'] as const;

const all: Contract[] = FORMS.map((form) => ({
  promise: 'members',
  name: `what one sends all others get, once and in order, by the ${form.name} form`,
  needs: NEEDS,
  async run(stage) {
    const [sender, ...others] = await stage.members(4);
    if (sender === undefined) assert.fail('there is no sender');
    const { window, largest } = stage.medium;
    for (let n = 0; n < window; n++) await form.send(sender, stage.message(n));
    for (const { socket } of others) {
      for (let n = 0; n < window; n++)
        same(
          stage.medium.body(await form.recv(socket, stage.room(largest))),
          stage.message(n),
          `message ${n}`,
        );
      assert.equal(socket.tryRecvInto(Buffer.alloc(64)), -errnos.EAGAIN, 'once');
    }
  },
}));

const [promise] = FORMS as [Form];

export const members: readonly Contract[] = [
  ...all,
  {
    promise: 'members',
    name: 'all who wait are woken, and one that leaves takes nothing from the others',
    needs: NEEDS,
    async run(stage) {
      const [sender, leaver, ...others] = await stage.members(5);
      if (sender === undefined || leaver === undefined) assert.fail('there are too few');
      const room = stage.room(stage.medium.largest);
      const leaving = leaver.socket.recv(room).catch((error: NodeJS.ErrnoException) => error.code);
      const waiting = others.map(({ socket }) => promise.recv(socket, room));
      leaver.socket.close();
      assert.equal(await leaving, 'ECANCELED');
      await promise.send(sender, stage.message(3));
      for (const data of await Promise.all(waiting))
        same(stage.medium.body(data), stage.message(3), 'the message');
    },
  },
];
