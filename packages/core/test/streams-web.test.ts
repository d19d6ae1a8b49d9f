import { getEventListeners } from 'node:events';
import { ReadableStream, TransformStream, type WritableStream } from 'node:stream/web';
import { errnos, type Socket, SocketError } from '@sockeye/core';
import { toWeb, type WebOptions, type WebStreams } from '@sockeye/core/streams';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesNothing, type Medium, media, pattern } from './streams-support.ts';
import { datagrams, fill, listener, pause, rejected, streams, thrown } from './support.ts';

leavesNothing();

/** All chunks of a stream. */
async function chunksOf(readable: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return chunks;
}

const everything = async (readable: ReadableStream<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await chunksOf(readable));

/** Writes in pieces, as fast as the stream lets, and closes. */
async function send(writable: WritableStream, data: Uint8Array, piece = 50_000): Promise<void> {
  const writer = writable.getWriter();
  for (let at = 0; at < data.length; at += piece) {
    await writer.ready;
    writer.write(data.subarray(at, at + piece)).catch(() => {});
  }
  await writer.close();
}

describe.each(media)('web streams over $name', ({ name, pair, messages }) => {
  const both = (options?: WebOptions): [WebStreams, WebStreams, Socket, Socket] => {
    const [one, other] = pair();
    return [toWeb(one, options), toWeb(other, options), one, other];
  };

  it('carry bytes both ways, all of them, in order, and close the socket when both are over', async () => {
    const [one, other, left, right] = both();
    const [there, back] = [pattern(2_000_003, 1), pattern(1_000_001, 2)];
    const [got, gotBack] = await Promise.all([
      everything(other.readable),
      everything(one.readable),
      send(one.writable, there),
      send(other.writable, back, 7_777),
    ]);
    expect([got.equals(there), gotBack.equals(back)]).toEqual([true, true]);
    expect([left.closed, right.closed]).toEqual([true, true]);
  });

  it('close() of the writable side is the peer’s end, and the other direction goes on', async () => {
    const [one, other, left] = both();
    await send(one.writable, Buffer.from('question'));
    expect((await everything(other.readable)).toString()).toBe('question');
    expect(left.closed).toBe(false);
    await send(other.writable, Buffer.from('answer'));
    expect((await everything(one.readable)).toString()).toBe('answer');
  });

  it('a reader with buffers of its own gets the bytes in them, nothing lost', async () => {
    const [one, other] = both();
    const data = pattern(300_001);
    const sending = send(one.writable, data, 70_001);
    const reader = other.readable.getReader({ mode: 'byob' });
    const got: Buffer[] = [];
    let buffer: ArrayBuffer = new ArrayBuffer(1000);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer, 0, 1000));
      if (value !== undefined) {
        got.push(Buffer.from(value));
        buffer = value.buffer as ArrayBuffer;
      }
      if (done) break;
    }
    expect(Buffer.concat(got).equals(data)).toBe(true);
    // The same memory, handed back and forth.
    expect(buffer.byteLength).toBe(1000);
    await sending;
    await one.readable.cancel();
    await other.writable.close();
  });

  it('a lock that is released while a read waits loses nothing', async () => {
    const [one, other] = both();
    const writer = one.writable.getWriter();
    for (const mode of ['byob', undefined] as const) {
      const reader = mode ? other.readable.getReader({ mode }) : other.readable.getReader();
      const waiting = rejected(reader.read(new Uint8Array(100)));
      await pause(2);
      reader.releaseLock();
      expect(await waiting).toBeInstanceOf(TypeError);
      await writer.write(Buffer.from(`after ${mode}`));
      const next = other.readable.getReader();
      const { value } = await next.read();
      expect(Buffer.from(value as Uint8Array).toString()).toBe(`after ${mode}`);
      next.releaseLock();
    }
    writer.releaseLock();
    await Promise.all([one.writable.abort(), other.writable.abort().catch(() => {})]);
  });

  it('receives only when asked, and a full kernel holds the writer back', async () => {
    const [one, other, left, right] = both();
    const writer = one.writable.getWriter();
    const block = pattern(32 * 1024);
    let settled = 0;
    const writes: Promise<unknown>[] = [];
    for (let i = 0; i < 400; i++) writes.push(writer.write(block).then(() => (settled += 1)));
    await pause(30);
    const stuck = settled;
    await pause(30);
    expect(settled).toBe(stuck);
    expect(stuck).toBeLessThan(400);
    expect(writer.desiredSize).toBeLessThan(0);
    let ready = false;
    void writer.ready.then(() => {
      ready = true;
    });
    await pause(1);
    expect(ready).toBe(false);
    // Everything that was sent is still in the kernel: nobody has asked.
    const peeked = right.recvSync(1 << 16);
    expect(peeked.length).toBeGreaterThan(0);
    const reader = other.readable.getReader();
    let got = peeked.length;
    while (got < 400 * block.length) got += ((await reader.read()).value as Uint8Array).length;
    await Promise.all(writes);
    expect([ready, got]).toEqual([true, 400 * block.length]);
    await writer.close();
    expect((await reader.read()).done).toBe(true);
    await other.writable.close();
    await one.readable.cancel();
    expect([left.closed, right.closed]).toEqual([true, true]);
  });

  it('abort ends both directions at once, whatever waits, and carries its reason', async () => {
    const [one, other, left] = both();
    fill(left);
    const writer = one.writable.getWriter();
    const writing = rejected(writer.write(pattern(1000)));
    const reader = one.readable.getReader();
    const reading = rejected(reader.read());
    await pause(2);
    const reason = new Error('enough');
    await writer.abort(reason);
    expect(await reading).toBe(reason);
    expect(await writing).toBeInstanceOf(Error);
    expect(await rejected(writer.closed)).toBe(reason);
    expect(left.closed).toBe(true);
    // What was sent before is lost on TCP, and the peer hears so.
    if (name === 'TCP') {
      expect(await rejected(everything(other.readable))).toMatchObject({ code: 'ECONNRESET' });
    } else await other.readable.cancel();
    await other.writable.abort().catch(() => {});
  });

  it('cancel ends the receiving alone', async () => {
    const [one, other, left] = both();
    const reader = one.readable.getReader();
    const waiting = reader.read();
    await pause(2);
    await reader.cancel('no more');
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(left.closed).toBe(false);
    await send(one.writable, Buffer.from('still'));
    expect((await everything(other.readable)).toString()).toBe('still');
    expect(left.closed).toBe(true);
    await other.writable.abort();
  });

  it('a signal fails both with an AbortError', async () => {
    const stop = new AbortController();
    const [one, other, left] = both({ signal: stop.signal });
    const reading = rejected(one.readable.getReader().read());
    await pause(2);
    stop.abort('enough');
    expect(await reading).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
    const writing = await rejected(one.writable.getWriter().write(Buffer.from('x')));
    expect(writing).toMatchObject({ name: 'AbortError' });
    expect(left.closed).toBe(true);
    expect(await rejected(other.readable.getReader().read())).toMatchObject({ name: 'AbortError' });
    const [late] = both({ signal: stop.signal });
    expect(await rejected(late.readable.getReader().read())).toMatchObject({ name: 'AbortError' });
  });

  it('a peer that vanishes with bytes unread is ECONNRESET, and both streams fail', async () => {
    const [mine, theirs] = pair();
    const { readable, writable } = toWeb(mine);
    const writer = writable.getWriter();
    await writer.write(Buffer.from('never read'));
    await pause(5);
    theirs.close();
    const error = await rejected(readable.getReader().read());
    expect(error).toBeInstanceOf(SocketError);
    expect(error).toMatchObject({ code: 'ECONNRESET', errno: -errnos.ECONNRESET, syscall: 'recv' });
    expect(await rejected(writer.closed)).toBe(error);
    expect(mine.closed).toBe(true);
  });

  it('a send that fails fails the writable side, and what the peer had sent can still be read', async () => {
    const [mine, theirs] = pair();
    theirs.sendSync(Buffer.from('last words'));
    theirs.close();
    await pause(5);
    const { readable, writable } = toWeb(mine);
    const writer = writable.getWriter();
    let error: Error & { code?: string } = new Error('none');
    for (let i = 0; i < 100 && error.code === undefined; i++) {
      await writer.write(Buffer.from('x')).catch((told) => {
        error = told;
      });
      await pause(1);
    }
    expect(['EPIPE', 'ECONNRESET']).toContain(error.code);
    const reader = readable.getReader();
    const first = await reader.read().catch((told: SocketError) => told.code);
    if (typeof first === 'string') expect(first).toBe('ECONNRESET');
    else expect(Buffer.from(first.value as Uint8Array).toString()).toBe('last words');
    await reader.cancel().catch(() => {});
    expect(mine.closed).toBe(true);
  });

  it('pipe through transforms, to each other and from others', async () => {
    const [one, other] = both();
    const echo = other.readable
      .pipeThrough(new TransformStream<Uint8Array, Uint8Array>())
      .pipeTo(other.writable);
    const data = pattern(500_000);
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < data.length; at += 9_999) controller.enqueue(data.subarray(at, at + 9_999));
        controller.close();
      },
    });
    const [got] = await Promise.all([everything(one.readable), source.pipeTo(one.writable)]);
    expect(got.equals(data)).toBe(true);
    await echo;
  });

  it('random sizes arrive whole and in order', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 10 });
    const marks = fc.record({
      readableHighWaterMark: fc.integer({ min: 0, max: 100_000 }),
      writableHighWaterMark: fc.integer({ min: 0, max: 100_000 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, marks, async (list, options) => {
        const [one, other] = both(options);
        const parts = list.map((size, i) => pattern(size, i + 1));
        const writing = (async () => {
          const writer = one.writable.getWriter();
          for (const part of parts) await writer.write(part);
          await writer.close();
        })();
        const got = await chunksOf(other.readable);
        await writing;
        expect(Buffer.concat(got).equals(Buffer.concat(parts))).toBe(true);
        if (messages) expect(got.map((chunk) => chunk.length)).toEqual(list);
        await one.readable.cancel();
        await other.writable.close();
      }),
      { numRuns: 20 },
    );
  });

  if (!messages) return;

  it('a message that is longer than messageSize is EMSGSIZE', async () => {
    const [mine, theirs] = pair();
    const { readable } = toWeb(mine, { messageSize: 100 });
    theirs.sendSync(pattern(100));
    theirs.sendSync(pattern(101));
    const reader = readable.getReader();
    expect((await reader.read()).value).toHaveLength(100);
    expect(await rejected(reader.read())).toMatchObject({ code: 'EMSGSIZE' });
    theirs.close();
  });
});

describe('web streams', () => {
  it('write any kind of bytes, and refuse what is none', async () => {
    const [left, right] = streams();
    const { readable, writable } = toWeb(left);
    const writer = writable.getWriter();
    const bytes = Uint8Array.of(1, 2, 3, 4);
    await writer.write(bytes.subarray(0, 1));
    await writer.write(bytes.buffer.slice(1, 2));
    await writer.write(new DataView(bytes.buffer, 2, 2));
    await writer.write(new Uint8Array(0));
    expect([...right.recvSync(8)]).toEqual([1, 2, 3, 4]);
    const error = await rejected(writer.write('text' as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(error.message).toMatch(/^chunk must be/);
    await readable.cancel();
    right.close();
    left.close();
  });

  it('chunks may be transferred away, each without the others', async () => {
    const [left, right] = streams();
    const { readable, writable } = toWeb(left);
    const reader = readable.getReader();
    const chunks: Uint8Array[] = [];
    for (const size of [10, 40_000, 10]) {
      right.sendSync(pattern(size));
      chunks.push((await reader.read()).value as Uint8Array);
    }
    structuredClone(chunks[1], { transfer: [(chunks[1] as Uint8Array).buffer as ArrayBuffer] });
    expect(chunks.map((chunk) => chunk.length)).toEqual([10, 0, 10]);
    expect(Buffer.from(chunks[0] as Uint8Array).equals(pattern(10))).toBe(true);
    await reader.cancel();
    await writable.close();
    right.close();
  });

  it('do not starve the event loop while there is always more', async () => {
    const [left, right] = streams();
    const one = toWeb(left);
    const other = toWeb(right);
    let turns = 0;
    let over = false;
    const tick = (): void => {
      turns += 1;
      if (!over) setImmediate(tick);
    };
    tick();
    await Promise.all([everything(other.readable), send(one.writable, pattern(50_000_000), 64 * 1024)]);
    over = true;
    // One is the call above; a wake-up by the poller is a turn too, and puts off those that are counted here.
    expect(turns).toBeGreaterThan(1);
    await one.readable.cancel();
    await other.writable.close();
  });

  it('refuse what is no connection, and options that are wrong', () => {
    const [datagram, other] = datagrams();
    expect(thrown(() => toWeb(datagram)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => toWeb(null as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    const server = listener();
    expect(thrown(() => toWeb(server)).code).toBe('ERR_INVALID_ARG_VALUE');
    const [left, right] = streams();
    for (const options of [
      7,
      { signal: {} },
      { readableHighWaterMark: -1 },
      { writableHighWaterMark: 'x' },
    ]) {
      expect(thrown(() => toWeb(left, options as never)).code).toMatch(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
    }
    for (const socket of [datagram, other, server, left, right]) socket.close();
  });
});

describe('web streams', () => {
  it('leave no listener on the signal when they are over, however that came', async () => {
    const { signal } = new AbortController();
    const [one, other] = [streams(), streams()].map(([left, right]) => ({
      web: toWeb(left, { signal }),
      left,
      right,
    })) as [
      { web: WebStreams; left: Socket; right: Socket },
      { web: WebStreams; left: Socket; right: Socket },
    ];
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    one.right.close();
    expect(await everything(one.web.readable)).toHaveLength(0);
    await one.web.writable.close();
    await other.web.writable.abort('enough');
    expect([one.left.closed, other.left.closed]).toEqual([true, true]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    other.right.close();
  });

  it.each([
    'text',
    null,
    { byteLength: Number.NaN },
  ])('close the socket after the chunk %j, which is none, when the readable side is over', async (chunk) => {
    const [left, right] = streams();
    const { readable, writable } = toWeb(left);
    expect((await rejected(writable.getWriter().write(chunk as never))).code).toBe('ERR_INVALID_ARG_TYPE');
    right.trySend(Buffer.from('still read'));
    right.close();
    expect((await everything(readable)).toString()).toBe('still read');
    expect(left.closed).toBe(true);
  });

  it.each([
    'default',
    'byob',
  ] as const)('tell a %s reader of a reset that came before it read', async (mode) => {
    const [left, right] = (media[0] as Medium).pair();
    const { readable } = toWeb(left);
    right.reset();
    await left.wait({ exceptional: true, timeout: 2000 });
    const read =
      mode === 'byob' ? readable.getReader({ mode }).read(new Uint8Array(8)) : readable.getReader().read();
    expect((await rejected(read)).code).toBe('ECONNRESET');
    expect(left.closed).toBe(true);
  });
});
