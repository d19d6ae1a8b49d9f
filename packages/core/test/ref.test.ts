import { spawnSync } from 'node:child_process';
import { Socket } from '@sockeye/core';
import { describe, expect, it } from 'vitest';
import { closing, streams } from './support.ts';

/** Runs a program over the built package, and says how it ended; one that does not end is killed after five seconds. */
function program(lines: string): { status: number | null; output: string } {
  const preamble = `
    import { constants as c, Socket } from '@sockeye/core';
    const streams = () => Socket.socketpair(c.AF_UNIX, c.SOCK_STREAM);
    const [one, other] = streams();
    const kept = [one, other];
    globalThis.kept = kept;
    const say = (word) => process.stdout.write(word + ' ');
    const tell = (promise) => promise.then((value) => say(String(value)), (error) => say(error.code));
    const loopback = () => { const b = Buffer.alloc(16); b.writeUInt16LE(c.AF_INET, 0); b.set([127, 0, 0, 1], 4); return b; };
    process.on('exit', () => say('ended'));`;
  const args = ['--input-type=module', '-e', preamble + lines];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 5000 });
  return { status, output: `${stdout}${stderr}`.trim() };
}

describe('ref and unref', () => {
  it('answer the socket, and hasRef says which came last', async () => {
    const [one, other] = streams();
    await closing([one, other], () => {
      expect(one.hasRef()).toBe(true);
      expect(one.unref()).toBe(one);
      expect(one.unref().hasRef()).toBe(false);
      expect(one.ref()).toBe(one);
      expect(one.ref().hasRef()).toBe(true);
      expect(other.hasRef()).toBe(true);
      expect(one).toBeInstanceOf(Socket);
    });
    // Of a closed one too, as of net.Socket's.
    expect(one.unref().hasRef()).toBe(false);
  });

  it.each([
    ['a receive', `one.unref(); tell(one.recv(1));`, 'ended'],
    ['a receive that has begun', `tell(one.recv(1)); setTimeout(() => one.unref(), 20);`, 'ended'],
    ['a receive with a timeout', `one.unref(); tell(one.recv(1, { timeout: 60_000 }));`, 'ended'],
    [
      'a wait and a send',
      `one.unref(); while (one.trySend(Buffer.alloc(4096)) > 0); tell(one.send(Buffer.alloc(4096))); tell(one.wait({ read: true }));`,
      'ended',
    ],
    [
      'a connect to a full backlog',
      `const server = Socket.create(c.AF_UNIX, c.SOCK_STREAM); server.bind(new Uint8Array([1, 0])); server.listen(0);
       const [first, second] = [0, 1].map(() => Socket.create(c.AF_UNIX, c.SOCK_STREAM));
       await first.connect(server.getsockname()); kept.push(server, first, second);
       tell(second.unref().connect(server.getsockname()));`,
      'ended',
    ],
    [
      'a receive beside an error queue that nobody reads',
      `const socket = Socket.create(c.AF_INET, c.SOCK_DGRAM); const target = Socket.create(c.AF_INET, c.SOCK_DGRAM);
       target.bind(loopback()); const gone = target.getsockname(); target.close();
       socket.setsockopt(c.IPPROTO_IP, c.IP_RECVERR, 1); kept.push(socket);
       const first = socket.recv(1).catch((error) => say(error.code)); socket.trySendTo(Buffer.from('x'), gone); await first;
       tell(socket.recv(1)); setTimeout(() => socket.unref(), 50);`,
      'ECONNREFUSED ended',
    ],
  ])('unref lets the process end: %s', (_, lines, output) => {
    expect(program(lines)).toEqual({ status: 0, output });
  });

  it.each([
    // A timer that holds nothing: it only comes while something else does.
    [
      'from the beginning',
      `tell(one.recv(9)); setTimeout(() => other.trySend(Buffer.from('kept')), 100).unref();`,
    ],
    [
      'after an unref',
      `one.unref(); tell(one.recv(9)); one.ref(); setTimeout(() => other.trySend(Buffer.from('kept')), 100).unref();`,
    ],
    [
      'beside one that is not referenced',
      `const [third] = streams(); kept.push(third); third.unref(); tell(third.recv(9));
       tell(one.recv(9)); setTimeout(() => other.trySend(Buffer.from('kept')), 100).unref();`,
    ],
    [
      'in the midst of many changes',
      `tell(one.recv(9)); for (let i = 0; i < 101; i++) i % 2 === 0 ? one.ref() : one.unref();
       setTimeout(() => { one.unref(); one.ref(); }, 20).unref();
       setTimeout(() => other.trySend(Buffer.from('kept')), 100).unref();`,
    ],
  ])('a referenced wait holds the process: %s', (_, lines) => {
    expect(program(lines)).toEqual({ status: 0, output: 'kept ended' });
  });

  it('the timeout of a referenced wait comes, and then nothing holds the process', () => {
    const lines = `other.unref(); tell(other.recv(1)); tell(one.recv(1, { timeout: 100 }));`;
    expect(program(lines)).toEqual({ status: 0, output: 'ERR_SOCKET_TIMEOUT ended' });
  });

  it('a wait that ended holds nothing, however often it was unreferenced', () => {
    const lines = `
      for (let i = 0; i < 3; i++) {
        const waiting = one.unref().recv(1); one.ref();
        setTimeout(() => other.trySend(Buffer.from('x')), 5); await waiting; one.unref(); one.ref(); }
      say('through');`;
    expect(program(lines)).toEqual({ status: 0, output: 'through ended' });
  });
});
