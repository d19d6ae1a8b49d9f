/** Many messages in one system call. */
import { Batch, type BatchMessage, constants as c, errnos, Socket } from '@sockeye/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closing, datagrams, descriptors, loopback, pause, rejected, streams, thrown } from './support.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** A UDP socket on 127.0.0.1. */
function udp(): Socket {
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  socket.bind(loopback());
  return socket;
}

/** A batch with these messages. */
function filled(messages: string[], address?: Uint8Array): Batch {
  const batch = new Batch({ messages: messages.length, size: 100 });
  for (const message of messages) expect(batch.push(Buffer.from(message), address)).toBe(true);
  return batch;
}

describe('recvBatch and sendBatch', () => {
  it('moves many messages with their addresses, and sends them back to where they came from', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      const out = filled(['one', '', 'three'], b.getsockname());
      expect(await a.sendBatch(out)).toBe(3);
      const batch = new Batch({ messages: 8, size: 100 });
      expect(await b.recvBatch(batch)).toBe(3);
      expect([...batch].map(({ data }) => text(data))).toEqual(['one', '', 'three']);
      for (const message of batch) expect(message.address).toEqual(a.getsockname());
      expect([...batch.lengths.subarray(0, 3)]).toEqual([3, 0, 5]);
      expect(batch.timestamps[0]).toBe(0n);
      expect(b.sendBatchSync(batch)).toBe(3);
      expect(a.recvBatchSync(out)).toBe(3);
      expect(text(out.data(2))).toBe('three');
      expect(out.address(2)).toEqual(b.getsockname());
    });
  });

  it('takes what is there, at most what there is room for, and waits for the first', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const batch = new Batch({ messages: 3, size: 10, address: false });
      expect(b.tryRecvBatch(batch)).toBe(-errnos.EAGAIN);
      expect(await rejected(b.recvBatch(batch, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      expect(thrown(() => b.recvBatchSync(batch, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      const waiting = b.recvBatch(batch);
      await pause(5);
      for (let index = 0; index < 5; index++) a.sendSync(Buffer.from([index]));
      const first = await waiting;
      expect(first).toBeGreaterThan(0);
      let count = first;
      while (count < 5) {
        const more = b.tryRecvBatch(batch);
        expect(more).toBeLessThanOrEqual(3);
        count += more;
      }
      expect(count).toBe(5);
    });
  });

  it('sends all of a batch though there is no room for it at once', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const out = new Batch({ messages: 1024, size: 8, address: false });
      for (let index = 0; index < 1024; index++) out.push(Buffer.from(new Uint32Array([index]).buffer));
      const sending = a.sendBatch(out);
      const batch = new Batch({ messages: 50, size: 8, address: false });
      const came: number[] = [];
      while (came.length < 1024) {
        await b.recvBatch(batch, { timeout: 2000 });
        for (const { data } of batch) came.push(Buffer.from(data).readUInt32LE());
      }
      expect(await sending).toBe(1024);
      expect(came).toEqual(Array.from({ length: 1024 }, (_, index) => index));
    });
  });

  it('says how many were sent when it fails', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const out = new Batch({ messages: 1024, size: 1 });
      for (let index = 0; index < 1024; index++) out.push(Buffer.from('x'));
      const error = await rejected(a.sendBatch(out, { timeout: 10 }));
      expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      const sent = (error as { messagesSent?: number }).messagesSent ?? 0;
      expect(sent).toBeGreaterThan(0);
      expect(thrown(() => a.sendBatchSync(out, { timeout: 10 }))).toMatchObject({ messagesSent: 0 });
      const batch = new Batch({ messages: 1024, size: 1 });
      expect(b.tryRecvBatch(batch)).toBe(sent);
    });
  });

  it('marks what was cut, and gives the whole length when asked', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      const batch = new Batch({ messages: 2, size: 4 });
      a.sendSync(Buffer.from('longer'));
      a.sendSync(Buffer.from('fits'));
      expect(b.tryRecvBatch(batch, c.MSG_TRUNC)).toBe(2);
      expect([...batch].map((message) => [text(message.data), message.truncated])).toEqual([
        ['long', true],
        ['fits', false],
      ]);
      expect(batch.lengths[0]).toBe(6);
    });
  });

  it('reads the kernel’s time stamps', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], () => {
      for (const option of [c.SO_TIMESTAMP, c.SO_TIMESTAMPNS]) {
        b.setsockopt(c.SOL_SOCKET, option, 1);
        const begin = BigInt(Date.now() - 1) * 1_000_000n;
        a.sendToSync(Buffer.from('x'), b.getsockname());
        const batch = new Batch({ messages: 1, size: 4, control: 64 });
        b.recvBatchSync(batch, { timeout: 1000 });
        const [message] = [...batch] as [BatchMessage];
        expect(message.timestamp).toBeGreaterThanOrEqual(begin);
        expect(message.timestamp).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n);
        expect(message.control).toHaveLength(1);
        b.setsockopt(c.SOL_SOCKET, option, 0);
      }
    });
  });

  it('brings descriptors, and closes those that nobody takes', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      const before = descriptors();
      const batch = new Batch({ messages: 4, size: 1, control: 40 });
      const out = new Batch({ messages: 2, size: 1, control: 40 });
      const rights = { level: c.SOL_SOCKET, type: c.SCM_RIGHTS };
      out.push(Buffer.from('a'), undefined, [
        { ...rights, data: new Uint8Array(Int32Array.of(a.fd, b.fd).buffer) },
      ]);
      out.push(Buffer.from('b'), undefined, [
        { ...rights, data: new Uint8Array(Int32Array.of(a.fd).buffer) },
      ]);
      for (let round = 0; round < 10; round++) {
        a.sendBatchSync(out);
        expect(b.tryRecvBatch(batch)).toBe(2);
        expect(descriptors()).toBe(before + 3);
      }
      const taken = batch.descriptors(0);
      expect(taken).toHaveLength(2);
      expect(batch.descriptors(0)).toEqual([]);
      batch.close();
      expect(descriptors()).toBe(before + 2);
      for (const descriptor of taken) Socket.fromFd(descriptor).close();
      expect(descriptors()).toBe(before);
    });
  });

  it('says when a view is stale', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      const batch = new Batch({ messages: 2, size: 4 });
      a.sendSync(Buffer.from('one'));
      b.tryRecvBatch(batch);
      const message = batch.at(0);
      const kept = message.copy();
      expect([message.stale, text(message.data)]).toEqual([false, 'one']);
      a.sendSync(Buffer.from('two'));
      b.tryRecvBatch(batch);
      expect(message.stale).toBe(true);
      for (const call of [
        () => message.data,
        () => message.address,
        () => message.flags,
        () => message.copy(),
      ]) {
        expect(thrown(call)).toMatchObject({ code: 'ERR_SOCKET_STALE' });
      }
      expect(text(kept)).toBe('one');
      expect(thrown(() => batch.at(1))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      batch.clear();
      expect(batch.length).toBe(0);
    });
  });

  it('gives batches to a loop, a bounded number at once, and loses none when the loop ends', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const send = async (from: number, to: number): Promise<void> => {
        for (let index = from; index < to; index++) await a.send(Buffer.from([index]));
      };
      const sending = send(0, 60);
      const came: number[] = [];
      const seen = new Set<Batch>();
      for await (const batch of b.batches({ messages: 4, size: 1, inFlight: 3 })) {
        seen.add(batch);
        for (const { data } of batch) came.push(data[0] as number);
        if (came.length >= 30) break;
      }
      for await (const batch of b.batches({ messages: 4, size: 1 })) {
        for (const { data } of batch) came.push(data[0] as number);
        if (came.length === 60) break;
      }
      await sending;
      expect(came).toEqual(Array.from({ length: 60 }, (_, index) => index));
      expect(seen.size).toBeLessThanOrEqual(3);
      const aborted = AbortSignal.abort();
      const loop = b.batches({ messages: 1, size: 1, signal: aborted });
      expect(await rejected(loop.next())).toMatchObject({ code: 'ABORT_ERR' });
    });
  });

  it('is not for streams, and refuses wrong arguments by name', async () => {
    const [a, b] = streams();
    const [d] = datagrams();
    await closing([a, b, d], async () => {
      const batch = new Batch({ messages: 1, size: 1 });
      expect(thrown(() => a.tryRecvBatch(batch))).toMatchObject({ code: 'EOPNOTSUPP', syscall: 'recvmmsg' });
      expect(await rejected(a.sendBatch(filled(['x'])))).toMatchObject({
        code: 'EOPNOTSUPP',
        syscall: 'sendmmsg',
      });
      const wrong = (value: unknown): never => value as never;
      const table: [() => unknown, string][] = [
        [() => new Batch(wrong(undefined)), 'messages'],
        [() => new Batch({ messages: 0, size: 1 }), 'messages'],
        [() => new Batch({ messages: 1025, size: 1 }), 'messages'],
        [() => new Batch({ messages: 1, size: -1 }), 'size'],
        [() => new Batch({ messages: 1, size: 1, control: 1.5 }), 'control'],
        [() => new Batch({ messages: 1, size: 1, address: wrong(1) }), 'address'],
        [() => d.tryRecvBatch(wrong({})), 'batch'],
        [() => d.tryRecvBatch(batch, wrong('x')), 'flags'],
        [() => d.trySendBatch(filled(['x']), 0, 2), 'from'],
        [() => batch.push(Buffer.alloc(2)), 'data.length'],
        [() => batch.push(wrong('x')), 'data'],
        [() => batch.push(Buffer.alloc(1), new Uint8Array(129)), 'address.length'],
        [
          () => batch.push(Buffer.alloc(1), undefined, [{ level: 1, type: 1, data: Buffer.alloc(1) }]),
          'control.length',
        ],
        [() => batch.fill(2), 'count'],
      ];
      for (const [call, name] of table) expect(thrown(call).message).toMatch(new RegExp(`^${name} must be`));
      expect(batch.push(Buffer.from('x'))).toBe(true);
      expect(batch.push(Buffer.from('x'))).toBe(false);
    });
  });

  it('never crashes, whatever is written into its arrays', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      const number = fc.oneof(fc.integer(), fc.nat(300), fc.constant(0xffffffff));
      fc.assert(
        fc.property(fc.array(number, { minLength: 40, maxLength: 120 }), fc.nat(8), (values, count) => {
          const batch = new Batch({ messages: 8, size: 16, control: 32 });
          // The whole memory, header and all.
          const whole = new Int32Array(batch.lengths.buffer, 0, 60);
          whole.set(values.slice(0, 60));
          batch.fill(count);
          a.trySendBatch(batch);
          const result = thrownOr(() => b.tryRecvBatch(batch));
          if (typeof result === 'number') expect(result).toBeGreaterThanOrEqual(-2147483648);
        }),
        { numRuns: 500 },
      );
      const batch = new Batch({ messages: 1024, size: 16 });
      while (b.tryRecvBatch(batch) > 0);
      a.sendSync(Buffer.from('still'));
      expect(b.tryRecvBatch(batch)).toBe(1);
      expect(text(batch.data(0))).toBe('still');
    });
  });
});

function thrownOr<T>(call: () => T): T | Error {
  try {
    return call();
  } catch (error) {
    return error as Error;
  }
}

describe('push', () => {
  it('adds both messages when the address of one is a getter that adds another', () => {
    const batch = new Batch({ messages: 3, size: 8 });
    const to = loopback(1);
    const address = {
      toSockaddr: () => {
        if (batch.length === 0) batch.push(Buffer.from('inner'), to);
        return to;
      },
    };
    expect(batch.push(Buffer.from('outer'), address)).toBe(true);
    expect([0, 1].map((index) => Buffer.from(batch.data(index)).toString())).toEqual(['inner', 'outer']);
    const full = new Batch({ messages: 1, size: 8 });
    const last = {
      toSockaddr: () => {
        full.push(Buffer.from('inner'), to);
        return to;
      },
    };
    expect(full.push(Buffer.from('outer'), last)).toBe(false);
    expect(Buffer.from(full.data(0)).toString()).toBe('inner');
  });
});
