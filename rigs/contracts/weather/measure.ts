/** What weather must not do to a program: keep it busy, or make it late. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from '@sockeye/core';
import type { Stage } from '../contract.ts';
import { rejected } from '../expect.ts';
import type { End } from '../medium.ts';

/** Milliseconds that a call waits in vain. */
const SHORT = 40;
/** Milliseconds by which it may be late when nothing else is. */
const LATE = 100;
/** Milliseconds in which a socket is to be quiet. */
const WATCHED = 150;
/** Milliseconds after which what has not moved stands. */
const STILL = 60;
/** Wake-ups and tries within them that are no spinning: pauses of core's grow from 1 to 64 ms. */
const FEW = 60;

/** Looks that may find something going on before it is taken for a spin, which has no end. */
const LOOKS = 6;

/**
 * Nothing spins while something waits: neither the event loop, nor a thread, nor the poller. The loop is idle and the
 * processor unused for the greater part, and the socket is tried seldom.
 */
export async function quiet(...sockets: Socket[]): Promise<void> {
  let seen = '';
  for (let look = 0; look < LOOKS; look++) {
    seen = await busy(sockets);
    if (seen === '') return;
  }
  assert.fail(`something spins: ${seen}`);
}

/** What was going on for a while; empty when that was little. */
async function busy(sockets: readonly Socket[]): Promise<string> {
  const tries = (): number =>
    sockets.reduce(
      (sum, { counters: { wakeUps, wouldBlocks, noBuffers } }) => sum + wakeUps + wouldBlocks + noBuffers,
      0,
    );
  const before = tries();
  const used = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  const began = performance.now();
  await sleep(WATCHED);
  const { user, system } = process.cpuUsage(used);
  const { utilization } = performance.eventLoopUtilization(loop);
  const elapsed = performance.now() - began;
  const processor = (user + system) / 1000 / elapsed;
  const tried = tries() - before;
  if (tried > FEW) return `${tried} tries in ${elapsed.toFixed()} ms`;
  if (utilization > 0.5) return `the event loop was busy for ${(100 * utilization).toFixed()} %`;
  // What spins uses all of it. An emulated processor says more than was used when its own has others to serve.
  return processor > 0.85 ? `the process used ${(100 * processor).toFixed()} % of a processor` : '';
}

/** Waits until a number has not grown for a while. */
export async function still(count: () => number): Promise<void> {
  for (let before = -1, now = count(); before !== now; now = count()) {
    before = now;
    await sleep(STILL);
  }
}

/**
 * Whether something is late, from now on: its time is over for {@link LATE} ms, and all else that was due by then has had its
 * turn. Timers of Node.js's begin when their turn of the loop did, which may be long ago.
 */
function watch(ms: number): { late: () => boolean; end: () => void } {
  const due = performance.now() + ms + LATE;
  let late = false;
  const look = (): void => {
    const left = due - performance.now();
    if (left > 0) timer = setTimeout(look, left);
    else setImmediate(() => setImmediate(() => (late = true)));
  };
  let timer = setTimeout(look, ms + LATE);
  return { late: () => late, end: () => clearTimeout(timer) };
}

/** A call that waits in vain ends by its timeout, neither early nor {@link LATE} ms later. */
export async function timesOut(
  what: string,
  call: (options: { timeout: number }) => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  const { late, end } = watch(SHORT);
  await rejected(call({ timeout: SHORT }), 'ERR_SOCKET_TIMEOUT');
  end();
  assert.ok(performance.now() - began >= SHORT - 1, `${what} ran out early`);
  assert.ok(!late(), `${what} ran out late`);
}

/** A call that waits in vain ends by its signal, not {@link LATE} ms later. */
export async function aborts(
  what: string,
  call: (options: { signal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const aborted = rejected(call({ signal: controller.signal }), 'ABORT_ERR');
  await sleep(2);
  const { late, end } = watch(0);
  controller.abort();
  await aborted;
  end();
  assert.ok(!late(), `${what} was aborted late`);
}

/** Every receive that waits on this socket ends on time: by timeout, by signal, in a blocked thread. */
export async function receivesEnd(stage: Stage, { socket }: End): Promise<void> {
  const room = stage.room(64);
  await timesOut('recv', (options) => socket.recv(room, options));
  await timesOut('wait', (options) => socket.wait({ read: true, ...options }));
  await aborts('recv', (options) => socket.recv(room, options));
  const began = performance.now();
  assert.throws(() => socket.recvSync(room, { timeout: SHORT }), { code: 'ERR_SOCKET_TIMEOUT' });
  assert.ok(performance.now() - began >= SHORT - 1, 'recvSync ran out early');
}
