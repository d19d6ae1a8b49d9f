/** Rings, captures, raw sockets and questions across the link: `raw.mjs <name of this container> <name of the other one>`. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatIP, inet, inet6, packet } from '@sockeye/addr';
import { constants as c, Socket } from '@sockeye/core';
import {
  arpScan,
  capture,
  icmpTypes,
  PacketRing,
  type PacketRingOptions,
  pathMtu,
  ping,
  RawSocket,
  type RingPacketCopy,
  traceroute,
} from '@sockeye/raw';
import { engine } from '../../contracts/contract.ts';
import { ETHERTYPE, frames, sendFrames } from './frames.ts';
import { type Description, Line } from './line.ts';
import { report } from './report.ts';

const [near = '', far = ''] = process.argv.slice(2);
const DEVICE = 'eth0';
const soon = { timeout: 5000 };
const home = await Line.to(near);
const mine = (await home.ask({ ask: 'side' })) as Description;
home.close();
const line = await Line.to(far);
const theirs = (await line.ask({ ask: 'side' })) as Description;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** A test that leaves as many descriptors as there were. */
const show = (topic: string, name: string, test: () => Promise<void>): Promise<void> =>
  report([`raw in a container, ${engine()} engine`, topic, name], async () => {
    const before = descriptors();
    await test();
    const until = performance.now() + soon.timeout;
    while (descriptors() > before && performance.now() < until) await sleep(1);
    assert.equal(descriptors(), before, 'descriptors were left open');
  });

/** Works with a socket of the other container's network. */
async function theirSocket<T>(
  kind: { family: number; type: number; protocol?: number },
  work: (socket: Socket) => Promise<T>,
): Promise<T> {
  const socket = line.create(kind);
  try {
    return await work(socket);
  } finally {
    socket.close();
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const SHAPE = { blocks: 32, blockSize: 1 << 16, protocol: ETHERTYPE } as const;
const RINGS: Readonly<Record<string, PacketRingOptions>> = {
  blocks: SHAPE,
  'blocks, copied': { ...SHAPE, copy: true },
  'low latency': { ...SHAPE, lowLatency: true },
};
/** No more than a ring of low latency has room for, or by default a socket, whoever reads and when. */
const COUNT = 400;
const FEW = 64;

for (const [mode, options] of Object.entries(RINGS)) {
  await show('PacketRing', `${mode}: has what the other’s ring sent, each once and in order`, async () => {
    await using ring = await PacketRing.open(DEVICE, options);
    const [sent, got] = await Promise.all([
      line.ask({ ask: 'frames', count: COUNT, to: mine.mac }),
      (async () => {
        const copies: RingPacketCopy[] = [];
        while (copies.length < COUNT) {
          using block = await ring.take(soon);
          for (const one of block ?? assert.fail('the interface went down')) copies.push(one.copy());
        }
        return copies;
      })(),
    ]);
    assert.equal(sent, COUNT);
    assert.deepEqual(
      got.map(({ data }) => hex(data)),
      frames(COUNT, theirs.mac, mine.mac).map(hex),
    );
    for (const { packetType, hardwareAddress, ifindex } of got)
      assert.deepEqual([packetType, hardwareAddress, ifindex], ['host', theirs.mac, mine.ifindex]);
    assert.deepEqual(ring.statistics(), { packets: COUNT, drops: 0, freezes: 0 });
  });
}

await show('TransmitRing', 'sends what a packet socket over there receives', () =>
  theirSocket({ family: c.AF_PACKET, type: c.SOCK_RAW }, async (socket) => {
    socket.bind(packet({ ifindex: theirs.ifindex, protocol: ETHERTYPE }));
    const got: string[] = [];
    const reading = (async () => {
      while (got.length < FEW) got.push(hex(await socket.recv(2048, soon)));
    })();
    const [sent] = await Promise.all([sendFrames(DEVICE, FEW, mine.mac, theirs.mac), reading]);
    assert.equal(sent, FEW);
    assert.deepEqual(got, frames(FEW, mine.mac, theirs.mac).map(hex));
  }),
);

for (const [name, family, bind] of [
  ['IPv4', c.AF_INET, (side: Description) => inet(side.inet, 0)],
  ['IPv6', c.AF_INET6, (side: Description) => inet6(side.inet6, 0)],
] as const) {
  const addressOf = (side: Description): string => (family === c.AF_INET ? side.inet : side.inet6);

  await show('capture', `a datagram over ${name} there and back, by name, number and bytes`, () =>
    theirSocket({ family, type: c.SOCK_DGRAM }, async (socket) => {
      await using cap = await capture(DEVICE, { snapLength: 128 });
      const own = Socket.create(family, c.SOCK_DGRAM);
      try {
        own.bind(bind(mine));
        socket.bind(bind(theirs));
        const port = (one: Socket): number => Buffer.from(one.getsockname()).readUInt16BE(2);
        const ports = [port(socket), port(own)];
        const text = 'x'.repeat(1000);
        await socket.sendTo(Buffer.from(text), own.getsockname(), soon);
        assert.equal((await own.recv(2048, soon)).toString(), text);
        await own.sendTo(Buffer.from('back'), socket.getsockname(), soon);
        const seen: unknown[] = [];
        let last = 0n;
        for await (const one of cap.packets(soon)) {
          const { udp, ipv4, ipv6, ethernet } = one.dissect();
          const ip = ipv4 ?? ipv6;
          if (udp === undefined || ip === undefined || ethernet === undefined) continue;
          if (!ports.includes(udp.sourcePort)) continue;
          seen.push([
            [hex(ethernet.source), hex(ethernet.destination)],
            [formatIP(ip.source), formatIP(ip.destination)],
            [udp.sourcePort, udp.destinationPort],
            [one.outgoing, one.truncated, udp.length],
          ]);
          assert.ok(one.timestamp >= last, 'time goes on');
          last = one.timestamp;
          if (seen.length === 2) break;
        }
        const mac = (side: Description): string => side.mac.replaceAll(':', '');
        assert.deepEqual(seen, [
          [
            [mac(theirs), mac(mine)],
            [addressOf(theirs), addressOf(mine)],
            ports,
            [false, true, 8 + text.length],
          ],
          [
            [mac(mine), mac(theirs)],
            [addressOf(mine), addressOf(theirs)],
            ports.toReversed(),
            [true, false, 12],
          ],
        ]);
        assert.ok(Math.abs(Number(last / 1_000_000n) - Date.now()) < 60_000, 'it was just now');
        assert.equal(cap.statistics().drops, 0);
      } finally {
        own.close();
      }
    }),
  );

  for (const privileged of [true, false]) {
    await show(
      'ping',
      `${name}, ${privileged ? 'by a raw socket' : 'by an ICMP datagram socket'}`,
      async () => {
        const options = { count: 5, interval: 10, timeout: 5000, size: 1200, privileged };
        const told = await collect(ping(addressOf(theirs), options));
        assert.deepEqual(
          told
            .map((one) => [one.kind, one.sequence, one.from])
            .toSorted(([, a], [, b]) => Number(a) - Number(b)),
          [0, 1, 2, 3, 4].map((sequence) => ['reply', sequence, addressOf(theirs)]),
        );
        for (const one of told) {
          assert.ok(one.kind === 'reply' && one.rttMs > 0 && one.rttMs < 5000);
          assert.deepEqual([one.hopLimit, one.length], [64, 1208]);
        }
      },
    );
  }

  for (const method of ['udp', 'icmp', 'tcp'] as const) {
    await show('traceroute', `${name} by ${method}: one hop`, async () => {
      const hops = await collect(traceroute(addressOf(theirs), { method, timeout: 5000 }));
      assert.deepEqual(
        hops.map(({ hop, reached, answers }) => [hop, reached, answers.map((answer) => answer?.from)]),
        [[1, true, [addressOf(theirs), addressOf(theirs), addressOf(theirs)]]],
      );
    });
  }

  await show('pathMtu', `${name}: the link’s`, async () => {
    const { mtu, blackHole } = await pathMtu(addressOf(theirs), { timeout: 5000 });
    assert.deepEqual([mtu, blackHole], [1500, false]);
  });

  await show('RawSocket', `${name}: a protocol of nobody’s, there and back`, () => {
    // RFC 3692: for experiments.
    const protocol = 254;
    return theirSocket({ family, type: c.SOCK_RAW, protocol }, async (socket) => {
      using own = RawSocket.open({ family: family === c.AF_INET ? 'inet' : 'inet6', protocol });
      await socket.sendTo(Buffer.from('across'), bind(mine), soon);
      const got = await own.recv(soon);
      assert.deepEqual(
        [got.data.toString(), got.from, got.destination, got.hopLimit, got.ifindex],
        ['across', addressOf(theirs), addressOf(mine), 64, mine.ifindex],
      );
      await own.send(Buffer.from('back'), addressOf(theirs), { hopLimit: 3 });
      const back = await socket.recv(2048, soon);
      // Over IPv4 with the header (raw(7)), whose ninth byte is the time to live.
      if (family === c.AF_INET) assert.equal(back[8], 3);
      assert.equal(back.subarray(family === c.AF_INET ? 20 : 0).toString(), 'back');
    });
  });
}

await show('RawSocket', 'what ICMP said of a datagram to nobody’s port, and who', async () => {
  using own = RawSocket.open({ protocol: c.IPPROTO_ICMP, icmpTypes: [icmpTypes.DESTINATION_UNREACHABLE] });
  const asking = Socket.create(c.AF_INET, c.SOCK_DGRAM);
  try {
    // RFC 863's discard: nobody listens.
    await asking.sendTo(Buffer.from('?'), inet(theirs.inet, 9), soon);
    const { data, from } = await own.recv(soon);
    assert.deepEqual([data[0], data[1], from], [3, 3, theirs.inet]);
  } finally {
    asking.close();
  }
});

await show(
  'arpScan',
  'finds the other one, by its hardware address, and nobody who is not there',
  async () => {
    const prefix = mine.inet.replace(/\d+$/, '0/28');
    const found = await collect(arpScan(DEVICE, { prefix, timeout: 300 }));
    // The first is the bridge itself.
    const others = found.filter(({ address }) => !address.endsWith('.1'));
    assert.deepEqual(
      others.map(({ address, hardwareAddress }) => [address, hardwareAddress]),
      [[theirs.inet, theirs.mac]],
    );
  },
);

line.close();
