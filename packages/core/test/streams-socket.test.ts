import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { constants as c, Socket } from '@sockeye/core';
import { type SocketDuplex, toDuplex } from '@sockeye/core/streams';
import { describe, expect, it } from 'vitest';
import { allClosed, everything, failure, leavesNothing, media, pattern } from './streams-support.ts';
import { datagrams, listener, pause, rejected, streams, thrown } from './support.ts';

leavesNothing();

describe('what http, tls and others ask of a socket', () => {
  const pair = (): [SocketDuplex, SocketDuplex] => {
    const [one, other] = media[0]?.pair() as [Socket, Socket];
    return [toDuplex(one), toDuplex(other)];
  };

  it('setTimeout tells of idleness, begins anew with each chunk, and 0 ends it', async () => {
    const [one, other] = pair();
    let told = 0;
    one.setTimeout(60, () => {
      told += 1;
    });
    expect(one.timeout).toBe(60);
    one.resume();
    for (let i = 0; i < 6; i++) {
      await pause(20);
      other.write('x');
    }
    expect(told).toBe(0);
    await once(one, 'timeout');
    expect([told, one.destroyed]).toEqual([1, false]);
    const never = (): void => {
      told += 100;
    };
    one.setTimeout(20, never);
    one.setTimeout(0, never);
    await pause(50);
    expect([told, one.listenerCount('timeout')]).toEqual([1, 0]);
    expect(thrown(() => one.setTimeout(-1)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrown(() => one.setTimeout(5, 5 as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    one.destroy();
    other.destroy();
    await allClosed([one, other]);
  });

  it('setNoDelay and setKeepAlive set the options, on TCP', async () => {
    const [one, other] = pair();
    expect(one.setNoDelay()).toBe(one);
    expect(one.socket.getsockopt(c.IPPROTO_TCP, c.TCP_NODELAY)).toBe(1);
    one.setNoDelay(false);
    expect(one.socket.getsockopt(c.IPPROTO_TCP, c.TCP_NODELAY)).toBe(0);
    expect(one.setKeepAlive(true, 7000)).toBe(one);
    expect(one.socket.getsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE)).toBe(1);
    expect(one.socket.getsockopt(c.IPPROTO_TCP, c.TCP_KEEPIDLE)).toBe(7);
    one.setKeepAlive();
    expect(one.socket.getsockopt(c.SOL_SOCKET, c.SO_KEEPALIVE)).toBe(0);
    one.destroy();
    other.destroy();
    one.setNoDelay().setKeepAlive(true).setTimeout(10);
    await allClosed([one, other]);
  });

  it('on a Unix socket setNoDelay and setKeepAlive do nothing', async () => {
    const [one, other] = streams().map((socket) => toDuplex(socket)) as [SocketDuplex, SocketDuplex];
    one.setNoDelay().setKeepAlive(true, 5000);
    one.destroy();
    other.destroy();
    await allClosed([one, other]);
  });

  it('an error that a listener only passes on to where nobody listens does not end the process', async () => {
    const [one, other] = pair();
    const deaf = new EventEmitter();
    one.on('error', (error) => deaf.emit('error', error));
    one.destroy(new Error('told to nobody'));
    other.destroy();
    await allClosed([one, other]);
  });

  it('resetAndDestroy resets a TCP connection', async () => {
    const [one, other] = pair();
    other.resume();
    const failed = failure(other);
    one.resetAndDestroy();
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    await allClosed([one, other]);
  });

  it('destroySoon sends what was written first', async () => {
    const [one, other] = pair();
    const data = pattern(3_000_000);
    one.write(data);
    one.destroySoon();
    expect((await everything(other)).equals(data)).toBe(true);
    await allClosed([one, other]);
  });

  it('pipes through itself: an echo', async () => {
    const [one, other] = streams().map((socket) => toDuplex(socket, { allowHalfOpen: true })) as [
      SocketDuplex,
      SocketDuplex,
    ];
    const echo = pipeline(other, other);
    const data = pattern(2_000_000);
    one.end(data);
    expect((await everything(one)).equals(data)).toBe(true);
    await echo;
    await allClosed([one, other]);
  });
});

describe('keeping the process running', () => {
  /** How a process ends that has one idle stream and one listener: its status, and what it says after a while. */
  const ends = async (work: string): Promise<[number, string]> => {
    const script = `
      import { constants as c, Socket } from '@sockeye/core';
      import { asListener, toDuplex } from '@sockeye/core/streams';
      const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
      const stream = toDuplex(one).resume();
      const socket = Socket.create(c.AF_UNIX, c.SOCK_STREAM);
      socket.bind(Buffer.from([c.AF_UNIX, 0, 0, ...Buffer.from('sockeye-' + process.pid)]));
      socket.listen();
      const listener = asListener(socket).serve(() => {});
      setTimeout(() => { console.log('still here'); process.exit(3); }, 400).unref();
      ${work}`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 10_000,
    });
    const [said, [status]] = await Promise.all([everything(child.stdout), once(child, 'close')]);
    return [status as number, said.toString()];
  };

  it.each([
    ['', 3],
    ['stream.unref();', 3],
    ['listener.unref();', 3],
    ['stream.unref(); listener.unref();', 0],
    ['stream.unref(); listener.unref(); stream.ref();', 3],
    ['stream.destroy(); await listener.close(); other.close();', 0],
  ])('%s', async (work, status) => {
    expect(await ends(work)).toEqual([status, status === 3 ? 'still here\n' : '']);
  });
});

describe('what is no connection', () => {
  it('is refused by a typed error that names it, and stays the caller’s', async () => {
    expect(thrown(() => toDuplex(undefined as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrown(() => toDuplex({} as never)).message).toMatch(/^socket must be a Socket/);
    const [one, other] = datagrams();
    expect(thrown(() => toDuplex(one))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(one.trySend(Buffer.from('still here'))).toBe(10);
    one.close();
    other.close();
    const server = listener();
    expect(thrown(() => toDuplex(server)).message).toContain('asListener');
    server.close();
    expect(thrown(() => toDuplex(server))).toMatchObject({ code: 'EBADF' });
    const [left, right] = streams();
    for (const options of [5, { highWaterMark: -1 }, { highWaterMark: '1' }, { allowHalfOpen: 1 }]) {
      expect(thrown(() => toDuplex(left, options as never)).code).toMatch(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
    }
    for (const options of [{ messageSize: 0 }, { signal: 1 }]) {
      expect(thrown(() => toDuplex(left, options as never)).code).toMatch(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/);
    }
    const stream = toDuplex(left);
    expect(thrown(() => toDuplex(left)).message).toContain('no other stream');
    stream.destroy();
    right.close();
    await allClosed([stream]);
    expect((await rejected(left.recv(1))).code).toBe('EBADF');
  });

  it('an unconnected socket is ENOTCONN at the first use', async () => {
    const stream = toDuplex(Socket.create(c.AF_INET, c.SOCK_STREAM));
    stream.resume();
    expect((await failure(stream)).code).toBe('ENOTCONN');
    await allClosed([stream]);
  });
});

describe('a callback of write() that throws', () => {
  it.each([10, 4_000_000])('is an uncaught exception, after %d bytes', async (size) => {
    const [one, other] = Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const [writer, reader] = [toDuplex(one), toDuplex(other)];
    const words = await new Promise((resolve) => {
      const seen = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error, origin) => {
        for (const listener of seen) process.on('uncaughtException', listener);
        resolve([error.message, origin]);
      });
      writer.write(Buffer.alloc(size), () => {
        throw new Error('from a callback');
      });
      reader.resume();
    });
    expect(words).toEqual(['from a callback', 'uncaughtException']);
    writer.destroy();
    await allClosed([writer, reader]);
  });
});
