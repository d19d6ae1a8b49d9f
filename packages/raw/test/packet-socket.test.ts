import { createSocket, type Socket as DgramSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseIPv6 } from '@sockeye/addr';
import { AddressBuffer, constants, errnos, ifNameToIndex, platform, Socket } from '@sockeye/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fillTransportChecksum, transportChecksum } from '../src/checksum.ts';
import { describeFrame, describePayload } from '../src/describe.ts';
import { encodeEthernet, etherTypes } from '../src/ethernet.ts';
import { encodeIpv6 } from '../src/ipv6.ts';
import { decodePacketAddress, PacketSocket, type ReceivedPacket } from '../src/packet-socket.ts';
import { encodeUdp } from '../src/udp.ts';
import { decodeEthernet, decodeIpv4, decodeUdp } from './decoders.ts';

/** Why packet sockets cannot be had here; undefined when they can. */
function whyNot(): string | undefined {
  if (platform !== 'linux') return 'packet sockets are Linux only';
  try {
    PacketSocket.open({ interface: 'lo' }).close();
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') return 'packet sockets need CAP_NET_RAW';
    throw error;
  }
}

const reason = whyNot();

/** The destination port of an IPv4 or IPv6 UDP frame. */
function portOf(frame: Uint8Array): number | undefined {
  const { etherType, payload } = decodeEthernet(frame);
  if (etherType !== etherTypes.IPV4) return undefined;
  const ip = decodeIpv4(payload);
  return ip.protocol === 17 ? decodeUdp(ip.payload).destinationPort : undefined;
}

describe('packet sockets, on the loopback interface', () => {
  let sink: DgramSocket;
  let port: number;
  const sockets: PacketSocket[] = [];
  const open = (options: Parameters<typeof PacketSocket.open>[0]): PacketSocket => {
    const socket = PacketSocket.open({ interface: 'lo', ...options });
    sockets.push(socket);
    return socket;
  };

  beforeEach(async (ctx) => {
    if (reason !== undefined) ctx.skip(reason);
    sink = createSocket('udp4');
    sink.bind(0, '127.0.0.1');
    await once(sink, 'listening');
    port = sink.address().port;
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
    sink?.close();
  });

  const sendUdp = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const from = createSocket('udp4');
      from.send(text, port, '127.0.0.1', (error) => {
        from.close();
        if (error) reject(error);
        else resolve();
      });
    });

  /** Receives until it is a datagram to our sink: other programs use the loopback interface too. */
  async function ours(receive: () => ReceivedPacket | Promise<ReceivedPacket>): Promise<ReceivedPacket> {
    for (;;) {
      const packet = await receive();
      if (portOf(packet.data) === port) return packet;
    }
  }

  it('raw: whole frames, each as it goes out and as it comes in', async () => {
    const socket = open({ protocol: constants.ETH_P_ALL });
    await sendUdp('sockeye');
    const out = await ours(() => socket.recv({ timeout: 5000 }));
    const back = await ours(() => socket.recvSync({ timeout: 5000 }));
    const lo = {
      ifindex: ifNameToIndex('lo'),
      protocol: etherTypes.IPV4,
      hardwareType: 772,
      length: 14 + 20 + 8 + 7,
    };
    expect(out).toMatchObject({ ...lo, packetType: 'outgoing' });
    expect(back).toMatchObject({ ...lo, packetType: 'host', hardwareAddress: '00:00:00:00:00:00' });
    expect(back.data.subarray(-7).toString()).toBe('sockeye');
    expect(describeFrame(back.data)).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:\\d+ > 127\\.0\\.0\\.1:${port} UDP len 7$`),
    );
  });

  it('cooked: the same packet without its link-layer header, and only incoming', async () => {
    const socket = open({ protocol: etherTypes.IPV4, mode: 'cooked' });
    await sendUdp('cooked');
    let packet: ReceivedPacket;
    do packet = await socket.recv({ timeout: 5000 });
    while (decodeUdp(decodeIpv4(packet.data).payload).destinationPort !== port);
    expect(packet).toMatchObject({ packetType: 'host', length: 20 + 8 + 6 });
    expect(describePayload(packet.protocol, packet.data)).toMatch(/ UDP len 6$/);
  });

  it('leaves out what goes out, if asked to', async () => {
    const socket = open({ ignoreOutgoing: true });
    await sendUdp('once');
    await sendUdp('twice');
    const packets = [
      await ours(() => socket.recv({ timeout: 5000 })),
      await ours(() => socket.recv({ timeout: 5000 })),
    ];
    expect(packets.map(({ packetType }) => packetType)).toEqual(['host', 'host']);
    expect(packets.map(({ data }) => data.subarray(42).toString())).toEqual(['once', 'twice']);
  });

  it('receives nothing from before it was bound, though it could have', async () => {
    // What a socket that is created with its protocol does, the control of this test.
    const protocol = constants.ETH_P_ALL;
    const leaky = Socket.create(
      constants.AF_PACKET,
      constants.SOCK_RAW,
      ((protocol & 0xff) << 8) | (protocol >> 8),
    );
    const tight = Socket.create(constants.AF_PACKET, constants.SOCK_RAW, 0);
    try {
      await sendUdp('early');
      expect(leaky.tryRecvInto(new Uint8Array(2048))).toBeGreaterThan(0);
      expect(tight.tryRecvInto(new Uint8Array(2048))).toBe(-errnos.EAGAIN);
    } finally {
      leaky.close();
      tight.close();
    }
    const elsewhere = Object.keys(networkInterfaces()).find((name) => name !== 'lo');
    if (elsewhere === undefined) return;
    const create = vi.spyOn(Socket, 'create');
    const other = PacketSocket.open({ interface: elsewhere });
    sockets.push(other);
    expect(create.mock.calls).toEqual([[constants.AF_PACKET, constants.SOCK_RAW, 0]]);
    create.mockRestore();
    await sendUdp('foreign');
    const bytes = new Uint8Array(2048);
    const address = new AddressBuffer();
    for (
      let count = other.tryRecvInto(bytes, address);
      count > 0;
      count = other.tryRecvInto(bytes, address)
    ) {
      expect(decodePacketAddress(address.view()).ifindex).toBe(ifNameToIndex(elsewhere));
    }
  });

  it('says how long a frame was that did not fit', async () => {
    const socket = open({});
    await sendUdp('x'.repeat(500));
    const packet = await socket.recv({ size: 42, timeout: 5000 });
    expect(packet.data.length).toBe(42);
    expect(packet.length).toBeGreaterThanOrEqual(42);
    const bytes = new Uint8Array(60);
    const address = new AddressBuffer();
    await sendUdp('y'.repeat(500));
    let length = 0;
    do length = socket.tryRecvInto(bytes, address);
    while (length > 0 && portOf(bytes) !== port);
    expect(length).toBe(542);
    expect(decodePacketAddress(address.view())).toMatchObject({
      protocol: etherTypes.IPV4,
      hardwareType: 772,
    });
  });

  it('try: -EAGAIN when there is nothing', () => {
    // An EtherType that nobody sends (IEEE 802, local experimental).
    const socket = open({ protocol: 0x88b5 });
    expect(socket.tryRecvInto(new Uint8Array(64), new AddressBuffer())).toBe(-errnos.EAGAIN);
    expect(() => socket.recvSync({ timeout: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_TIMEOUT' }),
    );
  });

  const PRIVATE = 0x88b5;
  function privateFrame(text: string): Uint8Array {
    const frame = new Uint8Array(14 + text.length);
    const nobody = new Uint8Array(6);
    encodeEthernet({ destination: nobody, source: nobody, tags: [], etherType: PRIVATE }, frame);
    frame.set(Buffer.from(text), 14);
    return frame;
  }

  it('sends raw frames, three ways, and cooked ones', async () => {
    const receiver = open({ protocol: PRIVATE });
    const sender = open({});
    const sent = ['one', 'two', 'three', 'four'].map(privateFrame) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(await sender.send(sent[0])).toBe(sent[0].length);
    expect(sender.sendSync(sent[1])).toBe(sent[1].length);
    expect(sender.trySend(sent[2])).toBe(sent[2].length);
    const cooked = open({ mode: 'cooked' });
    expect(() => cooked.sendSync(sent[3].subarray(14), {})).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    cooked.sendSync(sent[3].subarray(14), { protocol: PRIVATE, address: '00:00:00:00:00:00' });
    for (const frame of sent) {
      const received = await receiver.recv({ timeout: 5000 });
      expect([...received.data]).toEqual([...frame]);
      expect(received).toMatchObject({ protocol: PRIVATE, packetType: 'host' });
    }
  });

  it('sends on a socket that is open on all interfaces when told where', async () => {
    const all = PacketSocket.open({ protocol: 0 });
    sockets.push(all);
    const receiver = open({ protocol: PRIVATE });
    expect(() => all.sendSync(privateFrame('nowhere'))).toThrow(expect.objectContaining({ code: 'ENXIO' }));
    await all.send(privateFrame('here'), { ifindex: receiver.ifindex });
    expect((await receiver.recv({ timeout: 5000 })).data.subarray(14).toString()).toBe('here');
  });

  it('iterates until it is closed, and a closed one says so', async () => {
    const receiver = open({ protocol: PRIVATE });
    const sender = open({});
    for (const text of ['a', 'b', 'c']) sender.sendSync(privateFrame(text));
    const texts: string[] = [];
    for await (const { data } of receiver) {
      texts.push(data.subarray(14).toString());
      if (texts.length === 3) setImmediate(() => receiver.close());
    }
    expect(texts).toEqual(['a', 'b', 'c']);
    receiver.close();
    expect(receiver.closed).toBe(true);
    await expect(receiver.recv()).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('receives for many at once, each its own frame', async () => {
    const receiver = open({ protocol: PRIVATE });
    const waiting = Array.from({ length: 20 }, () => receiver.recv({ timeout: 5000 }));
    const sender = open({});
    const texts = waiting.map((_, index) => `frame ${index}`);
    for (const text of texts) sender.sendSync(privateFrame(text));
    const received = await Promise.all(waiting);
    expect(received.map(({ data }) => data.subarray(14).toString()).sort()).toEqual(texts.sort());
  });

  it('is aborted and times out', async () => {
    const receiver = open({ protocol: PRIVATE });
    await expect(receiver.recv({ timeout: 10 })).rejects.toMatchObject({ code: 'ERR_SOCKET_TIMEOUT' });
    const abort = new AbortController();
    const waiting = receiver.recv({ signal: abort.signal });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  it('joins, leaves and counts', async () => {
    // IFF_PROMISC of linux/if.h
    const promiscuous = (): boolean =>
      (Number(readFileSync('/sys/class/net/lo/flags', 'utf8')) & 0x100) !== 0;
    const before = promiscuous();
    const socket = open({ protocol: PRIVATE, promiscuous: true });
    expect(promiscuous()).toBe(true);
    socket.dropMembership({ type: 'promiscuous' });
    expect(promiscuous()).toBe(before);
    const group = { type: 'multicast', address: Uint8Array.of(1, 0, 0x5e, 0, 0, 1) } as const;
    socket.addMembership(group);
    socket.dropMembership(group);
    const all = PacketSocket.open({ protocol: 0 });
    sockets.push(all);
    expect(() => socket.addMembership({ type: 'toString' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(() => all.addMembership({ type: 'allMulticast' })).toThrow(
      expect.objectContaining({ code: 'ENODEV' }),
    );
    const sender = open({});
    for (const text of ['a', 'b']) sender.sendSync(privateFrame(text));
    await socket.recv({ timeout: 5000 });
    expect(socket.statistics()).toEqual({ packets: 2, drops: 0 });
    expect(socket.statistics()).toEqual({ packets: 0, drops: 0 });
  });

  it('makes datagrams that the kernel takes for whole, and only with the right checksum', async (ctx) => {
    // Frames to ::1 that arrive on lo are taken; those to 127.0.0.1 are martians, since nobody routed them.
    const listener = createSocket('udp6');
    try {
      const failed = once(listener, 'error').then(([error]) => error as Error);
      listener.bind(0, '::1');
      const error = await Promise.race([failed, once(listener, 'listening').then(() => undefined)]);
      if (error !== undefined) ctx.skip(`no IPv6 on the loopback interface: ${error.message}`);
      const messages: string[] = [];
      listener.on('message', (message) => messages.push(message.toString()));
      const sender = open({});
      const loopback = parseIPv6('::1').bytes;
      const datagram = (text: string, damage: number): Uint8Array => {
        const segment = new Uint8Array(8 + text.length);
        encodeUdp(
          { sourcePort: 9, destinationPort: listener.address().port, length: segment.length },
          segment,
        );
        segment.set(Buffer.from(text), 8);
        fillTransportChecksum(loopback, loopback, 17, segment);
        expect(transportChecksum(loopback, loopback, 17, segment)).toBe(0);
        segment[7]! ^= damage;
        const frame = new Uint8Array(54 + segment.length);
        const nobody = new Uint8Array(6);
        const at = encodeEthernet(
          { destination: nobody, source: nobody, tags: [], etherType: etherTypes.IPV6 },
          frame,
        );
        const fields = {
          source: loopback,
          destination: loopback,
          protocol: 17,
          payloadLength: segment.length,
        };
        frame.set(segment, at + encodeIpv6(fields, frame, at));
        return frame;
      };
      sender.sendSync(datagram('right', 0));
      sender.sendSync(datagram('wrong', 1));
      sender.sendSync(datagram('right again', 0));
      while (messages.length < 2) await once(listener, 'message');
      expect(messages).toEqual(['right', 'right again']);
    } finally {
      listener.close();
    }
  });
});

describe('what packet sockets refuse', () => {
  it.each<[string, object, string]>([
    ['a mode that is none', { mode: 'fried' }, 'ERR_INVALID_ARG_VALUE'],
    ['a name and an index', { interface: 'lo', ifindex: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ['a protocol of 17 bits', { protocol: 0x10000 }, 'ERR_OUT_OF_RANGE'],
    ['an index that is text', { ifindex: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['an interface that is not there', { interface: 'nonesuch0' }, 'ENODEV'],
  ])('%s', (_, options, code) => {
    const refused = platform === 'linux' ? code : expect.stringMatching(/^ERR_|^ENOTSUP$/);
    expect(() => PacketSocket.open(options)).toThrow(expect.objectContaining({ code: refused }));
  });

  it('leaves no descriptor behind when opening fails', (ctx) => {
    if (reason !== undefined) ctx.skip(reason);
    const first = PacketSocket.open({ protocol: 0 });
    const { fd } = first.socket;
    first.close();
    expect(() => PacketSocket.open({ ifindex: 0x7ffffffe })).toThrow(
      expect.objectContaining({ code: 'ENODEV' }),
    );
    expect(() => PacketSocket.open({ promiscuous: true })).toThrow(
      expect.objectContaining({ code: 'ENODEV' }),
    );
    const second = PacketSocket.open({ protocol: 0 });
    expect(second.socket.fd).toBe(fd);
    second.close();
  });
});
