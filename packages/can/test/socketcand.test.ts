import { afterEach, describe, expect, it } from 'vitest';
import { ext, std } from '../src/id.ts';
import { formatSocketcand, parseSocketcand, SocketcandBus } from '../src/socketcand.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import { describeBus } from './bus-contract.ts';
import { LineServer, type Speech } from './line-server.ts';
import { noPythonCan, pythonCan } from './python-can.ts';

const SOON = { timeout: 10_000 };
const refusal = (code: string): object => expect.objectContaining({ code });

/** The daemon, as its doc/protocol.md has it. */
const DAEMON: Speech = {
  hello: '< hi >',
  ends: />/,
  heard: async (line, node, say) => {
    const words = line.replace(/[<>]/g, '').trim().split(/\s+/);
    if (words[0] === 'open') return say(words[1] === 'can0' ? '< ok >' : '< error could not open bus >');
    if (words[0] === 'rawmode') return say('< ok >');
    if (words[0] !== 'send') return say('< error unknown command >');
    const [, id = '', length, ...data] = words;
    if (Number(length) !== data.length) return say('< error Syntax error >');
    const value = Number.parseInt(id, 16);
    await node.send({
      id: id.length === 8 ? ext(value) : std(value),
      data: Uint8Array.from(data, (byte) => Number.parseInt(byte, 16)),
    });
  },
  said: ({ id, data, timestampNs }) => {
    const micros = timestampNs / 1000n;
    const time = `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
    return `< frame ${id} ${time} ${Buffer.from(data).toString('hex').toUpperCase()} >`;
  },
};

let server: LineServer | undefined;
const daemon = async (): Promise<LineServer> => {
  server ??= await LineServer.listen(DAEMON);
  return server;
};
const after = async (): Promise<void> => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
};
afterEach(after);

describeBus('socketcand', {
  make: async () => SocketcandBus.open(await (await daemon()).connect(), 'can0'),
  after,
  lacks: ['fd', 'esi', 'xl', 'len8Dlc', 'remote', 'remote length'],
  confirms: false,
});

describe('a bus behind socketcand', () => {
  it('is refused where the daemon has no such interface', async () => {
    const stream = await (await daemon()).connect();
    await expect(SocketcandBus.open(stream, 'can7')).rejects.toEqual(refusal('ENODEV'));
    expect(stream.destroyed).toBe(true);
    await expect(SocketcandBus.open(stream, 'a b')).rejects.toEqual(refusal('ERR_INVALID_ARG_VALUE'));
    await expect(SocketcandBus.open(null as never, 'can0')).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
  });

  it('does not wait for ever for a server that is silent, or hangs up', async () => {
    const silent = await LineServer.listen({ ends: />/, heard: () => {}, said: () => undefined });
    try {
      const open = async (options: object): Promise<SocketcandBus> =>
        SocketcandBus.open(await silent.connect(), 'can0', options);
      await expect(open({ timeout: 20 })).rejects.toEqual(refusal('ERR_SOCKET_TIMEOUT'));
      await expect(open({ signal: AbortSignal.abort() })).rejects.toEqual(refusal('ABORT_ERR'));
      const waiting = expect(open({})).rejects.toEqual(refusal('ECONNRESET'));
      setTimeout(() => silent.hangUp(), 20);
      await waiting;
    } finally {
      await silent[Symbol.asyncDispose]();
    }
  });

  it('has words for classic data frames alone', async () => {
    await using bus = await SocketcandBus.open(await (await daemon()).connect(), 'can0');
    await expect(bus.send({ id: 1, remote: true })).rejects.toEqual(refusal('EINVAL'));
    expect(formatSocketcand(parseFrame('00000123#DEAD'))).toBe('< send 00000123 2 DE AD >');
    expect(formatSocketcand(parseFrame('123#'))).toBe('< send 123 0 >');
    const { frame, timestampNs } = parseSocketcand('frame 1FFFFFFF 1700000000.000001 01 02A0') ?? {};
    expect(frame && formatFrame(frame)).toBe('1FFFFFFF#0102A0');
    expect(timestampNs).toBe(1_700_000_000_000_001_000n);
    for (const words of ['frame 800 1.0 ', 'frame 123 x ', 'frame 123 1.0 1', 'hi', 'frame 1 1.0 ']) {
      expect(parseSocketcand(words)).toBeUndefined();
    }
  });

  it('python-can is beside us at the same daemon', async (context) => {
    const lack = noPythonCan();
    if (lack !== undefined) context.skip(lack);
    const made = await daemon();
    await using bus = await SocketcandBus.open(await made.connect(), 'can0');
    await using peer = await pythonCan({
      interface: 'socketcand',
      channel: 'can0',
      host: '127.0.0.1',
      port: made.port,
    });
    // It takes every identifier for an extended one.
    await bus.send(parseFrame('12345678#0102'), SOON);
    expect(await peer.said()).toBe('12345678 100000 2 0102');
    peer.send('123 000000 3 0a0b0c');
    expect(formatFrame(await bus.recv(SOON))).toBe('123#0A0B0C');
  });
});
