/** Two CTU CAN FD controllers on one bus: frames of 64 bytes, the faster bit rate, FD switched off. */
import { execFileSync } from 'node:child_process';
import { CanSocket, formatFrame, parseFrame, std } from '@sockeye/can';
import { errnos } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engine } from '../../contracts/contract.ts';
import { ip } from '../../netns/ip.ts';
import { configure, link, moved } from './link.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const WAIT = { timeout: 10_000 };

beforeEach((context) => {
  const lack = process.env.SOCKEYE_RIG_NO_CANFD;
  // In CI the rig is to be there.
  if (lack !== undefined && process.env.CI) throw new Error(lack);
  if (lack !== undefined) context.skip(lack);
});

const sockets: CanSocket[] = [];
const open = (...args: Parameters<typeof CanSocket.openSync>): CanSocket => {
  const socket = CanSocket.openSync(...args);
  sockets.push(socket);
  return socket;
};
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

const filled = (length: number): string =>
  Array.from({ length }, (_, n) => ((n * 7 + length) & 0xff).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();

/** BRS is bit 0 of the flags; every length that CAN FD has. */
const LENGTHS = [0, 1, 7, 8, 12, 16, 20, 24, 32, 48, 64];
const TEXTS = [
  ...LENGTHS.map((length) => `123##1${filled(length)}`),
  `1FFFFFFF##1${filled(64)}`,
  `00000001##0${filled(12)}`,
  '7FF##0',
  // Classic frames on the same bus.
  '123#DEADBEEF',
  '1FFFFFFF#0102030405060708',
  '001#R',
];

describe(`CAN FD controllers, ${engine()} engine`, () => {
  it.each([
    ['canfd0', 'canfd1'],
    ['canfd1', 'canfd0'],
  ])('from %s to %s: frames of every length, with and without BRS, and classic ones', async (from, to) => {
    const before = { from: link(from), to: link(to) };
    const receiver = open(to, { fd: true });
    const sender = open(from, { fd: true, filters: [] });
    const got: string[] = [];
    for (const text of TEXTS) {
      await sender.send(parseFrame(text), WAIT);
      got.push(formatFrame(await receiver.recv(WAIT)));
    }
    expect(got).toEqual(TEXTS);
    const due = { packets: TEXTS.length };
    expect(moved(from, before.from).tx).toMatchObject(due);
    expect(moved(to, before.to).rx).toMatchObject(due);
  });

  it('both bit rates show, and the MTU is that of FD', () => {
    expect(link('canfd0')).toMatchObject({
      mtu: 72,
      linkinfo: {
        info_data: {
          bittiming: { bitrate: 500_000 },
          data_bittiming: { bitrate: 2_000_000 },
          ctrlmode: ['FD'],
        },
      },
    });
  });

  it('candump and cansend agree', async () => {
    const text = `123##1${filled(64)}`;
    const receiver = open('canfd1', { fd: true });
    execFileSync('cansend', ['canfd0', text]);
    expect(formatFrame(await receiver.recv(WAIT))).toBe(text);
  });

  it('a socket that did not ask for FD gets the classic frames only', async () => {
    const plain = open('canfd1');
    const sender = open('canfd0', { fd: true, filters: [] });
    for (const text of [`123##1${filled(64)}`, '124#01']) await sender.send(parseFrame(text), WAIT);
    expect((await plain.recv(WAIT)).id).toBe(std(0x124));
    expect(plain.socket.tryRecvInto(new Uint8Array(72))).toBe(-errnos.EAGAIN);
  });

  it('who waits is told ENETDOWN, and reads on when it is up; with FD off, FD frames are refused', async () => {
    const socket = open('canfd1', { fd: true });
    const waiting = expect(socket.recv(WAIT)).rejects.toMatchObject({ code: 'ENETDOWN' });
    ip('link', 'set', 'canfd1', 'down');
    await waiting;
    try {
      ip('link', 'set', 'canfd1', 'type', 'can', 'fd', 'off');
      ip('link', 'set', 'canfd1', 'up');
      expect(link('canfd1').mtu).toBe(16);
      await expect(socket.send(parseFrame('123##1'), WAIT)).rejects.toMatchObject({ code: 'EINVAL' });
      await open('canfd0').send(parseFrame('125#01'), WAIT);
      expect((await socket.recv(WAIT)).id).toBe(std(0x125));
    } finally {
      configure('canfd1', 'bitrate', 500_000, 'dbitrate', 2_000_000, 'fd', 'on');
    }
    await expect(socket.recv(WAIT)).rejects.toMatchObject({ code: 'ENETDOWN' });
    const sender = open('canfd0', { fd: true, filters: [] });
    await sender.send(parseFrame(`126##1${filled(64)}`), WAIT);
    expect(formatFrame(await socket.recv(WAIT))).toBe(`126##1${filled(64)}`);
  });

  it('a burst arrives whole and in order', async () => {
    // Fewer than the receiver's SO_RCVBUF holds: what does not fit, the kernel drops.
    const count = 200;
    const receiver = open('canfd1', { fd: true });
    const sender = open('canfd0', { fd: true, filters: [] });
    const data = Buffer.alloc(64, 0x5a);
    const reading = (async () => {
      const ids: number[] = [];
      while (ids.length < count) ids.push((await receiver.recv(WAIT)).id.value);
      return ids;
    })();
    await Promise.all(
      Array.from({ length: count }, (_, id) =>
        sender.send({ id, data, fd: true, bitRateSwitch: true }, WAIT),
      ),
    );
    expect(await reading).toEqual([...Array(count).keys()]);
  });
});
