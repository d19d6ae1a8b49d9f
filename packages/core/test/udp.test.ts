/** UDP at the limit: the same datagrams, whether the kernel puts them together or not. */
import { AddressBuffer, constants as c, errnos, Socket } from '@sockeye/core';
import { segmentSize } from '@sockeye/core/cmsg';
import {
  pathMtu,
  probeUdp,
  SegmentBatch,
  sendSegments,
  sendSegmentsSync,
  setPathMtuDiscovery,
  trySendSegments,
  UdpReceiver,
  type UdpReceiverOptions,
} from '@sockeye/core/udp';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { closing, datagrams, loopback, pause, rejected, streams, thrown } from './support.ts';

/** A sockaddr_in6, linux/in6.h, of an address' last bytes. */
function inet6(tail: number[], port = 0): Uint8Array {
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, c.AF_INET6, true);
  view.setUint16(2, port, false);
  bytes.set(tail, 24 - tail.length);
  return bytes;
}

const portOf = (socket: Socket): number => Buffer.from(socket.getsockname()).readUInt16BE(2);
const MAPPED = [0xff, 0xff, 127, 0, 0, 1];

const MODES = {
  want: c.IP_PMTUDISC_WANT,
  dont: c.IP_PMTUDISC_DONT,
  probe: c.IP_PMTUDISC_PROBE,
  interface: c.IP_PMTUDISC_INTERFACE,
  omit: c.IP_PMTUDISC_OMIT,
  do: c.IP_PMTUDISC_DO,
} as const;

interface Pair {
  sender: Socket;
  receiver: Socket;
  to: Uint8Array;
}

/** Whether this machine has IPv6 on its loopback interface. */
const hasInet6 = ((): boolean => {
  const socket = Socket.create(c.AF_INET6, c.SOCK_DGRAM);
  try {
    socket.bind(inet6([1]));
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
})();

function bound(family: number, address: Uint8Array): Socket {
  const socket = Socket.create(family, c.SOCK_DGRAM);
  socket.setsockopt(c.SOL_SOCKET, c.SO_RCVBUF, 4 << 20);
  if (family === c.AF_INET6) socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_V6ONLY, 0);
  socket.bind(address);
  return socket;
}

const PAIRS: [string, () => Pair][] = [
  [
    'IPv4',
    () => {
      const receiver = bound(c.AF_INET, loopback());
      return { sender: bound(c.AF_INET, loopback()), receiver, to: receiver.getsockname() };
    },
  ],
  [
    'IPv6',
    () => {
      const receiver = bound(c.AF_INET6, inet6([1]));
      return { sender: bound(c.AF_INET6, inet6([1])), receiver, to: receiver.getsockname() };
    },
  ],
  [
    'IPv4 on IPv6 sockets',
    () => {
      const receiver = bound(c.AF_INET6, inet6([]));
      return { sender: bound(c.AF_INET6, inet6([])), receiver, to: inet6(MAPPED, portOf(receiver)) };
    },
  ],
];

/** All that comes, in order, until the socket is empty. */
function drain(receiver: UdpReceiver): { data: Buffer; address: Buffer; ecn: number | undefined }[] {
  const came: { data: Buffer; address: Buffer; ecn: number | undefined }[] = [];
  while (receiver.tryReceive() > 0) {
    for (const { data, address, ecn } of receiver) {
      came.push({ data: Buffer.from(data), address: Buffer.from(address), ecn });
    }
  }
  return came;
}

function cut(data: Uint8Array, size: number): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    parts.push(Buffer.from(data.subarray(at, at + size)));
    at += size;
  } while (at < data.length);
  return parts;
}

const numbered = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => index * 7));

describe.each(PAIRS)('over %s', (name, make) => {
  const with_ = async (
    context: { skip: (reason: string) => never },
    work: (pair: Pair) => Promise<void> | void,
  ): Promise<void> => {
    if (name !== 'IPv4' && !hasInet6) context.skip('this machine has no IPv6 on its loopback interface');
    const pair = make();
    await closing([pair.sender, pair.receiver], () => work(pair));
  };

  it('finds out what there is without changing the socket', (context) =>
    with_(context, ({ sender }) => {
      const found = probeUdp(sender);
      expect(found).toMatchObject({ ecn: true, dontFragment: true, packetInfo: true });
      expect(found.maxSegments).toBe(found.segmentation ? Math.max(64, found.maxSegments) : 1);
      expect(sender.getsockopt(c.SOL_SOCKET, c.SO_ZEROCOPY)).toBe(0);
      if (found.coalescing) expect(sender.getsockopt(c.SOL_UDP, c.UDP_GRO)).toBe(0);
    }));

  it('every size arrives intact, in order and with its bounds, together or singly at either end', (context) =>
    with_(context, ({ sender, receiver, to }) => {
      const receivers = [true, false].map(
        (offload) => () => new UdpReceiver(receiver, { offload, ecn: true }),
      );
      const forms = [sendSegmentsSync, trySendSegments];
      fc.assert(
        fc.property(
          fc.nat(70_000),
          fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 65_507 })),
          fc.boolean(),
          fc.constantFrom(...receivers),
          fc.constantFrom(...forms),
          fc.option(fc.nat(3), { nil: undefined }),
          (length, size, offload, receive, send, ecn) => {
            fc.pre(length / size <= 400);
            const data = numbered(length);
            const reader = receive();
            expect(send(sender, data, size, { address: to, offload, ecn })).toBe(length);
            const came = drain(reader);
            expect(Buffer.concat(came.map((one) => one.data)).equals(data)).toBe(true);
            expect(came.map((one) => one.data.length)).toEqual(cut(data, size).map((one) => one.length));
            for (const one of came) expect(one.ecn).toBe(ecn ?? 0);
            expect(new Set(came.map((one) => one.address.toString('hex'))).size).toBe(1);
          },
        ),
        { numRuns: 150 },
      );
    }));

  it('sends many in one call, and takes them in one', (context) =>
    with_(context, ({ sender, receiver, to }) => {
      const { segmentation, coalescing, maxSegments } = probeUdp(sender);
      if (!segmentation || !coalescing) context.skip('this kernel has no UDP_SEGMENT or no UDP_GRO');
      const reader = new UdpReceiver(receiver);
      expect(reader.coalescing).toBe(true);
      expect(trySendSegments(sender, numbered(100 * 50), 100, { address: to })).toBe(5000);
      expect(reader.tryReceive()).toBe(50);
      expect(reader.batch.length).toBe(1);
      expect([...reader.lengths.subarray(0, 50)]).toEqual(new Array(50).fill(100));
      expect(trySendSegments(sender, Buffer.alloc(maxSegments + 1), 1, { address: to })).toBe(
        maxSegments + 1,
      );
      expect(reader.tryReceive()).toBe(maxSegments + 1);
      expect(reader.batch.length).toBe(2);
      // Off again: one by one.
      const single = new UdpReceiver(receiver, { offload: false });
      trySendSegments(sender, numbered(500), 100, { address: to });
      expect([single.coalescing, single.tryReceive(), single.batch.length]).toEqual([false, 5, 5]);
    }));

  it('marks datagrams, and tells the marks and where they came to', (context) =>
    with_(context, async ({ sender, receiver, to }) => {
      const reader = new UdpReceiver(receiver, { ecn: true, packetInfo: true });
      for (const ecn of [0, 1, 2, 3]) {
        expect(await sendSegments(sender, numbered(50), 20, { address: to, ecn, dscp: 46 })).toBe(50);
        expect(await reader.receive({ timeout: 2000 })).toBeGreaterThan(0);
        expect([reader.ecn(0), reader.dscp(0)]).toEqual([ecn, 46]);
        const arrival = reader.arrival(0);
        expect(arrival?.interfaceIndex).toBeGreaterThan(0);
        expect([...(arrival?.destination ?? [])]).toEqual([
          ...(to.length === 16 ? to.subarray(4, 8) : to.subarray(8, 24)),
        ]);
        // An answer goes out from where the question came to.
        await sendSegments(receiver, Buffer.from('answer'), 100, {
          address: reader.address(0),
          from: arrival?.source,
        });
        const from = new AddressBuffer();
        const buffer = Buffer.alloc(10);
        expect(await sender.recvFromInto(buffer, from, { timeout: 2000 })).toBe(6);
        expect(Buffer.from(from.view())).toEqual(Buffer.from(to));
        drain(reader);
      }
      // What is not given is the socket's own.
      if (name === 'IPv4') sender.setsockopt(c.IPPROTO_IP, c.IP_TOS, 0x28);
      else sender.setsockopt(c.IPPROTO_IPV6, c.IPV6_TCLASS, 0x28);
      trySendSegments(sender, Buffer.from('x'), 1, { address: to, ecn: 1 });
      await reader.receive({ timeout: 2000 });
      expect([reader.dscp(0), reader.ecn(0)]).toEqual([10, 1]);
    }));

  it('reads the path’s MTU, and says how to go about it', (context) =>
    with_(context, ({ sender, to }) => {
      expect(thrown(() => pathMtu(sender))).toMatchObject({ code: 'ENOTCONN' });
      const mtu = pathMtu(sender, to);
      expect(mtu).toBeGreaterThanOrEqual(1280);
      sender.connectSync(to);
      expect(pathMtu(sender)).toBe(mtu);
      for (const mode of ['want', 'dont', 'probe', 'interface', 'omit', 'do'] as const) {
        setPathMtuDiscovery(sender, mode);
        if (name !== 'IPv6') expect(sender.getsockopt(c.IPPROTO_IP, c.IP_MTU_DISCOVER)).toBe(MODES[mode]);
        if (name !== 'IPv4') expect(sender.getsockopt(c.IPPROTO_IPV6, c.IPV6_MTU_DISCOVER)).toBe(MODES[mode]);
      }
      expect(thrown(() => setPathMtuDiscovery(sender, 'never' as never))).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
      });
    }));

  it('sends to many receivers in one call', (context) =>
    with_(context, async ({ sender, receiver, to }) => {
      const other = make();
      await closing([other.sender, other.receiver], async () => {
        const readers = [new UdpReceiver(receiver, { ecn: true }), new UdpReceiver(other.receiver)];
        const batch = new SegmentBatch(sender, { messages: 4 });
        const fill = (): void => {
          expect(batch.push(numbered(2500), 1000, { address: to, ecn: 2 })).toBe(true);
          expect(batch.push(numbered(3000), 1000, { address: other.to })).toBe(true);
          expect(batch.push(numbered(10), 1000, { address: to })).toBe(true);
          expect(batch.push(numbered(0), 1, { address: other.to })).toBe(true);
          expect(batch.push(numbered(1), 1, { address: to })).toBe(false);
        };
        for (const send of [() => batch.send(), () => batch.sendSync(), () => batch.trySend()]) {
          fill();
          expect(await send()).toBe(4);
          expect(batch.length).toBe(0);
          const [first, second] = readers.map((reader) => drain(reader));
          expect(first?.map(({ data, ecn }) => [data.length, ecn])).toEqual([
            [1000, 2],
            [1000, 2],
            [500, 2],
            [10, 0],
          ]);
          expect(second?.map(({ data }) => data.length)).toEqual([1000, 1000, 1000, 0]);
        }
        fill();
        batch.clear();
        expect(batch.trySend()).toBe(0);
      });
    }));

  it('waits for datagrams, gives up in time, and goes round', (context) =>
    with_(context, async ({ sender, receiver, to }) => {
      const reader = new UdpReceiver(receiver);
      expect(reader.tryReceive()).toBe(-errnos.EAGAIN);
      expect(await rejected(reader.receive({ timeout: 5 }))).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      expect(thrown(() => reader.receiveSync({ timeout: 5 }))).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      let count = 0;
      const stop = new AbortController();
      const reading = (async () => {
        for await (const round of reader.rounds({ signal: stop.signal })) count += round.length;
      })();
      for (let index = 0; index < 20; index++) {
        await sendSegments(sender, Buffer.alloc(1000), 100, { address: to });
        await pause(1);
      }
      await vi.waitFor(() => expect(count).toBe(200), { timeout: 5000 });
      stop.abort();
      expect(await rejected(reading)).toMatchObject({ code: 'ABORT_ERR' });
    }));
});

describe('segments', () => {
  it('go out singly and in fragments where the path takes less, unless they are not to be cut', async (context) => {
    if (!hasInet6) context.skip('this machine has no IPv6 on its loopback interface');
    const [sender, receiver] = [bound(c.AF_INET6, inet6([1])), bound(c.AF_INET6, inet6([1]))];
    await closing([sender, receiver], async () => {
      const address = receiver.getsockname();
      const reader = new UdpReceiver(receiver);
      // The least that IPv6 allows, for this socket.
      sender.setsockopt(c.IPPROTO_IPV6, c.IPV6_MTU, 1280);
      for (const send of [trySendSegments, sendSegmentsSync, sendSegments]) {
        for (const size of [3000, 1000, 2000, 1232, 1233]) {
          expect(await send(sender, numbered(9500), size, { address })).toBe(9500);
          const came = drain(reader);
          expect(came.map(({ data }) => data.length)).toEqual(
            cut(numbered(9500), size).map((one) => one.length),
          );
          expect(Buffer.concat(came.map(({ data }) => data)).equals(numbered(9500))).toBe(true);
        }
      }
      setPathMtuDiscovery(sender, 'do');
      expect(await sendSegments(sender, numbered(9500), 1232, { address })).toBe(9500);
      expect(drain(reader)).toHaveLength(8);
      const before = numbered(5000);
      const refused = { code: 'EMSGSIZE', bytesSent: 0 };
      expect(trySendSegments(sender, before, 1233, { address })).toBe(-errnos.EMSGSIZE);
      expect(thrown(() => sendSegmentsSync(sender, before, 1233, { address }))).toMatchObject(refused);
      expect(await rejected(sendSegments(sender, before, 1233, { address }))).toMatchObject(refused);
      expect(drain(reader)).toEqual([]);
      setPathMtuDiscovery(sender, 'want');
      expect(await sendSegments(sender, before, 1233, { address })).toBe(5000);
      expect(drain(reader)).toHaveLength(5);
    });
  });

  it('go over datagram sockets of other families too, singly, and wait for room', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      expect(probeUdp(a)).toMatchObject({ segmentation: false, coalescing: false, maxSegments: 1 });
      const data = numbered(40_000);
      const sending = sendSegments(a, data, 100);
      const reader = new UdpReceiver(b);
      const came: Buffer[] = [];
      while (came.length < 400) {
        await reader.receive({ timeout: 2000 });
        for (const one of reader) came.push(Buffer.from(one.data));
      }
      expect(await sending).toBe(40_000);
      expect(Buffer.concat(came).equals(data)).toBe(true);
      // Full: what fits went out, and the error says how much.
      const taken = trySendSegments(a, data, 100);
      expect(taken % 100).toBe(0);
      expect(taken).toBeGreaterThan(0);
      expect(trySendSegments(a, data, 100)).toBe(-errnos.EAGAIN);
      expect(await rejected(sendSegments(a, data, 100, { timeout: 5 }))).toMatchObject({
        code: 'ERR_SOCKET_TIMEOUT',
        bytesSent: 0,
      });
      let more = 0;
      while (reader.tryReceive() > 0) more += reader.length;
      expect(more * 100).toBe(taken);
      const error = thrown(() => sendSegmentsSync(a, data, 100, { timeout: 5 })) as { bytesSent?: number };
      expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
      more = 0;
      while (reader.tryReceive() > 0) more += reader.length;
      expect(more * 100).toBe(error.bytesSent);
      const batch = new SegmentBatch(a, { messages: 8 });
      for (let index = 0; index < 8; index++) batch.push(numbered(500), 10);
      const all = batch.send();
      const pieces: Buffer[] = [];
      while (pieces.length < 400) {
        await reader.receive({ timeout: 2000 });
        for (const one of reader) pieces.push(Buffer.from(one.data));
      }
      expect(await all).toBe(8);
      expect(Buffer.concat(pieces)).toEqual(Buffer.concat(new Array(8).fill(numbered(500))));
    });
  });

  it('what is left of a batch whose sending failed is sent by the next call, once', async () => {
    const [a, b] = datagrams();
    await closing([a, b], async () => {
      const batch = new SegmentBatch(a, { messages: 2 });
      for (let index = 0; index < 2; index++) batch.push(numbered(20_000), 320);
      const reader = new UdpReceiver(b);
      const came: Buffer[] = [];
      const take = (): void => {
        while (reader.tryReceive() > 0) for (const one of reader) came.push(Buffer.from(one.data));
      };
      let sent = 0;
      for (let round = 0; batch.length > 0 && round < 100; round++) {
        try {
          sent += await batch.send({ timeout: 2 });
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
        }
        take();
      }
      expect(batch.length).toBe(0);
      expect(sent).toBeLessThanOrEqual(2);
      expect(Buffer.concat(came)).toEqual(Buffer.concat([numbered(20_000), numbered(20_000)]));
    });
  });

  it('says that bounds are lost when there was no room to be told them', async (context) => {
    const a = bound(c.AF_INET, loopback());
    await closing([a], () => {
      const { segmentation, coalescing } = probeUdp(a);
      if (!segmentation || !coalescing) context.skip('this kernel has no UDP_SEGMENT or no UDP_GRO');
      const reader = new UdpReceiver(a, { control: 0 });
      // Time stamps and the rest stand before the sizes.
      a.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1);
      a.setsockopt(c.SOL_SOCKET, c.SO_RXQ_OVFL, 1);
      a.setsockopt(c.IPPROTO_IP, c.IP_PKTINFO, 1);
      a.setsockopt(c.IPPROTO_IP, c.IP_RECVTTL, 1);
      a.setsockopt(c.IPPROTO_IP, c.IP_RECVTOS, 1);
      trySendSegments(a, numbered(40), 10, { address: a.getsockname() });
      expect(reader.tryReceive()).toBeGreaterThan(0);
      expect(reader.truncated(0)).toBe(true);
      const roomy = new UdpReceiver(a);
      trySendSegments(a, numbered(40), 10, { address: a.getsockname() });
      expect([roomy.tryReceive(), roomy.truncated(0)]).toEqual([4, false]);
    });
  });

  it('a refusal by the kernel is made up for, remembered for a while, and tried again', async (context) => {
    const [a, b] = [bound(c.AF_INET, loopback()), bound(c.AF_INET, loopback())];
    await closing([a, b], async () => {
      const { segmentation, coalescing } = probeUdp(a);
      if (!segmentation || !coalescing) context.skip('this kernel has no UDP_SEGMENT or no UDP_GRO');
      const address = b.getsockname();
      const receiver = new UdpReceiver(b, { messages: 64 });
      /** Sends 50 datagrams; how many messages they came in. */
      const messages = async (send: typeof sendSegments | typeof trySendSegments): Promise<number> => {
        expect(await send(a, numbered(4950), 100, { address })).toBe(4950);
        let count = 0;
        const came: Buffer[] = [];
        while (receiver.tryReceive() > 0) {
          count += receiver.batch.length;
          for (const { data } of receiver) came.push(Buffer.from(data));
        }
        expect(came).toEqual(cut(numbered(4950), 100));
        return count;
      };
      expect(await messages(trySendSegments)).toBe(1);
      // Without checksums there is no segmentation: EINVAL.
      a.setsockopt(c.SOL_SOCKET, c.SO_NO_CHECK, 1);
      expect(a.trySendMsg(numbered(200), address, [segmentSize(100)])).toBe(-errnos.EINVAL);
      for (const send of [sendSegments, sendSegmentsSync, trySendSegments])
        expect(await messages(send)).toBe(50);
      const batch = new SegmentBatch(a, { messages: 2 });
      for (const send of [() => batch.send(), () => batch.sendSync(), () => batch.trySend()]) {
        batch.push(numbered(250), 100, { address });
        batch.push(numbered(120), 100, { address });
        expect(await send()).toBe(2);
        expect(drain(receiver).map(({ data }) => data.length)).toEqual([100, 100, 50, 100, 20]);
      }
      a.setsockopt(c.SOL_SOCKET, c.SO_NO_CHECK, 0);
      expect(await messages(sendSegments)).toBe(50);
      let calls = 0;
      while ((await messages(trySendSegments)) > 1) calls += 1;
      expect(calls).toBeLessThan(300);
      // What is no fault of segmentation is told, and not taken for one.
      expect(trySendSegments(a, numbered(200), 100, { address: new Uint8Array(16) })).toBeLessThan(0);
      expect(await messages(trySendSegments)).toBe(1);
    });
  });

  it('an iteration ends when its datagrams are gone', async () => {
    const a = bound(c.AF_INET, loopback());
    await closing([a], () => {
      const reader = new UdpReceiver(a);
      const address = a.getsockname();
      trySendSegments(a, numbered(40), 10, { address });
      reader.tryReceive();
      const seen: number[] = [];
      for (const one of reader) {
        seen.push(one.index);
        if (one.index === 1) {
          trySendSegments(a, numbered(10), 10, { address });
          reader.tryReceive();
        }
      }
      expect(seen).toEqual([0, 1]);
      expect(reader.length).toBe(1);
    });
  });

  it('wrong arguments are refused by name', async () => {
    const a = bound(c.AF_INET, loopback());
    const [stream, end] = streams();
    const [unix, peer] = datagrams();
    await closing([a, stream, end, unix, peer], async () => {
      const wrong = (value: unknown): never => value as never;
      const data = Buffer.alloc(10);
      const make = (options: unknown): UdpReceiver => new UdpReceiver(a, options as UdpReceiverOptions);
      const table: [() => unknown, string][] = [
        [() => probeUdp(wrong({})), 'socket'],
        [() => probeUdp(stream), 'socket'],
        [() => trySendSegments(stream, data, 1), 'socket'],
        [() => trySendSegments(wrong(undefined), data, 1), 'socket'],
        [() => trySendSegments(a, wrong('x'), 1), 'data'],
        [() => trySendSegments(a, data, 0), 'segmentSize'],
        [() => trySendSegments(a, data, 65_536), 'segmentSize'],
        [() => trySendSegments(a, data, 1.5), 'segmentSize'],
        [() => trySendSegments(a, data, 1, wrong(1)), 'options'],
        [() => trySendSegments(a, data, 1, { ecn: 4 }), 'ecn'],
        [() => trySendSegments(a, data, 1, { dscp: -1 }), 'dscp'],
        [() => trySendSegments(a, data, 1, { from: wrong(1) }), 'options'],
        [() => trySendSegments(a, data, 1, { from: { local: Buffer.alloc(3) } }), 'options.local'],
        [() => trySendSegments(a, data, 1, { offload: wrong(1) }), 'offload'],
        [() => trySendSegments(a, data, 1, { flags: wrong('x') }), 'flags'],
        [() => trySendSegments(a, data, 1, { address: wrong('x') }), 'address'],
        [() => sendSegmentsSync(a, data, 1, { timeout: -1 }), 'timeout'],
        [() => make({ messages: 0 }), 'messages'],
        [() => make({ ecn: 1 }), 'ecn'],
        [() => make({ packetInfo: 'x' }), 'packetInfo'],
        [() => make({ offload: null }), 'offload'],
        [() => make({ control: -1 }), 'control'],
        [() => new SegmentBatch(a, wrong({})), 'messages'],
        [() => new SegmentBatch(a, { messages: 1, size: 65_508 }), 'size'],
        [() => new SegmentBatch(a, { messages: 1 }).push(Buffer.alloc(200), 1), 'data.length'],
        [() => new UdpReceiver(a).data(0), 'index'],
      ];
      for (const [call, name] of table)
        expect([name, thrown(call).message]).toEqual([
          name,
          expect.stringMatching(new RegExp(`^${name} must be`)),
        ]);
      for (const call of [
        () => trySendSegments(unix, data, 1, { ecn: 1 }),
        () => new UdpReceiver(unix, { packetInfo: true }),
        () => pathMtu(unix),
      ]) {
        expect(thrown(call)).toMatchObject({ code: 'ENOTSUP' });
      }
      expect(await rejected(sendSegments(a, data, 1, { timeout: 0 }))).toMatchObject({ bytesSent: 0 });
      a.close();
      expect(thrown(() => sendSegmentsSync(a, data, 1))).toMatchObject({ code: 'EBADF' });
    });
  });
});
