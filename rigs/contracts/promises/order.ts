import type { Contract } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, type Form, recv, send, soon } from '../forms.ts';
import { collect, give, take } from './deliver.ts';

const ROUNDS = 3;
const [promise] = FORMS as [Form];

const everyForm: Contract[] = FORMS.map((form) => ({
  promise: 'order',
  name: `what is sent arrives in that order, by the ${form.name} form`,
  async run(stage) {
    const { one, other } = await stage.pair();
    const { window } = stage.medium;
    for (let round = 0; round < ROUNDS; round++) {
      await give(stage, form, one, round * window, window);
      await take(stage, form, other, round * window, window);
    }
  },
}));

export const order: readonly Contract[] = [
  ...everyForm,
  {
    promise: 'order',
    name: 'both directions at once, each in its order',
    async run(stage) {
      const { one, other } = await stage.pair();
      const { window } = stage.medium;
      // An unconnected end learns by the first message where the other one is.
      await Promise.all([give(stage, promise, one, 0, 1), take(stage, promise, other, 0, 1)]);
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all([
          take(stage, promise, one, 1000 + round * window, window),
          take(stage, promise, other, round * window, window),
          give(stage, promise, one, round * window, window),
          give(stage, promise, other, 1000 + round * window, window),
        ]);
      }
    },
  },
  {
    promise: 'order',
    name: 'sends that wait for each other go out in the order in which they were called',
    async run(stage) {
      const { one, other } = await stage.pair();
      const numbers = Array.from({ length: stage.medium.window }, (_, n) => n);
      const all = Promise.all(numbers.map((n) => send(one, stage.message(n))));
      for (const n of numbers) {
        const due = stage.message(n);
        const got =
          stage.medium.kind === 'stream'
            ? await collect(promise, other.socket, due.length)
            : stage.medium.body(await recv(other.socket, stage.room(stage.medium.largest)));
        same(got, due, `message ${n}`);
      }
      await all;
    },
  },
  {
    promise: 'order',
    name: 'sendAll of 1 MiB and of many buffers keeps every byte in its place',
    needs: ['anyLength'],
    only: 'stream',
    async run(stage) {
      const { one, other } = await stage.pair();
      const parts = Array.from({ length: 64 }, (_, n) => stage.message(n, 4096));
      const large = stage.message(99, 1 << 20);
      const sending = Promise.all([
        one.socket.sendAll(large, soon()),
        one.socket.sendAll(parts, soon()),
        one.socket.sendAll(large.subarray(0, 1000), soon()),
      ]);
      const due = Buffer.concat([large, ...parts, large.subarray(0, 1000)]);
      const [got] = await Promise.all([collect(promise, other.socket, due.length), sending]);
      same(got, due, 'the stream');
    },
  },
];
