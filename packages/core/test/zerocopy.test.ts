/** MSG_ZEROCOPY: memory that is the caller's again when the kernel says so. */
import { constants as c, errnos, type MessageBuffer, Socket } from '@sockeye/core';
import { decodeControl } from '@sockeye/core/cmsg';
import { UdpReceiver } from '@sockeye/core/udp';
import { type ZeroCopied, ZeroCopy } from '@sockeye/core/zerocopy';
import { describe, expect, it } from 'vitest';
import { closing, datagrams, listener, loopback, pause, rejected, thrown } from './support.ts';

/** A TCP connection over loopback. */
async function connection(): Promise<[Socket, Socket]> {
  const server = listener();
  const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
  const [accepted] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  server.close();
  return [client, accepted];
}

function udp(): Socket {
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4 << 20);
  socket.bind(loopback());
  return socket;
}

const pattern = (length: number, seed: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed) & 0xff;
  return bytes;
};

/** Receives exactly so many bytes. */
async function all(socket: Socket, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let count = 0; count < length; ) {
    const part = await socket.recv(65_536, { timeout: 5000 });
    if (part.length === 0) throw new Error('the stream has ended');
    parts.push(part);
    count += part.length;
  }
  return Buffer.concat(parts);
}

describe('ZeroCopy', () => {
  it('sends over TCP, all of it and in order, and resolves when the memory has come back', async () => {
    const [a, b] = await connection();
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a);
      const blocks = [1, 100, 4096, 200_000, 3_000_000, 0, 50_000].map(pattern);
      const done: number[] = [];
      const sending = blocks.map(async (block, index): Promise<ZeroCopied> => {
        const result = await zero.send(block);
        done.push(index);
        // The memory may be written again: what arrives is what was sent.
        block.fill(0xee);
        return result;
      });
      const expected = Buffer.concat(blocks.map((block) => Buffer.from(block)));
      expect((await all(b, expected.length)).equals(expected)).toBe(true);
      const results = await Promise.all(sending);
      expect(results.map(({ bytes }) => bytes)).toEqual(blocks.map((block) => block.length));
      expect(done).toHaveLength(blocks.length);
      expect(zero.outstanding).toBe(0);
      // To this host the kernel copies; that is said, and an empty one is none.
      expect(results[4]).toEqual({ bytes: 3_000_000, copied: true });
      expect(results[5]).toEqual({ bytes: 0, copied: false });
    });
  });

  it('sends several buffers as one, over TCP in as many parts as it takes', async () => {
    const [a, b] = await connection();
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a);
      const parts = [pattern(700_000, 1), pattern(0, 2), pattern(900_000, 3), pattern(5, 4)];
      const sending = zero.send(parts);
      expect((await all(b, 1_600_005)).equals(Buffer.concat(parts))).toBe(true);
      expect(await sending).toMatchObject({ bytes: 1_600_005 });
    });
  });

  it('holds memory until the receiver has acknowledged it', async () => {
    const [a, b] = await connection();
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a);
      let over = false;
      // More than fits into both ends' buffers.
      const data = pattern(20_000_000, 9);
      const sending = zero.send(data).then(() => {
        over = true;
      });
      await pause(30);
      expect(over).toBe(false);
      await all(b, data.length);
      await sending;
      expect(over).toBe(true);
    });
  });

  it('sends over UDP, with addresses, and coalesces nothing that it should not', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a);
      const receiver = new UdpReceiver(b);
      const sending = Array.from({ length: 50 }, (_, index) =>
        zero.send(pattern(1000 + index, index), { address: b.getsockname() }),
      );
      const came: number[] = [];
      while (came.length < 50) {
        await receiver.receive({ timeout: 2000 });
        for (const { data, length } of receiver) {
          expect(Buffer.from(data).equals(pattern(length, length - 1000))).toBe(true);
          came.push(length);
        }
      }
      const results = await Promise.all(sending);
      expect(results.map(({ bytes }) => bytes)).toEqual(came);
    });
  });

  it('a bound holds, and memory for completions that runs out is waited for', async () => {
    const [a, b] = await connection();
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a, { outstanding: 3 });
      const data = pattern(30_000, 5);
      const sending = Array.from({ length: 100 }, () => zero.send(data));
      let most = 0;
      const watching = setInterval(() => {
        most = Math.max(most, zero.outstanding);
      }, 0);
      expect((await all(b, 3_000_000)).length).toBe(3_000_000);
      await Promise.all(sending);
      clearInterval(watching);
      expect(most).toBeLessThanOrEqual(3);
    });
    const [d, e] = [udp(), udp()];
    await closing([d, e], async () => {
      using zero = new ZeroCopy(d, { outstanding: 65_536 });
      // Thousands of completions at once do not fit into net.core.optmem_max.
      const data = pattern(10, 1);
      const sending = Array.from({ length: 5000 }, () => zero.send(data, { address: e.getsockname() }));
      const results = await Promise.all(sending);
      expect(results.every(({ bytes }) => bytes === 10)).toBe(true);
    });
  });

  it('timeout and signal are for handing over; what was handed over is waited for', async () => {
    const [a, b] = await connection();
    await closing([a, b], async () => {
      using zero = new ZeroCopy(a);
      const data = pattern(20_000_000, 7);
      const slow = rejected(zero.send(data, { timeout: 20 }));
      const stop = new AbortController();
      const behind = rejected(zero.send(data, { signal: stop.signal }));
      await pause(60);
      stop.abort();
      const receiving = (async () => {
        for (let bytes = 0; ; ) {
          const { length } = await b.recv(65_536);
          if (length === 0) return bytes;
          bytes += length;
        }
      })();
      const [late, aborted] = await Promise.all([slow, behind]);
      expect(late).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      expect(aborted).toMatchObject({ code: 'ABORT_ERR' });
      a.shutdown(c.SHUT_WR);
      expect(await receiving).toBe((late.bytesSent ?? 0) + (aborted.bytesSent ?? 0));
      expect(late.bytesSent).toBeGreaterThan(0);
      expect(await rejected(zero.send(data, { signal: AbortSignal.abort() }))).toMatchObject({
        code: 'ABORT_ERR',
      });
    });
  });

  it('closing rejects what is outstanding, and the socket can be used on', async () => {
    for (const close of [(socket: Socket) => socket.close(), (_: Socket, zero: ZeroCopy) => zero.close()]) {
      const [a, b] = await connection();
      await closing([a, b], async () => {
        const zero = new ZeroCopy(a);
        const first = rejected(zero.send(pattern(20_000_000, 1)));
        const second = rejected(zero.send(pattern(10, 1)));
        await pause(5);
        close(a, zero);
        if (!a.closed) {
          // What hangs in a send that waits is the kernel's to take first.
          const draining = (async () => {
            for (;;) if ((await b.recv(65_536)).length === 0) return;
          })();
          expect(await first).toMatchObject({ code: 'ECANCELED' });
          expect(await second).toMatchObject({ code: 'ECANCELED' });
          const again = new ZeroCopy(a);
          expect(await again.send(pattern(1000, 1))).toMatchObject({ bytes: 1000 });
          again.close();
          a.close();
          await draining;
        } else {
          expect(await first).toMatchObject({ code: 'ECANCELED' });
          expect(await second).toMatchObject({ code: expect.stringMatching(/ECANCELED|EBADF/) });
        }
        zero.close();
        expect(await rejected(zero.send(pattern(1, 1)))).toMatchObject({ code: 'ECANCELED' });
      });
    }
  });

  it('goes on counting where the last one stopped', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      for (let round = 0; round < 3; round++) {
        const zero = new ZeroCopy(a);
        expect(thrown(() => new ZeroCopy(a))).toMatchObject({ code: 'EBUSY' });
        for (let index = 0; index < 5; index++) {
          expect(await zero.send(pattern(100, 1), { address: b.getsockname() })).toMatchObject({
            bytes: 100,
          });
        }
        zero.close();
      }
    });
  });

  it('hands on what else is in the error queue', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      a.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1);
      const others: unknown[] = [];
      const other = (message: MessageBuffer): void => {
        others.push(...message.control().map((one) => decodeControl(one).kind));
      };
      using zero = new ZeroCopy(a, { other });
      const gone = udp();
      const nobody = gone.getsockname();
      gone.close();
      await zero.send(pattern(10, 1), { address: nobody });
      for (let round = 0; round < 20 && others.length === 0; round++) {
        await zero.send(pattern(10, 1), { address: b.getsockname() }).catch(() => {});
      }
      expect(others).toContain('error');
    });
  });

  it('says where there is none of it, and refuses wrong arguments by name', async () => {
    const [unix, peer] = datagrams();
    const a = udp();
    await closing([unix, peer, a], async () => {
      expect(thrown(() => new ZeroCopy(unix))).toMatchObject({
        code: 'EOPNOTSUPP',
        errno: -errnos.EOPNOTSUPP,
        syscall: 'setsockopt',
        message: expect.stringContaining('TCP, UDP'),
      });
      const wrong = (value: unknown): never => value as never;
      for (const [call, name] of [
        [() => new ZeroCopy(wrong(1)), 'socket'],
        [() => new ZeroCopy(a, { outstanding: 0 }), 'outstanding'],
        [() => new ZeroCopy(a, { other: wrong(1) }), 'other'],
      ] as const) {
        expect(thrown(call).message).toMatch(new RegExp(`^${name} must be`));
      }
      using zero = new ZeroCopy(a);
      for (const [promise, name] of [
        [zero.send(wrong('x')), 'data'],
        [zero.send([wrong(1)]), 'data\\[0\\]'],
        [zero.send(Buffer.alloc(1), { flags: wrong('x') }), 'flags'],
        [zero.send(Buffer.alloc(1), { address: wrong('x') }), 'address'],
        [zero.send(Buffer.alloc(1), { timeout: -1 }), 'timeout'],
        [zero.send(Buffer.alloc(1), { signal: wrong(1) }), 'signal'],
        [zero.send(Buffer.alloc(1), { control: wrong(1) }), 'control'],
      ] as const) {
        expect((await rejected(promise)).message).toMatch(new RegExp(`^${name} must be`));
      }
      expect(await rejected(zero.send(Buffer.alloc(1)))).toMatchObject({ code: 'EDESTADDRREQ' });
      expect(zero.outstanding).toBe(0);
      a.close();
      expect(await rejected(zero.send(Buffer.alloc(1)))).toMatchObject({ code: 'EBADF' });
    });
  });
});
