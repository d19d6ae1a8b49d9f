/**
 * What a connected pair of sockets promises, whatever it is made of: a function of how pairs are made, so that the same tests
 * run over the kernel's and over those in memory.
 */
import { Batch, constants as c, errnos, MessageBuffer, type SocketLike } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { pause, rejected, thrown } from './support.ts';

/** How pairs are made, and what kind they are. */
export interface Medium {
  name: string;
  /** Bytes without boundaries, or messages; and whether the end is told. */
  kind: 'stream' | 'seqpacket' | 'datagram';
  /** As unix(7): senders wait for receivers. */
  local: boolean;
  makePair(): Promise<[SocketLike, SocketLike]>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (words: string): Buffer => Buffer.from(words);

/** The tests of a medium. */
export function contract(medium: Medium): void {
  const { kind, local } = medium;
  const stream = kind === 'stream';
  const connects = kind !== 'datagram';

  /** Runs with a pair of sockets, and closes them. */
  const pair =
    (work: (a: SocketLike, b: SocketLike) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const [a, b] = await medium.makePair();
      try {
        await work(a, b);
      } finally {
        a.close();
        b.close();
      }
    };

  /** Sends until no more is taken; says how many bytes were. */
  const fill = (socket: SocketLike): number => {
    const block = Buffer.alloc(4096, 0x5a);
    for (let sent = 0; ; ) {
      const result = socket.trySend(block);
      if (result === -errnos.EAGAIN) return sent;
      expect(result).toBeGreaterThan(0);
      sent += result;
    }
  };

  describe(`a ${kind} pair: ${medium.name}`, () => {
    it(
      'moves bytes both ways, in every form',
      pair(async (a, b) => {
        const buffer = Buffer.alloc(16);
        expect(await a.send(bytes('one'))).toBe(3);
        expect(text(await b.recv(16))).toBe('one');
        expect(b.sendSync(bytes('two'))).toBe(3);
        expect(text(a.recvSync(16, { timeout: 5000 }))).toBe('two');
        await a.sendAll([bytes('th'), bytes('ree')]);
        expect(await b.recvInto(buffer, { offset: 2, length: 5 })).toBe(5);
        expect(text(buffer.subarray(2, 7))).toBe('three');
        expect(a.trySend(bytes('xfourx'), 0, 1, 4)).toBe(4);
        await b.wait({ read: true, timeout: 5000 });
        expect(b.tryRecvInto(buffer)).toBe(4);
        expect(text(buffer.subarray(0, 4))).toBe('four');
        expect(b.tryRecvInto(buffer)).toBe(-errnos.EAGAIN);
      }),
    );

    it(
      stream ? 'joins and splits what is sent' : 'keeps messages whole, and says when one is cut',
      pair(async (a, b) => {
        await a.send(bytes('abc'));
        await a.send(bytes('defgh'));
        if (stream) {
          const buffer = Buffer.alloc(8);
          expect(b.recvIntoSync(buffer, { flags: c.MSG_WAITALL, timeout: 5000 })).toBe(8);
          expect(text(buffer)).toBe('abcdefgh');
          return;
        }
        expect(text(await b.recv(16))).toBe('abc');
        const cut = await b.recvMsg(2);
        expect([text(cut.data), cut.truncated]).toEqual(['de', true]);
        await a.send(bytes('whole'));
        const buffer = Buffer.alloc(2);
        expect(await b.recvInto(buffer, { flags: c.MSG_TRUNC })).toBe(5);
        expect(await a.send(bytes(''))).toBe(0);
        expect((await b.recv(4, { timeout: 5000 })).length).toBe(0);
        expect((await rejected(b.recv(4, { timeout: 0 }))).code).toBe('ERR_SOCKET_TIMEOUT');
      }),
    );

    it(
      'peeks without taking',
      pair(async (a, b) => {
        await a.send(bytes('seen'));
        expect(text(await b.recv(2, { flags: c.MSG_PEEK }))).toBe('se');
        expect(text(await b.recv(16))).toBe('seen');
      }),
    );

    it(
      'serves those who wait in the order in which they came',
      pair(async (a, b) => {
        const got: string[] = [];
        const waits = [1, 2, 3].map(async (number) => got.push(`${number}:${text(await b.recv(1))}`));
        for (const letter of ['x', 'y', 'z']) await a.send(bytes(letter));
        await Promise.all(waits);
        expect(got).toEqual(['1:x', '2:y', '3:z']);
        expect(b.counters.waits).toBeGreaterThanOrEqual(1);
      }),
    );

    it(
      'ends a wait by timeout, signal and close, and keeps what comes after',
      pair(async (a, b) => {
        const late = await rejected(b.recv(8, { timeout: 10 }));
        expect(late).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT', syscall: 'recv', errno: undefined });
        expect(thrown(() => b.recvSync(8, { timeout: 10 }))).toMatchObject({
          code: 'ERR_SOCKET_TIMEOUT',
          syscall: 'recv',
        });
        const controller = new AbortController();
        const aborted = rejected(b.recvFrom(8, { signal: controller.signal }));
        controller.abort('why');
        expect(await aborted).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
        expect((await rejected(b.recv(8, { signal: AbortSignal.abort() }))).code).toBe('ABORT_ERR');
        await a.send(bytes('late'));
        expect(text(await b.recv(8))).toBe('late');
        const canceled = [rejected(b.recv(8)), rejected(b.recvMsg(8)), rejected(b.wait({ read: true }))];
        b.close();
        const errors = await Promise.all(canceled);
        expect(errors.map(({ code, syscall }) => [code, syscall])).toEqual([
          ['ECANCELED', 'recv'],
          ['ECANCELED', 'recvmsg'],
          ['ECANCELED', 'poll'],
        ]);
        expect(errors[0]?.errno).toBe(-errnos.ECANCELED);
      }),
    );

    it(
      'answers EBADF once closed, in every form',
      pair(async (a) => {
        a.close();
        a.close();
        expect(a.closed).toBe(true);
        expect(a.fd).toBe(-1);
        expect(a.tryRecvInto(Buffer.alloc(1))).toBe(-errnos.EBADF);
        expect(a.trySend(bytes('x'))).toBe(-errnos.EBADF);
        expect(a.tryWait(c.POLLIN)).toBe(-errnos.EBADF);
        expect(await rejected(a.recv(1))).toMatchObject({ code: 'EBADF', syscall: 'recv' });
        expect(await rejected(a.sendAll(bytes('x')))).toMatchObject({ code: 'EBADF', bytesSent: 0 });
        for (const [call, syscall] of [
          [() => a.sendSync(bytes('x')), 'send'],
          [() => a.recvMsgSync(1), 'recvmsg'],
          [() => a.getsockname(), 'getsockname'],
          [() => a.getpeername(), 'getpeername'],
          [() => a.shutdown(c.SHUT_WR), 'shutdown'],
          [() => a.listen(), 'listen'],
          [() => a.getsockopt(c.SOL_SOCKET, c.SO_TYPE), 'getsockopt'],
          [() => a.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, 1), 'setsockopt'],
          [() => a.ioctl(c.FIONREAD), 'ioctl'],
          [() => a.dup(), 'fcntl'],
        ] as const) {
          const error = thrown(call);
          expect([error.code, error.syscall, error.errno]).toEqual(['EBADF', syscall, -errnos.EBADF]);
        }
      }),
    );

    it(
      'refuses arguments that are none, naming them',
      pair(async (a) => {
        const wrong = a as { [name in keyof SocketLike]: (...args: unknown[]) => unknown } & SocketLike;
        for (const [call, code, name] of [
          [() => wrong.tryRecvInto('text'), 'ERR_INVALID_ARG_TYPE', 'buffer'],
          [() => wrong.trySend(5), 'ERR_INVALID_ARG_TYPE', 'data'],
          [() => wrong.trySend(bytes('x'), 1.5), 'ERR_OUT_OF_RANGE', 'flags'],
          [() => wrong.trySend(bytes('x'), 0, 2), 'ERR_OUT_OF_RANGE', 'offset'],
          [() => wrong.trySend(bytes('x'), 0, 0, 2), 'ERR_OUT_OF_RANGE', 'length'],
          [() => wrong.trySendTo(bytes('x'), 'nowhere'), 'ERR_INVALID_ARG_TYPE', 'address'],
          [() => wrong.tryRecvMsgInto(bytes('x'), {}), 'ERR_INVALID_ARG_TYPE', 'message'],
          [() => wrong.recvSync(-1), 'ERR_OUT_OF_RANGE', 'size'],
          [() => wrong.recvSync(1, { timeout: 'soon' }), 'ERR_INVALID_ARG_TYPE', 'timeout'],
          [() => wrong.waitSync({}), 'ERR_INVALID_ARG_VALUE', 'options'],
          [() => wrong.shutdown('all'), 'ERR_INVALID_ARG_TYPE', 'how'],
          [() => wrong.tryWait(-1), 'ERR_OUT_OF_RANGE', 'events'],
        ] as const) {
          const error = thrown(call);
          expect([error.code, error.message.split(' ')[0]]).toEqual([code, name]);
        }
        const signal = await rejected(a.recv(1, { signal: 5 as never }));
        expect(signal.code).toBe('ERR_INVALID_ARG_TYPE');
      }),
    );

    it(
      'says what stands as poll does',
      pair(async (a, b) => {
        expect(a.tryWait(c.POLLIN | c.POLLOUT)).toBe(c.POLLOUT);
        expect((await rejected(b.wait({ read: true, timeout: 5 }))).code).toBe('ERR_SOCKET_TIMEOUT');
        const waits = b.wait({ read: true, write: false, timeout: 5000 });
        await a.send(bytes('x'));
        expect(await waits).toEqual({ readable: true, writable: false, exceptional: false, hungUp: false });
        expect(b.waitSync({ read: true, write: true })).toMatchObject({ readable: true, writable: true });
        expect(b.ioctl(c.FIONREAD)).toBe(1);
      }),
    );

    it(
      'tells kind, options and names',
      pair(async (a) => {
        expect(a.getsockopt(c.SOL_SOCKET, c.SO_TYPE)).toBe(a.type);
        expect(a.getsockopt(c.SOL_SOCKET, c.SO_DOMAIN)).toBe(a.family);
        expect(a.getsockopt(c.SOL_SOCKET, c.SO_ERROR)).toBe(0);
        a.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, 40_000);
        expect(a.getsockopt(c.SOL_SOCKET, c.SO_SNDBUF)).toBe(80_000);
        expect(a.getsockopt(c.SOL_SOCKET, c.SO_SNDBUF, 4).readInt32LE()).toBe(80_000);
        expect(thrown(() => a.setsockopt(c.SOL_SOCKET, c.SO_TYPE, 1)).code).toBe('ENOPROTOOPT');
        expect(Buffer.from(a.getpeername()).readUInt16LE(0)).toBe(a.family);
        expect(Buffer.from(a.getsockname()).readUInt16LE(0)).toBe(a.family);
        expect(thrown(() => a.shutdown(7)).code).toBe('EINVAL');
        expect([a.hasRef(), a.unref().hasRef(), a.ref().hasRef()]).toEqual([true, false, true]);
      }),
    );

    it(
      'shares one end between two sockets that dup made',
      pair(async (a, b) => {
        const second = a.dup();
        a.close();
        await second.send(bytes('still'));
        expect(text(await b.recv(8))).toBe('still');
        second.close();
        if (connects) expect((await b.recv(8)).length).toBe(0);
      }),
    );

    it(
      'receives messages into several buffers',
      pair(async (a, b) => {
        expect(await a.sendMsg([bytes('he'), bytes('llo')])).toBe(5);
        const [first, second] = [Buffer.alloc(3), Buffer.alloc(4)];
        const message = new MessageBuffer({ control: 64 });
        expect(await b.recvMsgInto([first, second], message)).toBe(5);
        expect(text(first) + text(second.subarray(0, 2))).toBe('hello');
        expect([message.truncated, message.controlTruncated, message.control().length]).toEqual([
          false,
          false,
          0,
        ]);
      }),
    );

    if (stream) {
      it(
        'refuses batches',
        pair(async (a) => {
          const batch = new Batch({ messages: 2, size: 4 });
          batch.push(bytes('one'));
          expect(thrown(() => a.tryRecvBatch(batch)).code).toBe('EOPNOTSUPP');
          expect((await rejected(a.sendBatch(batch))).code).toBe('EOPNOTSUPP');
        }),
      );
    } else {
      it(
        'moves batches',
        pair(async (a, b) => {
          const out = new Batch({ messages: 5, size: 8 });
          for (const word of ['one', 'two', '', 'four', 'five']) out.push(bytes(word));
          expect(await a.sendBatch(out)).toBe(5);
          const [first, second] = [new Batch({ messages: 2, size: 3 }), new Batch({ messages: 8, size: 3 })];
          await b.wait({ read: true, timeout: 5000 });
          expect(b.tryRecvBatch(first)).toBe(2);
          const stale = first.at(0);
          expect([...first].map(({ data }) => text(data))).toEqual(['one', 'two']);
          if (kind === 'datagram') {
            expect(await b.recvBatch(second)).toBe(3);
            const got = [...second].map(({ data, truncated }) => `${text(data)} ${truncated}`);
            expect(got).toEqual([' false', 'fou true', 'fiv true']);
          }
          first.clear();
          expect(thrown(() => stale.data).code).toBe('ERR_SOCKET_STALE');
          await b.send(bytes('back'));
          for await (const batch of a.batches({ messages: 4, size: 8 })) {
            expect([...batch].map(({ data }) => text(data))).toEqual(['back']);
            break;
          }
        }),
      );
    }

    if (stream || local) {
      it(
        'waits for room, and takes all there is in order',
        pair(async (a, b) => {
          a.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, 8192);
          const before = fill(a);
          expect(before).toBeGreaterThan(0);
          expect(a.tryWait(c.POLLOUT)).toBe(0);
          expect((await rejected(a.send(bytes('x'), { timeout: 5 }))).code).toBe('ERR_SOCKET_TIMEOUT');
          const big = Buffer.alloc(stream ? 300_000 : 5000, 0x41);
          const failed = await rejected(a.sendAll(big, { timeout: 5 }));
          expect(failed).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT', syscall: 'send' });
          const already = failed.bytesSent as number;
          const all = a.sendAll(big);
          const behind = a.sendAll(bytes('!'));
          let got = 0;
          let last = '';
          const total = before + already + big.length + 1;
          while (got < total) {
            const part = await b.recv(65_536, { timeout: 5000 });
            got += part.length;
            last = text(part.subarray(-1));
          }
          await Promise.all([all, behind]);
          expect([got, last]).toEqual([total, '!']);
        }),
      );
    } else {
      it(
        'loses what there is no room for, and nobody waits',
        pair(async (a, b) => {
          b.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4096);
          const block = Buffer.alloc(1000);
          for (let sent = 0; sent < 100; sent++) expect(a.trySend(block)).toBe(1000);
          await pause(20);
          let got = 0;
          while (b.tryRecvInto(block) > 0) got += 1;
          expect(got).toBeGreaterThan(0);
          expect(got).toBeLessThan(100);
        }),
      );
    }

    if (connects) {
      it(
        'ends one direction and keeps the other',
        pair(async (a, b) => {
          await a.send(bytes('last'));
          a.shutdown(c.SHUT_WR);
          expect(text(await b.recv(8))).toBe('last');
          expect((await b.recv(8)).length).toBe(0);
          expect((await b.recv(8)).length).toBe(0);
          expect(await b.send(bytes('answer'))).toBe(6);
          expect(text(await a.recv(8))).toBe('answer');
          expect(a.trySend(bytes('x'))).toBe(-errnos.EPIPE);
          expect(await rejected(a.send(bytes('x')))).toMatchObject({ code: 'EPIPE', syscall: 'send' });
          const { POLLIN, POLLOUT, POLLHUP, POLLRDHUP } = c;
          const asked = POLLIN | POLLOUT | POLLRDHUP;
          expect(b.tryWait(asked)).toBe(asked);
          b.shutdown(c.SHUT_WR);
          await a.wait({ read: true, timeout: 5000 });
          expect(a.tryWait(asked) & (POLLHUP | POLLIN)).toBe(POLLHUP | POLLIN);
        }),
      );

      it(
        'tells the end when the peer is closed, and then that the pipe is broken',
        pair(async (a, b) => {
          const waits = b.recv(8);
          a.close();
          expect((await waits).length).toBe(0);
          // Over a network the first send finds it out.
          if (!local) expect(b.trySend(bytes('x'))).toBe(1);
          await pause(local ? 0 : 20);
          expect(b.trySend(bytes('x'))).toBe(-errnos.EPIPE);
          expect((await b.recv(8)).length).toBe(0);
        }),
      );

      it(
        'tells a reset when the peer is closed with something unread',
        pair(async (a, b) => {
          await b.send(bytes('unread'));
          await a.wait({ read: true, timeout: 5000 });
          const waits = rejected(b.recv(8));
          a.close();
          expect(await waits).toMatchObject({ code: 'ECONNRESET', syscall: 'recv' });
          expect((await b.recv(8)).length).toBe(0);
          expect(b.trySend(bytes('x'))).toBe(-errnos.EPIPE);
        }),
      );

      if (!local) {
        it(
          'finds the pipe broken that is reset after its end was told',
          pair(async (a, b) => {
            await a.send(bytes('unread'));
            await b.wait({ read: true, timeout: 5000 });
            b.shutdown(c.SHUT_RDWR);
            await a.wait({ read: true, timeout: 5000 });
            b.close();
            await pause(20);
            expect(a.trySend(bytes('x'))).toBe(-errnos.EPIPE);
            expect(a.tryRecvInto(Buffer.alloc(1))).toBe(0);
          }),
        );

        it(
          'resets who sends to one that has shut both directions',
          pair(async (a, b) => {
            b.shutdown(c.SHUT_RDWR);
            await a.wait({ read: true, timeout: 5000 });
            expect(a.trySend(bytes('x'))).toBe(1);
            await pause(20);
            expect(a.trySend(bytes('x'))).toBe(-errnos.EPIPE);
          }),
        );
      }

      it(
        'refuses to connect what is connected',
        pair(async (a, b) => {
          const { code } = thrown(() => a.connectSync(b.getsockname()));
          expect(code).toBe(local ? 'EINVAL' : 'EISCONN');
        }),
      );
    } else {
      it(
        'finds out that nobody is there any more',
        pair(async (a, b) => {
          b.close();
          if (local) {
            expect(a.trySend(bytes('x'))).toBe(-errnos.ECONNREFUSED);
            expect(a.trySend(bytes('x'))).toBe(-errnos.ENOTCONN);
            return;
          }
          const waits = rejected(a.recv(8));
          expect(await a.send(bytes('x'))).toBe(1);
          expect(await waits).toMatchObject({ code: 'ECONNREFUSED', syscall: 'recv' });
          expect(a.trySend(bytes('x'))).toBe(1);
        }),
      );

      it(
        'refuses what is too long',
        pair(async (a) => {
          expect(a.trySend(Buffer.alloc(1 << 20))).toBe(-errnos.EMSGSIZE);
          expect((await rejected(a.sendMsg(Buffer.alloc(1 << 20)))).code).toBe('EMSGSIZE');
        }),
      );
    }
  });
}
