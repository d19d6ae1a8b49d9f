/** Messages with addresses, control data and descriptors. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { Batch, constants as c, Descriptor, errnos, MessageBuffer, Socket } from '@sockeye/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closing,
  datagrams,
  descriptors,
  fill,
  loopback,
  pause,
  rejected,
  streams,
  thrown,
} from './support.ts';

/** One SCM_RIGHTS message with these descriptors, laid out for 64-bit Linux. */
function rights(...fds: number[]): { level: number; type: number; data: Uint8Array } {
  return { level: c.SOL_SOCKET, type: c.SCM_RIGHTS, data: new Uint8Array(Int32Array.from(fds).buffer) };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** A UDP socket on 127.0.0.1. */
function udp(): Socket {
  const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  socket.bind(loopback());
  return socket;
}

describe('sendMsg and recvMsg', () => {
  it('give the kernel the room that was asked for, to the byte', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      // CMSG_LEN(0) and up: a descriptor takes four bytes more, and what is rounded up would hold it.
      for (const [room, came] of [16, 17, 19, 20].map((room) => [room, room === 20 ? 1 : 0] as const)) {
        a.sendMsgSync(Buffer.from('x'), { control: [rights(a.fd)] });
        const message = b.recvMsgSync(1, { control: room });
        expect([room, message.descriptors.length, message.controlTruncated]).toEqual([
          room,
          came,
          came === 0,
        ]);
        message.close();
      }
    });
  });

  it('refuse more buffers than a call takes without looking at them', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      let looked = 0;
      const many = (count: number): Uint8Array[] => {
        const buffers: Uint8Array[] = Array.from({ length: count }, () => new Uint8Array(1));
        Object.defineProperty(buffers, 0, { get: () => new Uint8Array(1).fill(++looked) });
        return buffers;
      };
      expect(a.trySendMsg(many(1025))).toBe(-errnos.EMSGSIZE);
      expect(a.trySendMsg(new Array(0xffff_ffff))).toBe(-errnos.EMSGSIZE);
      expect(looked).toBe(0);
      expect(a.trySendMsg(many(1024))).toBe(1024);
      expect(b.tryRecvMsgInto(many(1025), new MessageBuffer())).toBe(-errnos.EMSGSIZE);
    });
  });

  it('hear of a signal that is aborted while the call is tried', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      fill(a);
      const controller = new AbortController();
      const control = {
        ...rights(),
        get data() {
          controller.abort('in a getter');
          return new Uint8Array();
        },
      };
      const { signal } = controller;
      const error = await rejected(
        a.sendMsg(Buffer.from('x'), { control: [control], signal, timeout: 2000 }),
      );
      expect(error).toMatchObject({ code: 'ABORT_ERR', cause: 'in a getter', syscall: 'sendmsg' });
      // Whoever stood behind it goes on.
      const next = a.send(Buffer.from('y'));
      while (b.tryRecvInto(new Uint8Array(1)) >= 0);
      expect(await next).toBe(1);
    });
  });

  it('gathers from several buffers and scatters into several, in all forms', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const parts = [Buffer.from('one '), Buffer.alloc(0), Buffer.from('two '), Buffer.from('three')];
      expect(await a.sendMsg(parts)).toBe(13);
      expect(a.sendMsgSync(parts)).toBe(13);
      expect(a.trySendMsg(parts)).toBe(13);
      const message = new MessageBuffer();
      for (const form of ['recvMsgInto', 'recvMsgIntoSync', 'tryRecvMsgInto'] as const) {
        const into = [Buffer.alloc(5), Buffer.alloc(100)];
        expect(await b[form](into, message)).toBe(13);
        expect(text(into[0] as Buffer) + text((into[1] as Buffer).subarray(0, 8))).toBe('one two three');
        expect(message.truncated).toBe(false);
      }
      expect(b.tryRecvMsgInto(Buffer.alloc(9), message)).toBe(-errnos.EAGAIN);
    });
  });

  it('gathers more buffers than fit on the stack, and is told EMSGSIZE beyond the kernel’s most', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const many = Array.from({ length: 1024 }, (_, index) => Buffer.from([index & 255]));
      expect(await a.sendMsg(many)).toBe(1024);
      const into = Array.from({ length: 512 }, () => Buffer.alloc(2));
      expect(await b.recvMsgInto(into, new MessageBuffer())).toBe(1024);
      expect(Buffer.concat(into)).toEqual(Buffer.concat(many));
      const error = await rejected(a.sendMsg([...many, Buffer.alloc(1)]));
      expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'sendmsg' });
    });
  });

  it('tells the sender’s address, and answers to it', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      await a.sendMsg(Buffer.from('ping'), { address: b.getsockname() });
      const message = await b.recvMsg(100);
      expect(message.address).toEqual(a.getsockname());
      expect(message).toMatchObject({ control: [], descriptors: [], flags: 0, truncated: false });
      b.sendMsgSync(Buffer.from('pong'), { address: message.address });
      const buffer = new MessageBuffer();
      const into = Buffer.alloc(4);
      expect(await a.recvMsgInto(into, buffer)).toBe(4);
      expect(buffer.address.copy()).toEqual(b.getsockname());
      // The address that came is an address to send to.
      expect(a.trySendMsg(Buffer.from('x'), buffer.address)).toBe(1);
      expect((await b.recv(9)).toString()).toBe('x');
    });
  });

  it('waits for a message, for room, and no longer than it was told', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const waiting = b.recvMsg(10);
      await pause(5);
      await a.sendMsg(Buffer.from('late'));
      expect(text((await waiting).data)).toBe('late');
      expect(await rejected(b.recvMsg(10, { timeout: 5 }))).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      expect(thrown(() => b.recvMsgSync(10, { timeout: 5 }))).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      while (a.trySendMsg(Buffer.alloc(1000)) > 0);
      expect(thrown(() => a.sendMsgSync(Buffer.alloc(1000), { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
      });
      const sending = a.sendMsg([Buffer.from('there '), Buffer.from('it is')]);
      await pause(5);
      let last: Buffer = Buffer.alloc(0);
      while (text(last) !== 'there it is') last = (await b.recvMsg(2000, { timeout: 2000 })).data;
      expect(await sending).toBe(11);
    });
  });

  it('says when a message or its control data were cut', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      await a.sendMsg(Buffer.from('longer than the room'));
      const cut = await b.recvMsg(6);
      expect([text(cut.data), cut.truncated]).toEqual(['longer', true]);
      await a.sendMsg(Buffer.from('longer than the room'));
      const buffer = new MessageBuffer();
      expect(b.tryRecvMsgInto(Buffer.alloc(6), buffer, c.MSG_TRUNC)).toBe(20);
      expect(buffer.truncated).toBe(true);
      b.setsockopt(c.SOL_SOCKET, c.SO_PASSCRED, 1);
      await a.sendMsg(Buffer.from('who'));
      const anonymous = await b.recvMsg(6, { control: 8 });
      expect(anonymous).toMatchObject({ controlTruncated: true, control: [] });
    });
  });

  it('brings control data as bytes: credentials', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      b.setsockopt(c.SOL_SOCKET, c.SO_PASSCRED, 1);
      await a.sendMsg(Buffer.from('who'));
      const { control } = await b.recvMsg(6, { control: 64 });
      expect(control).toHaveLength(1);
      expect(control[0]).toMatchObject({ level: c.SOL_SOCKET, type: c.SCM_CREDENTIALS });
      const [pid, uid] = new Int32Array(Uint8Array.from(control[0]?.data ?? []).buffer);
      expect([pid, uid]).toEqual([process.pid, process.getuid?.()]);
    });
  });

  it('peeks, and tells what each flag asks for', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      await a.sendMsg(Buffer.from('same'));
      expect(text((await b.recvMsg(10, { flags: c.MSG_PEEK })).data)).toBe('same');
      expect(text((await b.recvMsg(10)).data)).toBe('same');
      expect(await rejected(b.recvMsg(1, { flags: c.MSG_DONTWAIT }))).toMatchObject({ code: 'EAGAIN' });
    });
  });

  it('refuses wrong arguments by name, before any system call', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const wrong = (value: unknown): never => value as never;
      const gone = new Uint8Array(8);
      structuredClone(gone, { transfer: [gone.buffer] });
      const buffer = new MessageBuffer();
      const table: [() => unknown, string, string][] = [
        [() => a.trySendMsg(wrong('text')), 'data', 'ERR_INVALID_ARG_TYPE'],
        [() => a.trySendMsg([Buffer.alloc(1), wrong(7)]), 'data[1]', 'ERR_INVALID_ARG_TYPE'],
        [() => a.trySendMsg(gone), 'data', 'ERR_INVALID_ARG_VALUE'],
        [() => a.trySendMsg([gone]), 'data[0]', 'ERR_INVALID_ARG_VALUE'],
        [() => a.trySendMsg(Buffer.alloc(1), wrong(7)), 'address', 'ERR_INVALID_ARG_TYPE'],
        [() => a.trySendMsg(Buffer.alloc(1), undefined, wrong(7)), 'control', 'ERR_INVALID_ARG_TYPE'],
        [() => a.trySendMsg(Buffer.alloc(1), undefined, [wrong(7)]), 'messages[0]', 'ERR_INVALID_ARG_TYPE'],
        [() => a.trySendMsg(Buffer.alloc(1), undefined, undefined, 0.5), 'flags', 'ERR_OUT_OF_RANGE'],
        [() => a.sendMsgSync(Buffer.alloc(1), { control: wrong(7) }), 'control', 'ERR_INVALID_ARG_TYPE'],
        [() => b.tryRecvMsgInto(wrong(new Float64Array(2)), buffer), 'buffers', 'ERR_INVALID_ARG_TYPE'],
        [() => b.tryRecvMsgInto(Buffer.alloc(1), wrong({})), 'message', 'ERR_INVALID_ARG_TYPE'],
        [() => b.tryRecvMsgInto(Buffer.alloc(1), buffer, wrong('1')), 'flags', 'ERR_INVALID_ARG_TYPE'],
        [() => b.recvMsgSync(-1), 'size', 'ERR_OUT_OF_RANGE'],
        [() => b.recvMsgSync(1, { control: -1 }), 'control', 'ERR_OUT_OF_RANGE'],
        [() => new MessageBuffer({ control: wrong('a') }), 'control', 'ERR_INVALID_ARG_TYPE'],
      ];
      for (const [call, name, code] of table) {
        const error = thrown(call);
        expect([error.message.startsWith(`${name} must be`), error.code, error.message]).toEqual([
          true,
          code,
          error.message,
        ]);
      }
      expect(b.tryRecvMsgInto(Buffer.alloc(1), buffer)).toBe(-errnos.EAGAIN);
    });
  });

  it('refuses control data that the kernel will never take at once, instead of waiting', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const control = [{ level: c.SOL_SOCKET, type: c.SCM_RIGHTS, data: Buffer.alloc(1_000_000) }];
      const begin = performance.now();
      const error = await rejected(a.sendMsg(Buffer.from('x'), { control }));
      expect(error).toMatchObject({ code: 'ENOBUFS', syscall: 'sendmsg' });
      expect(error.message).toContain('net.core.optmem_max');
      expect(thrown(() => a.sendMsgSync(Buffer.from('x'), { control }))).toMatchObject({ code: 'ENOBUFS' });
      const batch = new Batch({ messages: 1, size: 1, control: 1_000_016 });
      batch.push(Buffer.from('x'), undefined, control);
      expect(await rejected(a.sendBatch(batch))).toMatchObject({ code: 'ENOBUFS', syscall: 'sendmmsg' });
      expect(thrown(() => a.sendBatchSync(batch))).toMatchObject({ code: 'ENOBUFS' });
      expect(performance.now() - begin).toBeLessThan(5000);
      expect(a.trySendMsg(Buffer.from('x'), undefined, control)).toBe(-errnos.ENOBUFS);
      await a.sendMsg(Buffer.from('well'));
      expect((await b.recv(10)).toString()).toBe('well');
    });
  });

  it('passes flags on: more to come, and the peer confirmed', async () => {
    const [a, b] = [udp(), udp()];
    await closing([a, b], async () => {
      await a.connect(b.getsockname());
      await a.sendMsg(Buffer.from('one '), { flags: c.MSG_MORE });
      await a.send(Buffer.from('two '), { flags: c.MSG_MORE });
      await a.send(Buffer.from('three'), { flags: c.MSG_CONFIRM });
      expect((await b.recv(100)).toString()).toBe('one two three');
    });
  });

  it('survives arrays of buffers whose elements run code', async () => {
    const [a, b] = datagrams();
    await closing([a, b], () => {
      const victim = new Uint8Array(64 * 1024);
      const trap = [victim, new Uint8Array(1)];
      Object.defineProperty(trap, 1, {
        get: () => {
          structuredClone(victim, { transfer: [victim.buffer] });
          return new Uint8Array(1);
        },
      });
      expect(thrown(() => a.trySendMsg(trap))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      const throwing = new Proxy([victim], {
        get: () => {
          throw new Error('mine');
        },
      });
      expect(thrown(() => a.trySendMsg(throwing)).message).toBe('mine');
    });
  });
});

describe('descriptors that come with a message', () => {
  it('are the caller’s, close-on-exec, and usable as files and sockets', async () => {
    const before = descriptors();
    const [a, b] = streams();
    const [one, two] = streams();
    await closing([a, b, one, two], async () => {
      const file = openSync('/etc/hostname', 'r');
      await a.sendMsg(Buffer.from('here'), { control: [rights(file, one.fd)] });
      closeSync(file);
      const message = await b.recvMsg(16, { control: 64 });
      expect(message.descriptors).toHaveLength(2);
      const [theFile, theSocket] = message.descriptors as [Descriptor, Descriptor];
      const flags = readFileSync(`/proc/self/fdinfo/${theFile.fd}`, 'utf8');
      expect(Number.parseInt(/flags:\s+(\d+)/.exec(flags)?.[1] ?? '', 8) & 0o2000000).not.toBe(0);
      const fd = theFile.detach();
      const bytes = Buffer.alloc(100);
      expect(readSync(fd, bytes, 0, 100, 0)).toBeGreaterThan(0);
      closeSync(fd);
      expect([theFile.fd, theFile.closed]).toEqual([-1, true]);
      expect(thrown(() => theFile.detach())).toMatchObject({ code: 'EBADF' });
      const socket = Socket.fromFd(theSocket);
      expect([socket.family, socket.type, theSocket.closed]).toEqual([c.AF_UNIX, c.SOCK_STREAM, true]);
      await socket.sendAll(Buffer.from('through'));
      expect((await two.recv(100)).toString()).toBe('through');
      socket.close();
    });
    expect(descriptors()).toBe(before);
  });

  it('stay the message’s when they are no sockets', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const [read, write] = Descriptor.pipe();
      await a.sendMsg(Buffer.from('x'), { control: [rights(read.fd)] });
      const message = await b.recvMsg(16, { control: 64 });
      const [descriptor] = message.descriptors as [Descriptor];
      expect(thrown(() => Socket.fromFd(descriptor))).toMatchObject({ code: 'ENOTSOCK' });
      expect(descriptor.closed).toBe(false);
      writeSync(write.fd, 'piped');
      const bytes = Buffer.alloc(16);
      expect(readSync(descriptor.fd, bytes)).toBe(5);
      message.close();
      expect(descriptor.closed).toBe(true);
      read.close();
      write.close();
    });
  });

  it('are closed when nobody takes them', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const before = descriptors();
      const buffer = new MessageBuffer({ control: 64 });
      for (let round = 0; round < 20; round++) {
        await a.sendMsg(Buffer.from('x'), { control: [rights(a.fd, b.fd)] });
        b.tryRecvMsgInto(Buffer.alloc(1), buffer);
      }
      // The last message's are there until the next one comes.
      expect(descriptors()).toBe(before + 2);
      await a.sendMsg(Buffer.from('x'));
      b.tryRecvMsgInto(Buffer.alloc(1), buffer);
      expect(descriptors()).toBe(before);
      await a.sendMsg(Buffer.from('x'), { control: [rights(a.fd)] });
      b.tryRecvMsgInto(Buffer.alloc(1), buffer);
      buffer.close();
      expect(descriptors()).toBe(before);
      expect(buffer.descriptors()).toEqual([]);
    });
  });

  it('are closed when the room was too small for them', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const before = descriptors();
      for (const control of [0, 8, 16, 20, 24, 28, 32, 40]) {
        await a.sendMsg(Buffer.from('x'), { control: [rights(a.fd, b.fd, a.fd, b.fd, a.fd, b.fd, a.fd)] });
        const message = await b.recvMsg(1, { control });
        expect(message.controlTruncated).toBe(true);
        expect(descriptors()).toBe(before + message.descriptors.length);
        expect(message.descriptors.length).toBeLessThan(7);
        message.close();
        expect(descriptors()).toBe(before);
      }
    });
  });

  it('never leak, whatever the control data: random ones, in and out', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const before = descriptors();
      const control = fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        // Close to what is right: headers with odd lengths, levels and types, and descriptors that are and are not open.
        fc
          .array(
            fc.record({
              length: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.integer()),
              level: fc.constantFrom(c.SOL_SOCKET, 0, 41, -1),
              type: fc.constantFrom(c.SCM_RIGHTS, c.SCM_CREDENTIALS, 4, 77),
              fds: fc.array(fc.oneof(fc.constantFrom(a.fd, b.fd, 0), fc.integer()), { maxLength: 8 }),
            }),
            { maxLength: 3 },
          )
          .map((messages) => {
            const bytes = Buffer.alloc(messages.length * 64);
            messages.forEach(({ length, level, type, fds }, index) => {
              const at = index * 64;
              bytes.writeInt32LE(length, at);
              bytes.writeInt32LE(level, at + 8);
              bytes.writeInt32LE(type, at + 12);
              fds.forEach((fd, which) => {
                bytes.writeInt32LE(fd, at + 16 + which * 4);
              });
            });
            return bytes;
          }),
        fc.array(fc.constantFrom(a.fd, b.fd), { minLength: 1, maxLength: 12 }).map((fds) => [rights(...fds)]),
      );
      const buffer = new MessageBuffer({ control: 48 });
      const batch = new Batch({ messages: 3, size: 4, control: 40 });
      let passed = 0;
      fc.assert(
        fc.property(control, fc.integer({ min: 0, max: 100 }), fc.nat(2), (bytes, room, how) => {
          if (a.trySendMsg(Buffer.from('x'), undefined, bytes) < 0) return;
          passed += 1;
          if (how === 0) b.recvMsgSync(1, { control: room }).close();
          else if (how === 1) b.tryRecvMsgInto(Buffer.alloc(1), buffer);
          else b.tryRecvBatch(batch);
        }),
        { numRuns: 2000 },
      );
      buffer.close();
      batch.close();
      expect(passed).toBeGreaterThan(100);
      expect(b.tryRecvInto(Buffer.alloc(1))).toBe(-errnos.EAGAIN);
      expect(descriptors()).toBe(before);
    });
  });

  it('are refused to send once they are closed, also while the call waits', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      while (a.trySend(Buffer.alloc(1000)) > 0);
      const [read, write] = Descriptor.pipe();
      const control = {
        level: c.SOL_SOCKET,
        type: c.SCM_RIGHTS,
        // Looked at by each try, so that a number which was closed meanwhile, and is somebody else's, does not go out.
        get data(): Uint8Array {
          return new Uint8Array(Int32Array.of(read.fd).buffer);
        },
      };
      const sending = a.sendMsg(Buffer.from('x'), { control: [control] });
      read.close();
      write.close();
      while (b.tryRecvInto(Buffer.alloc(1000)) > 0);
      expect(await rejected(sending)).toMatchObject({ code: 'EBADF', syscall: 'sendmsg' });
    });
  });

  it('are bounded by the process’s own limit, and the call stays usable', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      const before = descriptors();
      // 253 is the most of one message; SCM_MAX_FD.
      await a.sendMsg(Buffer.from('x'), { control: [rights(...Array.from({ length: 253 }, () => a.fd))] });
      const message = await b.recvMsg(1, { control: 16 + 4 * 253 });
      expect(message.descriptors).toHaveLength(253);
      expect(new Set(message.descriptors.map(({ fd }) => fd)).size).toBe(253);
      message.close();
      expect(descriptors()).toBe(before);
      const error = await rejected(
        a.sendMsg(Buffer.from('x'), { control: [rights(...Array.from({ length: 254 }, () => a.fd))] }),
      );
      expect(error).toMatchObject({ code: 'EINVAL' });
    });
  });

  it('come from a pipe’s two ends: what is written at one is read at the other', () => {
    const [read, write] = Descriptor.pipe();
    expect(fstatSync(read.fd).isFIFO()).toBe(true);
    writeSync(write.fd, 'through');
    const bytes = Buffer.alloc(16);
    expect(bytes.toString('utf8', 0, readSync(read.fd, bytes))).toBe('through');
    read[Symbol.dispose]();
    write.close();
    write.close();
  });
});

describe('sendAll of several buffers', () => {
  it('sends all of them in order, however many and however slow the peer', async () => {
    for (const sync of [false, true]) {
      const [a, b] = streams();
      await closing([a, b], async () => {
        const parts = Array.from({ length: 3000 }, (_, index) =>
          Buffer.alloc((index * 7) % 300, index & 255),
        );
        const whole = Buffer.concat(parts);
        const received: Buffer[] = [];
        const drain = (async (): Promise<void> => {
          for (let left = whole.length; left > 0; ) {
            const chunk = await b.recv(10_000, { timeout: 5000 });
            received.push(chunk);
            left -= chunk.length;
          }
        })();
        if (sync) {
          for (let at = 0; at < 3000; at += 300) {
            a.sendAllSync(parts.slice(at, at + 300));
            await pause(0);
          }
        } else await Promise.all([a.sendAll(parts.slice(0, 2999)), a.sendAll(parts.slice(2999))]);
        await drain;
        expect(Buffer.concat(received).equals(whole)).toBe(true);
      });
    }
  });

  it('says how far it came, and when a buffer is gone that was promised', async () => {
    const [a, b] = streams();
    await closing([a, b], async () => {
      await a.sendAll([]);
      a.sendAllSync([Buffer.alloc(0)]);
      const parts = Array.from({ length: 100 }, () => Buffer.alloc(10_000));
      const error = await rejected(a.sendAll(parts, { timeout: 10 }));
      expect(error.code).toBe('ERR_SOCKET_TIMEOUT');
      const sent = error.bytesSent ?? 0;
      expect(sent).toBeGreaterThan(0);
      expect(thrown(() => a.sendAllSync(parts, { timeout: 5 }))).toMatchObject({ bytesSent: 0 });
      const victim = new Uint8Array(10_000);
      const sending = rejected(a.sendAll([new Uint8Array(10), victim]));
      structuredClone(victim, { transfer: [victim.buffer] });
      for (let count = 1; count > 0; ) count = b.tryRecvInto(Buffer.alloc(65536));
      expect(await sending).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
      expect(thrown(() => a.sendAllSync([Buffer.alloc(1), 'x' as never])).message).toMatch(
        /^data\[1\] must be/,
      );
    });
  });
});

describe('a descriptor that nobody took and something else closed', () => {
  it('does not stand in the way of the next message, nor of its descriptors', async () => {
    const [a, b] = datagrams();
    const before = descriptors();
    await closing([a, b], async () => {
      const message = new MessageBuffer({ control: 64 });
      const batch = new Batch({ messages: 2, size: 1, control: 64 });
      const forms = [
        {
          receive: () => b.tryRecvMsgInto(new Uint8Array(1), message),
          control: () => message.control(),
          take: () => message.descriptors(),
        },
        {
          receive: () => b.tryRecvBatch(batch),
          control: () => batch.controlOf(0),
          take: () => batch.descriptors(0),
        },
      ];
      for (const { receive, control, take } of forms) {
        await a.sendMsg(Buffer.from('x'), { control: [rights(a.fd, b.fd)] });
        expect(receive()).toBe(1);
        closeSync(new DataView((control()[0]?.data as Uint8Array).slice().buffer).getInt32(0, true));
        await a.sendMsg(Buffer.from('y'), { control: [rights(a.fd, b.fd)] });
        expect(receive()).toBe(1);
        const taken = take();
        expect(taken).toHaveLength(2);
        for (const descriptor of taken) descriptor.close();
        expect(descriptors()).toBe(before);
      }
    });
  });

  it('is told of by close(), which closes the others', async () => {
    const [a, b] = datagrams();
    const before = descriptors();
    await closing([a, b], async () => {
      await a.sendMsg(Buffer.from('x'), { control: [rights(a.fd, b.fd, a.fd)] });
      const message = await b.recvMsg(1, { control: 64 });
      closeSync(message.descriptors[0]?.fd as number);
      expect(thrown(() => message.close()).code).toBe('EBADF');
      expect(descriptors()).toBe(before);
      message.close();
    });
  });
});
