/**
 * States and error frames: QEMU's controllers never err, so these come from an adapter on a serial line, whose stock driver
 * (slcan) believes what the adapter says of its controller.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  type CanFrame,
  CanSocket,
  decodeErrorFrame,
  describeErrorFrame,
  formatFrame,
  parseFrame,
} from '@sockeye/can';
import { errnos } from '@sockeye/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { engine } from '../../contracts/contract.ts';
import { ip } from '../../netns/ip.ts';
import { program } from '../../probe/where.ts';
import { configure, link } from './link.ts';
import { onlyInside } from './only-inside.ts';

onlyInside();

const WAIT = { timeout: 10_000 };
/** Bytes of a struct can_frame. */
const CAN_MTU = 16;

let adapter: ChildProcess;
let bus = '';
/** What the driver told the adapter. */
const told: string[] = [];

/** The adapter speaks. */
const say = (command: string): void => void adapter.stdin?.write(`${command}\n`);

beforeAll(async () => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  adapter = spawn('python3', [program('../../specs/programs/slcan-adapter.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: adapter.stdout! });
  bus = await new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => told.push(line));
  configure(bus, 'bitrate', 125_000);
});
afterAll(async () => {
  if (process.env.SOCKEYE_RIG === undefined) return;
  const gone = new Promise((resolve) => adapter.once('exit', resolve));
  adapter.stdin?.end();
  await gone;
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

/** The next frame, which must be an error frame. */
async function report(socket: CanSocket): Promise<CanFrame & { error: true }> {
  const frame = await socket.recv(WAIT);
  if (!frame.error) throw new Error(`no error frame: ${formatFrame(frame)}`);
  return frame as CanFrame & { error: true };
}

describe(`a controller that errs, ${engine()} engine`, () => {
  it('is set up by the driver: bit rate 4 is 125 kbit/s, and it is opened', async () => {
    await expect.poll(() => told).toEqual(['C', 'S4', 'O']);
    const socket = open(bus);
    say('t1232DEAD');
    expect(formatFrame(await socket.recv(WAIT))).toBe('123#DEAD');
    await socket.send(parseFrame('1FFFFFFF#01'), WAIT);
    await expect.poll(() => told).toContain('T1FFFFFFF101');
  });

  it('its way from active by warning and passive to bus-off comes as error frames', async () => {
    const socket = open(bus, { filters: [], errors: true });
    const words: string[] = [];
    for (const state of ['sw096000', 'sp128000', 'sa000000', 'sw000100']) {
      say(state);
      words.push(describeErrorFrame(await report(socket)));
    }
    expect(words).toEqual([
      'controller (rxWarning), counters (tx 0, rx 96)',
      'controller (rxPassive), counters (tx 0, rx 128)',
      'controller (active), counters (tx 0, rx 0)',
      'controller (txWarning), counters (tx 100, rx 0)',
    ]);
    say('sb000255');
    expect(decodeErrorFrame(await report(socket)).classes).toContain('busOff');
    expect(link(bus)).toMatchObject({
      linkinfo: {
        info_data: { state: 'BUS-OFF' },
        info_xstats: { bus_off: 1, error_warning: 2, error_passive: 1 },
      },
    });
  });

  it('bus-off is no error of a socket: who waits waits on, and what is sent is taken and lost', async () => {
    const socket = open(bus);
    // The carrier is gone; the kernel tells the queue a little later.
    await expect.poll(() => link(bus).operstate).toBe('DOWN');
    const before = told.length;
    expect(socket.socket.tryRecvInto(new Uint8Array(CAN_MTU))).toBe(-errnos.EAGAIN);
    await socket.send(parseFrame('222#'), WAIT);
    await expect(socket.recv({ timeout: 200 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(told.slice(before)).toEqual([]);
  });

  it('a driver that cannot restart says so, and down and up do it', async () => {
    expect(() => ip('link', 'set', bus, 'type', 'can', 'restart')).toThrow(/support/);
    const socket = open(bus);
    const waiting = expect(socket.recv(WAIT)).rejects.toMatchObject({ code: 'ENETDOWN' });
    configure(bus);
    await waiting;
    expect(link(bus).linkinfo.info_data.state).toBe('ERROR-ACTIVE');
    await expect.poll(() => link(bus).operstate).toBe('UP');
    say('t3330');
    expect(formatFrame(await socket.recv(WAIT))).toBe('333#');
    await socket.send(parseFrame('334#'), WAIT);
    await expect.poll(() => told).toContain('t3340');
  });

  it('error frames pass only the mask that was asked for', async () => {
    const errors = open(bus, { filters: [], errors: ['protocol'] });
    const none = open(bus);
    say('sw097000');
    // Two errors of the adapter's: a form error and a stuff error, on the receiving side.
    say('e2fs');
    const { protocol, classes } = decodeErrorFrame(await report(errors));
    expect(classes).toContain('protocol');
    expect(protocol).toEqual(expect.arrayContaining(['form', 'stuff']));
    expect(none.socket.tryRecvInto(new Uint8Array(CAN_MTU))).toBe(-errnos.EAGAIN);
    say('sa000000');
  });

  it('an adapter that is pulled out takes its interface along', async () => {
    const socket = open(bus);
    /** It goes down, then it vanishes: who is quick is told both. */
    const codes: string[] = [];
    const waiting = (async () => {
      while (codes.at(-1) !== 'ENODEV')
        await socket.recv(WAIT).catch(({ code }: { code: string }) => codes.push(code));
    })();
    adapter.stdin?.end();
    await waiting;
    expect(['ENODEV', 'ENETDOWN ENODEV']).toContain(codes.join(' '));
    expect(() => open(bus)).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  });
});
