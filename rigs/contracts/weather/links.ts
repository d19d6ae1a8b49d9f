/** Links that go down in mid-transfer, and interfaces that are removed while they are read. */
import assert from 'node:assert/strict';
import { constants as c } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { rejected, same } from '../expect.ts';
import { FORMS, type Form, patience, recv, send, soon } from '../forms.ts';
import type { End } from '../medium.ts';
import { collect } from '../promises/deliver.ts';
import { quiet, receivesEnd, still, timesOut } from './measure.ts';

const [promise] = FORMS as [Form];
/** What the reader of an interface is told of it. */
const GONE = ['ENETDOWN', 'ENODEV'];
/** ISO-TP and J1939 are bound no more. */
const UNBOUND = ['EADDRNOTAVAIL', 'EBADFD'];
/** And a sender over it. */
const UNSENT = [...GONE, 'ENXIO', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENOBUFS', 'EBADFD'];
/** Both ends of a connection whose link is lost. */
const LOST = ['ECONNRESET', 'EPIPE', 'ENOTCONN', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'];
/** Bytes of a queue that a transfer is longer than. */
const QUEUE = 32_768;
const TRANSFER = 8 * QUEUE;
/** Milliseconds of TCP_USER_TIMEOUT. */
const USER_TIMEOUT = 300;

const code = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Takes the far end of the link down, and up again after. */
async function without(stage: Stage, work: () => Promise<void>): Promise<void> {
  const link = await stage.link();
  await link.down();
  try {
    await work();
  } finally {
    await link.up();
  }
}

/** Receives until that says something else than that the interface is down, or gives what was sent late. */
async function recvAgain(stage: Stage, { socket }: End, late: readonly number[] = []): Promise<Buffer> {
  for (;;) {
    try {
      const got = stage.medium.body(await socket.recv(stage.room(64), soon()));
      if (!late.some((n) => Buffer.compare(got, stage.message(n)) === 0)) return got;
    } catch (error) {
      if (!GONE.includes(code(error))) throw error;
    }
  }
}

/** Sends the message until it comes: a link that is up again takes a moment to carry something. */
async function comesAgain(stage: Stage, one: End, received: Promise<Buffer>, n: number): Promise<void> {
  const until = performance.now() + patience.ms;
  let there = false;
  const got = received.finally(() => {
    there = true;
  });
  got.catch(() => {});
  while (!there && performance.now() < until) {
    await send(one, stage.message(n)).catch((error: unknown) => {
      if (!UNSENT.includes(code(error))) throw error;
    });
    await Promise.race([got, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  same(await got, stage.message(n), 'the message of after');
}

export const links: readonly Contract[] = [
  {
    promise: 'link down',
    name: 'a transfer stands still, who waits is told by timeout and signal on time, nothing spins, and with the link back all comes, once and in order',
    weather: ['outlives'],
    async run(stage) {
      const { one, other } = await stage.pair();
      one.socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, QUEUE);
      const stream = stage.medium.kind === 'stream';
      const pieces = Array.from({ length: TRANSFER / 1024 }, (_, n) => stage.message(n, 1024));
      let sending: Promise<void> | undefined;
      await without(stage, async () => {
        let sent = 0;
        sending = (async () => {
          for (const piece of pieces) {
            await one.socket.sendAll(piece, { timeout: 3 * patience.ms });
            sent += 1;
          }
        })();
        sending.catch(() => {});
        await still(() => sent);
        await receivesEnd(stage, other);
        await quiet(one.socket, other.socket);
        await timesOut('a send behind it', (options) => one.socket.send(stage.message(0), options));
      });
      if (stream) {
        const all = Buffer.concat(pieces);
        same(await collect(patiently, other.socket, all.length), all, 'the stream');
      } else
        for (const [n, due] of pieces.entries())
          same(await patiently.recv(other.socket, 2048), due, `message ${n}`);
      await sending;
    },
  },
  {
    promise: 'link down',
    name: 'TCP_USER_TIMEOUT ends a connection over it: who waits is told ETIMEDOUT, and not before its time',
    weather: ['userTimeout'],
    async run(stage) {
      const { one } = await stage.pair();
      one.socket.setsockopt(c.IPPROTO_TCP, c.TCP_USER_TIMEOUT, USER_TIMEOUT);
      await without(stage, async () => {
        const began = performance.now();
        const waiting = rejected(one.socket.recv(64, { timeout: 2 * patience.ms }), 'ETIMEDOUT');
        await send(one, stage.message(1));
        await quiet(one.socket);
        await waiting;
        assert.ok(performance.now() - began >= USER_TIMEOUT - 1, 'it was told too early');
        await rejected(send(one, stage.message(2)), 'EPIPE', 'ETIMEDOUT');
      });
    },
  },
  {
    promise: 'link down',
    name: 'a connection that ends with it tells all who wait, at both ends',
    weather: ['endsWithLink'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const waiting = [one, one, other, other].map(({ socket }) =>
        socket.recv(stage.room(64), { timeout: 2 * patience.ms }).catch(code),
      );
      await without(stage, async () => {
        for (const told of await Promise.all(waiting)) {
          if (typeof told === 'string') assert.ok(LOST.includes(told), told);
          else assert.equal(told.length, 0);
        }
      });
    },
  },
  {
    promise: 'link down',
    name: 'who reads the interface is told ENETDOWN once, those behind wait on without spinning, and get what comes when it is back',
    weather: ['told'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const first = rejected(recv(other.socket, stage.room(64)), 'ENETDOWN');
      const second = recvAgain(stage, other);
      await without(stage, async () => {
        await first;
        await quiet(other.socket);
      });
      await comesAgain(stage, one, second, 1);
    },
  },
  {
    promise: 'link down',
    name: 'messages of meanwhile are refused, lost, or late and whole, and those of after come',
    weather: ['unreliable'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await send(one, stage.message(1));
      same(stage.medium.body(await recv(other.socket, stage.room(64))), stage.message(1), 'the one before');
      const meanwhile = [2, 3, 4, 5];
      const receiving = recvAgain(stage, other, meanwhile);
      await without(stage, async () => {
        for (const n of meanwhile)
          await send(one, stage.message(n)).catch((error: unknown) =>
            assert.ok(UNSENT.includes(code(error)), code(error)),
          );
      });
      await comesAgain(stage, one, receiving, 6);
    },
  },
  {
    promise: 'interface removed',
    name: 'who reads it is told ENETDOWN or ENODEV, and waits in vain or is refused from then on, who has an address waits on; nothing spins, timeouts, signals and the close are heard',
    weather: ['removed'],
    async run(stage) {
      const { sky } = stage.medium;
      if (sky === undefined) throw new Error('there is no weather');
      const link = await sky.spare();
      const { one, other } = await sky.pairOver(stage.keep, link);
      await send(one, stage.message(1));
      await promise.recv(other.socket, stage.room(64));
      const waiting = other.socket.recv(stage.room(64), { timeout: patience.ms }).catch(code);
      await link.remove();
      const told = sky.can.told === true ? await toldOff(stage, other, await waiting) : 'waits';
      const behind = other.socket.recv(stage.room(64), soon()).catch(code);
      await quiet(one.socket, other.socket);
      if (told === 'waits') await receivesEnd(stage, other);
      for (const end of [one, other]) {
        const sent = await send(end, stage.message(2)).catch(code);
        // A connection takes what it cannot send yet, and one's end of the link went with the other's.
        assert.ok(typeof sent === 'number' ? sky.can.outlives === true : UNSENT.includes(sent), `${sent}`);
      }
      other.socket.close();
      assert.equal(await behind, told === 'waits' ? 'ECANCELED' : told);
    },
  },
];

/** What the kernel says to the reader of a removed interface, once or twice; then `waits`, or with what it refuses for good. */
async function toldOff(stage: Stage, { socket }: End, first: Buffer | string): Promise<string> {
  assert.ok(typeof first === 'string', 'a message came');
  // Both may have happened before the reader looks.
  if (UNBOUND.includes(first)) return first;
  assert.ok(GONE.includes(first), `${first} was told`);
  // First that it went down, then that it is gone: each is an error of its own.
  for (let told = 0; told < 3; told++) {
    const again = await socket.recv(stage.room(64), { timeout: 5 }).catch(code);
    if (again === 'ERR_SOCKET_TIMEOUT') return 'waits';
    assert.ok(typeof again === 'string', 'a message came');
    if (UNBOUND.includes(again)) return again;
    assert.ok(GONE.includes(again), `${again} was told`);
  }
  assert.fail('it tells without end');
}

/** For what first has to be found out: that the link is up again. */
const patiently: Form = {
  ...promise,
  recv: (socket, size) => socket.recv(size, { timeout: 3 * patience.ms }),
};
