/** The broadcast manager and its peers: can-utils, and python-can, which uses the kernel's too. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type CanFrame, formatFrame, parseFrame, std } from '@sockeye/can';
import { Bcm, type BcmFrame, type Watch } from '@sockeye/can/bcm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { python } from '../../probe/python.ts';
import { program } from '../../probe/where.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const BUS = 'vcan0';

const frameOf = (text: string): BcmFrame => {
  const frame: CanFrame = parseFrame(text);
  if (frame.xl) throw new Error(`${text} is an XL frame`);
  return frame;
};

let manager: Bcm;
let children: ChildProcess[];

beforeEach(() => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  manager = Bcm.open(BUS);
  children = [];
});

afterEach(async () => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  manager.close();
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'close');
    child.kill();
    await gone;
  }
});

/** Starts a program; gives its lines, one a call. */
function start(command: string, ...args: string[]): { child: ChildProcess; line(): Promise<string> } {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value as string };
}

/** candump on frames with one identifier, when it listens. */
async function candump(id: string): Promise<() => Promise<string>> {
  const { line } = start('candump', '-L', `${BUS},${id}:7FF`);
  const listens = (): boolean =>
    execFileSync('sh', ['-c', 'cat /proc/net/can/rcvlist_*'], { encoding: 'utf8' })
      .split('\n')
      .some((row) => row.includes(BUS) && row.includes(` ${id.toLowerCase()} `) && /\braw\b/.test(row));
  await expect.poll(listens, { timeout: 20_000, interval: 50 }).toBe(true);
  return async () => (await line()).replace(/^\(\d+\.\d+\) \w+ /, '');
}

/** The text of the next frame that is told. */
async function next(watch: Watch): Promise<string> {
  const { value } = await watch.next();
  return value?.type === 'changed' ? formatFrame(value.frame) : String(value?.type);
}

describe('can-utils', () => {
  it('candump sees what a job sends, and what it is changed to', async () => {
    const line = await candump('123');
    using job = await manager.cyclic([frameOf('123#DEADBEEF'), frameOf('123#R')], { every: 20 });
    expect([await line(), await line(), await line()]).toEqual(['123#DEADBEEF', '123#R', '123#DEADBEEF']);
    job.update([frameOf('123#01'), frameOf('123#01')]);
    await expect.poll(line, { timeout: 10_000, interval: 0 }).toBe('123#01');
  });

  it('cangen is heard, whole and where it changes', async () => {
    using all = manager.watch(std(0x234));
    using half = manager.watch(std(0x234), { mask: Uint8Array.of(0xfe) });
    execFileSync('cangen', [BUS, '-I', '234', '-L', '1', '-D', 'i', '-g', '2', '-n', '10']);
    for (let value = 0; value < 10; value++) {
      const text = `234#0${value.toString(16).toUpperCase()}`;
      expect(await next(all)).toBe(text);
      if (value % 2 === 0) expect(await next(half)).toBe(text);
    }
  });

  it('cansend asks, and candump sees the answer', async () => {
    using answer = manager.answer(frameOf('345#0102'));
    const line = await candump('345');
    execFileSync('cansend', [BUS, '345#R']);
    expect(new Set([await line(), await line()])).toEqual(new Set(['345#R', '345#0102']));
    expect(answer.stopped).toBe(false);
  });
});

describe('python-can', () => {
  it('sends periodically and hears us, beside a job of ours with the same identifier', async () => {
    const { child, line } = start(python(), program('../../specs/programs/can-bcm.py'), BUS);
    const say = async (words: string): Promise<string> => {
      child.stdin?.write(`${words}\n`);
      return line();
    };
    using watch = manager.watch(std(0x456), {
      mask: Uint8Array.of(0xff),
      absentAfter: 3000,
      absentAtStart: false,
    });
    expect(await say('periodic 456 01 0.02')).toBe('ok CyclicSendTask');
    expect(await next(watch)).toBe('456#01');
    expect(await say('modify 02')).toBe('ok');
    expect(await next(watch)).toBe('456#02');
    using job = await manager.cyclic(frameOf('456#03'), { every: 20 });
    expect(await next(watch)).toBe('456#03');
    expect(await next(watch)).toBe('456#02');
    expect(await say('receive 456 20')).toBe('ok');
    const seen = new Set<string>();
    for (let count = 0; count < 20; count++) seen.add((await line()).split(' ')[1] as string);
    expect(seen.has('03')).toBe(true);
    job.stop();
    expect(await say('stop')).toBe('ok');
    for (;;) if ((await next(watch)) === 'absent') break;
  });
});
