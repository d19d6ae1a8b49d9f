import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, errnos } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { same } from '../expect.ts';
import { patience, recv, soon } from '../forms.ts';
import { helper } from '../helper.ts';
import type { End } from '../medium.ts';

const NEEDS = ['backPressure'] as const;
/** Bytes of a message that fills a queue in few steps. */
const SIZE = 4096;
/** Milliseconds that nothing is to happen. */
const SHORT = 20;

/** More messages than any queue holds. */
const ENDLESS = 20_000;

interface Filled {
  messages: number;
  /** Of a stream this counts. */
  bytes: number;
}

/** Sends until there is no room, and says how many messages (of a stream, bytes) that were. */
function fill(stage: Stage, { socket, to }: End, first: number): Filled {
  const filled = { messages: 0, bytes: 0 };
  for (;;) {
    const data = stage.message(first + filled.messages, Math.min(SIZE, stage.medium.largest));
    const sent = to === undefined ? socket.trySend(data) : socket.trySendTo(data, to);
    if (sent === -errnos.EAGAIN) return filled;
    if (sent < 0) throw new Error(`after ${filled.messages} messages: errno ${-sent}`);
    if (filled.messages > ENDLESS) throw new Error(`${ENDLESS} messages were sent, and nobody receives`);
    filled.messages += 1;
    filled.bytes += sent;
  }
}

/** Bytes for the kernel's queues: few, and of one size, since those of TCP grow by themselves otherwise; socket(7). */
const QUEUE = 32_768;
/** Milliseconds within which a peer that makes room by itself (window probes, what moves from one queue to the next) does so. */
const STILL = 25;

/** A pair whose queue from one to the other is full and stays so, and what it holds. */
export async function full(stage: Stage): Promise<{ one: End; other: End; filled: Filled }> {
  const { one, other } = await stage.pair();
  if (stage.medium.queues === undefined) {
    one.socket.setsockopt(constants.SOL_SOCKET, constants.SO_SNDBUF, QUEUE);
    other.socket.setsockopt(constants.SOL_SOCKET, constants.SO_RCVBUF, QUEUE);
  }
  const filled = { messages: 0, bytes: 0 };
  for (let since = performance.now(); ; await sleep(3)) {
    const { messages, bytes } = fill(stage, one, filled.messages);
    filled.messages += messages;
    filled.bytes += bytes;
    if (messages > 0) since = performance.now();
    else if (performance.now() - since > STILL) break;
  }
  assert.ok(filled.messages > 0, 'nothing could be sent');
  return { one, other, filled };
}

/** Receives so many messages, or of a stream so many bytes. */
export async function drain(stage: Stage, { socket }: End, due: Filled): Promise<void> {
  const buffer = Buffer.alloc(stage.room(stage.medium.largest) + (1 << 16));
  if (stage.medium.kind === 'stream')
    for (let left = due.bytes; left > 0; )
      left -= await socket.recvInto(buffer, { length: Math.min(left, buffer.length), ...soon() });
  else for (let left = due.messages; left > 0; left--) await socket.recvInto(buffer, soon());
}

/**
 * Tries to send until the time runs out, and says how much was sent before: a full queue may have room again as soon as its
 * peer's kernel has moved something.
 */
async function sendInVain(send: () => Promise<number>): Promise<Filled> {
  const sent = { messages: 0, bytes: 0 };
  for (let tries = 0; tries < 100; tries++) {
    const result = await send().catch((error: NodeJS.ErrnoException) => error);
    if (typeof result === 'number') {
      sent.messages += 1;
      sent.bytes += result;
    } else {
      if (result.code !== 'ERR_SOCKET_TIMEOUT') throw result;
      return sent;
    }
  }
  assert.fail('the queue is never full');
}

export const backPressure: readonly Contract[] = [
  {
    promise: 'back-pressure',
    name: 'a full queue is EAGAIN, a send with a timeout runs out of it, nothing of that is sent, and a look for room ends when there is some',
    needs: NEEDS,
    async run(stage) {
      const { one, other, filled } = await full(stage);
      const data = stage.message(1, Math.min(SIZE, stage.medium.largest));
      const { socket, to } = one;
      const options = { timeout: SHORT };
      for (const send of [
        () => (to ? socket.sendTo(data, to, options) : socket.send(data, options)),
        async () => (to ? socket.sendToSync(data, to, options) : socket.sendSync(data, options)),
      ]) {
        const { messages, bytes } = await sendInVain(send);
        filled.messages += messages;
        filled.bytes += bytes;
      }
      const looking = one.socket.wait({ write: true, ...soon() });
      await drain(stage, other, filled);
      assert.equal((await looking).writable, true);
      assert.equal(other.socket.tryRecvInto(Buffer.alloc(64)), -errnos.EAGAIN, 'and nothing more came');
    },
  },
  {
    promise: 'back-pressure',
    name: 'sends that wait for room all get through, in their order, and nothing is lost',
    needs: NEEDS,
    async run(stage) {
      const { one, other, filled } = await full(stage);
      const { socket, to } = one;
      const numbers = Array.from({ length: 12 }, (_, n) => 1000 + n);
      const sending = numbers.map((n) => {
        const data = stage.message(n);
        return to ? socket.sendTo(data, to, soon()) : socket.send(data, soon());
      });
      await drain(stage, other, filled);
      for (const n of numbers) {
        const due = stage.message(n);
        let got = stage.medium.body(await recv(other.socket, stage.room(due.length)));
        while (stage.medium.kind === 'stream' && got.length < due.length)
          got = Buffer.concat([got, await recv(other.socket, due.length - got.length)]);
        same(got, due, `message ${n}`);
      }
      assert.deepEqual(
        await Promise.all(sending),
        numbers.map((n) => stage.message(n).length),
      );
    },
  },
  {
    promise: 'back-pressure',
    name: 'a thread that a full queue blocks goes on when another thread has received',
    needs: NEEDS,
    async run(stage) {
      const { one, other, filled } = await full(stage);
      const { socket, to } = one;
      const data = stage.message(77, Math.min(SIZE, stage.medium.largest));
      const draining = await helper.drain(
        other.socket,
        stage.medium.kind === 'stream' ? filled.bytes : filled.messages,
        {
          delay: SHORT,
          stream: stage.medium.kind === 'stream',
          patience: patience.ms,
        },
      );
      const sent = to ? socket.sendToSync(data, to, soon()) : socket.sendSync(data, soon());
      const back = stage.keep(await draining.back);
      assert.ok(sent > 0);
      const buffer = Buffer.alloc(stage.room(stage.medium.largest) + (1 << 16));
      let got = await back.recvInto(buffer, soon());
      while (stage.medium.kind === 'stream' && got < sent)
        got += await back.recvInto(buffer, { offset: got, ...soon() });
      same(stage.medium.body(buffer.subarray(0, got)), data.subarray(0, sent), 'what was sent last');
    },
  },
];
