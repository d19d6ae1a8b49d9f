import { once } from 'node:events';
import { errnos, SocketError } from '@sockeye/core';
import { type SocketDuplex, toDuplex } from '@sockeye/core/streams';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allClosed, everything, failure, leavesNothing, media, pattern } from './streams-support.ts';
import { fill, pause } from './support.ts';

leavesNothing();

describe.each(media)('a Duplex over $name', ({ pair, messages }) => {
  const duplexes = (options?: Parameters<typeof toDuplex>[1]): [SocketDuplex, SocketDuplex] => {
    const [one, other] = pair();
    return [toDuplex(one, options), toDuplex(other, options)];
  };

  it('carries bytes both ways, all of them, in order, and closes when both directions have ended', async () => {
    const [one, other] = duplexes();
    const there = pattern(5_000_003, 1);
    const back = pattern(3_000_001, 2);
    one.end(there);
    other.end(back);
    const [got, gotBack] = await Promise.all([everything(other), everything(one)]);
    expect(got.equals(there)).toBe(true);
    expect(gotBack.equals(back)).toBe(true);
    expect([one.bytesWritten, one.bytesRead]).toEqual([there.length, back.length]);
    await allClosed([one, other]);
    expect([one.socket.closed, other.socket.closed]).toEqual([true, true]);
  });

  it('half-close: end() is the peer’s end, and the other direction goes on', async () => {
    const [one, other] = duplexes({ allowHalfOpen: true });
    one.end('question');
    expect((await everything(other)).toString()).toBe('question');
    expect([other.readyState, other.destroyed]).toEqual(['writeOnly', false]);
    await pause(10);
    expect(one.destroyed).toBe(false);
    other.write('ans');
    await pause(5);
    other.end('wer');
    expect((await everything(one)).toString()).toBe('answer');
    await allClosed([one, other]);
  });

  it('without allowHalfOpen the peer’s end ends this side too, as in net', async () => {
    const [one, other] = duplexes();
    one.end('x');
    expect((await everything(other)).toString()).toBe('x');
    one.resume();
    await allClosed([one, other]);
    expect(other.writableEnded).toBe(true);
  });

  it('hears of the peer’s end and of its reset when nobody reads, as net does', async () => {
    const [one, other] = duplexes();
    one.end();
    other.end();
    await allClosed([one, other]);
    const [mine, theirs] = pair();
    const lone = toDuplex(mine);
    lone.write('never read');
    await pause(5);
    const failed = failure(lone);
    theirs.close();
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  it('refuses writes after end, and says so once', async () => {
    const [one, other] = duplexes();
    one.end();
    const failed = failure(one);
    one.write('late');
    expect(await failed).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
    other.resume();
    await allClosed([one, other]);
  });

  it('a slow reader stops the receiving, and a full kernel the writing', async () => {
    const [one, other] = duplexes({ highWaterMark: 16 * 1024 });
    const block = pattern(16 * 1024);
    // Nobody reads: write() must say false, and stay there.
    let written = 0;
    while (one.write(block)) written += block.length;
    written += block.length;
    let drained = 0;
    one.on('drain', () => {
      drained += 1;
      while (one.write(block)) written += block.length;
      written += block.length;
    });
    await pause(50);
    const stuck = written;
    await pause(50);
    expect(written).toBe(stuck);
    // The other side takes no more than its mark and one receive beyond, whether nobody reads or somebody looks.
    for (const look of [() => {}, () => void other.once('readable', () => {})]) {
      look();
      await pause(20);
      expect(other.bytesRead).toBeGreaterThan(0);
      expect(other.readableLength).toBe(other.bytesRead);
      expect(other.readableLength).toBeLessThanOrEqual(16 * 1024 + 64 * 1024);
    }
    const held = other.bytesRead;
    await pause(20);
    expect(other.bytesRead).toBe(held);
    // And it flows again.
    const drainsBefore = drained;
    one.removeAllListeners('drain');
    one.once('drain', () => {
      drained += 1;
      one.end();
    });
    const got = await everything(other);
    expect(drained).toBe(drainsBefore + 1);
    expect(got.length).toBe(written);
    for (let at = 0; at < got.length; at += block.length) {
      if (!got.subarray(at, at + block.length).equals(block)) throw new Error(`differs at ${at}`);
    }
    one.resume();
    await allClosed([one, other]);
  });

  it('cork and uncork: everything arrives in order', async () => {
    const [one, other] = duplexes();
    const parts = Array.from({ length: 300 }, (_, i) => pattern((i * 37) % 700, i + 1));
    one.cork();
    for (const part of parts) one.write(part);
    one.uncork();
    // And much at once.
    one.cork();
    const large = [pattern(100_000, 7), pattern(300_000, 8), pattern(10, 9)];
    for (const part of large) one.write(part);
    one.end();
    expect((await everything(other)).equals(Buffer.concat([...parts, ...large]))).toBe(true);
    one.resume();
    await allClosed([one, other]);
  });

  it('an empty chunk at the end of many does not hold back the others', async () => {
    const [one, other] = duplexes();
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      one.cork();
      one.write(pattern(100));
      one.write(pattern(20_000));
      one.write('');
      one.uncork();
      let got = 0;
      for await (const data of other.iterator({ destroyOnReturn: false })) {
        got += (data as Buffer).length;
        if (got === 20_100) break;
      }
      // A chunk with MSG_MORE waits 200 ms for the one that it announces.
      expect(performance.now() - began).toBeLessThan(150);
    }
    one.destroy();
    other.destroy();
    await allClosed([one, other]);
  });

  it('a peer that vanishes with bytes unread is an error of the kernel’s', async () => {
    const [mine, theirs] = pair();
    const one = toDuplex(mine);
    one.write('never read');
    await pause(5);
    const failed = failure(one);
    theirs.close();
    one.resume();
    expect(await failed).toMatchObject({ code: 'ECONNRESET', errno: -errnos.ECONNRESET, syscall: 'recv' });
    await allClosed([one]);
  });

  it('writing to a peer that is gone is EPIPE or ECONNRESET, told to the write too', async () => {
    const [mine, theirs] = pair();
    const one = toDuplex(mine, { allowHalfOpen: true });
    theirs.close();
    const failed = failure(one);
    const told: unknown[] = [];
    const again = (): void => {
      if (!one.destroyed) one.write('x', (error) => (error ? told.push(error) : setImmediate(again)));
    };
    again();
    const error = await failed;
    expect(['EPIPE', 'ECONNRESET']).toContain(error.code);
    expect(error).toBeInstanceOf(SocketError);
    await allClosed([one]);
    expect(told).toEqual([error]);
  });

  it('destroy settles what waits: reads, writes, the end', async () => {
    const [one, other] = duplexes();
    fill(one.socket);
    const callbacks: (Error | null | undefined)[] = [];
    one.resume();
    one.write(pattern(100_000), (error) => callbacks.push(error));
    one.write('behind it', (error) => callbacks.push(error));
    one.end((error?: Error | null) => callbacks.push(error));
    await pause(5);
    one.destroy();
    await allClosed([one]);
    await pause(5);
    expect(callbacks).toHaveLength(3);
    for (const error of callbacks) expect(error).toBeInstanceOf(Error);
    other.destroy();
    await allClosed([other]);
  });

  it('destroy with an error emits it once, then close', async () => {
    const [one, other] = duplexes();
    const events: unknown[] = [];
    one.on('error', (error) => events.push(error)).on('close', () => events.push('close'));
    const mine = new Error('mine');
    one.destroy(mine);
    one.destroy(new Error('late'));
    other.resume();
    await allClosed([one, other]);
    expect(events).toEqual([mine, 'close']);
  });

  it('destroyed at every point of an exchange it closes, and nothing else happens to others', async () => {
    for (let point = 0; point < 24; point++) {
      const [one, other] = duplexes({ allowHalfOpen: true });
      for (const stream of [one, other]) stream.on('error', () => {});
      let step = 0;
      const end = (): void => {
        step += 1;
        if (step === point) one.destroy();
      };
      one.on('data', end).on('end', end).on('drain', end).on('finish', end);
      other.on('data', (data) => other.write(data)).on('end', () => other.end());
      for (let i = 0; i < 8; i++) {
        one.write(pattern(20_000), end);
        if (i % 3 === 0) await pause(0);
      }
      one.end();
      if (point === 0) one.destroy();
      await allClosed([one, other]);
    }
  });

  it('closes within a listener, and a new socket in the same place is not disturbed', async () => {
    for (let i = 0; i < 20; i++) {
      const [one, other] = duplexes();
      other.write('go');
      const fresh = await new Promise<[SocketDuplex, SocketDuplex]>((resolve) => {
        one.once('data', () => {
          one.destroy();
          // The new sockets get the slot that was just given back.
          resolve(duplexes());
        });
      });
      const [left, right] = fresh;
      right.end('well');
      left.end();
      const [said] = await Promise.all([everything(left), everything(right)]);
      expect(said.toString()).toBe('well');
      other.destroy();
      await allClosed([one, other, left, right]);
    }
  });

  it('what a listener throws is an uncaught exception, and the stream goes on', async () => {
    const [one, other] = duplexes();
    const uncaught = new Promise((resolve) => {
      const others = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of others) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const mine = new Error('from a listener');
    one.once('data', () => {
      throw mine;
    });
    other.write('1');
    expect(await uncaught).toBe(mine);
    other.end('2');
    expect((await everything(one)).toString()).toBe('2');
    one.end();
    other.resume();
    await allClosed([one, other]);
  });

  it('an aborted signal destroys it', async () => {
    const stop = new AbortController();
    const [mine, theirs] = pair();
    const one = toDuplex(mine, { signal: stop.signal });
    one.resume();
    const failed = failure(one);
    stop.abort('enough');
    expect(await failed).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
    expect(mine.closed).toBe(true);
    theirs.close();
    const [left, right] = pair();
    const late = toDuplex(left, { signal: stop.signal });
    expect(await failure(late)).toMatchObject({ name: 'AbortError' });
    right.close();
  });

  it('close() of the socket behind its back is an error, and not a hang', async () => {
    const [one, other] = duplexes();
    one.resume();
    await pause(1);
    const failed = failure(one);
    one.socket.close();
    expect(await failed).toMatchObject({ code: 'ECANCELED' });
    other.resume();
    other.end();
    await allClosed([one, other]);
  });

  it('random writes, pauses and ends arrive whole and in order, both ways', async () => {
    const side = fc.array(
      fc.oneof(
        fc.record({ write: fc.integer({ min: 0, max: 200_000 }) }),
        fc.record({ cork: fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 6 }) }),
        fc.record({ rest: fc.integer({ min: 0, max: 2 }) }),
      ),
      { maxLength: 12 },
    );
    const readers = fc.constantFrom('flow', 'iterate', 'slow');
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        readers,
        readers,
        fc.integer({ min: 1, max: 70_000 }),
        async (left, right, a, b, highWaterMark) => {
          const [one, other] = duplexes({ highWaterMark, allowHalfOpen: true });
          const [sent, sentBack, got, gotBack] = await Promise.all([
            play(one, left),
            play(other, right),
            read(other, a),
            read(one, b),
          ]);
          await allClosed([one, other]);
          expect(got.equals(sent)).toBe(true);
          expect(gotBack.equals(sentBack)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  if (!messages) return;

  it('keeps messages apart, splits those that the kernel refuses, and skips empty ones', async () => {
    const [one, other] = duplexes();
    const sizes = [1, 100, 4095, 4096, 65_536, 150_000];
    one.write('');
    for (const size of sizes) one.write(pattern(size));
    const long = pattern(1_000_000);
    one.end(long);
    const got: Buffer[] = [];
    other.on('data', (message) => got.push(message));
    await once(other, 'end');
    expect(got.slice(0, sizes.length).map((message) => message.length)).toEqual(sizes);
    expect(Buffer.concat(got.slice(sizes.length)).equals(long)).toBe(true);
    one.resume();
    await allClosed([one, other]);
  });

  it('a message that is longer than messageSize is EMSGSIZE, and not cut in silence', async () => {
    const [mine, theirs] = pair();
    const one = toDuplex(mine, { messageSize: 1000 });
    theirs.sendSync(pattern(1000));
    theirs.sendSync(pattern(1001));
    const got: Buffer[] = [];
    one.on('data', (message) => got.push(message));
    const error = await failure(one);
    expect(error).toMatchObject({ code: 'EMSGSIZE' });
    expect(error.message).toContain('messageSize, 1000 bytes');
    expect(got.map((message) => message.length)).toEqual([1000]);
    theirs.close();
  });

  it('its own writes are messages of at most messageSize', async () => {
    const [one, other] = duplexes({ messageSize: 1000 });
    one.end(pattern(2500));
    const got: number[] = [];
    other.on('data', (message) => got.push(message.length));
    await once(other, 'end');
    expect(got).toEqual([1000, 1000, 500]);
    one.resume();
    await allClosed([one, other]);
  });
});

type Step = { write: number } | { cork: number[] } | { rest: number };

/** Writes what the steps say and ends; what was written. */
async function play(stream: SocketDuplex, steps: Step[]): Promise<Buffer> {
  const sent: Buffer[] = [];
  const write = (size: number): boolean => {
    const data = pattern(size, sent.length + 1);
    sent.push(data);
    return stream.write(data);
  };
  for (const step of steps) {
    if ('rest' in step) await pause(step.rest);
    else if ('cork' in step) {
      stream.cork();
      for (const size of step.cork) write(size);
      stream.uncork();
    } else if (!write(step.write)) await once(stream, 'drain');
  }
  stream.end();
  return Buffer.concat(sent);
}

/** Reads to the end in one of the ways there are. */
async function read(stream: SocketDuplex, how: string): Promise<Buffer> {
  const got: Buffer[] = [];
  if (how === 'iterate') {
    for await (const data of stream.iterator({ destroyOnReturn: false })) got.push(data as Buffer);
    return Buffer.concat(got);
  }
  if (how === 'flow') stream.on('data', (data) => got.push(data));
  else {
    stream.on('readable', () => {
      for (;;) {
        const data = stream.read(Math.min(1000, stream.readableLength)) as Buffer | null;
        if (data === null) break;
        got.push(data);
      }
    });
  }
  await once(stream, 'end');
  return Buffer.concat(got);
}
