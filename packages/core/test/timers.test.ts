import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clearOneTimeout, startTimeout, type Timeout } from '../ts/timers.ts';
import { pause } from './support.ts';

/** The wheel's timer holds no event loop: something else has to, as a socket's poller does. */
async function until(done: () => boolean, milliseconds = 10_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('timeouts', () => {
  it('come in order of their times, never early, and not late', async () => {
    const delays = fc.sample(fc.double({ min: 0, max: 400, noNaN: true }), { numRuns: 400, seed: 5 });
    const late: number[] = [];
    const theirs: number[] = [];
    const order: number[] = [];
    for (const delay of delays) {
      const due = performance.now() + delay;
      // The runtime's own, beside each: what this machine can do.
      setTimeout(() => theirs.push(performance.now() - due), delay);
      const timeout: Timeout = startTimeout(
        {
          expire: () => {
            late.push(performance.now() - due);
            order.push(timeout.due);
          },
        },
        delay,
      );
    }
    await until(() => late.length === delays.length && theirs.length === delays.length);
    expect(late).toHaveLength(delays.length);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    const median = (values: number[]): number => values.sort((a, b) => a - b)[200] ?? Number.NaN;
    expect(median(late) - median(theirs)).toBeLessThan(10);
    // In order by the millisecond; of their own time, since a clock that was read before may have been in the one before.
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('that are cleared do not come, whoever clears them and when', async () => {
    const came: number[] = [];
    const all: Timeout[] = [];
    for (let i = 0; i < 300; i++) {
      all.push(
        startTimeout(
          {
            expire: () => {
              came.push(i);
              // Each takes the one after it away, some of which are due at the same moment.
              const next = all[i + 1];
              if (next !== undefined) clearOneTimeout(next);
            },
          },
          10 + Math.floor(i / 100),
        ),
      );
    }
    await until(() => came.length >= 150);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(came).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i));
    for (const timeout of all) clearOneTimeout(timeout);
  });

  it('started by one that expires wait their own time', async () => {
    const times: number[] = [];
    const began = performance.now();
    const again = (): void => {
      times.push(performance.now() - began);
      if (times.length < 5) startTimeout({ expire: again }, 20);
    };
    startTimeout({ expire: again }, 20);
    await until(() => times.length === 5);
    expect(times).toHaveLength(5);
    for (const [i, time] of times.entries()) expect(time).toBeGreaterThanOrEqual(20 * (i + 1));
  });

  it('of days stand beside those of milliseconds', async () => {
    const far = [0x7fffffff, 86_400_000, 3_600_000, 40_000].map((delay) =>
      startTimeout({ expire: () => expect.fail('it is not the time') }, delay),
    );
    let came = 0;
    startTimeout({ expire: () => came++ }, 5);
    startTimeout({ expire: () => came++ }, 40);
    await until(() => came === 2);
    expect(came).toBe(2);
    for (const timeout of far) clearOneTimeout(timeout);
  });
});

describe('the slots of several levels whose time comes at once', () => {
  // What is due in [slot, slot + 1) of a level, beside something in the slot of the next coarser one that begins there too.
  it.each([
    { round: 32, before: 20, due: -0.5, beside: 15 },
    { round: 1024, before: 950, due: 10, beside: 100 },
  ])('are all emptied, and none waits for another round of $round ms', async ({
    round,
    before,
    due,
    beside,
  }) => {
    const lates: number[] = [];
    for (let i = 0; i < (round > 32 ? 1 : 7); i++) {
      // From `before` milliseconds before a multiple of the round, and not a millisecond later.
      let begins = 0;
      do {
        begins = Math.ceil((performance.now() + before + 2) / round) * round;
        await pause(Math.max(0, begins - before - performance.now() - 12));
        while (performance.now() < begins - before);
      } while (performance.now() > begins - before + 1);
      const now = performance.now();
      const late = new Promise<number>((resolve) => {
        const wanted = begins + due - now;
        startTimeout({ expire: () => resolve(performance.now() - now - wanted) }, wanted);
        startTimeout({ expire: () => {} }, begins + beside - now);
      });
      lates.push(await late);
    }
    lates.sort((one, other) => one - other);
    expect(lates[lates.length >> 1]).toBeLessThan(round / 2);
  });
});
