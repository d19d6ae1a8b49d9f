/** Random operations on the kernel's sockets and on those in memory: the same answers. */
import { constants as c, errnos, Socket, type SocketLike } from '@sockeye/core';
import { MemoryNetwork } from '@sockeye/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loopback, pause } from './support.ts';

type Pair = [SocketLike, SocketLike];

/** What is done with one end; what comes back is all that a caller could see. */
type Operation = (pair: Pair) => unknown;

/** The name of an error number, so that a difference can be read. */
function shown(result: number): number | string {
  if (result >= 0) return result;
  return Object.entries(errnos).find(([, number]) => number === -result)?.[0] ?? result;
}

function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    const { code, syscall } = error as { code?: string; syscall?: string };
    return [code, syscall];
  }
}

/** Of a datagram socket that is shut and has no peer kernels before 6.14 tell the one, later ones the other. */
function either(type: number, words: string, result: unknown): unknown {
  return type === c.SOCK_DGRAM && words.includes('sends') && result === 'ENOTCONN' ? 'EPIPE' : result;
}

const end = fc.constantFrom(0 as const, 1 as const);

function send(least = 0): fc.Arbitrary<[string, Operation]> {
  return fc
    .tuple(end, fc.integer({ min: least, max: 40 }), fc.nat(255))
    .map(([at, size, byte]) => [
      `${at} sends ${size}`,
      (pair) => shown(pair[at].trySend(Buffer.alloc(size, byte))),
    ]);
}

function receive(): fc.Arbitrary<[string, Operation]> {
  // A receive of nothing is not told from the end of a stream.
  return fc
    .tuple(end, fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, c.MSG_PEEK, c.MSG_TRUNC))
    .map(([at, size, flag]) => [
      `${at} receives ${size} with ${flag}`,
      (pair) => {
        const [socket] = [pair[at]];
        const buffer = Buffer.alloc(size);
        // Of a Unix stream MSG_TRUNC means nothing, of TCP that bytes are thrown away.
        const flags = socket.type === c.SOCK_STREAM ? flag & c.MSG_PEEK : flag;
        const count = socket.tryRecvInto(buffer, flags);
        return [shown(count), buffer.toString('hex')];
      },
    ]);
}

function message(): fc.Arbitrary<[string, Operation]> {
  return fc.tuple(end, fc.integer({ min: 1, max: 40 })).map(([at, size]) => [
    `${at} receives a message of ${size}`,
    (pair) =>
      outcome(() => {
        const { data, truncated, address, control } = pair[at].recvMsgSync(size, { timeout: 0 });
        return [data.toString('hex'), truncated, address.length, control.length];
      }),
  ]);
}

function shutdown(): fc.Arbitrary<[string, Operation]> {
  return fc
    .tuple(end, fc.constantFrom(c.SHUT_RD, c.SHUT_WR, c.SHUT_RDWR))
    .map(([at, how]) => [`${at} shuts ${how}`, (pair) => outcome(() => pair[at].shutdown(how))]);
}

function close(): fc.Arbitrary<[string, Operation]> {
  return end.map((at) => [`${at} is closed`, (pair) => pair[at].close()]);
}

function look(): fc.Arbitrary<[string, Operation]> {
  return end.map((at) => [
    `${at} looks`,
    (pair) => shown(pair[at].tryWait(c.POLLIN | c.POLLOUT | c.POLLRDHUP)),
  ]);
}

function ask(): fc.Arbitrary<[string, Operation]> {
  return end.map((at) => [
    `${at} asks`,
    (pair) => [
      outcome(() => pair[at].getsockopt(c.SOL_SOCKET, c.SO_ERROR)),
      outcome(() => pair[at].ioctl(c.FIONREAD)),
      outcome(() => pair[at].getpeername().length),
    ],
  ]);
}

/** Applies the operations to both, and compares after each. */
function compare(
  operations: [string, Operation][],
  kernel: Pair,
  memory: Pair,
  same: (one: () => unknown, other: unknown, name: string) => void,
): void {
  try {
    for (const [name, operation] of operations) {
      const expected = operation(memory);
      same(() => operation(kernel), expected, name);
    }
  } finally {
    for (const socket of [...kernel, ...memory]) socket.close();
  }
}

/** Waits until as much has arrived in the kernel as in memory, ends and errors too. */
async function arrival(kernel: Pair, memory: Pair): Promise<void> {
  const { POLLIN, POLLRDHUP } = c;
  const asked = POLLIN | POLLRDHUP;
  const stands = ([one, other]: Pair): unknown =>
    [one, other].map((socket) => [socket.tryWait(asked), socket.closed ? 0 : socket.ioctl(c.FIONREAD)]);
  const wanted = stands(memory);
  for (let turn = 0; turn < 200; turn++) {
    if (JSON.stringify(stands(kernel)) === JSON.stringify(wanted)) return;
    await pause(1);
  }
  expect(stands(kernel)).toEqual(wanted);
}

/** As {@link compare}, over a network: what the kernel does on loopback it may do a little later. */
async function compareSlowly(operations: [string, Operation][], kernel: Pair, memory: Pair): Promise<void> {
  try {
    for (const [name, operation] of operations) {
      const expected = operation(memory);
      expect([name, operation(kernel)]).toEqual([name, expected]);
      await arrival(kernel, memory);
    }
  } finally {
    for (const socket of [...kernel, ...memory]) socket.close();
  }
}

describe('a model of the kernel', () => {
  for (const [name, type] of [
    ['Unix streams', c.SOCK_STREAM],
    ['Unix sequenced packets', c.SOCK_SEQPACKET],
    ['Unix datagrams', c.SOCK_DGRAM],
  ] as const) {
    it(`gives what ${name} give`, () => {
      const operation = fc.oneof(
        // Whether an empty packet that is left unread makes a close a reset, kernels see differently.
        { weight: 6, arbitrary: send(type === c.SOCK_SEQPACKET ? 1 : 0) },
        { weight: 6, arbitrary: receive() },
        { weight: 2, arbitrary: message() },
        { weight: 2, arbitrary: look() },
        { weight: 1, arbitrary: ask() },
        { weight: 1, arbitrary: shutdown() },
        { weight: 1, arbitrary: close() },
      );
      const run = (operations: [string, Operation][]): void =>
        compare(
          operations,
          Socket.socketpair(c.AF_UNIX, type),
          new MemoryNetwork().socketpair(c.AF_UNIX, type),
          (one, other, words) =>
            expect([words, either(type, words, one())]).toEqual([words, either(type, words, other)]),
        );
      fc.assert(fc.property(fc.array(operation, { maxLength: 40 }), run), { numRuns: 600 });
    });
  }

  it('gives what UDP gives', async () => {
    const kernel = { create: Socket.create };
    const mutual = (makes: { create(family: number, type: number): SocketLike }): Pair => {
      const pair: Pair = [makes.create(c.AF_INET, c.SOCK_DGRAM), makes.create(c.AF_INET, c.SOCK_DGRAM)];
      for (const socket of pair) socket.bind(loopback());
      pair[0].connectSync(pair[1].getsockname());
      pair[1].connectSync(pair[0].getsockname());
      return pair;
    };
    const operation = fc.oneof(
      { weight: 4, arbitrary: send() },
      { weight: 4, arbitrary: receive() },
      { weight: 2, arbitrary: message() },
      { weight: 1, arbitrary: ask() },
    );
    const run = (operations: [string, Operation][]): Promise<void> =>
      compareSlowly(operations, mutual(kernel), mutual(new MemoryNetwork()));
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 40 }), run), { numRuns: 200 });
  });

  it('gives what TCP gives', async () => {
    const connected = async (makes: { create(family: number, type: number): SocketLike }): Promise<Pair> => {
      const server = makes.create(c.AF_INET, c.SOCK_STREAM);
      const client = makes.create(c.AF_INET, c.SOCK_STREAM);
      server.bind(loopback());
      server.listen();
      const [end] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
      server.close();
      return [client, end];
    };
    const operation = fc.oneof(
      { weight: 5, arbitrary: send(1) },
      { weight: 5, arbitrary: receive() },
      { weight: 1, arbitrary: message() },
      { weight: 1, arbitrary: shutdown() },
      { weight: 1, arbitrary: close() },
    );
    const run = async (operations: [string, Operation][]): Promise<void> => {
      const kernel = await connected({ create: Socket.create });
      await compareSlowly(operations, kernel, await connected(new MemoryNetwork()));
    };
    await fc.assert(fc.asyncProperty(fc.array(operation, { maxLength: 20 }), run), { numRuns: 150 });
  });

  it('keeps the bytes of a stream whole and in order, whatever goes wrong on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 20 }),
        fc.integer(),
        fc.integer({ min: 1, max: 5000 }),
        async (parts, seed, buffer) => {
          const faults = {
            shortReads: 0.5,
            shortWrites: 0.5,
            wouldBlock: 0.2,
            noBuffers: 0.1,
            delay: { least: 0, most: 0.4 },
          };
          const [a, b] = new MemoryNetwork({ seed, faults }).socketpair(c.AF_UNIX, c.SOCK_STREAM);
          a.setsockopt(c.SOL_SOCKET, c.SO_SNDBUF, buffer);
          const sends = parts.map((part) => a.sendAll(part));
          const got: Buffer[] = [];
          const whole = Promise.all(sends).then(() => a.shutdown(c.SHUT_WR));
          for (;;) {
            const part = await b.recv(64);
            if (part.length === 0) break;
            got.push(part);
          }
          await whole;
          expect(Buffer.concat(got)).toEqual(Buffer.concat(parts));
        },
      ),
      { numRuns: 15 },
    );
  });
});
