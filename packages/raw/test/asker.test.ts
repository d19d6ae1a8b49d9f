/** Questions and their answers, over a receive of the test's own. */
import { SocketError, type WaitOptions } from '@sockeye/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Asker } from '../src/asker.ts';
import { beside } from '../src/results.ts';

/** A line that packets are put on, and that is listened to. */
class Line {
  readonly #queue: (number | Error)[] = [];
  #wake: (() => void) | undefined;
  listening = 0;

  put(...items: (number | Error)[]): void {
    this.#queue.push(...items);
    this.#wake?.();
  }

  readonly receive = async ({ signal }: WaitOptions): Promise<number> => {
    this.listening += 1;
    try {
      for (;;) {
        const item = this.#queue.shift();
        if (item instanceof Error) throw item;
        if (item !== undefined) return item;
        await new Promise<void>((resolve, reject) => {
          this.#wake = resolve;
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        });
      }
    } finally {
      this.listening -= 1;
    }
  };
}

const failure = (code: string): SocketError => new SocketError(code, { code });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('questions', () => {
  it('get the answers that belong to them, in whatever order these come, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 50 }),
        fc.array(fc.integer({ min: 1001, max: 2000 })),
        async (keys, noise) => {
          const line = new Line();
          const asker = new Asker(line.receive, (packet) => packet);
          const answers = keys.map((key) =>
            asker.ask(
              () => key,
              () => {},
              { timeout: 10_000 },
            ),
          );
          expect(asker.pending).toBe(keys.length);
          line.put(...noise, ...[...keys].sort((a, b) => a - b), ...keys);
          expect((await Promise.all(answers)).map((answer) => answer?.reply)).toEqual(keys);
          expect(asker.pending).toBe(0);
          await turn();
          expect(line.listening).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are asked again, and an answer to an earlier try has that try’s time', async () => {
    const line = new Line();
    const asker = new Asker(line.receive, (packet) => packet);
    const sent: number[] = [];
    const answer = await asker.ask(
      (attempt) => attempt,
      (attempt) => {
        sent.push(attempt);
        if (attempt === 2) line.put(0);
      },
      { timeout: 20, retries: 5 },
    );
    expect(sent).toEqual([0, 1, 2]);
    expect(answer).toMatchObject({ reply: 0, attempt: 0 });
    expect(answer?.rttMs).toBeGreaterThan(30);
  });

  it('that nobody answers end without', async () => {
    const line = new Line();
    const asker = new Asker(line.receive, (packet) => packet);
    let tries = 0;
    expect(
      await asker.ask(
        () => 1,
        () => (tries += 1),
        { timeout: 5, retries: 3 },
      ),
    ).toBeUndefined();
    expect([tries, asker.pending]).toEqual([4, 0]);
    await turn();
    expect(line.listening).toBe(0);
  });

  it('outlive what ICMP errors leave on a socket, and fail with it otherwise', async () => {
    const line = new Line();
    const asker = new Asker(line.receive, (packet) => packet);
    line.put(failure('EHOSTUNREACH'), failure('ECONNREFUSED'), 7);
    expect(
      await asker.ask(
        () => 7,
        () => {},
      ),
    ).toMatchObject({ reply: 7 });
    let tries = 0;
    const send = (): void => {
      tries += 1;
      if (tries < 3) throw failure('EHOSTUNREACH');
      line.put(8);
    };
    expect(await asker.ask(() => 8, send)).toMatchObject({ reply: 8 });
    await expect(
      asker.ask(
        () => 9,
        () => Promise.reject(failure('ENETUNREACH')),
      ),
    ).rejects.toMatchObject({
      code: 'ENETUNREACH',
    });
    await expect(
      asker.ask(
        () => 9,
        () => Promise.reject(failure('EPERM')),
      ),
    ).rejects.toMatchObject({ code: 'EPERM' });
    const both = [10, 11].map((key) =>
      asker.ask(
        () => key,
        () => {},
      ),
    );
    line.put(failure('ENETDOWN'));
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'ENETDOWN' });
    // Whoever asks next is heard again.
    line.put(12);
    expect(
      await asker.ask(
        () => 12,
        () => {},
      ),
    ).toMatchObject({ reply: 12 });
  });

  it('end with a signal, before and while they are asked', async () => {
    const line = new Line();
    const asker = new Asker(line.receive, (packet) => packet);
    const aborted = { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' };
    await expect(
      asker.ask(
        () => 1,
        () => {},
        { signal: AbortSignal.abort('enough') },
      ),
    ).rejects.toMatchObject(aborted);
    const abort = new AbortController();
    const asked = asker.ask(
      () => 1,
      () => {},
      { signal: abort.signal },
    );
    abort.abort('enough');
    await expect(asked).rejects.toMatchObject(aborted);
    expect(asker.pending).toBe(0);
  });

  it('of one key are one at a time', async () => {
    const line = new Line();
    const asker = new Asker(line.receive, (packet) => packet);
    const first = asker.ask(
      () => 1,
      () => {},
    );
    await expect(
      asker.ask(
        () => 1,
        () => {},
      ),
    ).rejects.toThrow('the question 1 is being asked');
    line.put(1);
    expect(await first).toMatchObject({ reply: 1 });
  });

  it('come by several ways', async () => {
    const lines = [new Line(), new Line()];
    const asker = new Asker(
      lines.map(({ receive }) => receive),
      (packet) => packet,
    );
    const both = [1, 2].map((key) =>
      asker.ask(
        () => key,
        () => {},
      ),
    );
    lines[1]?.put(1);
    lines[0]?.put(2);
    expect((await Promise.all(both)).map((answer) => answer?.reply)).toEqual([1, 2]);
  });

  it.each<[string, object]>([
    ['ERR_OUT_OF_RANGE', { timeout: -1 }],
    ['ERR_OUT_OF_RANGE', { retries: 1.5 }],
    ['ERR_INVALID_ARG_TYPE', { timeout: '1' }],
  ])('%s for %o', async (code, options) => {
    const asker = new Asker(new Line().receive, (packet) => packet);
    await expect(
      asker.ask(
        () => 1,
        () => {},
        options,
      ),
    ).rejects.toMatchObject({ code });
  });
});

describe('work beside its reader', () => {
  it('is stopped when the reader leaves, and waited for', async () => {
    let stopped = false;
    for await (const one of beside<number>(undefined, async (results, signal) => {
      for (let n = 0; !signal.aborted; n++) {
        results.push(n);
        await turn();
      }
      await turn();
      stopped = true;
    })) {
      if (one === 3) break;
    }
    expect(stopped).toBe(true);
  });

  it('throws what went wrong after what was right', async () => {
    const read: number[] = [];
    const whole = (async () => {
      for await (const one of beside<number>(undefined, async (results) => {
        results.push(1);
        results.push(2);
        throw new Error('broken');
      }))
        read.push(one);
    })();
    await expect(whole).rejects.toThrow('broken');
    expect(read).toEqual([1, 2]);
  });
});
