import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PacketRing, TransmitRing } from '@sockeye/raw';
import { afterAll, describe, expect, it } from 'vitest';
import {
  endShared,
  frame,
  INSIDE,
  MODES,
  numberOf,
  OURS,
  receive,
  Sender,
  SMALL,
  sharedPair,
} from './ring-link.ts';

afterAll(endShared);

describe('a ring across a link', () => {
  it('has byte for byte what tcpdump has, and its tags, in all modes', async (context) => {
    const { a, b, from, to } = await sharedPair(context);
    const folder = mkdtempSync(join(tmpdir(), 'sockeye-ring-'));
    const rings: PacketRing[] = [];
    try {
      const file = join(folder, 'judge.pcap');
      const tcpdump = b.spawn(['tcpdump', '-i', to.name, '-U', '-w', file, 'ether src 02:00:00:00:00:01'], {
        stdio: 'pipe',
      });
      const ended = new Promise<boolean>((resolve) =>
        tcpdump.once('error', () => resolve(false)).once('close', () => resolve(true)),
      );
      let said = '';
      const listening = new Promise<void>((resolve) => {
        tcpdump.stderr?.on('data', (text) => {
          said += text;
          if (said.includes('listening on')) resolve();
        });
        tcpdump.once('close', () => resolve());
      });
      for (const options of Object.values(MODES))
        rings.push(await PacketRing.open(to.name, { netns: b.namespace, ...options }));
      await listening;
      if (!said.includes('listening on')) context.skip(`tcpdump does not run: ${said.trim()}`);
      const frames = Array.from({ length: 40 }, (_, index) =>
        frame(index, index % 4 === 0 ? 1514 : 60 + index),
      );
      // A tag, which the receiving kernel takes out.
      const tagged = frame(40, 104);
      tagged.set([0x81, 0x00, 0xa0, 0x07, OURS >> 8, OURS & 0xff], 12);
      using socket = new Sender(a, from);
      socket.send(...frames, tagged);
      const count = frames.length + 1;
      const seen = await Promise.all(rings.map((ring) => receive(ring, count, true)));
      for (let wait = 0; wait < 100 && recordsOf(file).length < count; wait++)
        await new Promise((resolve) => setTimeout(resolve, 50));
      tcpdump.kill('SIGINT');
      await ended;
      const judged = recordsOf(file);
      expect(judged.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
        [...frames, tagged].map((bytes) => Buffer.from(bytes).toString('hex')),
      );
      for (const packets of seen) {
        expect(packets.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
          judged.map((bytes) => Buffer.from(bytes).toString('hex')),
        );
        expect(packets.at(-1)).toMatchObject({
          vlan: { protocol: 0x8100, priority: 5, dropEligible: false, id: 7 },
          wireLength: 100,
          packetType: 'otherhost',
          hardwareType: 1,
          hardwareAddress: '02:00:00:00:00:01',
        });
        expect(packets[0]?.vlan).toBeUndefined();
        const age = BigInt(Date.now()) * 1_000_000n - (packets[0]?.timestamp ?? 0n);
        expect(age > -1_000_000_000n && age < 60_000_000_000n).toBe(true);
      }
    } finally {
      for (const ring of rings) ring.close();
      rmSync(folder, { recursive: true });
    }
  });

  it.for(Object.entries(MODES))('of a slow reader: the kernel drops and counts (%s)', async ([
    ,
    options,
  ], context) => {
    const { a, b, from, to } = await sharedPair(context);
    await using ring = await PacketRing.open(to.name, {
      ...options,
      netns: b.namespace,
      protocol: OURS,
      blocks: 2,
      blockSize: 1 << 14,
    });
    using socket = new Sender(a, from);
    const sent = 300;
    for (let number = 0; number < sent; number++) socket.send(frame(number, 1000));
    let got = 0;
    let last = -1;
    const before = ring.statistics();
    expect([before.packets, before.drops > 0]).toEqual([sent, true]);
    if (!(options.lowLatency ?? false)) expect(before.freezes).toBeGreaterThan(0);
    while (got < sent - before.drops) {
      using block = await ring.take({ timeout: 10_000 });
      for (const one of block ?? []) {
        const number = numberOf(one.data);
        expect(number).toBeGreaterThan(last);
        last = number;
        got += 1;
      }
    }
    // There is room again, and nothing else was lost.
    socket.send(frame(sent, 1000));
    const [after] = await receive(ring, 1);
    expect(numberOf(after?.data ?? new Uint8Array(20))).toBe(sent);
    expect(ring.statistics()).toEqual({ packets: 1, drops: 0, freezes: 0 });
  });

  it('keeps what a filter keeps, cut to its length, and nothing from before', async (context) => {
    const { a, b, from, to } = await sharedPair(context);
    using socket = new Sender(a, from);
    const flood = setInterval(() => socket.send(frame(1, 200)), 0);
    try {
      // The first byte of the number: 7 there is kept.
      const filter = [
        { code: 0x30, jt: 0, jf: 0, k: 17 },
        { code: 0x15, jt: 0, jf: 1, k: 7 },
        { code: 0x06, jt: 0, jf: 0, k: 0xffffffff },
        { code: 0x06, jt: 0, jf: 0, k: 0 },
      ];
      for (let turn = 0; turn < 10; turn++) {
        await using ring = await PacketRing.open(to.name, {
          netns: b.namespace,
          ...SMALL,
          filter,
          snapLength: 32,
        });
        socket.send(frame(1), frame(7, 300), frame(8));
        const [first] = await receive(ring, 1);
        expect([numberOf(first?.data ?? new Uint8Array(20)), first?.data.length, first?.wireLength]).toEqual([
          7, 32, 300,
        ]);
        expect(ring.statistics().packets).toBe(1);
      }
      const odd = [{ code: 0x16, jt: 0, jf: 0, k: 0 }];
      await expect(
        PacketRing.open(to.name, { netns: b.namespace, filter: odd, snapLength: 9 }),
      ).rejects.toThrow(/accumulator/);
    } finally {
      clearInterval(flood);
    }
  });

  it('shares out among the rings of a group, each packet to one', async (context) => {
    const { a, b, from, to } = await sharedPair(context);
    const open = (): Promise<PacketRing> =>
      PacketRing.open(to.name, {
        netns: b.namespace,
        ...SMALL,
        protocol: OURS,
        fanout: { group: 21, mode: 'roundRobin' },
      });
    await using one = await open();
    await using other = await open();
    using socket = new Sender(a, from);
    for (let number = 0; number < 100; number++) socket.send(frame(number));
    const numbers = (await Promise.all([receive(one, 50), receive(other, 50)])).map((packets) =>
      packets.map(({ data }) => numberOf(data)),
    );
    expect(numbers.map((list) => list.length)).toEqual([50, 50]);
    expect(numbers.flat().sort((x, y) => x - y)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    for (const ring of [one, other]) expect(ring.statistics()).toEqual({ packets: 50, drops: 0, freezes: 0 });
  });
});

/** The packets of a capture file, as far as it is written: pcap, in the order of this machine. */
function recordsOf(file: string): Uint8Array[] {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Uint8Array[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at + 8, true);
    if (at + 16 + length > bytes.length) break;
    records.push(bytes.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return records;
}

describe('a ring that sends', () => {
  it.for([
    {},
    ...(INSIDE ? [] : [{ copy: true }]),
    { bypassQueue: true },
  ])('sends all, in order, many by a call: %j', async (options, context) => {
    const { a, b, from, to } = await sharedPair(context);
    await using receiver = await PacketRing.open(to.name, { netns: b.namespace, protocol: OURS, blocks: 16 });
    await using ring = await TransmitRing.open(from.name, { netns: a.namespace, frames: 64, ...options });
    const frames = Array.from({ length: 1000 }, (_, index) => frame(index, 60 + (index % 1400)));
    expect(await ring.send(frames, { timeout: 10_000 })).toBe(1000);
    await ring.drain({ timeout: 10_000 });
    expect(ring.pending).toBe(0);
    const got = await receive(receiver, 1000);
    expect(got.map(({ data }) => Buffer.from(data).toString('base64'))).toEqual(
      frames.map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    // By hand: as many as there are places, then no more before they are handed over.
    let put = 0;
    while (ring.put(frame(put)) > 0) put += 1;
    expect([put, ring.pending]).toEqual([64, 64]);
    ring.flush();
    await ring.drain({ timeout: 10_000 });
    expect((await receive(receiver, 64)).map(({ data }) => numberOf(data))).toEqual(
      Array.from({ length: 64 }, (_, index) => index),
    );
  });

  it('says which frame the interface does not take, and sends the others', async (context) => {
    const { a, b, from, to } = await sharedPair(context);
    await using receiver = await PacketRing.open(to.name, { netns: b.namespace, protocol: OURS, ...SMALL });
    await using ring = await TransmitRing.open(from.name, { netns: a.namespace, frames: 32 });
    const long = frame(99, 1600);
    await expect(ring.send([frame(0), frame(1), long, frame(3)])).rejects.toMatchObject({
      code: 'EMSGSIZE',
      messagesSent: 2,
    });
    await expect(ring.send(new Uint8Array(5))).rejects.toMatchObject({ code: 'EINVAL', messagesSent: 0 });
    await expect(ring.send(frame(4))).resolves.toBe(1);
    // By hand those behind it stay.
    for (const one of [frame(5), long, frame(6), frame(7)]) ring.put(one);
    expect(() => ring.flush()).toThrow(expect.objectContaining({ code: 'EMSGSIZE', messagesSent: 1 }));
    expect(ring.pending).toBe(2);
    ring.put(frame(8));
    ring.flush();
    await ring.drain();
    expect((await receive(receiver, 7)).map(({ data }) => numberOf(data))).toEqual([0, 1, 4, 5, 6, 7, 8]);
    for (const bad of [new Uint8Array(0), new Uint8Array(2049 - 32)]) {
      expect(() => ring.put(bad)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
      await expect(ring.send([frame(1), bad])).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    await using careless = await TransmitRing.open(from.name, {
      netns: a.namespace,
      frames: 32,
      passOver: true,
    });
    expect(await careless.send([frame(10), long, frame(11)])).toBe(3);
    expect((await receive(receiver, 2)).map(({ data }) => numberOf(data))).toEqual([10, 11]);
  });
});
