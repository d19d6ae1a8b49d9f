import assert from 'node:assert/strict';
import { Batch, errnos } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { rejected, same } from '../expect.ts';
import { insist, send, soon } from '../forms.ts';
import type { End } from '../medium.ts';

const NEEDS = ['batches'] as const;

/** So many messages as the medium carries at once, in a batch to send. */
function packed(stage: Stage, { to }: End, first: number): Batch {
  const { window, largest } = stage.medium;
  const batch = new Batch({ messages: window, size: Math.max(largest, stage.message(0).length) });
  for (let n = 0; n < window; n++) batch.push(stage.message(first + n, 8 + ((first + n) % 100)), to);
  return batch;
}

/** Compares what came with what is due, and says how many that were. */
function look(stage: Stage, batch: Batch, first: number): number {
  let n = first;
  for (const message of batch) {
    same(stage.medium.body(message.copy()), stage.message(n, 8 + (n % 100)), `message ${n}`);
    n++;
  }
  return n - first;
}

const forms: [
  string,
  (end: End, batch: Batch) => Promise<number>,
  (end: End, batch: Batch) => Promise<number>,
][] = [
  [
    'Promise',
    ({ socket }, batch) => socket.sendBatch(batch, soon()),
    ({ socket }, batch) => socket.recvBatch(batch, soon()),
  ],
  [
    'Sync',
    async ({ socket }, batch) => socket.sendBatchSync(batch, soon()),
    async ({ socket }, batch) => socket.recvBatchSync(batch, soon()),
  ],
  [
    'try',
    async ({ socket }, batch) => {
      let sent = 0;
      while (sent < batch.length) sent += await insist(() => socket.trySendBatch(batch, 0, sent));
      return sent;
    },
    ({ socket }, batch) => insist(() => socket.tryRecvBatch(batch)),
  ],
];

const everyForm: Contract[] = forms.map(([name, give, take]) => ({
  promise: 'batches',
  name: `messages of a batch arrive whole and in order, by the ${name} form`,
  only: 'messages',
  needs: ['batches', 'sendBatches'],
  async run(stage) {
    const { one, other } = await stage.pair();
    const { window, largest } = stage.medium;
    const into = new Batch({ messages: 64, size: stage.room(largest) });
    for (const first of [0, 100, 200]) {
      const sending = give(one, packed(stage, one, first));
      for (let got = 0; got < window; ) {
        assert.ok((await take(other, into)) > 0);
        got += look(stage, into, first + got);
      }
      assert.equal(await sending, window);
      assert.equal(other.socket.tryRecvBatch(into), -errnos.EAGAIN);
    }
  },
}));

export const batches: readonly Contract[] = [
  ...everyForm,
  {
    promise: 'batches',
    name: 'a batch that waits is woken by the first message, and leaves none behind',
    only: 'messages',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      const into = new Batch({ messages: 4, size: stage.room(stage.medium.largest) });
      await rejected(other.socket.recvBatch(into, { timeout: 5 }), 'ERR_SOCKET_TIMEOUT');
      const waiting = other.socket.recvBatch(into, soon());
      await new Promise((resolve) => setImmediate(resolve));
      await send(one, stage.message(0, 8));
      assert.equal(await waiting, 1);
      assert.equal(look(stage, into, 0), 1);
    },
  },
  {
    promise: 'batches',
    name: 'a loop over batches gets all that is sent, and when it ends the next receive has the rest',
    only: 'messages',
    needs: NEEDS,
    async run(stage) {
      const { one, other } = await stage.pair();
      const { window, largest } = stage.medium;
      const rounds = 4;
      let got = 0;
      const size = stage.room(largest);
      const sending = (async () => {
        for (let round = 0; round < rounds; round++) {
          for (let n = round * window; n < (round + 1) * window; n++)
            await send(one, stage.message(n, 8 + (n % 100)));
          while (got < (round + 1) * window) await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      for await (const batch of other.socket.batches({ messages: 3, size, ...soon() })) {
        got += look(stage, batch, got);
        if (got >= rounds * window) break;
      }
      await sending;
      await send(one, stage.message(7));
      same(stage.medium.body(await other.socket.recv(size, soon())), stage.message(7), 'the next');
    },
  },
];
