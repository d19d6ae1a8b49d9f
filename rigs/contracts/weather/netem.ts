/** A link that loses, delays, reorders and doubles. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants as c } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, type Form, recv, send, soon } from '../forms.ts';
import type { End, Pair } from '../medium.ts';
import { collect } from '../promises/deliver.ts';
import { aborts, receivesEnd, timesOut } from './measure.ts';
import type { Impairment } from './sky.ts';

/** Bytes of a stream, or messages: enough that each weather meets some of them. */
const BYTES = 98_304;
const MESSAGES = 96;
/** Milliseconds without a message after which no more is expected. */
const SILENCE = 250;
/** Milliseconds that a frame is under way, where it is delayed. */
const DELAY = 60;

/** Does something in bad weather, and mends it. */
async function through(stage: Stage, what: Impairment, work: () => Promise<void>): Promise<void> {
  const link = await stage.link();
  await link.impair(what);
  try {
    await work();
  } finally {
    await link.mend();
  }
}

/** All that is sent, as bytes, or as messages of lengths that are not all alike. */
const payload = (stage: Stage): Buffer[] =>
  stage.medium.kind === 'stream'
    ? Array.from({ length: BYTES / 1024 }, (_, n) => stage.message(n, 1024))
    : Array.from({ length: MESSAGES }, (_, n) => stage.message(n, 8 + ((n * 37) % 600)));

/** Sends all of it into the kernel's queues, and receives it by a form: each byte, or message, once and in order. */
async function carry(stage: Stage, { one, other }: Pair, form: Form): Promise<void> {
  const pieces = payload(stage);
  // The kernel repeats what is lost while a thread is blocked: it is to have all of it by then.
  one.socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, 4 * BYTES);
  const sending = (async () => {
    for (const piece of pieces) await one.socket.sendAll(piece, { timeout: 4 * soon().timeout });
  })();
  if (form.name === 'Sync') await sending;
  if (stage.medium.kind === 'stream') {
    const all = Buffer.concat(pieces);
    const [got] = await Promise.all([collect(form, other.socket, all.length), sending]);
    same(got, all, 'the stream');
    return;
  }
  for (const [n, due] of pieces.entries())
    same(
      stage.medium.body(await form.recv(other.socket, stage.room(stage.medium.largest))),
      due,
      `message ${n}`,
    );
  await sending;
}

/**
 * By all three forms in bad weather, each on a connection of its own. They are made before: TCP asks again for a lost connection after
 * one second, three and seven.
 */
async function carryByAll(stage: Stage, what: Impairment): Promise<void> {
  const pairs: [Form, Pair][] = [];
  for (const form of FORMS) pairs.push([form, await stage.pair()]);
  await through(stage, what, async () => {
    for (const [form, pair] of pairs) await carry(stage, pair, form);
  });
}

/** Each host has found out the other's hardware address: that is no message, and may be lost for good. */
async function acquainted(stage: Stage): Promise<Pair> {
  const pair = await stage.pair();
  for (const [from, to] of [
    [pair.one, pair.other],
    [pair.other, pair.one],
  ] as const) {
    await send(from, stage.message(0));
    await recv(to.socket, stage.medium.kind === 'stream' ? stage.message(0).length : stage.room(64));
  }
  return pair;
}

/** What came of so many numbered messages until there is silence; each must be whole. */
async function gather(stage: Stage, { one, other }: Pair, count: number): Promise<number[]> {
  const due = Array.from({ length: count }, (_, n) => stage.message(n, 8 + ((n * 7) % 56)));
  const numbers: number[] = [];
  const receiving = (async () => {
    for (;;) {
      const got = await other.socket
        .recv(stage.room(stage.medium.largest), { timeout: SILENCE + 2 * DELAY })
        .catch((error: NodeJS.ErrnoException) => error);
      if (got instanceof Error) {
        assert.equal(got.code, 'ERR_SOCKET_TIMEOUT');
        return;
      }
      const body = stage.medium.body(got);
      const n = due.findIndex((one) => Buffer.compare(one, body) === 0);
      assert.notEqual(n, -1, `a message came that nobody sent: ${body.toString('hex').slice(0, 64)}`);
      numbers.push(n);
    }
  })();
  for (const [n, message] of due.entries()) {
    await send(one, message);
    // No faster than a receiver that is busy too can take it: what is lost is to be lost on the way.
    if (n % 8 === 7) await sleep(1);
  }
  await receiving;
  return numbers;
}

const doubles = (numbers: readonly number[]): number[] =>
  numbers.filter((n, at) => numbers.indexOf(n) !== at);
const inversions = (numbers: readonly number[]): number =>
  numbers.filter((n, at) => at > 0 && n < (numbers[at - 1] as number)).length;

const RELIABLE = ['netem', 'reliable'] as const;
const UNRELIABLE = ['netem', 'unreliable'] as const;

export const netem: readonly Contract[] = [
  {
    promise: 'loss',
    name: 'of what is sent, 8 % lost on the way, all comes, once and in order, by every form',
    weather: RELIABLE,
    run: (stage) => carryByAll(stage, { delay: 1, loss: 8 }),
  },
  {
    promise: 'loss',
    name: 'what comes of messages, 30 % lost, is whole, none comes twice, and none before one that was sent earlier',
    weather: UNRELIABLE,
    async run(stage) {
      const pair = await acquainted(stage);
      await through(stage, { loss: 30 }, async () => {
        const numbers = await gather(stage, pair, MESSAGES);
        assert.ok(numbers.length > 0 && numbers.length < MESSAGES, `${numbers.length} of ${MESSAGES} came`);
        assert.deepEqual([doubles(numbers), inversions(numbers)], [[], 0]);
      });
    },
  },
  {
    promise: 'loss',
    name: 'where nothing comes through at all, who waits is told by its timeout or signal, on time, and in good weather the next message comes',
    weather: ['netem'],
    async run(stage) {
      const { one, other } = await acquainted(stage);
      await through(stage, { loss: 100 }, async () => {
        if (stage.medium.sky?.can.reliable === true) await send(one, stage.message(1));
        await receivesEnd(stage, other);
      });
      if (stage.medium.sky?.can.reliable !== true) await send(one, stage.message(1));
      const room = stage.medium.kind === 'stream' ? stage.message(1).length : stage.room(64);
      same(stage.medium.body(await recv(other.socket, room)), stage.message(1), 'the message');
    },
  },
  {
    promise: 'delay',
    name: 'a message comes no earlier than it can, to who waits for it, and all of many in order',
    weather: ['netem'],
    async run(stage) {
      const { one, other } = await acquainted(stage);
      await through(stage, { delay: DELAY }, async () => {
        const began = performance.now();
        const size = stage.message(0).length;
        const room = stage.medium.kind === 'stream' ? size : stage.room(64);
        const waiting = Array.from({ length: 4 }, () => recv(other.socket, room));
        await give(stage, one, 4);
        for (const [n, received] of waiting.entries()) {
          same(stage.medium.body(await received), stage.message(n), `message ${n}`);
          assert.ok(performance.now() - began >= DELAY - 2, 'it came before it could');
        }
      });
    },
  },
  {
    promise: 'delay',
    name: 'a receive whose time, or signal, is over before the message comes takes nothing of it',
    weather: ['netem'],
    async run(stage) {
      const { one, other } = await acquainted(stage);
      const room = stage.medium.kind === 'stream' ? stage.message(0).length : stage.room(64);
      // As often as the machine is too slow to be earlier than the message.
      for (let delay = 4 * DELAY, early = false; !early; delay *= 2) {
        await through(stage, { delay }, async () => {
          await give(stage, one, 1);
          const came = performance.now() + delay;
          try {
            await timesOut('recv', (options) => other.socket.recv(room, options));
            await aborts('recv', (options) => other.socket.recv(room, options));
          } catch (error) {
            if (performance.now() < came) throw error;
          }
          early = performance.now() < came;
          if (early) same(stage.medium.body(await recv(other.socket, room)), stage.message(0), 'the message');
        });
        if (!early) while (other.socket.tryRecvInto(Buffer.alloc(room)) >= 0);
        assert.ok(early || delay < 2000, 'the machine is too slow');
      }
    },
  },
  {
    promise: 'delay',
    name: 'with jitter all of a stream comes, once and in order, by every form',
    weather: RELIABLE,
    run: (stage) => carryByAll(stage, { delay: 10, jitter: 5 }),
  },
  {
    promise: 'reordering',
    name: 'of what is sent, a third overtaking the rest, all comes, once and in order, by every form',
    weather: RELIABLE,
    run: (stage) => carryByAll(stage, { delay: 5, reorder: 33 }),
  },
  {
    promise: 'reordering',
    name: 'messages come as the link has them, overtaken or not, each whole and once',
    weather: UNRELIABLE,
    async run(stage) {
      const pair = await acquainted(stage);
      await through(stage, { delay: DELAY, reorder: 30 }, async () => {
        const numbers = await gather(stage, pair, MESSAGES);
        assert.equal(new Set(numbers).size, MESSAGES);
        assert.deepEqual(doubles(numbers), []);
        assert.ok(inversions(numbers) > 0, 'none has overtaken another');
      });
    },
  },
  {
    promise: 'duplication',
    name: 'of what is sent, half of it doubled, all comes, once and in order, by every form',
    weather: RELIABLE,
    run: (stage) => carryByAll(stage, { delay: 1, duplicate: 50 }),
  },
  {
    promise: 'duplication',
    name: 'a doubled message comes twice, never thrice, and whole; every message comes',
    weather: UNRELIABLE,
    async run(stage) {
      const pair = await acquainted(stage);
      await through(stage, { duplicate: 50 }, async () => {
        const numbers = await gather(stage, pair, MESSAGES);
        const twice = doubles(numbers);
        assert.equal(new Set(numbers).size, MESSAGES);
        assert.ok(twice.length > 0 && twice.length < MESSAGES, `${twice.length} came twice`);
        assert.deepEqual(doubles(twice), []);
      });
    },
  },
];

/** Sends messages 0 to `count - 1`, as fast as the medium takes them. */
async function give(stage: Stage, end: End, count: number): Promise<void> {
  const { window } = stage.medium;
  for (let n = 0; n < count; n++) {
    // ISO-TP has one message under way, and says so only with the next.
    if (n > 0 && window === 1) await end.socket.wait({ write: true, ...soon() });
    await send(end, stage.message(n));
  }
}
