import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedFrameError } from '../src/errors.ts';
import { copyOf } from '../src/hub-bus.ts';
import { ext, std } from '../src/id.ts';
import { Float, packMap, unpack } from '../src/msgpack.ts';
import { formatFrame, parseFrame } from '../src/text.ts';
import {
  decodeUdpMessage,
  encodeUdpMessage,
  UDP_MULTICAST_GROUP_4,
  UdpMulticastBus,
  type UdpMulticastOptions,
} from '../src/udp-multicast.ts';
import { describeBus } from './bus-contract.ts';
import { noPythonCan, PYTHON_FD_FRAMES, PYTHON_FRAMES, pythonCan } from './python-can.ts';

const SOON = { timeout: 10_000 };
const refusal = (code: string): object => expect.objectContaining({ code });

/** A port that nobody uses: tests of other processes are not to be heard. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

const port = await freePort();
const LOCAL: UdpMulticastOptions = { group: UDP_MULTICAST_GROUP_4, port, interface: '127.0.0.1', hops: 0 };

/** Why there is no multicast here; undefined where there is. */
const without = await (async (): Promise<string | undefined> => {
  try {
    await using one = await UdpMulticastBus.open(LOCAL);
    await using other = await UdpMulticastBus.open(LOCAL);
    await one.send({ id: 1 }, SOON);
    await other.recv({ timeout: 2000 });
    return undefined;
  } catch (error) {
    return `no multicast on the loopback interface: ${(error as Error).message}`;
  }
})();

describeBus('UDP multicast', {
  make: () => UdpMulticastBus.open(LOCAL),
  without,
  confirms: false,
  lacks: ['xl', 'len8Dlc'],
});

describe('a bus of UDP multicast', () => {
  it('tells own frames from those of other processes here', async (context) => {
    if (without !== undefined) context.skip(without);
    await using one = await UdpMulticastBus.open({ ...LOCAL, receiveOwn: true });
    await using other = await UdpMulticastBus.open(LOCAL);
    await one.send({ id: 1 }, SOON);
    expect(await one.recv(SOON)).toMatchObject({ id: std(1), direction: 'own' });
    expect(await other.recv(SOON)).toMatchObject({ id: std(1), direction: 'tx' });
  });

  it('counts what is no frame, and goes on', async (context) => {
    if (without !== undefined) context.skip(without);
    await using one = await UdpMulticastBus.open(LOCAL);
    await using other = await UdpMulticastBus.open(LOCAL);
    const stranger = createSocket('udp4').bind(0);
    await once(stranger, 'listening');
    stranger.setMulticastInterface('127.0.0.1');
    await new Promise((resolve) => stranger.send('nonsense', port, UDP_MULTICAST_GROUP_4, resolve));
    stranger.close();
    await expect.poll(() => other.malformed).toBe(1);
    await one.send({ id: 2 }, SOON);
    expect((await other.recv(SOON)).id).toEqual(std(2));
  });

  it('refuses what is no group, port or interface', async () => {
    const open = UdpMulticastBus.open;
    await expect(open({ group: '10.0.0.1' })).rejects.toEqual(refusal('ERR_INVALID_ARG_VALUE'));
    await expect(open({ group: 5 as never })).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
    await expect(open({ port: 0 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
    await expect(open({ hops: 256 })).rejects.toEqual(refusal('ERR_OUT_OF_RANGE'));
    await expect(open({ filters: 5 as never })).rejects.toEqual(refusal('ERR_INVALID_ARG_TYPE'));
    await expect(open({ ...LOCAL, interface: '192.0.2.1' })).rejects.toThrow(/ENODEV|EADDRNOTAVAIL|EINVAL/);
  });
});

describe('python-can', () => {
  it('hears what we send, and we hear what it sends', async (context) => {
    if (without !== undefined) context.skip(without);
    const lack = noPythonCan('msgpack');
    if (lack !== undefined) context.skip(lack);
    // It takes the system's interface for the group, which is to be ours too.
    const group = UDP_MULTICAST_GROUP_4;
    await using bus = await UdpMulticastBus.open({ group, port, hops: 0 });
    await using peer = await pythonCan({ interface: 'udp_multicast', channel: group, port, hop_limit: 0 });
    const frames = [...PYTHON_FRAMES, ...PYTHON_FD_FRAMES];
    for (const [text, told] of frames) {
      await bus.send(parseFrame(text), SOON);
      expect(await peer.said()).toBe(told);
    }
    for (const [text, told] of frames) {
      peer.send(told);
      expect(formatFrame(await bus.recv(SOON))).toBe(text);
    }
  });
});

describe('the form of messages', () => {
  it('comes back whole', () => {
    for (const text of ['123#DEADBEEF', '12345678#R4', '20000004#0001000000000000', '123##3AABB', '7FF##0']) {
      const frame = parseFrame(text);
      expect(formatFrame(decodeUdpMessage(encodeUdpMessage(frame, 1.5)))).toBe(text);
    }
    expect(() => encodeUdpMessage(parseFrame('00123#80:00:00000000#11'), 0)).toThrow(refusal('EINVAL'));
  });

  it('is MessagePack as others write it', () => {
    const bytes = Buffer.from('83a16193ffd1ff00cb3ff8000000000000a162d902c3a9a163c402beef', 'hex');
    expect(unpack(bytes)).toEqual({ a: [-1, -256, 1.5], b: 'é', c: Uint8Array.of(0xbe, 0xef) });
    const packed = packMap({
      a: 127,
      b: 255,
      c: 65535,
      d: 2 ** 32 - 1,
      e: new Float(2),
      f: 'x'.repeat(40),
      g: null,
    });
    expect(unpack(packed)).toEqual({
      a: 127,
      b: 255,
      c: 65535,
      d: 2 ** 32 - 1,
      e: 2,
      f: 'x'.repeat(40),
      g: null,
    });
  });

  it('that is none is refused with the typed error', () => {
    const near = fc.uint8Array({ maxLength: 60 });
    const message = encodeUdpMessage(copyOf({ id: ext(5), data: Uint8Array.of(1, 2) }), 0);
    const bent = fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = message.slice();
      bytes[at] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(near, bent), (bytes) => {
        try {
          decodeUdpMessage(bytes);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/);
        }
      }),
      { numRuns: 2000 },
    );
    expect(() => decodeUdpMessage(Uint8Array.of(0x80))).toThrow(MalformedFrameError);
    expect(() => unpack(Uint8Array.from(Array(1000).fill(0x91)))).toThrow(MalformedFrameError);
    expect(() => unpack(Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff))).toThrow(MalformedFrameError);
  });
});
