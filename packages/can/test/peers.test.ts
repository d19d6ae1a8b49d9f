/** Raw frames between us and other programs: cangen and candump of can-utils, python-can's `socketcan`, both ways. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { platform } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CanSocket } from '../src/can-socket.ts';
import type { CanFrameFields } from '../src/frame.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { noPythonCan, PYTHON_FD_FRAMES, PYTHON_FRAMES, pythonCan } from './python-can.ts';

const BUS = process.env.SOCKEYE_VCAN ?? 'vcan0';
const WAIT = { timeout: 10_000 };
/** Bytes for a flood that comes while another program has the processor: the usual buffer has room for some 200 frames. */
const ROOM = 8 << 20;

function whyNot(): string | undefined {
  if (platform !== 'linux') return 'CAN sockets are Linux only';
  try {
    CanSocket.openSync(BUS, { fd: true }).socket.close();
    return undefined;
  } catch (error) {
    return `no virtual CAN bus ${BUS}: ${(error as Error).message}`;
  }
}

const reason = whyNot();
const open: CanSocket[] = [];
const connect = (options: Parameters<typeof CanSocket.openSync>[1]): CanSocket => {
  const bus = CanSocket.openSync(BUS, { fd: true, ...options });
  open.push(bus);
  return bus;
};

beforeEach((context) => {
  if (reason !== undefined) context.skip(reason);
});

afterEach(async () => {
  for (const bus of open.splice(0)) await bus.close();
});

/** Runs a program to its end: what it said. */
async function said(command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (more: string) => {
    text += more;
  });
  const [status] = await once(child, 'close');
  expect(status, `${command} ${args.join(' ')}`).toBe(0);
  return text;
}

/** Whether a program is not here. */
const missing = (name: string): boolean => spawnSync(name, ['-?'], { stdio: 'ignore' }).error !== undefined;

describe('can-utils', () => {
  it('we get what cangen makes up, every frame of it', async (context) => {
    if (missing('cangen')) context.skip('there is no cangen (can-utils)');
    const bus = connect({ receiveBuffer: ROOM });
    const count = 400;
    // -m: classic and FD, standard and extended, data and remote; -v: says what it sends, bytes with dots between.
    const telling = said('cangen', BUS, '-m', '-g', '0', '-n', String(count), '-v');
    const seen: string[] = [];
    for await (const batch of bus.batches({ max: 64, signal: AbortSignal.timeout(WAIT.timeout) })) {
      for (const frame of batch) seen.push(formatFrame(frame.copy()));
      if (seen.length >= count) break;
    }
    const told = (await telling).trim().split('\n');
    expect(seen).toEqual(
      told.map((line) =>
        line
          .trim()
          .replace(/^\S+\s+/, '')
          .replaceAll('.', ''),
      ),
    );
    expect(seen).toHaveLength(count);
    expect(bus.drops).toBe(0);
  });

  it('none is lost of a flood of its, with 256 a call', async (context) => {
    if (missing('cangen')) context.skip('there is no cangen (can-utils)');
    const bus = connect({ timestamps: false, receiveBuffer: ROOM });
    const count = 3000;
    // -D i -I i: counted up. In its place, as candump would be: a process of its own on the same bus.
    const telling = said(
      'cangen',
      BUS,
      '-g',
      '0',
      '-p',
      '10',
      '-n',
      String(count),
      '-I',
      '123',
      '-L',
      '8',
      '-D',
      'i',
    );
    let next = 0n;
    for await (const batch of bus.batches({ max: 256, signal: AbortSignal.timeout(WAIT.timeout) })) {
      for (const { data } of batch) {
        expect(new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, true)).toBe(next);
        next += 1n;
      }
      if (next >= count) break;
    }
    await telling;
    expect(bus.drops).toBe(0);
  });

  it('candump gets what we send, many by one call', async (context) => {
    if (missing('candump')) context.skip('there is no candump (can-utils)');
    const kinds = [
      '123#DEADBEEF',
      '00000123#',
      '1FFFFFFF#0102030405060708',
      '7FF#R',
      '123##1AABB',
      '12345678#R',
    ];
    const texts = Array.from({ length: 300 }, (_, at) => kinds[at % kinds.length] as string);
    const telling = said('candump', '-L', '-n', String(texts.length), '-T', '10000', BUS);
    // The kernel lists who receives on a bus.
    const list = (): string => readFileSync('/proc/net/can/rcvlist_all', 'latin1');
    await expect.poll(() => new RegExp(`^\\s+${BUS}\\s`, 'm').test(list()), WAIT).toBe(true);
    const bus = connect({ filters: [] });
    // No more at once than its socket has room for.
    for (let at = 0; at < texts.length; at += 50) {
      const some: CanFrameFields[] = texts.slice(at, at + 50).map((text) => parseFrame(text));
      expect(await bus.sendAll(some, WAIT)).toBe(some.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const lines = (await telling).trim().split('\n');
    // It shows the kernel's own flag of FD frames too.
    const plain = (line: string): string => formatFrame(parseFrame(line.split(' ')[2] as string));
    expect(lines.map(plain)).toEqual(texts);
  });
});

describe('python-can', () => {
  it('hears what we send, and we hear what it sends', async (context) => {
    const lack = noPythonCan();
    if (lack !== undefined) context.skip(lack);
    const bus = connect({});
    await using peer = await pythonCan({ interface: 'socketcan', channel: BUS, fd: true });
    const frames = [...PYTHON_FRAMES, ...PYTHON_FD_FRAMES];
    for (const [text, told] of frames) {
      await bus.send(parseFrame(text), WAIT);
      expect(await peer.said()).toBe(told);
    }
    for (const [text, told] of frames) {
      peer.send(told);
      expect(formatFrame(await bus.recv(WAIT))).toBe(text);
    }
    // Python's start is slow where its processor is emulated.
  }, 60_000);
});
