/** What an audit found against CPython 3.11. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import * as socket from '@sockeye/compat-python';
import { afterEach, describe, expect, it } from 'vitest';
import { thrown } from './support.ts';

const open: socket.socket[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function pair(): [socket.socket, socket.socket] {
  const made = socket.socketpair();
  open.push(...made);
  return made;
}

describe('flags', () => {
  it('MSG_DONTWAIT on a socket with a timeout waits for it, as Python polls first', () => {
    const [one] = pair();
    one.settimeout(0.05);
    const calls = [
      () => one.recv(1, socket.MSG_DONTWAIT),
      () => one.recv_into(Buffer.alloc(1), 0, socket.MSG_DONTWAIT),
      () => one.recvfrom(1, socket.MSG_DONTWAIT),
      () => {
        for (;;) one.send(Buffer.alloc(65536), socket.MSG_DONTWAIT);
      },
    ];
    for (const call of calls) expect(thrown(call)).toBeInstanceOf(socket.TimeoutError);
  });

  it('MSG_WAITALL fills the buffer of recvfrom and recvfrom_into too', async () => {
    for (const receive of [
      (s: socket.socket) => s.recvfrom(4, socket.MSG_WAITALL)[0].toString(),
      (s: socket.socket) => {
        const room = Buffer.alloc(4);
        return room.toString('latin1', 0, s.recvfrom_into(room, 0, socket.MSG_WAITALL)[0]);
      },
    ]) {
      const [one, other] = pair();
      other.send(Buffer.from('ab'));
      const stdio = ['ignore', 'ignore', 'ignore', other.fileno()] as const;
      const child = spawn('sh', ['-c', 'sleep 0.1; printf cd >&3'], { stdio: [...stdio] });
      expect(receive(one)).toBe('abcd');
      await new Promise((resolve) => child.once('close', resolve));
    }
  });
});

describe('arguments', () => {
  it('socketpair takes None for its family', () => {
    open.push(...socket.socketpair(null), ...socket.socketpair({ family: null }));
    expect(open.map(({ family }) => family)).toEqual(Array(4).fill(socket.AF_UNIX));
  });

  it('a timeout that is missing is refused, and not taken for None', () => {
    const [one] = pair();
    const forgotten: { timeout?: socket.Timeout } = {};
    // @ts-expect-error undefined is no timeout
    expect(() => one.settimeout(forgotten.timeout)).toThrow(TypeError);
    expect(one.gettimeout()).toBe(null);
  });

  it('a buffer whose memory is gone is no empty buffer, which would read as the end of the stream', () => {
    const [one, other] = pair();
    other.send(Buffer.from('data'));
    const gone = new Uint8Array(4);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(() => one.recv_into(gone)).toThrow(socket.ValueError);
    expect(() => one.recvfrom_into(gone)).toThrow(socket.ValueError);
    expect(() => one.send(gone.buffer)).toThrow(socket.ValueError);
    expect(one.recv(9).toString()).toBe('data');
  });

  it("another realm's ArrayBuffer is bytes too", () => {
    const [one, other] = pair();
    one.send(runInNewContext('Uint8Array.of(65, 66).buffer'));
    expect(other.recv(9).toString()).toBe('AB');
  });

  it('if_indextoname refuses what is beyond 32 bits, as Python does since 3.13', () => {
    for (const index of [2 ** 32, 2 ** 32 + 1, 2 ** 63])
      expect(thrown(() => socket.if_indextoname(index))).toMatchObject({
        name: 'OverflowError',
        message: 'index is too large',
      });
  });

  it('getaddrinfo leaves it to the C library which ports are none, as Python does since 3.12', () => {
    for (const port of [-(2 ** 64), 1e21]) {
      const error = thrown(() => socket.getaddrinfo(null, port, 0, socket.SOCK_STREAM));
      expect(error).toBeInstanceOf(socket.gaierror);
      expect(error).toMatchObject({ errno: socket.EAI_SERVICE });
    }
    expect(socket.getaddrinfo('127.0.0.1', 2 ** 63, 0, socket.SOCK_STREAM)[0]?.[4]).toEqual(['127.0.0.1', 0]);
  });

  it('fromfd leaves no descriptor when its other arguments are bad', () => {
    const [one] = pair();
    const before = readdirSync('/proc/self/fd').length;
    expect(() => socket.fromfd(one.fileno(), 2 ** 40, 1)).toThrow(socket.OverflowError);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
