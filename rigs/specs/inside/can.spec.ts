import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CanSocket, formatFrame, parseFrame } from '@sockeye/can';
import { describe, expect, it } from 'vitest';
import { onlyInside } from './only-inside.ts';

onlyInside();

const TEXTS = ['123#DEADBEEF', '00000123#', '1FFFFFFF#0102030405060708', '7FF#R'];

/** Starts candump on a bus for a count of frames, and waits until its socket is there. */
async function candump(bus: string, count: number): Promise<() => Promise<string[]>> {
  // -L: as in log files, "(time) bus frame", which is the form of cansend.
  const child = spawn('candump', ['-L', '-n', String(count), '-T', '10000', bus], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const ended = once(child, 'close');
  // The kernel lists who receives on a bus.
  const receives = (): boolean =>
    execFileSync('cat', ['/proc/net/can/rcvlist_all'], { encoding: 'utf8' }).includes(` ${bus} `);
  for (let tries = 0; tries < 100 && !receives(); tries++) await sleep(50);
  expect(receives()).toBe(true);
  return async () => {
    await ended;
    return text.trim().split('\n');
  };
}

/** Two buses: the virtual one with both ends in one interface, and the wire between two controllers. */
describe.each([
  { from: 'vcan0', to: 'vcan0' },
  { from: 'can0', to: 'can1' },
  { from: 'can1', to: 'can0' },
])('from $from to $to', ({ from, to }) => {
  it('candump sees what we send', async () => {
    const seen = await candump(to, TEXTS.length);
    using sender = CanSocket.openSync(from, { filters: [] });
    for (const text of TEXTS) await sender.send(parseFrame(text), { timeout: 5000 });
    expect((await seen()).map((line) => line.replace(/^\(\d+\.\d+\) /, ''))).toEqual(
      TEXTS.map((text) => `${to} ${text}`),
    );
  });

  it('we see what cansend sends', async () => {
    using receiver = CanSocket.openSync(to);
    for (const text of TEXTS) {
      execFileSync('cansend', [from, text]);
      expect(formatFrame(await receiver.recv({ timeout: 5000 }))).toBe(text);
    }
  });
});

describe('the controllers', () => {
  it.each(['can0', 'can1'])('%s is up at 500 kbit/s and counts what passes', async (name) => {
    const link = (): { linkinfo: { info_data: object }; stats64: { tx: { packets: number } } } => {
      const text = execFileSync('ip', ['-json', '-details', '-statistics', 'link', 'show', name], {
        encoding: 'utf8',
      });
      return JSON.parse(text)[0];
    };
    const before = link();
    expect(before.linkinfo.info_data).toMatchObject({
      state: 'ERROR-ACTIVE',
      bittiming: { bitrate: 500_000 },
    });
    using sender = CanSocket.openSync(name, { receiveOwn: true });
    await sender.send(parseFrame('123#01'), { timeout: 5000 });
    // It comes back once it was on the wire.
    await sender.recv({ timeout: 5000 });
    expect(link().stats64.tx.packets - before.stats64.tx.packets).toBe(1);
  });

  it('carries no CAN FD: SJA1000 is older than that', () => {
    using socket = CanSocket.openSync('can0', { fd: true });
    expect(() => socket.sendSync(parseFrame('123##0'), { timeout: 1000 })).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
  });
});
