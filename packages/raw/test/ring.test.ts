import { createSocket, type Socket as DgramSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { platform } from '@sockeye/core';
import { Mapping } from '@sockeye/core/mapping';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PacketRing, type PacketRingOptions } from '../src/ring.ts';
import type { RingBlock } from '../src/ring-block.ts';
import type { RingPacket } from '../src/ring-packet.ts';
import { TransmitRing } from '../src/ring-transmit.ts';

/** Why rings cannot be had here; undefined when they can. */
async function whyNot(): Promise<string | undefined> {
  if (platform !== 'linux') return 'rings are Linux’s';
  try {
    (await PacketRing.open('lo', { blocks: 1, blockSize: 4096 })).close();
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') return 'packet sockets need CAP_NET_RAW';
    throw error;
  }
}
const reason = await whyNot();

/** How many sockets' memory this process has mapped. */
const mapped = (): number =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('socket:[')).length;

const SMALL: PacketRingOptions = { blocks: 4, blockSize: 1 << 16, ignoreOutgoing: true };
const MODES: Readonly<Record<string, PacketRingOptions>> = {
  blocks: SMALL,
  'low latency': { ...SMALL, lowLatency: true },
  copied: { ...SMALL, copy: true },
};

describe('rings on the loopback interface', () => {
  let sink: DgramSocket;
  let port: number;
  let before: number;
  const rings: PacketRing[] = [];
  const open = async (options: PacketRingOptions): Promise<PacketRing> => {
    const ring = await PacketRing.open('lo', options);
    rings.push(ring);
    return ring;
  };

  beforeEach(async (context) => {
    if (reason !== undefined) context.skip(reason);
    before = mapped();
    sink = createSocket('udp4');
    sink.bind(0, '127.0.0.1');
    await once(sink, 'listening');
    port = sink.address().port;
  });

  afterEach(async () => {
    for (const ring of rings.splice(0)) await ring[Symbol.asyncDispose]();
    sink?.close();
    if (reason === undefined) expect(mapped()).toBe(before);
  });

  const send = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      sink.send(text, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });

  /** Options of a ring that receives nothing but datagrams to our port: other programs use the loopback interface too. */
  const alone = (): PacketRingOptions => ({
    ...SMALL,
    filter: [
      { code: 0x28, jt: 0, jf: 0, k: 12 }, // ldh [12], the EtherType
      { code: 0x15, jt: 0, jf: 3, k: 0x0800 },
      { code: 0x28, jt: 0, jf: 0, k: 36 }, // ldh [36], the destination's port
      { code: 0x15, jt: 0, jf: 1, k: port },
      { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
      { code: 0x06, jt: 0, jf: 0, k: 0 },
    ],
  });

  const isOurs = (packet: RingPacket): boolean => packet.dissect().udp?.destinationPort === port;
  const textOf = (packet: RingPacket): string => Buffer.from(packet.data.subarray(42)).toString();

  /** The next block with packets to our port: other programs use the loopback interface too. */
  async function ours(ring: PacketRing): Promise<[RingBlock, RingPacket]> {
    for (;;) {
      const block = await ring.take({ timeout: 5000 });
      const packet = [...(block ?? [])].find(isOurs);
      if (block === undefined) throw new Error('the loopback interface is down');
      if (packet !== undefined) return [block, packet];
      block.release();
    }
  }

  it.each(Object.entries(MODES))('give packets, which end with their block (%s)', async (_, options) => {
    const ring = await open(options);
    expect(ring.copies).toBe(options.copy === true);
    await send('sockeye');
    const [block, packet] = await ours(ring);
    expect(textOf(packet)).toBe('sockeye');
    expect(packet).toMatchObject({
      wireLength: 49,
      capturedLength: 49,
      truncated: false,
      packetType: 'host',
      hardwareType: 772,
      hardwareAddress: '00:00:00:00:00:00',
      protocol: 0x0800,
      ifindex: ring.ifindex,
      losing: false,
      hardwareTime: false,
      stale: false,
      outgoing: false,
      vlan: undefined,
    });
    expect(packet.networkOffset - packet.offset).toBe(14);
    expect(Math.abs(Number(packet.timestamp / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    const into = new Uint8Array(60);
    expect(packet.copyInto(into, 2)).toBe(49);
    expect(Buffer.from(into.subarray(44, 51)).toString()).toBe('sockeye');
    block.release();
    expect(() => packet.data).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_STALE' }));
    await send('again');
    const [next, another] = await ours(ring);
    expect(textOf(another)).toBe('again');
    next.release();
  });

  it.each(Object.entries(MODES))('give all in order, whatever the reader keeps (%s)', async (_, options) => {
    const ring = await open({ ...alone(), ...options, blocks: 16, blockSize: 1 << 14, frameSize: 512 });
    const kept: [RingBlock, RingPacket][] = [];
    for (let number = 0; number < 8; number++) {
      await send(`number ${number}`);
      kept.push(await ours(ring));
    }
    expect(kept.map(([, packet]) => textOf(packet))).toEqual(kept.map((__, number) => `number ${number}`));
    // In another order than they came.
    for (const [block] of kept.reverse()) block.release();
    for (let number = 0; number < 200; number++) {
      await send(`later ${number}`);
      const [block, packet] = await ours(ring);
      expect(textOf(packet)).toBe(`later ${number}`);
      block.release();
    }
    expect(ring.statistics().drops).toBe(0);
  });

  it('give back at each step of the iterator what was not given back', async () => {
    const ring = await open(SMALL);
    const seen: RingBlock[] = [];
    const reading = (async () => {
      for await (const block of ring) {
        if ([...block].some((packet) => isOurs(packet) && textOf(packet) === 'end')) break;
        seen.push(block);
        if (seen.length > 1) expect(seen.at(-2)?.released).toBe(true);
      }
    })();
    for (let number = 0; number < 10; number++) {
      await send('x');
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await send('end');
    await reading;
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((block) => block.released)).toBe(true);
  });

  it('do not spin while the reader keeps the block that came last', async () => {
    const ring = await open(alone());
    await send('kept');
    const [block, packet] = await ours(ring);
    // poll(2) tells of it until it has gone back.
    const wait = vi.spyOn(ring.socket, 'wait');
    await expect(ring.take({ timeout: 300 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(wait.mock.calls.length).toBeLessThan(20);
    const next = ours(ring);
    await send('next');
    const [other, following] = await next;
    expect([textOf(packet), textOf(following)]).toEqual(['kept', 'next']);
    block.release();
    other.release();
  });

  it('wait as they are told to', async () => {
    const ring = await open(alone());
    expect(ring.tryTake()).toBeUndefined();
    await expect(ring.take({ timeout: 0 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    await expect(ring.take({ timeout: 20 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    expect(() => ring.takeSync({ timeout: 20 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_TIMEOUT' }),
    );
    const stop = new AbortController();
    const waiting = ring.take({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR', cause: new Error('enough') });
    const iterating = (async () => {
      for await (const block of ring.blocks({ signal: stop.signal })) block.release();
    })();
    await expect(iterating).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  it('are read by a thread that waits', async () => {
    for (const options of Object.values(MODES)) {
      const ring = await open(options);
      await send('sync');
      for (let found = false; !found; ) {
        using block = ring.takeSync({ timeout: 5000 });
        found = [...(block ?? [])].some((packet) => isOurs(packet) && textOf(packet) === 'sync');
      }
      ring.close();
    }
  });

  it('close while they are waited for, and while their packets are looked at', async () => {
    const ring = await open(SMALL);
    const iterating = (async () => {
      const seen: RingPacket[] = [];
      for await (const block of ring) {
        for (const packet of block) {
          seen.push(packet);
          if (!isOurs(packet)) continue;
          ring.close();
          expect(() => packet.data).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_STALE' }));
          expect(() => [...block]).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_STALE' }));
        }
      }
      return seen;
    })();
    await send('x');
    expect((await iterating).length).toBeGreaterThan(0);
    const quiet = await open(alone());
    const taking = quiet.take();
    const reading = (async () => {
      for await (const block of quiet) block.release();
      return 'ended';
    })();
    await new Promise((resolve) => setTimeout(resolve, 10));
    quiet.close();
    quiet.close();
    await expect(taking).rejects.toMatchObject({ code: 'ECANCELED' });
    expect(await reading).toBe('ended');
    expect([quiet.closed, ring.closed]).toEqual([true, true]);
    expect(() => quiet.tryTake()).toThrow(expect.objectContaining({ code: 'EBADF' }));
    await expect(quiet.take()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('are empty, not dangling, for who kept views of a ring that is closed', async () => {
    const ring = await open(SMALL);
    await send('view');
    const [block, packet] = await ours(ring);
    const { data, bytes } = packet;
    expect(data.length).toBe(46);
    await ring[Symbol.asyncDispose]();
    expect(mapped()).toBe(before);
    expect([data.length, bytes.length, data[0], block.released]).toEqual([0, 0, undefined, true]);
    block.release();
  });

  it('copy by themselves where the runtime allows no views of their memory', async () => {
    const refusing = vi.spyOn(Mapping.prototype, 'buffer').mockReturnValue(undefined);
    try {
      for (const options of [SMALL, { ...SMALL, lowLatency: true }]) {
        const ring = await open(options);
        expect(ring.copies).toBe(true);
        await send('copied');
        const [block, packet] = await ours(ring);
        expect(textOf(packet)).toBe('copied');
        const { data } = packet;
        block.release();
        ring.close();
        // The bytes are the copy's, and stay.
        expect(Buffer.from(data.subarray(42)).toString()).toBe('copied');
      }
      await using sender = await TransmitRing.open('lo', { frames: 32 });
      // For local experiments (IEEE 802); others that have it do without the port.
      const ring = await open({ ...SMALL, protocol: 0x88b6 });
      const frame = new Uint8Array(60).fill(7);
      frame.set([0x88, 0xb6, port >> 8, port & 0xff], 12);
      expect(await sender.send(frame)).toBe(1);
      const got: string[] = [];
      while (got.length === 0) {
        using block = await ring.take({ timeout: 5000 });
        got.push(
          ...[...(block ?? [])].map((packet) => packet.data.join()).filter((bytes) => bytes === frame.join()),
        );
      }
      expect(got).toHaveLength(1);
    } finally {
      refusing.mockRestore();
    }
  });

  it('let the event loop have its turn, however much comes', async () => {
    const ring = await open({ ...SMALL, lowLatency: true });
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    try {
      let blocks = 0;
      while (blocks < 300) {
        await Promise.all(Array.from({ length: 20 }, () => send('x')));
        using block = await ring.take({ timeout: 5000 });
        if (block !== undefined) blocks += 1;
      }
      expect(turns).toBeGreaterThan(0);
    } finally {
      clearInterval(timer);
    }
  });

  it('end with their worker, in the midst of a block', async () => {
    const dist = new URL('../dist/', import.meta.url).href;
    const program = `
      import { PacketRing } from '${dist}index.js';
      import { parentPort } from 'node:worker_threads';
      const ring = await PacketRing.open('lo', { blocks: 4, blockSize: 65536 });
      parentPort.postMessage('open');
      let bytes = 0;
      for await (const block of ring) for (;;) for (const packet of block) bytes += packet.data[0];
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(mapped()).toBe(before + 1);
    await send('x');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await worker.terminate();
    expect(mapped()).toBe(before);
  });

  it('refuse what they cannot be opened with', async () => {
    const wrong: [unknown, unknown, string][] = [
      [7, {}, 'ERR_INVALID_ARG_TYPE'],
      ['', {}, 'ERR_INVALID_ARG_VALUE'],
      ['a-name-that-is-too-long', {}, 'ERR_INVALID_ARG_VALUE'],
      ['nosuchinterface', {}, 'ENODEV'],
      ['lo', null, 'ERR_INVALID_ARG_TYPE'],
      ['lo', { blocks: 0 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { blocks: 2 ** 20 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { blockSize: 5000 }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { blockSize: 1024 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { retireMs: 0 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { lowLatency: 1 }, 'ERR_INVALID_ARG_TYPE'],
      ['lo', { lowLatency: true, frameSize: 1000 }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { mode: 'boiled' }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { snapLength: 0 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { filter: 'udp' }, 'ERR_INVALID_ARG_TYPE'],
      ['lo', { filter: [{ code: 0xffff, jt: 0, jf: 0, k: 0 }] }, 'EINVAL'],
      ['lo', { fanout: { group: 1, mode: 'any' } }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { fanout: { group: 70_000, mode: 'hash' } }, 'ERR_OUT_OF_RANGE'],
      ['lo', { timestamps: 'yes' }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { copy: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [undefined, { promiscuous: true }, 'ERR_INVALID_ARG_VALUE'],
    ];
    for (const [name, options, code] of wrong) {
      const opening = Reflect.apply(PacketRing.open, PacketRing, [name, options]) as Promise<PacketRing>;
      await expect(opening, JSON.stringify([name, options])).rejects.toMatchObject({ code });
    }
    for (const [name, options, code] of [
      ['lo', { frames: 100 }, 'ERR_INVALID_ARG_VALUE'],
      ['lo', { frames: 16 }, 'ERR_OUT_OF_RANGE'],
      ['lo', { passOver: 'no' }, 'ERR_INVALID_ARG_TYPE'],
      ['nosuchinterface', {}, 'ENODEV'],
    ]) {
      const opening = Reflect.apply(TransmitRing.open, TransmitRing, [
        name,
        options,
      ]) as Promise<TransmitRing>;
      await expect(opening, JSON.stringify([name, options])).rejects.toMatchObject({ code });
    }
    for (let turns = 0; turns < 100 && mapped() > before; turns++)
      await new Promise((resolve) => setImmediate(resolve));
  });

  it('are cooked too, and on all interfaces', async () => {
    const ring = await PacketRing.open(undefined, { ...SMALL, mode: 'cooked' });
    rings.push(ring);
    await send('cooked');
    for (let found = false; !found; ) {
      using block = await ring.take({ timeout: 5000 });
      for (const packet of block ?? []) {
        if (!isOurs(packet)) continue;
        found = true;
        expect([Buffer.from(packet.data.subarray(28)).toString(), packet.networkOffset]).toEqual([
          'cooked',
          packet.offset,
        ]);
      }
    }
  });
});
