/** Queues that are full: a receiver's, which drops, and an interface's, which refuses. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants as c, errnos } from '@sockeye/core';
import { controlSpace, decodeControl } from '@sockeye/core/cmsg';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { recv, send, soon } from '../forms.ts';
import type { End } from '../medium.ts';
import { quiet, timesOut } from './measure.ts';

/** Messages that a small queue has no room for. */
const MANY = 300;
/** Messages that the interface's queue holds, and milliseconds that each stands in it. */
const [LIMIT, STANDS] = [3, 600];

/** Receives what is there; gives how many messages that were. */
function drain(stage: Stage, { socket }: End): number {
  const buffer = Buffer.alloc(stage.room(stage.medium.largest));
  for (let count = 0; ; count++) {
    const result = socket.tryRecvInto(buffer);
    if (result === -errnos.EAGAIN) return count;
    if (result < 0) throw new Error(`errno ${-result}`);
  }
}

export const queues: readonly Contract[] = [
  {
    promise: 'full queue',
    name: 'what a full receiver drops is counted (SO_RXQ_OVFL): each message was received, or is counted',
    weather: ['overflow'],
    async run(stage) {
      const { one, other } = await stage.pair();
      other.socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4096);
      other.socket.setsockopt(c.SOL_SOCKET, c.SO_RXQ_OVFL, 1);
      for (let n = 0; n < MANY; n++) await send(one, stage.message(n));
      // What is still under way is to be there, or dropped.
      await sleep(50);
      const received = drain(stage, other);
      assert.ok(received > 0 && received < MANY, `${received} of ${MANY} were received`);
      await send(one, stage.message(MANY));
      const last = await other.socket.recvMsg(stage.room(64), { control: controlSpace(4), ...soon() });
      same(stage.medium.body(last.data), stage.message(MANY), 'the last message');
      const counts = last.control
        .map(decodeControl)
        .flatMap((one) => (one.kind === 'overflow' ? [one.dropped] : []));
      assert.deepEqual(counts, [MANY - received]);
    },
  },
  {
    promise: 'full queue',
    name: 'a send that an interface refuses (ENOBUFS) waits without spinning, its timeout is on time, and of many each gets through, once and in order',
    weather: ['noBuffers', 'netem'],
    async run(stage) {
      const { one, other } = await stage.pair();
      const { socket, to } = one;
      // Once, so that the neighbour's address is known.
      await send(one, stage.message(0));
      await recv(other.socket, stage.room(64));
      const link = await stage.link();
      await link.impair({ delay: STANDS, limit: LIMIT }, [link.one]);
      try {
        const attempt = (n: number): number =>
          to ? socket.trySendTo(stage.message(n), to) : socket.trySend(stage.message(n));
        let filled = 1;
        while (attempt(filled) >= 0) {
          filled += 1;
          assert.ok(filled < 50, 'the queue is never full');
        }
        assert.equal(attempt(filled), -errnos.ENOBUFS);
        await timesOut('send', (options) =>
          to ? socket.sendTo(stage.message(99), to, options) : socket.send(stage.message(99), options),
        );
        const sends = Array.from({ length: 6 }, (_, n) => send(one, stage.message(filled + n)));
        await quiet(socket);
        assert.ok(socket.counters.noBuffers > 0, 'the queue was not full');
        for (let n = 1; n < filled + sends.length; n++)
          same(stage.medium.body(await recv(other.socket, stage.room(64))), stage.message(n), `message ${n}`);
        await Promise.all(sends);
      } finally {
        await link.mend();
      }
    },
  },
];
