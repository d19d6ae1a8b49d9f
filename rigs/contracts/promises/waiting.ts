/** Calls that wait and are ended: by their timeouts, by signals, by the close. */
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Batch, errnos, MessageBuffer, type Socket, type WaitOptions } from '@sockeye/core';
import type { Contract, Stage } from '../contract.ts';
import { rejected, thrown } from '../expect.ts';
import { FORMS, type Form, patience, recv, send } from '../forms.ts';
import { drain, full } from './back-pressure.ts';
import { give, take } from './deliver.ts';

const [promise] = FORMS as [Form];
/** Milliseconds that a call waits in vain. */
const SHORT = 12;

/** Every call that waits to receive, on the event loop. */
function receivers(stage: Stage, socket: Socket): [string, (options: WaitOptions) => Promise<unknown>][] {
  const room = stage.room(64);
  const calls: [string, (options: WaitOptions) => Promise<unknown>][] = [
    ['recv', (options) => socket.recv(room, options)],
    ['recvInto', (options) => socket.recvInto(Buffer.alloc(room), options)],
    ['recvFrom', (options) => socket.recvFrom(room, options)],
    ['recvMsg', (options) => socket.recvMsg(room, { control: 64, ...options })],
    ['recvMsgInto', (options) => socket.recvMsgInto(Buffer.alloc(room), new MessageBuffer(), options)],
    ['wait', (options) => socket.wait({ read: true, ...options })],
  ];
  if (stage.medium.kind !== 'stream' && stage.medium.can.batches === true)
    calls.push(['recvBatch', (options) => socket.recvBatch(new Batch({ messages: 2, size: room }), options)]);
  return calls;
}

/** The socket goes on as if nothing had been. */
async function works(stage: Stage, pair: Awaited<ReturnType<Stage['pair']>>): Promise<void> {
  await give(stage, promise, pair.one, 40, 1);
  await take(stage, promise, pair.other, 40, 1);
}

export const timeouts: readonly Contract[] = [
  {
    promise: 'timeouts',
    name: 'every call that waits in vain says ERR_SOCKET_TIMEOUT when its time is over and not before, and the socket goes on',
    async run(stage) {
      const pair = await stage.pair();
      const began = performance.now();
      const waiting = receivers(stage, pair.other.socket).map(async ([name, call]) => {
        await rejected(call({ timeout: SHORT }), 'ERR_SOCKET_TIMEOUT');
        assert.ok(performance.now() - began >= SHORT - 1, `${name} ran out early`);
      });
      await Promise.all(waiting);
      await works(stage, pair);
    },
  },
  {
    promise: 'timeouts',
    name: 'a thread that blocks in vain goes on when its time is over and not before',
    async run(stage) {
      const pair = await stage.pair();
      const { socket } = pair.other;
      const room = stage.room(64);
      const options = { timeout: SHORT };
      for (const call of [
        () => socket.recvSync(room, options),
        () => socket.recvIntoSync(Buffer.alloc(room), options),
        () => socket.recvFromSync(room, options),
        () => socket.recvMsgSync(room, options),
        () => socket.waitSync({ read: true, ...options }),
      ]) {
        const began = performance.now();
        thrown(call, 'ERR_SOCKET_TIMEOUT');
        assert.ok(performance.now() - began >= SHORT - 1, 'it ran out early');
      }
      await works(stage, pair);
    },
  },
  {
    promise: 'timeouts',
    name: 'a timeout of 0 asks once: nothing, then what is there',
    async run(stage) {
      const { one, other } = await stage.pair();
      const { socket } = other;
      const room = stage.room(64);
      await rejected(socket.recv(room, { timeout: 0 }), 'ERR_SOCKET_TIMEOUT');
      thrown(() => socket.recvSync(room, { timeout: 0 }), 'ERR_SOCKET_TIMEOUT');
      assert.equal(socket.tryRecvInto(Buffer.alloc(room)), -errnos.EAGAIN);
      for (const receive of [
        () => socket.recv(room, { timeout: 0 }),
        async () => socket.recvSync(room, { timeout: 0 }),
      ]) {
        await send(one, stage.message(1));
        await socket.wait({ read: true, timeout: 1000 });
        assert.deepEqual(stage.medium.body(await receive()), stage.message(1));
      }
    },
  },
  {
    promise: 'timeouts',
    name: 'one that runs out among others that wait takes nothing from them',
    async run(stage) {
      const { one, other } = await stage.pair();
      const room = stage.medium.kind === 'stream' ? 8 : stage.room(stage.medium.largest);
      const first = rejected(other.socket.recv(room, { timeout: SHORT }), 'ERR_SOCKET_TIMEOUT');
      const second = recv(other.socket, room);
      const third = rejected(other.socket.recv(room, { timeout: SHORT }), 'ERR_SOCKET_TIMEOUT');
      await Promise.all([first, third]);
      await send(one, stage.message(3, 8));
      assert.deepEqual(stage.medium.body(await second), stage.message(3, 8));
    },
  },
];

export const abort: readonly Contract[] = [
  {
    promise: 'abort',
    name: 'every call that waits ends with the signal, and the socket goes on',
    async run(stage) {
      const pair = await stage.pair();
      const reason = new Error('enough');
      const controller = new AbortController();
      const waiting = receivers(stage, pair.other.socket).map(async ([name, call]) => {
        const error = await rejected(call({ signal: controller.signal, timeout: 2000 }), 'ABORT_ERR');
        assert.equal(error.name, 'AbortError', name);
        assert.equal(error.cause, reason, name);
      });
      setTimeout(() => controller.abort(reason), 2);
      await Promise.all(waiting);
      await works(stage, pair);
    },
  },
  {
    promise: 'abort',
    name: 'a signal of before takes nothing away, though a message is there',
    async run(stage) {
      const { one, other } = await stage.pair();
      await send(one, stage.message(4));
      const room = stage.room(64);
      await rejected(other.socket.recv(room, { signal: AbortSignal.abort() }), 'ABORT_ERR');
      await rejected(
        send(one, stage.message(5)).then(() => other.socket.recvMsg(room, { signal: AbortSignal.abort() })),
        'ABORT_ERR',
      );
      for (const n of [4, 5])
        assert.deepEqual(
          stage.medium.body(await recv(other.socket, stage.medium.kind === 'stream' ? 32 : room)),
          stage.message(n),
        );
    },
  },
  {
    promise: 'abort',
    name: 'whoever waits behind an aborted call is served, and its own signal is let go',
    async run(stage) {
      const { one, other } = await stage.pair();
      const room = stage.medium.kind === 'stream' ? 8 : stage.room(stage.medium.largest);
      const controller = new AbortController();
      const patient = new AbortController();
      const first = rejected(
        other.socket.recv(room, { signal: controller.signal, timeout: 2000 }),
        'ABORT_ERR',
      );
      const second = other.socket.recv(room, { signal: patient.signal, timeout: 2000 });
      controller.abort();
      await first;
      await send(one, stage.message(6, 8));
      assert.deepEqual(stage.medium.body(await second), stage.message(6, 8));
      patient.abort();
      await send(one, stage.message(7, 8));
      assert.deepEqual(stage.medium.body(await recv(other.socket, room)), stage.message(7, 8));
    },
  },
  {
    promise: 'abort',
    name: 'a send that waits for room ends with its signal, nothing of it is sent, and the one behind it goes out',
    needs: ['backPressure'],
    async run(stage) {
      const { one, other, filled } = await full(stage);
      const { socket, to } = one;
      const controller = new AbortController();
      const { signal } = controller;
      const patient = { timeout: patience.ms };
      const sends = [{ signal, ...patient }, patient].map((options, n) =>
        to ? socket.sendTo(stage.message(n, 8), to, options) : socket.send(stage.message(n, 8), options),
      );
      const [first, second] = sends.map((sending) =>
        sending.catch((error: NodeJS.ErrnoException) => error.code),
      );
      controller.abort();
      const aborted = await first;
      await drain(stage, other, filled);
      // A queue that a peer's kernel had just made room in took it before it was aborted.
      if (aborted !== 'ABORT_ERR')
        assert.deepEqual(await recv(other.socket, stage.room(8)), stage.message(0, 8));
      assert.deepEqual(stage.medium.body(await recv(other.socket, stage.room(8))), stage.message(1, 8));
      assert.equal(await second, 8);
    },
  },
];

export const closing: readonly Contract[] = [
  {
    promise: 'close-while-waiting',
    name: 'every call that waits gets ECANCELED, later ones EBADF, in every form',
    async run(stage) {
      const { one, other } = await stage.pair();
      const { socket } = other;
      const calls = receivers(stage, socket);
      const waiting = calls.map(([, call]) => rejected(call({ timeout: 2000 }), 'ECANCELED'));
      socket.close();
      await Promise.all(waiting);
      for (const [, call] of calls) await rejected(call({ timeout: 100 }), 'EBADF');
      thrown(() => socket.recvSync(8), 'EBADF');
      thrown(() => socket.sendSync(stage.message(1)), 'EBADF');
      assert.equal(socket.tryRecvInto(Buffer.alloc(8)), -errnos.EBADF);
      assert.equal(socket.trySend(stage.message(1)), -errnos.EBADF);
      assert.equal(socket.closed, true);
      socket.close();
      assert.equal(one.socket.closed, false);
    },
  },
  {
    promise: 'close-while-waiting',
    name: 'a hundred who wait are told, with and without timeouts and signals',
    async run(stage) {
      const { other } = await stage.pair();
      const { signal } = new AbortController();
      setMaxListeners(0, signal);
      const waiting = Array.from({ length: 100 }, (_, n) =>
        rejected(
          other.socket.recv(8, {
            timeout: n % 3 === 0 ? 2000 : undefined,
            signal: n % 5 === 0 ? signal : undefined,
          }),
          'ECANCELED',
        ),
      );
      // Once the poller watches.
      await new Promise((resolve) => setImmediate(resolve));
      other.socket.close();
      await Promise.all(waiting);
    },
  },
  {
    promise: 'close-while-waiting',
    name: 'a close by whom a message has just woken tells those behind it',
    async run(stage) {
      const { one, other } = await stage.pair();
      const room = stage.medium.kind === 'stream' ? 8 : stage.room(stage.medium.largest);
      const first = recv(other.socket, room).then((data) => {
        other.socket.close();
        return data;
      });
      const behind = Array.from({ length: 3 }, () =>
        rejected(recv(other.socket, room), 'ECANCELED', 'EBADF'),
      );
      await send(one, stage.message(9, 8));
      assert.deepEqual(stage.medium.body(await first), stage.message(9, 8));
      await Promise.all(behind);
    },
  },
  {
    promise: 'close-while-waiting',
    name: 'sends that wait for room get ECANCELED, and what was sent before arrives',
    needs: ['backPressure', 'keptOverClose'],
    async run(stage) {
      const { one, other, filled } = await full(stage);
      const { socket, to } = one;
      const data = stage.message(1, Math.min(1000, stage.medium.largest));
      let held = 0;
      const sending = async (): Promise<number | string | undefined> => {
        held += 1;
        const sent = await (to ? socket.sendTo(data, to) : socket.send(data)).catch(
          (error: NodeJS.ErrnoException) => error.code,
        );
        held -= 1;
        return sent;
      };
      const waiting: Promise<number | string | undefined>[] = [];
      // A peer's kernel may make room for some in this very moment.
      for (let turns = 0; held === 0 && turns < 200; turns++) {
        waiting.push(...Array.from({ length: 10 }, sending));
        await turn();
      }
      socket.close();
      const results = await Promise.all(waiting);
      const sent = results.filter((result) => typeof result === 'number');
      assert.deepEqual(results.slice(sent.length), new Array(results.length - sent.length).fill('ECANCELED'));
      assert.ok(sent.length < results.length, 'none had to wait');
      filled.messages += sent.length;
      filled.bytes += sent.reduce((sum, count) => sum + count, 0);
      await drain(stage, other, filled);
    },
  },
];
