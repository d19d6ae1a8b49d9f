/** What holds between two processes on two networks. */
import assert from 'node:assert/strict';
import { AddressBuffer, Batch, constants as c, errnos, type Socket } from '@sockeye/core';
import { controlSpace, decodeControl, hopLimit, tos, trafficClass, ttl } from '@sockeye/core/cmsg';
import type { Stage } from '../../contracts/contract.ts';
import { rejected, same } from '../../contracts/expect.ts';
import { FORMS, type Form, patience, recv, send, soon } from '../../contracts/forms.ts';
import type { End, Medium } from '../../contracts/medium.ts';
import { collect, give, take } from '../../contracts/promises/deliver.ts';
import type { Duet, Play } from './duet.ts';
import type { Line } from './line.ts';

const [promise] = FORMS as [Form];
const ROUNDS = 8;
/** Bytes for the kernel's queues. */
const QUEUE = 32_768;
/** Milliseconds that nothing is to come. */
const SHORT = 20;

const inOrder: Duet[] = FORMS.map((form) => {
  /** Sends so many messages, and goes on when they were received. */
  const gives: Play = async (stage, end, line) => {
    const { window } = stage.medium;
    for (let round = 0; round < ROUNDS; round++) {
      await give(stage, form, end, round * window, window);
      await line.hear('received');
    }
  };
  const takes: Play = async (stage, end, line) => {
    const { window } = stage.medium;
    for (let round = 0; round < ROUNDS; round++) {
      await take(stage, form, end, round * window, window);
      await line.tell('received');
    }
  };
  return {
    promise: 'order',
    name: `what one process sends the other gets in that order, there and back, by the ${form.name} form`,
    async leads(...play) {
      await gives(...play);
      await takes(...play);
    },
    async follows(...play) {
      await takes(...play);
      await gives(...play);
    },
  };
});

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message;

/** A pattern whose every byte depends on its place. */
const pattern = (stage: Stage, size: number): Buffer => stage.message(5, size);

const streams: Duet[] = [
  {
    promise: 'order',
    name: 'sendAll of 8 MiB keeps every byte in its place',
    only: 'stream',
    async leads(stage, { socket }) {
      await socket.sendAll(pattern(stage, 8 << 20), soon());
    },
    async follows(stage, { socket }) {
      same(await collect(promise, socket, 8 << 20), pattern(stage, 8 << 20), 'the stream');
    },
  },
  {
    promise: 'half-close',
    name: 'what was sent before SHUT_WR comes first, then the end, and the other direction goes on',
    needs: ['halfClose'],
    async leads(stage, end) {
      await give(stage, promise, end, 0, 3);
      end.socket.shutdown(c.SHUT_WR);
      await rejected(send(end, stage.message(1)), 'EPIPE');
      await take(stage, promise, end, 10, 3);
      assert.equal((await recv(end.socket, 64)).length, 0, 'the end');
    },
    async follows(stage, end) {
      await take(stage, promise, end, 0, 3);
      assert.equal((await recv(end.socket, 64)).length, 0, 'the end');
      await give(stage, promise, end, 10, 3);
      end.socket.shutdown(c.SHUT_WR);
    },
  },
  {
    promise: 'end',
    name: 'what was sent before the close comes first, then the end to all who wait',
    needs: ['end'],
    async leads(stage, end, line) {
      await line.hear('waits');
      await give(stage, promise, end, 0, 3);
      end.socket.close();
    },
    async follows(stage, end, line) {
      const taking = take(stage, promise, end, 0, 3);
      await line.tell('waits');
      await taking;
      for (const data of await Promise.all([recv(end.socket, 8), recv(end.socket, 8)]))
        assert.equal(data.length, 0, 'the end');
    },
  },
  {
    promise: 'reset',
    name: 'the peer of a reset is told ECONNRESET, whether it waits or asks later',
    needs: ['reset', 'endAfterReset'],
    async leads(_stage, { socket }, line) {
      await line.hear('waits');
      socket.reset();
    },
    async follows(_stage, { socket }, line) {
      const waiting = rejected(recv(socket, 64), 'ECONNRESET');
      await line.tell('waits');
      await waiting;
      assert.equal((await recv(socket, 64)).length, 0, 'the end');
      await rejected(socket.send(Buffer.alloc(8), soon()), 'EPIPE', 'ECONNRESET');
    },
  },
  {
    promise: 'back-pressure',
    name: 'a peer that does not read fills the queues; a send that waits for room goes out when it reads, and every byte is there',
    needs: ['backPressure'],
    async leads(stage, { socket }, line) {
      const data = pattern(stage, 16 << 20);
      socket.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, QUEUE);
      await line.hear('small');
      let at = 0;
      for (let sent = 0; sent >= 0; at += Math.max(sent, 0)) {
        sent = socket.trySend(data.subarray(at, at + 4096));
        assert.ok(sent > 0 || sent === -errnos.EAGAIN, `errno ${-sent}`);
      }
      // A full queue may have room again when the peer's kernel has moved something, but not for ever.
      for (let full = false; !full; ) {
        const result = await socket.send(data.subarray(at, at + 4096), { timeout: SHORT }).catch(codeOf);
        if (typeof result === 'number') at += result;
        else assert.equal(result, 'ERR_SOCKET_TIMEOUT');
        full = typeof result !== 'number';
        assert.ok(at < data.length - (2 << 20), 'the queue is never full');
      }
      const waiting = socket.sendAll(data.subarray(at, at + (1 << 20)), soon());
      await line.tell('full', at + (1 << 20));
      await waiting;
    },
    async follows(stage, { socket }, line) {
      socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, QUEUE);
      await line.tell('small');
      const size = Number(await line.hear('full'));
      same(await collect(promise, socket, size), pattern(stage, size), 'the stream');
      assert.equal(socket.tryRecvInto(Buffer.alloc(8)), -errnos.EAGAIN, 'and nothing more came');
    },
  },
];

/** Lengths from the least to the most that the medium carries: over the link a long one goes in fragments. */
const lengths = ({ largest, can }: Medium): number[] => [
  ...(can.empty === true ? [0] : []),
  ...[1, 2, 7, 100, 1000, 1400, 8000, largest].filter((length) => length <= largest),
];

/** Sends message `n` when the other asks for it: between two processes nothing else says when there is room. */
const onRequest = async (
  line: Line,
  count: number,
  sends: (n: number) => Promise<unknown>,
): Promise<void> => {
  for (let n = 0; n < count; n++) {
    await line.hear('next');
    await sends(n);
  }
};

const messages: Duet[] = [
  {
    promise: 'boundaries',
    name: 'messages of every length keep their bounds and bytes',
    only: 'messages',
    async leads(stage, end, line) {
      const due = lengths(stage.medium);
      await onRequest(line, due.length, (n) => send(end, stage.message(n, due[n] as number)));
    },
    async follows(stage, end, line) {
      const { medium } = stage;
      for (const [n, length] of lengths(medium).entries()) {
        await line.tell('next');
        const got = await recv(end.socket, stage.room(medium.largest));
        same(medium.body(got), stage.message(n, length), `of ${length}`);
      }
    },
  },
  {
    promise: 'boundaries',
    name: 'a receiver is told who sent, and can answer',
    only: 'messages',
    needs: ['addresses'],
    async leads(stage, end) {
      await send(end, stage.message(1));
      same(stage.medium.body(await recv(end.socket, stage.room(64))), stage.message(2), 'the answer');
    },
    async follows(stage, { socket }) {
      const from = new AddressBuffer();
      const buffer = Buffer.alloc(stage.room(64));
      const count = await socket.recvFromInto(buffer, from, soon());
      same(stage.medium.body(buffer.subarray(0, count)), stage.message(1), 'the message');
      await socket.sendTo(stage.message(2), from, soon());
    },
  },
  {
    promise: 'truncation',
    name: 'a message that is too long is cut and said to be, and the next one is whole',
    only: 'messages',
    needs: ['truncation'],
    async leads(stage, end) {
      for (const n of [1, 2]) await send(end, stage.message(n));
    },
    async follows(stage, { socket }) {
      const cut = await socket.recvMsg(stage.room(5), soon());
      assert.equal(cut.truncated, true);
      same(stage.medium.body(cut.data), stage.message(1).subarray(0, 5), 'what was left of it');
      const whole = await socket.recvMsg(stage.room(64), soon());
      assert.equal(whole.truncated, false);
      same(stage.medium.body(whole.data), stage.message(2), 'the next');
    },
  },
  {
    promise: 'batches',
    name: 'batches arrive whole and in order, there and back',
    only: 'messages',
    needs: ['batches', 'sendBatches'],
    async leads(stage, end, line) {
      for (let round = 0; round < ROUNDS; round++) {
        await sendBatch(stage, end, round);
        await line.hear('received');
      }
      await recvBatch(stage, end, ROUNDS);
    },
    async follows(stage, end, line) {
      for (let round = 0; round < ROUNDS; round++) {
        await recvBatch(stage, end, round);
        await line.tell('received');
      }
      await sendBatch(stage, end, ROUNDS);
    },
  },
  {
    promise: 'ancillary data',
    name: 'the type of service and the hop limit that one gives a message the other is told with it',
    about: ({ name }) => /^inet6? (dgram|udp-lite)$/.test(name),
    async leads(stage, { socket }) {
      const control =
        socket.family === c.AF_INET6 ? [trafficClass(0xb8), hopLimit(33)] : [tos(0xb8), ttl(33)];
      await socket.sendMsg(stage.message(1), { control, ...soon() });
    },
    async follows(stage, { socket }) {
      const v6 = socket.family === c.AF_INET6;
      for (const name of v6 ? [c.IPV6_RECVTCLASS, c.IPV6_RECVHOPLIMIT] : [c.IP_RECVTOS, c.IP_RECVTTL])
        socket.setsockopt(v6 ? c.IPPROTO_IPV6 : c.IPPROTO_IP, name, 1);
      const got = await socket.recvMsg(64, { control: 2 * controlSpace(4), ...soon() });
      same(got.data, stage.message(1), 'the message');
      assert.deepEqual(
        got.control.map((one) => told(decodeControl(one))).sort(),
        v6 ? ['hop-limit 33', 'traffic-class 184'] : ['tos 184', 'ttl 33'],
      );
    },
  },
  {
    promise: 'reset',
    name: 'a message to a port that nobody has any more is ECONNREFUSED at its sender',
    about: ({ name }) => /^inet6? (dgram|udp-lite)$/.test(name),
    async leads(stage, end, line) {
      await line.hear('closed');
      const waiting = rejected(recv(end.socket, 64), 'ECONNREFUSED');
      await send(end, stage.message(1));
      await waiting;
    },
    async follows(_stage, { socket }, line) {
      socket.close();
      await line.tell('closed');
    },
  },
];

const told = (one: ReturnType<typeof decodeControl>): string =>
  one.kind === 'tos'
    ? `tos ${one.tos}`
    : one.kind === 'ttl'
      ? `ttl ${one.ttl}`
      : one.kind === 'hop-limit'
        ? `hop-limit ${one.hopLimit}`
        : one.kind === 'traffic-class'
          ? `traffic-class ${one.trafficClass}`
          : one.kind;

async function sendBatch(stage: Stage, { socket, to }: End, round: number): Promise<void> {
  const { window, largest } = stage.medium;
  const batch = new Batch({ messages: window, size: largest });
  for (let n = 0; n < window; n++) batch.push(stage.message(round * window + n, 64 + n), to);
  assert.equal(await socket.sendBatch(batch, soon()), window);
}

async function recvBatch(stage: Stage, { socket }: End, round: number): Promise<void> {
  const { window } = stage.medium;
  const batch = new Batch({ messages: window, size: stage.room(128) });
  for (let got = 0; got < window; ) {
    await socket.recvBatch(batch, soon());
    for (const message of batch) {
      same(
        stage.medium.body(message.copy()),
        stage.message(round * window + got, 64 + got),
        `message ${got}`,
      );
      got++;
    }
  }
}

const room = (stage: Stage): number => (stage.medium.kind === 'stream' ? 8 : stage.room(64));

/** Calls that wait while the other process, on request only, sends. */
async function waitsAnd(
  stage: Stage,
  socket: Socket,
  line: Line,
  ends: (waiting: Promise<Buffer>[]) => Promise<void>,
  options: () => object,
): Promise<void> {
  await ends([0, 1].map(() => socket.recv(room(stage), { ...options() })));
  const behind = recv(socket, room(stage));
  await line.tell('next');
  same(stage.medium.body(await behind), stage.message(0, 8), 'who waits behind them');
}

const sendsOne: Play = (stage, end, line) => onRequest(line, 1, (n) => send(end, stage.message(n, 8)));

const waiting: Duet[] = [
  {
    promise: 'timeouts',
    name: 'a wait runs out when its time is over and not before, and takes nothing from the next',
    leads: sendsOne,
    async follows(stage, { socket }, line) {
      const began = performance.now();
      const ends = async (waits: Promise<Buffer>[]): Promise<void> => {
        for (const wait of waits) await rejected(wait, 'ERR_SOCKET_TIMEOUT');
        assert.ok(performance.now() - began >= SHORT - 1, 'it ran out early');
      };
      await waitsAnd(stage, socket, line, ends, () => ({ timeout: SHORT }));
    },
  },
  {
    promise: 'abort',
    name: 'a wait ends with its signal, and takes nothing from the next',
    leads: sendsOne,
    async follows(stage, { socket }, line) {
      const controller = new AbortController();
      const ends = async (waits: Promise<Buffer>[]): Promise<void> => {
        setTimeout(() => controller.abort(), 2);
        for (const wait of waits) await rejected(wait, 'ABORT_ERR');
      };
      await waitsAnd(stage, socket, line, ends, () => ({ signal: controller.signal }));
    },
  },
  {
    promise: 'close-while-waiting',
    name: 'who waits on a socket that is closed gets ECANCELED, and a peer of a connection hears of the end',
    async leads(stage, { socket }, line) {
      await line.hear('closed');
      if (stage.medium.kind !== 'stream') return;
      const { readable, hungUp } = await socket.wait({ read: true, timeout: patience.ms });
      assert.ok(readable || hungUp);
      assert.equal((await recv(socket, 8)).length, 0, 'the end');
    },
    async follows(stage, { socket }, line) {
      const waits = [0, 1, 2].map(() => rejected(socket.recv(room(stage)), 'ECANCELED'));
      await new Promise((resolve) => setImmediate(resolve));
      socket.close();
      await Promise.all(waits);
      await line.tell('closed');
    },
  },
];

export const DUETS: readonly Duet[] = [...inOrder, ...streams, ...messages, ...waiting];
