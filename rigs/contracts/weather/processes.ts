/** A peer that is stopped with SIGSTOP and goes on, or is killed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { constants as c } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { FORMS, type Form, patience, recv, soon } from '../forms.ts';
import type { End } from '../medium.ts';
import { collect } from '../promises/deliver.ts';
import { aborts, quiet, receivesEnd, still, timesOut } from './measure.ts';
import { Peer } from './peer.ts';

const [promise] = FORMS as [Form];
/** Bytes of what fits no queue. */
const TRANSFER = 384 << 10;
const PIECE = 1024;
const QUEUE = 32_768;
/** Bytes of a message of the peer's: peer.py. */
const SAID = 32;
/** How a peer's end is told. */
const GONE = ['ECONNRESET', 'EPIPE', 'ENOTCONN', 'ESHUTDOWN', 'ECONNREFUSED'];

const code = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** What the other process makes of all that it received. */
function digest(stage: Stage, pieces: readonly Buffer[]): string {
  const hash = createHash('md5');
  for (const piece of pieces) {
    if (stage.medium.kind !== 'stream') hash.update(`${piece.length}:`);
    hash.update(piece);
  }
  return hash.digest('hex');
}

/** A pair with small queues, where a small one does not end the connection. */
async function small(stage: Stage): Promise<{ one: End; other: End }> {
  const { one, other } = await stage.pair();
  if (stage.medium.queues === undefined) {
    one.socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, QUEUE);
    other.socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, QUEUE);
  }
  return { one, other };
}

/** Sends until there has been no room for a while. */
async function fill(stage: Stage, { socket }: End): Promise<void> {
  for (let n = 0; n < 20_000; n++) {
    const sent = await socket.send(stage.message(n, PIECE), { timeout: 25 }).catch(code);
    if (sent === 'ERR_SOCKET_TIMEOUT') return;
    if (typeof sent === 'string') throw new Error(sent);
  }
  assert.fail('the queue is never full');
}

/** A receive that was told that the connection is over. */
function over(told: Buffer | string): void {
  if (typeof told === 'string') assert.ok(GONE.includes(told), told);
  else assert.equal(told.length, 0);
}

export const processes: readonly Contract[] = [
  {
    promise: 'peer stopped',
    name: 'a peer that is stopped holds a send back, who waits is told by timeout and signal on time, nothing spins, and when it goes on it gets all, once and in order',
    weather: ['stopped'],
    async run(stage) {
      const stream = stage.medium.kind === 'stream';
      const { one, other } = await small(stage);
      await using peer = await Peer.take(other, 'sink', String(TRANSFER), stream ? 'stream' : 'messages');
      await peer.stop();
      const pieces = Array.from({ length: TRANSFER / PIECE }, (_, n) => stage.message(n, PIECE));
      let sent = 0;
      const sending = (async () => {
        for (const piece of pieces) {
          await one.socket.sendAll(piece, { timeout: 2 * patience.ms });
          sent += 1;
        }
      })();
      sending.catch(() => {});
      await still(() => sent);
      await receivesEnd(stage, one);
      await timesOut('a send', (options) => one.socket.send(stage.message(0), options));
      await aborts('a send', (options) => one.socket.send(stage.message(0), options));
      await quiet(one.socket);
      assert.ok(sent < pieces.length, 'all was sent to one who does not receive');
      peer.wake();
      await sending;
      const due = Buffer.from(digest(stage, pieces));
      const got = stream
        ? await collect(promise, one.socket, due.length)
        : await recv(one.socket, stage.room(due.length));
      assert.equal(got.toString(), due.toString(), 'what the peer has received');
    },
  },
  {
    promise: 'peer killed',
    name: 'who waits for one that is killed gets what it had sent, then the end or ECONNRESET, all who wait',
    weather: ['killed', 'ended'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await using peer = await Peer.take(other, 'say', '3');
      const next = async (n: number): Promise<void> =>
        same(await collect(promise, one.socket, SAID), Buffer.alloc(SAID, n), `message ${n}`);
      await next(0);
      await next(1);
      await peer.kill();
      await next(2);
      const waiting = Array.from({ length: 3 }, () => recv(one.socket, SAID).catch(code));
      for (const told of await Promise.all(waiting)) over(told);
    },
  },
  {
    promise: 'peer killed',
    name: 'a send to one that was killed fails, at the latest when word of it has come',
    weather: ['killed', 'refused'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await using peer = await Peer.take(other, 'hold');
      await peer.kill();
      const until = performance.now() + patience.ms;
      let told: number | string = 0;
      while (typeof told === 'number' && performance.now() < until)
        told = await one.socket.send(stage.message(0), soon()).catch(code);
      assert.ok(GONE.includes(`${told}`), `a send gave ${told}`);
    },
  },
  {
    promise: 'peer killed',
    name: 'receives that wait while it is killed are told the end or ECONNRESET, without spinning before',
    weather: ['killed', 'ended'],
    async run(stage) {
      const { one, other } = await stage.pair();
      await using peer = await Peer.take(other, 'hold');
      const waiting = Array.from({ length: 3 }, () => recv(one.socket, SAID).catch(code));
      await quiet(one.socket);
      await peer.kill();
      for (const told of await Promise.all(waiting)) over(told);
    },
  },
  {
    promise: 'peer killed',
    name: 'sends that wait for room while it is killed fail, every one',
    weather: ['killed'],
    async run(stage) {
      const { one, other } = await small(stage);
      await using peer = await Peer.take(other, 'hold');
      await fill(stage, one);
      const sending = Array.from({ length: 3 }, (_, n) =>
        one.socket
          .sendAll(stage.message(n, stage.medium.kind === 'stream' ? 4 * QUEUE : PIECE), soon())
          .catch(code),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      await peer.kill();
      for (const told of await Promise.all(sending))
        assert.ok(typeof told === 'string' && GONE.includes(told), `${told}`);
    },
  },
];
