import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createServer, Socket as NetSocket, connect as netConnect } from 'node:net';
import { AddressBuffer, constants as c, errnos, Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { closing, descriptors, listener, loopback, pause, rejected, streams, thrown } from './support.ts';

/** Runs a program over the built package in a process of its own, and says how it ended. */
function program(lines: string, flags: string[] = []): { status: number | null; output: string } {
  const preamble = `
    import { AddressBuffer, constants as c, errnos, Socket } from '@sockeye/core';
    import { closeSync, openSync } from 'node:fs';
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const loopback = () => { const b = Buffer.alloc(16); b.writeUInt16LE(c.AF_INET, 0); b.set([127, 0, 0, 1], 4); return b; };
    const listener = (backlog) => {
      const socket = Socket.create(c.AF_INET, c.SOCK_STREAM); socket.bind(loopback()); socket.listen(backlog); return socket; };
    /** Milliseconds of processor time that pass in 400 ms of doing nothing. */
    const idle = async () => {
      const used = process.cpuUsage(); await pause(400); const { user, system } = process.cpuUsage(used);
      return (user + system) / 1000; };`;
  const args = [...flags, '--input-type=module', '-e', preamble + lines];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000 });
  return { status, output: `${stdout}${stderr}`.trim() };
}

describe('errors leave the event loop quiet', () => {
  it('after a reset that a waiter was told, with the socket still open', () => {
    const { status, output } = program(`
      const server = listener();
      const one = Socket.create(c.AF_INET, c.SOCK_STREAM);
      await one.connect(server.getsockname());
      const other = await server.accept();
      const waiting = one.recv(1).catch((error) => error.code);
      other.setsockopt(c.SOL_SOCKET, c.SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
      other.close();
      console.log(await waiting, await idle() < 100);
      globalThis.kept = one;`);
    // And the process ends by itself: nobody waits any more.
    expect({ status, output }).toEqual({ status: 0, output: 'ECONNRESET true' });
  });

  it('while a datagram waits for a receiver that is full, which poll cannot tell', () => {
    const { status, output } = program(`
      const receiver = Socket.create(c.AF_UNIX, c.SOCK_DGRAM);
      receiver.bind(new Uint8Array([1, 0]));
      const to = receiver.getsockname();
      const sender = Socket.create(c.AF_UNIX, c.SOCK_DGRAM);
      while (sender.trySendTo(Buffer.from('x'), to) >= 0);
      const waiting = sender.sendTo(Buffer.from('last'), to);
      const quiet = await idle() < 100;
      const used = process.cpuUsage();
      try { sender.sendToSync(Buffer.from('y'), to, { timeout: 300 }); } catch (error) { console.log(error.code); }
      const { user, system } = process.cpuUsage(used);
      receiver.recvSync(8);
      console.log(quiet, (user + system) / 1000 < 100, await waiting);`);
    expect({ status, output }).toEqual({ status: 0, output: 'ERR_SOCKET_TIMEOUT\ntrue true 4' });
  });

  it('when another call is told why a connect failed', () => {
    const { status, output } = program(`
      const server = listener(0);
      const address = server.getsockname();
      const held = Array.from({ length: 4 }, () => Socket.create(c.AF_INET, c.SOCK_STREAM));
      for (const socket of held) socket.tryConnect(address);
      const late = Socket.create(c.AF_INET, c.SOCK_STREAM);
      const connecting = late.connect(address).then(() => 'connected', (error) => error.code);
      const receiving = late.recv(1).then(() => 'received', (error) => error.code);
      await pause(20);
      server.close();
      console.log(await Promise.race([connecting, pause(5000).then(() => 'hangs')]) !== 'hangs', await idle() < 100);
      process.exit();`);
    expect({ status, output }).toEqual({ status: 0, output: 'true true' });
  });
});

it('a send to a peer that is gone is EPIPE and no signal, in a process that had SIGPIPE as it was', () => {
  const { status, output } = program(`
    const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    other.close();
    console.log(one.trySend(Buffer.from('x')) === -errnos.EPIPE);`);
  expect({ status, output }).toEqual({ status: 0, output: 'true' });
});

describe('descriptors that others touch', () => {
  it.each([
    'nothing',
    'a file',
  ])('closed from outside while a wait begins, then %s has the number', (then) => {
    const { status, output } = program(`
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      const waiting = one.recv(1, { timeout: 100 }).catch((error) => error.code);
      closeSync(one.fd);
      if (${then === 'a file'}) openSync('/dev/null', 'r');
      console.log(await waiting);
      try { one.close(); } catch (error) { console.log(error.code); }`);
    expect({ status, output }).toEqual({ status: 0, output: 'ERR_SOCKET_TIMEOUT\nEBADF' });
  });

  it('dup and detach refuse a number that belongs to somebody else by now', () => {
    const [one, other] = streams();
    const number = one.fd;
    closeSync(number);
    expect(openSync('/dev/null', 'r')).toBe(number);
    expect(thrown(() => one.dup()).code).toBe('EBADF');
    expect(thrown(() => one.detach()).code).toBe('EBADF');
    closeSync(number);
    other.close();
  });

  it('a net.Socket may come second to a descriptor that we have watched', async () => {
    const server = listener();
    const one = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await one.connect(server.getsockname());
    const other = await server.accept();
    const waiting = one.recv(1);
    other.trySend(Buffer.from('1'));
    await waiting;
    const stream = new NetSocket({ fd: one.fd, readable: true, writable: true });
    await pause(5);
    expect((await rejected(one.recv(1, { timeout: 30 }))).code).toBe('ERR_SOCKET_TIMEOUT');
    expect(one.detach()).toBeGreaterThan(0);
    stream.destroy();
    other.close();
    server.close();
  });

  it('close ends the connection at once, watched or not', async () => {
    const [one, other] = streams();
    const waiting = rejected(one.recv(1));
    await pause(5);
    const before = descriptors();
    one.close();
    // Its own number and the one that the event loop watched.
    expect(descriptors()).toBe(before - 2);
    expect(other.tryRecvInto(Buffer.alloc(1))).toBe(0);
    await waiting;
    other.close();
  });

  it('a Socket is not collected while it connects', () => {
    const { status, output } = program(
      `
      const server = listener(0);
      const address = server.getsockname();
      const held = Array.from({ length: 4 }, () => Socket.create(c.AF_INET, c.SOCK_STREAM));
      for (const socket of held) socket.tryConnect(address);
      const connecting = (async () => Socket.create(c.AF_INET, c.SOCK_STREAM).connect(address))();
      for (let i = 0; i < 10; i++) { await pause(10); globalThis.gc(); }
      for (let i = 0; i < 4; i++) held.push(server.tryAccept());
      await connecting;
      console.log('connected');
      process.exit();`,
      ['--expose-gc'],
    );
    expect({ status, output }).toEqual({ status: 0, output: 'connected' });
  });

  it('a Socket that is dropped is closed when it is collected, and said aloud', () => {
    const { status, output } = program(
      `
      process.on('warning', ({ code, message }) => console.log(code, message.replace(/\\d+/, 'N')));
      (() => Socket.create(c.AF_INET, c.SOCK_STREAM).fd)();
      for (let i = 0; i < 5; i++) { await pause(10); globalThis.gc(); }`,
      ['--expose-gc'],
    );
    const words = 'SOCKEYE_UNCLOSED A Socket was garbage-collected while open (descriptor N): call close()';
    expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining(words) });
  });
});

describe('memory that goes away', () => {
  it('a message’s memory cannot be transferred away from under the others', async () => {
    const [one, other] = streams();
    one.trySend(Buffer.from('abcd'));
    const [first, second] = [await other.recv(2), await other.recv(2)];
    try {
      // Node.js 20 leaves the memory where it is, later ones refuse.
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
    } catch (error) {
      expect((error as Error).name).toBe('DataCloneError');
    }
    expect([first.toString(), second.toString()]).toEqual(['ab', 'cd']);
    one.close();
    other.close();
  });

  it('an AddressBuffer without memory is refused by name, in every call', async () => {
    const address = new AddressBuffer();
    structuredClone(address.bytes, { transfer: [address.bytes.buffer as ArrayBuffer] });
    const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM);
    for (const call of [
      () => socket.tryRecvFromInto(Buffer.alloc(4), address),
      () => socket.tryAccept(address),
      () => socket.trySendTo(Buffer.alloc(4), address),
      () => socket.bind(address),
    ]) {
      expect(thrown(call).code).toMatch(/^ERR_INVALID_ARG_/);
      expect(thrown(call).message).toContain('address');
    }
    expect((await rejected(socket.accept({ address }))).code).toMatch(/^ERR_INVALID_ARG_/);
    socket.close();
  });

  it('a view past the end of a buffer that shrank is not the end of a stream', (context) => {
    // Younger than the types that the project is written to.
    const memory: ArrayBuffer & { resize?(size: number): void } = Reflect.construct(ArrayBuffer, [
      16,
      { maxByteLength: 16 },
    ]);
    if (memory.resize === undefined) context.skip('this Node.js has no resizable buffers');
    const view = new Uint8Array(memory, 8, 8);
    memory.resize?.(4);
    const [one, other] = streams();
    one.trySend(Buffer.from('x'));
    expect(thrown(() => other.tryRecvInto(view)).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrown(() => other.recvIntoSync(view)).code).toBe('ERR_INVALID_ARG_VALUE');
    one.close();
    other.close();
  });
});

describe('flags that say how to wait', () => {
  it('MSG_DONTWAIT asks once, in every form', async () => {
    const [one, other] = streams();
    const flags = c.MSG_DONTWAIT;
    await closing([one, other], async () => {
      for (const call of [
        () => one.recvSync(4, { flags }),
        () => one.recvIntoSync(Buffer.alloc(4), { flags }),
      ]) {
        expect(thrown(call)).toMatchObject({ code: 'EAGAIN', errno: -errnos.EAGAIN });
      }
      expect((await rejected(one.recv(4, { flags }))).code).toBe('EAGAIN');
      expect((await rejected(one.recvFrom(4, { flags }))).code).toBe('EAGAIN');
    });
  });

  it('MSG_WAITALL fills the buffer of a Sync call on a stream', async () => {
    const [one, other] = streams();
    one.trySend(Buffer.from('ab'));
    const later = Socket.fromFd(one.dup().detach());
    const child = spawn('sh', ['-c', 'sleep 0.1; printf cdef >&3'], {
      stdio: ['ignore', 'ignore', 'ignore', later.fd],
    });
    later.close();
    expect(other.recvSync(5, { flags: c.MSG_WAITALL, timeout: 5000 }).toString()).toBe('abcde');
    expect(other.recvSync(5, { timeout: 0 }).toString()).toBe('f');
    one.trySend(Buffer.from('12'));
    // What came before the timeout is not lost.
    expect(other.recvSync(5, { flags: c.MSG_WAITALL, timeout: 20 }).toString()).toBe('12');
    await new Promise((resolve) => child.once('close', resolve));
    // The same with the sender's address, which comes with the first part.
    const again = spawn('sh', ['-c', 'sleep 0.1; printf cdef >&3'], {
      stdio: ['ignore', 'ignore', 'ignore', one.fd],
    });
    one.trySend(Buffer.from('ab'));
    expect(other.recvFromSync(5, { flags: c.MSG_WAITALL, timeout: 5000 }).data.toString()).toBe('abcde');
    await new Promise((resolve) => again.once('close', resolve));
    one.close();
    other.close();
  });

  it('a timeout of 0 is answered although others wait', async () => {
    const [one, other] = streams();
    await closing([one, other], async () => {
      const patient = other.recv(4);
      one.trySend(Buffer.from('now!more'));
      expect((await other.recv(4, { timeout: 0 })).toString()).toBe('now!');
      expect((await patient).toString()).toBe('more');
    });
  });
});

describe('beside Node.js’s own', () => {
  it('a net.Server’s connection is read by us, and the other way round', async () => {
    const server = createServer((connection) => connection.end('from net')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const ours = Socket.create(c.AF_INET, c.SOCK_STREAM);
    await ours.connect(loopback(port));
    expect((await ours.recv(64)).toString()).toBe('from net');
    expect(await ours.recv(64)).toHaveLength(0);
    ours.close();
    server.close();
    const mine = listener();
    const stream = netConnect(Buffer.from(mine.getsockname()).readUInt16BE(2), '127.0.0.1');
    const accepted = await mine.accept();
    stream.write('from us');
    expect((await accepted.recv(64)).toString()).toBe('from us');
    stream.destroy();
    expect(await accepted.recv(64)).toHaveLength(0);
    accepted.close();
    mine.close();
  });
});
