/** Sockets that change hands: between threads by ticket, between processes by inheritance and by message. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, readFileSync, statSync } from 'node:fs';
import { constants as c, type Descriptor, Socket, type Ticket } from '@sockeye/core';
import { rights } from '@sockeye/core/cmsg';
import { toNetSocket } from '@sockeye/core/node';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { closing, datagrams, descriptors, listener, rejected, streams, thrown } from './support.ts';

/** Runs a program over the built package in a process of its own, and gives what it printed. */
function program(lines: string): { status: number | null; output: string } {
  const preamble = `
    import { once } from 'node:events';
    import { readdirSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    import { constants as c, Socket } from '@sockeye/core';
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const streams = () => Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const code = (call) => { try { call(); return 'fine'; } catch (error) { return error.code; } };
    /** A worker that runs a function's text. */
    const worker = (body, data) => {
      const text = \`
        const { parentPort, workerData } = require('node:worker_threads');
        const { constants: c, Socket } = require('@sockeye/core');
        (\${body})(workerData)\`;
      return new Worker(text, { eval: true, workerData: data, execArgv: [] });
    };`;
  const args = ['--input-type=module', '-e', preamble + lines];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000 });
  return { status, output: `${stdout}${stderr}`.trim() };
}

beforeAll(async () => {
  // The first wait opens what the engine keeps.
  const [one, other] = streams();
  await Promise.all([one.recv(1), other.send(Buffer.alloc(1))]);
  one.close();
  other.close();
});

describe('handOver and takeOver in one thread', () => {
  it('the ticket is plain data, and what was waiting in the kernel is the taker’s', async () => {
    const before = descriptors();
    const [one, other] = streams();
    await other.send(Buffer.from('underway'));
    const { ino } = statSync(`/proc/self/fd/${one.fd}`);
    const ticket = structuredClone(one.handOver());
    expect(Object.keys(ticket).sort()).toEqual(['family', 'generation', 'protocol', 'slot', 'type']);
    expect(JSON.parse(JSON.stringify(ticket))).toEqual(ticket);
    const taken = Socket.takeOver(ticket);
    expect(statSync(`/proc/self/fd/${taken.fd}`).ino).toBe(ino);
    expect([taken.family, taken.type, taken.protocol]).toEqual([c.AF_UNIX, c.SOCK_STREAM, 0]);
    expect((await taken.recv(64)).toString()).toBe('underway');
    await taken.send(Buffer.from('answer'));
    expect((await other.recv(64)).toString()).toBe('answer');
    taken.close();
    other.close();
    expect(descriptors()).toBe(before);
  });

  it('the giver’s Socket is dead: waiting calls are told, later ones refused', async () => {
    const [one, other] = streams();
    const waiting = [rejected(one.recv(1)), rejected(one.recv(1))];
    const taken = Socket.takeOver(one.handOver());
    for (const error of await Promise.all(waiting)) expect(error.code).toBe('ECANCELED');
    expect([one.closed, one.fd]).toEqual([true, -1]);
    for (const call of [() => one.recvSync(1), () => one.handOver(), () => one.detach(), () => one.dup()])
      expect(thrown(call)).toMatchObject({ code: 'EBADF' });
    one.close();
    // Waited for by the taker's own watch.
    const arriving = taken.recv(8);
    await other.send(Buffer.from('still up'));
    expect((await arriving).toString()).toBe('still up');
    taken.close();
    other.close();
  });

  it('no watch of the giver’s stays behind', async () => {
    const [one, other] = streams();
    const waiting = rejected(one.recv(1));
    const held = descriptors();
    const ticket = one.handOver();
    await waiting;
    // The poller's own descriptor is gone, the socket's is not.
    expect(descriptors()).toBe(held - 1);
    const taken = Socket.takeOver(ticket);
    taken.close();
    // It was the last: the peer sees the end.
    expect((await other.recv(1, { timeout: 1000 })).length).toBe(0);
    other.close();
  });

  it('is taken once, and again and again by one after the other', () => {
    const [one, other] = streams();
    let socket = one;
    const tickets: Ticket[] = [];
    for (let round = 0; round < 100; round++) {
      const ticket = socket.handOver();
      tickets.push(ticket);
      socket = Socket.takeOver(ticket);
    }
    for (const ticket of tickets) {
      const error = thrown(() => Socket.takeOver(ticket));
      expect(error).toMatchObject({ code: 'EBADF', syscall: 'takeOver' });
      expect(error.message).toContain('taken already');
    }
    socket.trySend(Buffer.from('x'));
    expect(other.recvSync(8).toString()).toBe('x');
    socket.close();
    other.close();
  });

  it('no forged ticket takes a socket that nobody gave', async () => {
    const sockets = Array.from({ length: 20 }, () => streams()).flat();
    await closing(sockets, () => {
      const [first] = sockets as [Socket];
      const real = first.handOver();
      const { family, type, protocol } = real;
      fc.assert(
        fc.property(
          fc.oneof(fc.nat(64), fc.nat(0x3fffffff), fc.nat(0xffffffff)),
          fc.oneof(fc.nat(64), fc.nat(0x3fffffff), fc.nat(0xffffffff)),
          (slot, generation) => {
            fc.pre(slot !== real.slot || generation !== real.generation);
            const forged = { slot, generation, family, type, protocol };
            expect(thrown(() => Socket.takeOver(forged)).code).toBe('EBADF');
          },
        ),
        { numRuns: 2000 },
      );
      // Every slot that is in use, every generation that it may have come to.
      for (let slot = 0; slot < 64; slot++) {
        for (let generation = 0; generation < 512; generation++) {
          if (slot === real.slot && generation === real.generation) continue;
          const forged = { slot, generation, family, type, protocol };
          expect(thrown(() => Socket.takeOver(forged)).code).toBe('EBADF');
        }
      }
      for (const socket of sockets.slice(1)) expect(socket.trySend(Buffer.from('x'))).not.toBe(-9);
      Socket.takeOver(real).close();
    });
  });

  it('refuses what is no ticket', () => {
    const good = { slot: 0, generation: 0, family: 1, type: 1, protocol: 0 };
    const odd: [unknown, string][] = [
      [undefined, 'ERR_INVALID_ARG_TYPE'],
      [null, 'ERR_INVALID_ARG_TYPE'],
      [7, 'ERR_INVALID_ARG_TYPE'],
      [{}, 'ERR_INVALID_ARG_TYPE'],
      [{ ...good, slot: -1 }, 'ERR_OUT_OF_RANGE'],
      [{ ...good, slot: 2 ** 32 }, 'ERR_OUT_OF_RANGE'],
      [{ ...good, generation: Number.NaN }, 'ERR_OUT_OF_RANGE'],
      [{ ...good, generation: '1' }, 'ERR_INVALID_ARG_TYPE'],
      [{ ...good, family: 0.5 }, 'ERR_OUT_OF_RANGE'],
      [{ ...good, type: null }, 'ERR_INVALID_ARG_TYPE'],
      [{ ...good, protocol: undefined }, 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [ticket, code] of odd) expect(thrown(() => Socket.takeOver(ticket as Ticket)).code).toBe(code);
  });
});

describe('handOver to a worker thread', () => {
  it('a connection is served there, and ours to have back', () => {
    const { status, output } = program(`
      const round = async () => {
      const [one, other] = streams();
      const thread = worker(async (ticket) => {
        const socket = Socket.takeOver(ticket);
        const line = (await socket.recv(64)).toString();
        await socket.sendAll(Buffer.from(line.toUpperCase()));
        parentPort.postMessage(socket.handOver());
        // Alive until the other side has it.
        await new Promise((resolve) => parentPort.once('message', resolve));
        parentPort.unref();
      }, one.handOver());
      const handed = once(thread, 'message');
      await other.send(Buffer.from('shout'));
      const answer = (await other.recv(64)).toString();
      const [ticket] = await handed;
      const back = Socket.takeOver(ticket);
      thread.postMessage('taken');
      await once(thread, 'exit');
      await back.send(Buffer.from('survived the worker'));
      console.log(answer, (await other.recv(64)).toString());
      back.close(); other.close();
      return [code(() => Socket.takeOver(ticket)), descriptors()];
      };
      // The first round opens what the process keeps.
      const [first, before] = await round();
      const [second, after] = await round();
      console.log(first, second, after - before);`);
    const once = 'SHOUT survived the worker\n';
    expect({ status, output }).toEqual({ status: 0, output: `${once}${once}EBADF EBADF 0` });
  });

  it('what a worker gave and nobody took closes with it, what it took as well', () => {
    const { status, output } = program(`
      const [one, other] = streams();
      const [lent, kept] = streams();
      const thread = worker((ticket) => {
        globalThis.taken = Socket.takeOver(ticket);
        const [mine, end] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
        parentPort.postMessage({ untaken: mine.handOver(), end: end.handOver() });
        setInterval(() => {}, 1000);
      }, one.handOver());
      const [{ untaken, end }] = await once(thread, 'message');
      const mine = Socket.takeOver(end);
      await thread.terminate();
      console.log(code(() => Socket.takeOver(untaken)));
      console.log((await mine.recv(1, { timeout: 1000 })).length, (await other.recv(1, { timeout: 1000 })).length);
      // A ticket that the worker never took is still ours.
      Socket.takeOver(lent.handOver()).close();
      console.log((await kept.recv(1, { timeout: 1000 })).length);`);
    expect({ status, output }).toEqual({ status: 0, output: 'EBADF\n0 0\n0' });
  });

  it('of eight workers that take one ticket at once, one has it', () => {
    const { status, output } = program(`
      const go = new SharedArrayBuffer(4);
      const flag = new Int32Array(go);
      const [one, other] = streams();
      const ticket = one.handOver();
      const threads = Array.from({ length: 8 }, () => worker(({ go, ticket }) => {
        const flag = new Int32Array(go);
        parentPort.postMessage('ready');
        Atomics.wait(flag, 0, 0);
        let said;
        try { globalThis.socket = Socket.takeOver(ticket); said = 'taken'; } catch (error) { said = error.code; }
        parentPort.postMessage(said);
      }, { go, ticket }));
      await Promise.all(threads.map((thread) => once(thread, 'message')));
      const answers = threads.map((thread) => once(thread, 'message'));
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      console.log((await Promise.all(answers)).flat().sort().join(' '));
      await Promise.all(threads.map((thread) => thread.terminate()));
      console.log((await other.recv(1, { timeout: 1000 })).length);`);
    expect({ status, output }).toEqual({ status: 0, output: `${'EBADF '.repeat(7)}taken\n0` });
  });

  it('four workers share the connections of one listener, and none is lost', () => {
    const { status, output } = program(`
      const address = Buffer.alloc(16); address.writeUInt16LE(c.AF_INET, 0); address.set([127, 0, 0, 1], 4);
      const server = Socket.create(c.AF_INET, c.SOCK_STREAM);
      server.bind(address); server.listen();
      const threads = Array.from({ length: 4 }, (_, index) => worker((index) => {
        parentPort.on('message', async (ticket) => {
          if (ticket === null) return parentPort.close();
          const socket = Socket.takeOver(ticket);
          const got = await socket.recv(8);
          await socket.sendAll(got);
          socket.close();
        });
      }, index));
      const accepting = (async () => {
        for (let index = 0; index < 200; index++) threads[index % 4].postMessage((await server.accept()).handOver());
      })();
      const answers = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
        const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
        await client.connect(server.getsockname());
        await client.sendAll(Buffer.from(String(index)));
        const answer = (await client.recv(8, { timeout: 5000 })).toString();
        const end = (await client.recv(8, { timeout: 5000 })).length;
        client.close();
        return answer === String(index) && end === 0;
      }));
      await accepting;
      const ends = threads.map((thread) => once(thread, 'exit'));
      for (const thread of threads) thread.postMessage(null);
      await Promise.all(ends);
      server.close();
      console.log(answers.filter(Boolean).length);`);
    expect({ status, output }).toEqual({ status: 0, output: '200' });
  });
});

describe('hand-over to a child process by inheritance', () => {
  it('the child has it as descriptor 3, the parent keeps its own', async () => {
    const before = descriptors();
    const server = listener();
    const text = `
      const { Socket } = require('@sockeye/core');
      const server = Socket.fromFd(3);
      server.accept().then(async (connection) => {
        await connection.sendAll(Buffer.from('from the child ' + (await connection.recv(64))));
        connection.close(); server.close();
      });`;
    const child = spawn(process.execPath, ['-e', text], {
      stdio: ['ignore', 'inherit', 'inherit', server.fd],
      cwd: new URL('..', import.meta.url),
    });
    const exited = once(child, 'exit');
    const client = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await client.connect(server.getsockname());
    await client.sendAll(Buffer.from('to the child'));
    expect((await client.recv(64, { timeout: 10_000 })).toString()).toBe('from the child to the child');
    await exited;
    // Still ours: a second connection waits here.
    const second = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await second.connect(server.getsockname());
    (await server.accept({ timeout: 1000 })).close();
    for (const socket of [client, second, server]) socket.close();
    expect(descriptors()).toBe(before);
  });

  it('no other descriptor travels: all are close-on-exec', async () => {
    const [one, other] = streams();
    const child = spawn('ls', ['-l', '/proc/self/fd'], { stdio: ['ignore', 'pipe', 'inherit', one.fd] });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await once(child, 'close');
    const sockets = text.match(/\d+ -> socket:\[\d+\]/g) ?? [];
    const { ino } = statSync(`/proc/self/fd/${one.fd}`);
    expect(sockets.filter((line) => line.includes(`[${ino}]`))).toEqual([`3 -> socket:[${ino}]`]);
    one.close();
    other.close();
  });
});

/** A peer with our end of a socket pair as its descriptor 3. */
function peer(command: string, args: string[]): { child: ChildProcess; channel: Socket } {
  const [channel, theirs] = Socket.socketpair(c.AF_UNIX, c.SOCK_SEQPACKET);
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit', theirs.fd],
    cwd: new URL('..', import.meta.url),
  });
  theirs.close();
  return { child, channel };
}

const ours = `
  const { constants: c, Socket } = require('@sockeye/core');
  const { rights } = require('@sockeye/core/cmsg');
  const channel = Socket.fromFd(3);
  (async () => {
    const { descriptors: [given] } = await channel.recvMsg(64, { control: 64 });
    const socket = Socket.fromFd(given);
    const text = (await socket.recv(64)).toString();
    const [mine, end] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    await channel.sendMsg(Buffer.from('yours'), { control: [rights([end])] });
    end.close();
    await mine.sendAll(Buffer.from(text.toUpperCase()));
    for (const one of [mine, socket, channel]) one.close();
  })();`;

const cpython = `
import socket
channel = socket.socket(fileno=3)
_, (fd,), _, _ = socket.recv_fds(channel, 64, 4)
given = socket.socket(fileno=fd)
text = given.recv(64)
mine, end = socket.socketpair()
socket.send_fds(channel, [b'yours'], [end.fileno()])
end.close()
mine.sendall(text.upper())`;

describe.each([
  ['Node.js', process.execPath, ['-e', ours]],
  ['CPython', 'python3', ['-c', cpython]],
])('hand-over over a Unix socket: %s', (_, command, args) => {
  it('has a connection with what was in it, and sends one back', async () => {
    const before = descriptors();
    const { child, channel } = peer(command, args);
    const exited = once(child, 'exit');
    const [one, other] = streams();
    await other.send(Buffer.from('in the kernel'));
    await channel.sendMsg(Buffer.from('for you'), { control: [rights([one])] });
    // The message has its own reference: ours may go before it is received.
    one.close();
    const message = await channel.recvMsg(64, { control: 64, timeout: 10_000 });
    expect([message.data.toString(), message.descriptors.length]).toEqual(['yours', 1]);
    const back = Socket.fromFd(message.descriptors[0] as Descriptor);
    expect((await back.recv(64, { timeout: 10_000 })).toString()).toBe('IN THE KERNEL');
    expect(await exited).toEqual([0, null]);
    // Nobody else has it: the end of the peer is the end.
    expect((await back.recv(64, { timeout: 1000 })).length).toBe(0);
    for (const socket of [other, back, channel]) socket.close();
    expect(descriptors()).toBe(before);
  });
});

describe('a received descriptor', () => {
  /** Sends a file's descriptor to ourselves. */
  async function received(file: number): Promise<Descriptor> {
    const [one, other] = datagrams();
    await one.sendMsg(Buffer.from('x'), { control: [rights([file])] });
    const message = await other.recvMsg(8, { control: 64 });
    one.close();
    other.close();
    return message.descriptors[0] as Descriptor;
  }

  it('is an fs stream, which closes it', async () => {
    const before = descriptors();
    const source = new URL('../package.json', import.meta.url);
    const file = openSync(source, 'r');
    const descriptor = await received(file);
    closeSync(file);
    // The empty path is not looked at.
    const stream = createReadStream('', { fd: descriptor.detach() });
    let text = '';
    for await (const part of stream) text += String(part);
    expect(text).toBe(readFileSync(source, 'utf8'));
    expect(descriptors()).toBe(before);
  });

  it('is a net.Socket by way of a Socket', async () => {
    const [one, other] = streams();
    const descriptor = await received(one.fd);
    one.close();
    const socket = toNetSocket(Socket.fromFd(descriptor));
    socket.end('through two hands');
    expect((await other.recv(64)).toString()).toBe('through two hands');
    other.close();
    await once(socket.resume(), 'close');
  });
});

describe('a number that something else closed', () => {
  it('and that another Socket has by now stays that one’s, though the open socket is the same', async () => {
    const [a, b] = streams();
    const before = descriptors();
    for (const end of ['close', 'detach', 'handOver'] as const) {
      const one = a.dup();
      const { fd } = one;
      closeSync(fd);
      const other = a.dup();
      expect(other.fd).toBe(fd);
      expect(thrown(() => one[end]()).code).toBe('EBADF');
      expect(other.trySend(Buffer.from(end))).toBe(end.length);
      other.close();
    }
    expect(descriptors()).toBe(before);
    a.close();
    b.close();
  });

  it('is not kept by who waited for it, when it is given away', async () => {
    const [x, y] = streams();
    // With the first wait the engine may open some of its own.
    const first = rejected(x.recv(1));
    x.close();
    await first;
    y.close();
    const before = descriptors();
    for (const end of ['detach', 'handOver'] as const) {
      const [a, b] = streams();
      const waiting = rejected(a.recv(1));
      closeSync(a.fd);
      expect(thrown(() => a[end]()).code).toBe('EBADF');
      expect(await waiting).toMatchObject({ code: 'ECANCELED' });
      // The peer hears of it: nobody has this end any more.
      expect(await b.recv(1, { timeout: 2000 })).toHaveLength(0);
      b.close();
    }
    expect(descriptors()).toBe(before);
  });
});
