import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { copyOf } from '../src/hub-bus.ts';
import { std } from '../src/id.ts';
import { formatSlcan, parseSlcan, SlcanBus } from '../src/slcan.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { describeBus } from './bus-contract.ts';
import { LineServer, type Speech } from './line-server.ts';
import { noPythonCan, PYTHON_FRAMES, pythonCan } from './python-can.ts';

const SOON = { timeout: 10_000 };
const refusal = (code: string): object => expect.objectContaining({ code });

/** An adapter: CR says that a command was understood, BEL that it was not. */
const ADAPTER: Speech = {
  ends: /\r/,
  heard: async (line, node, say) => {
    const frame = parseSlcan(line.slice(0, -1));
    if (frame !== undefined) {
      await node.send(frame);
      say(frame.id.extended ? 'Z\r' : 'z\r');
    } else say(/^[CSOLsY]/.test(line) ? '\r' : '\x07');
  },
  said: (frame) => `${formatSlcan(frame)}\r`,
};

let server: LineServer | undefined;
const adapter = async (): Promise<LineServer> => {
  server ??= await LineServer.listen(ADAPTER);
  return server;
};
const after = async (): Promise<void> => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
};
afterEach(after);

describeBus('slcan', {
  make: async () => SlcanBus.open(await (await adapter()).connect(), { fd: true, bitrate: 500_000 }),
  after,
  lacks: ['xl', 'len8Dlc', 'esi'],
  confirms: false,
});

describe('a bus over a serial line', () => {
  it('is set up by commands, and closed by one', async () => {
    const made = await adapter();
    const { lines } = made;
    const connect = (): ReturnType<LineServer['connect']> => made.connect();
    await (await SlcanBus.open(await connect(), { bitrate: 125_000 })).close();
    await (await SlcanBus.open(await connect(), { registers: '011C', listenOnly: true })).close();
    const bus = await SlcanBus.open(await connect(), {
      fd: true,
      bitrate: 1_000_000,
      dataBitrate: 5_000_000,
    });
    await bus.close();
    await expect.poll(() => lines.length).toBe(13);
    expect(lines.map((line) => line.trim())).toEqual([
      'C',
      'S4',
      'O',
      'C',
      'C',
      's011C',
      'L',
      'C',
      'C',
      'S8',
      'Y5',
      'O',
      'C',
    ]);
  });

  it('refuses what the adapter has no command for', async () => {
    const stream = await (await adapter()).connect();
    const value = refusal('ERR_INVALID_ARG_VALUE');
    await expect(SlcanBus.open(stream, { bitrate: 83_333 })).rejects.toEqual(value);
    await expect(SlcanBus.open(stream, { bitrate: 10_000, registers: '011C' })).rejects.toEqual(value);
    await expect(SlcanBus.open(stream, { registers: 'xyz' })).rejects.toEqual(value);
    await expect(SlcanBus.open(stream, { dataBitrate: 2_000_000 })).rejects.toEqual(value);
    await expect(SlcanBus.open(5 as never)).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
    await using bus = await SlcanBus.open(stream);
    await expect(bus.send(parseFrame('20000004#0001000000000000'))).rejects.toEqual(refusal('EINVAL'));
  });

  it('counts what is refused, and what is no line, and goes on', async () => {
    const made = await LineServer.listen({
      ...ADAPTER,
      heard: (line, _node, say) => {
        if (line === 'O\r')
          say(`\x07t1238\rt12\rF04\rwhat\r${'x'.repeat(3000)}t1231AA\rT0000000520102ABCD\r`);
      },
    });
    try {
      await using bus = await SlcanBus.open(await made.connect());
      // What came behind a line without an end is lost up to the next end.
      expect(formatFrame(await bus.recv(SOON))).toBe('00000005#0102');
      expect(bus.refused).toBe(1);
      expect(bus.malformed).toBeGreaterThanOrEqual(4);
    } finally {
      await made[Symbol.asyncDispose]();
    }
  });

  it('tells who waits and who sends that the line is gone', async () => {
    const made = await adapter();
    await using bus = await SlcanBus.open(await made.connect());
    const waiting = expect(bus.recv(SOON)).rejects.toEqual(refusal('ECONNRESET'));
    await expect.poll(() => made.lines.length).toBe(2);
    made.hangUp();
    await waiting;
    await expect(bus.send({ id: 1 }, SOON)).rejects.toEqual(refusal('EPIPE'));
  });

  it('waits for room in the stream, for as long as it was told', async () => {
    const made = await adapter();
    const stream = await made.connect();
    await using bus = await SlcanBus.open(stream);
    stream.cork();
    const data = new Uint8Array(8);
    let sent = 0;
    for (;;) {
      try {
        await bus.send({ id: 1, data }, { timeout: 0 });
        sent += 1;
      } catch (error) {
        expect(error).toEqual(refusal('ERR_SOCKET_TIMEOUT'));
        break;
      }
    }
    expect(sent).toBeGreaterThan(10);
    await expect(bus.send({ id: 1, data }, { timeout: 20 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
    const last = bus.send({ id: 2 }, SOON);
    stream.uncork();
    await last;
    await expect.poll(() => made.lines.at(-1)).toBe('t0020\r');
    expect(made.lines.length).toBe(2 + sent + 1);
  });

  it('python-can is at the other end', async (context) => {
    const lack = noPythonCan('serial');
    if (lack !== undefined) context.skip(lack);
    const made = await adapter();
    await using bus = await SlcanBus.open(await made.connect());
    await using peer = await pythonCan({
      interface: 'slcan',
      channel: `socket://127.0.0.1:${made.port}`,
      sleep_after_open: 0,
    });
    // It is on the bus when its commands have come.
    await expect.poll(() => made.lines.filter((line) => line === 'O\r').length).toBe(2);
    for (const [text, told] of PYTHON_FRAMES) {
      await bus.send(parseFrame(text), SOON);
      expect(await peer.said()).toBe(told);
    }
    for (const [text, told] of PYTHON_FRAMES) {
      peer.send(told);
      expect(formatFrame(await bus.recv(SOON))).toBe(text);
    }
  });
});

describe('a line', () => {
  it.each([
    ['t1234DEADBEEF', '123#DEADBEEF'],
    ['T0000012300', undefined],
    ['T000001230', '00000123#'],
    ['r7FF3', '7FF#R3'],
    ['R1FFFFFFF0', '1FFFFFFF#R0'.slice(0, -1)],
    ['t10021133ABCD', '100#1133'],
    ['d1239112233445566778899AABBCC', '123##0112233445566778899AABBCC'],
    ['B000000050', '00000005##1'],
    ['t8001AA', undefined],
    ['t1239112233445566778899', undefined],
    ['t12', undefined],
    ['T12340', undefined],
    ['T2000000000', undefined],
    ['z', undefined],
  ])('%s is %s', (line, text) => {
    const frame = parseSlcan(line);
    expect(frame === undefined ? undefined : formatFrame(frame)).toBe(text);
  });

  it('is filled up where no data length code has the length', () => {
    expect(formatSlcan(copyOf({ fd: true, id: 1, data: new Uint8Array(9).fill(0xaa) }))).toBe(
      `d0019${'AA'.repeat(9)}000000`,
    );
  });

  it('of any kind is a frame or none, and never an error', () => {
    const near = fc.string({ unit: fc.constantFrom(...'trdbTRDBzZ0123456789abcdefABCDEF'), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (line) => {
        const frame = parseSlcan(line);
        if (frame !== undefined) expect(parseSlcan(formatSlcan(frame))).toEqual(frame);
      }),
      { numRuns: 2000 },
    );
    expect(parseSlcan('t0010')?.id).toEqual(std(1));
  });
});
