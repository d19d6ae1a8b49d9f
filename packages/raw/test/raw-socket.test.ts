/** Raw IP sockets and ICMP datagrams, on the loopback interface. */
import { createSocket, type Socket as DgramSocket } from 'node:dgram';
import { once } from 'node:events';
import { inet } from '@sockeye/addr';
import { constants, platform } from '@sockeye/core';
import { decodeControl, destinationOptions, hopByHopOptions } from '@sockeye/core/cmsg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillIcmpChecksum, fillTransportChecksum, internetChecksum } from '../src/checksum.ts';
import { encodeEcho, encodeIcmp, IcmpView, icmpTypes } from '../src/icmp.ts';
import { Icmpv6View, icmpv6Types } from '../src/icmpv6.ts';
import { encodeIpv4, Ipv4View } from '../src/ipv4.ts';
import { encodeIpv6 } from '../src/ipv6.ts';
import { RawSocket, type RawSocketOptions } from '../src/raw-socket.ts';
import { encodeUdp } from '../src/udp.ts';

const { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_RAW, IPPROTO_UDP } = constants;
/** IANA, RFC 3692: for experiments, so that nobody else uses it. */
const EXPERIMENT = 253;

function whyNot(): string | undefined {
  if (platform !== 'linux') return 'raw sockets are tested on Linux';
  try {
    RawSocket.open({ protocol: EXPERIMENT }).close();
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EPERM') return 'raw sockets need CAP_NET_RAW';
    throw error;
  }
}
const reason = whyNot();

function echo(identifier: number, sequence: number, text: string, six = false): Buffer {
  const message = Buffer.alloc(8 + text.length);
  const type = six ? icmpv6Types.ECHO_REQUEST : icmpTypes.ECHO_REQUEST;
  encodeIcmp({ type, rest: encodeEcho({ identifier, sequence }) }, message);
  message.write(text, 8);
  if (!six) fillIcmpChecksum(message);
  return message;
}

describe('raw sockets', () => {
  const opened: { close(): void }[] = [];
  const open = (options: RawSocketOptions): RawSocket => {
    const socket = RawSocket.open(options);
    opened.push(socket);
    return socket;
  };
  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });

  /** A datagram socket of Node.js's that listens. */
  async function listener(type: 'udp4' | 'udp6', address: string): Promise<DgramSocket> {
    const socket = createSocket(type);
    opened.push(socket);
    socket.bind(0, address);
    await once(socket, 'listening');
    return socket;
  }

  it('send and receive a protocol of their own, with all that the header says', async () => {
    const [a, b] = [open({ protocol: EXPERIMENT }), open({ protocol: EXPERIMENT, timestamps: true })];
    const before = BigInt(Date.now()) * 1_000_000n;
    const options = { hopLimit: 7, trafficClass: 0xb8, source: '127.0.0.3' };
    expect(await a.send(Buffer.from('raw'), '127.0.0.2', options)).toBe(3);
    const packet = await b.recv({ timeout: 5000 });
    expect(packet).toMatchObject({
      from: '127.0.0.3',
      destination: '127.0.0.2',
      ifindex: 1,
      hopLimit: 7,
      trafficClass: 0xb8,
    });
    expect(packet.data.toString()).toBe('raw');
    const header = new Ipv4View().decode(packet.header as Buffer, 0, packet.header?.length);
    expect([header.timeToLive, header.protocol, header.typeOfService, header.totalLength]).toEqual([
      7, 253, 0xb8, 23,
    ]);
    expect((packet.timestamp ?? 0n) >= before).toBe(true);
    // Both sockets got it; to answer, the address is taken as it is.
    b.sendSync(Buffer.from('back'), packet.address);
    expect(a.recvSync({ timeout: 5000 }).data.toString()).toBe('raw');
    const back = a.recvSync({ timeout: 5000 });
    expect([back.data.toString(), back.destination]).toEqual(['back', '127.0.0.3']);
  });

  it('IPv6: no header, but what it said, and the checksum made and checked by the kernel', async () => {
    const a = open({ family: 'inet6', protocol: EXPERIMENT, checksumOffset: 2 });
    const b = open({ family: 'inet6', protocol: EXPERIMENT, checksumOffset: 2 });
    await a.send(Buffer.from('\0\0\0\0six!'), '::1', { hopLimit: 9, trafficClass: 4 });
    const packet = await b.recv({ timeout: 5000 });
    expect(packet).toMatchObject({
      from: '::1',
      destination: '::1',
      hopLimit: 9,
      trafficClass: 4,
      header: undefined,
    });
    const sum = packet.data.readUInt16BE(2);
    expect(sum).not.toBe(0);
    expect(packet.data.toString('latin1', 4)).toBe('six!');
    // One that makes no checksum sends what the other drops.
    const careless = open({ family: 'inet6', protocol: EXPERIMENT });
    await careless.send(Buffer.from('\0\0\x12\x34wrong'), '::1');
    await a.send(Buffer.from('\0\0\0\0right'), '::1');
    expect((await b.recv({ timeout: 5000 })).data.toString('latin1', 4)).toBe('right');
    expect((await careless.recv({ timeout: 5000 })).data.toString('latin1', 4)).toBe('wrong');
  });

  it('IPv6: extension headers go along by control message and come along', async () => {
    const a = open({ family: 'inet6', protocol: EXPERIMENT });
    const b = open({ family: 'inet6', protocol: EXPERIMENT, extensionHeaders: true });
    // Next header, length in units of 8 bytes beyond the first, a PadN option that fills it: RFC 8200, section 4.2.
    const header = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
    const control = [hopByHopOptions(header), destinationOptions(header)];
    await a.send(Buffer.from('extended'), '::1', { control });
    const packet = await b.recv({ timeout: 5000 });
    expect(packet.data.toString()).toBe('extended');
    const kinds = packet.control
      .map(decodeControl)
      .filter((one) => 'data' in one && one.kind.endsWith('options'));
    // The kernel fills the next header in.
    expect(kinds).toMatchObject([
      { kind: 'hop-by-hop-options', data: Uint8Array.of(60, ...header.subarray(1)) },
      { kind: 'destination-options', data: Uint8Array.of(EXPERIMENT, ...header.subarray(1)) },
    ]);
  });

  it('write the IPv4 header themselves, from an address of their choice', async () => {
    const udp = await listener('udp4', '127.0.0.1');
    const source = Uint8Array.of(127, 0, 0, 42);
    const destination = Uint8Array.of(127, 0, 0, 1);
    const packet = new Uint8Array(20 + 8 + 5);
    encodeIpv4({ source, destination, protocol: IPPROTO_UDP, totalLength: packet.length }, packet);
    encodeUdp({ sourcePort: 4242, destinationPort: udp.address().port, length: 13 }, packet, 20);
    packet.set(Buffer.from('whole'), 28);
    fillTransportChecksum(source, destination, IPPROTO_UDP, packet.subarray(20));
    const message = once(udp, 'message');
    for (const socket of [
      open({ protocol: IPPROTO_RAW }),
      open({ protocol: EXPERIMENT, headerIncluded: true }),
    ]) {
      await socket.send(packet, '127.0.0.1');
      const [data, from] = (await message) as [Buffer, { address: string; port: number }];
      expect([data.toString(), from.address, from.port]).toEqual(['whole', '127.0.0.42', 4242]);
    }
  });

  it('write the IPv6 header themselves', async (context) => {
    const udp = await listener('udp6', '::1').catch((error: Error) => context.skip(error.message));
    const loopback = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    const packet = new Uint8Array(40 + 8 + 3);
    encodeIpv6(
      { source: loopback, destination: loopback, protocol: IPPROTO_UDP, payloadLength: 11, hopLimit: 3 },
      packet,
    );
    encodeUdp({ sourcePort: 4243, destinationPort: udp.address().port, length: 11 }, packet, 40);
    packet.set(Buffer.from('six'), 48);
    fillTransportChecksum(loopback, loopback, IPPROTO_UDP, packet.subarray(40));
    const message = once(udp, 'message');
    await open({ family: 'inet6', protocol: IPPROTO_UDP, headerIncluded: true }).send(packet, '::1');
    const [data, from] = (await message) as [Buffer, { port: number }];
    expect([data.toString(), from.port]).toEqual(['six', 4243]);
  });

  it('receive the types of ICMP that they ask for', async () => {
    const socket = open({ protocol: IPPROTO_ICMP, icmpTypes: [icmpTypes.ECHO_REPLY] });
    const all = open({ protocol: IPPROTO_ICMP });
    const six = open({ family: 'inet6', protocol: IPPROTO_ICMPV6, icmpTypes: [icmpv6Types.ECHO_REPLY] });
    await socket.send(echo(0x1234, 1, 'four'), '127.0.0.1');
    await six.send(echo(0x4321, 2, 'six', true), '::1');
    const ours = async (
      from: RawSocket,
      view: IcmpView | Icmpv6View,
      identifier: number,
    ): Promise<number> => {
      for (;;) {
        const { data } = await from.recv({ timeout: 5000 });
        view.decode(data);
        if (view.identifier === identifier) return view.type;
      }
    };
    expect(await ours(all, new IcmpView(), 0x1234)).toBe(icmpTypes.ECHO_REQUEST);
    expect(await ours(all, new IcmpView(), 0x1234)).toBe(icmpTypes.ECHO_REPLY);
    const view = new IcmpView();
    expect(await ours(socket, view, 0x1234)).toBe(icmpTypes.ECHO_REPLY);
    expect(Buffer.from(view.payload).toString()).toBe('four');
    expect(await ours(six, new Icmpv6View(), 0x4321)).toBe(icmpv6Types.ECHO_REPLY);
  });

  it('hear of what ICMP said about their packets', async () => {
    for (const [family, to, origin] of [
      ['inet', '127.0.0.1', 'icmp'],
      ['inet6', '::1', 'icmp6'],
    ] as const) {
      const socket = open({ family, protocol: IPPROTO_UDP, errors: true });
      const datagram = new Uint8Array(8 + 4);
      // Nobody is at the discard port of this host: RFC 863 servers are not installed any more.
      encodeUdp({ sourcePort: 4244, destinationPort: 9, length: 12 }, datagram);
      datagram.set(Buffer.from('lost'), 8);
      const loopback = family === 'inet' ? Uint8Array.of(127, 0, 0, 1) : new Uint8Array(16).fill(1, 15);
      fillTransportChecksum(loopback, loopback, IPPROTO_UDP, datagram);
      await socket.send(datagram, to);
      const { error, from, data, hopLimit } = await socket.recvError({ timeout: 5000 });
      expect({ ...error, from, quoted: [...data.subarray(0, 12)] }).toMatchObject({
        name: 'ECONNREFUSED',
        origin,
        from: to,
        quoted: [...datagram],
      });
      expect(hopLimit).toBe(64);
    }
  });

  it('keep the bytes that a filter says, from the header on', () => {
    const socket = open({ protocol: EXPERIMENT, filter: [{ code: 6, jt: 0, jf: 0, k: 22 }] });
    socket.sendSync(Buffer.from('shortened'), '127.0.0.1');
    expect(socket.recvSync({ timeout: 5000 }).data.toString()).toBe('sh');
  });

  it('only by an interface, only to an address', async () => {
    const bound = open({ protocol: EXPERIMENT, local: '127.0.0.5', interface: 'lo' });
    const other = open({ protocol: EXPERIMENT, local: inet('127.0.0.6', 0) });
    other.sendSync(Buffer.from('to 5'), '127.0.0.5');
    bound.sendSync(Buffer.from('to 6'), '127.0.0.6');
    const [first, second] = [bound.recvSync({ timeout: 5000 }), other.recvSync({ timeout: 5000 })];
    expect([first.data.toString(), first.from]).toEqual(['to 5', '127.0.0.6']);
    expect([second.data.toString(), second.from]).toEqual(['to 6', '127.0.0.5']);
    expect(() => bound.recvSync({ timeout: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_SOCKET_TIMEOUT' }),
    );
    expect(() => RawSocket.open({ protocol: EXPERIMENT, local: '192.0.2.200' })).toThrow(/EADDRNOTAVAIL/);
  });

  it('iterate until they are closed', async () => {
    const socket = open({ protocol: EXPERIMENT });
    for (const text of ['a', 'b']) socket.sendSync(Buffer.from(text), '127.0.0.1');
    const texts: string[] = [];
    for await (const { data } of socket) {
      texts.push(data.toString());
      if (texts.length === 2) setImmediate(() => socket.close());
    }
    expect(texts).toEqual(['a', 'b']);
    expect(socket.closed).toBe(true);
  });
});

describe('what npm’s raw-socket does', () => {
  // Its examples and the calls of its manual, one by one; events are calls that wait here, so that nothing is read unasked.
  const opened: RawSocket[] = [];
  beforeEach((context) => {
    if (reason !== undefined) context.skip(reason);
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });
  const open = (options: RawSocketOptions): RawSocket => {
    const socket = RawSocket.open(options);
    opened.push(socket);
    return socket;
  };

  it('pings IPv4 and IPv6, messages of IPv4 with their header and those of IPv6 without', async () => {
    const four = open({ protocol: IPPROTO_ICMP, icmpTypes: [0] });
    const request = echo(0x7001, 1, 'ping');
    await four.send(request, '127.0.0.1');
    const { header, data, from } = await four.recv({ timeout: 5000 });
    expect([header?.length, data.length, from]).toEqual([20, request.length, '127.0.0.1']);
    const six = open({ family: 'inet6', protocol: IPPROTO_ICMPV6, icmpTypes: [129] });
    await six.send(echo(0x7002, 1, 'ping', true), '::1');
    expect((await six.recv({ timeout: 5000 })).header).toBeUndefined();
  });

  it('sends a part of a buffer, and sets the hops for one message alone', async () => {
    const socket = open({ protocol: EXPERIMENT });
    const buffer = Buffer.from('....part....');
    await socket.send(buffer.subarray(4, 8), '127.0.0.1', { hopLimit: 3 });
    await socket.send(buffer.subarray(4, 8), '127.0.0.1');
    const packets = [await socket.recv({ timeout: 5000 }), await socket.recv({ timeout: 5000 })];
    expect(packets.map(({ data, hopLimit }) => [data.toString(), hopLimit])).toEqual([
      ['part', 3],
      ['part', 64],
    ]);
  });

  it('reads and sets options as numbers and as bytes', () => {
    const { socket } = open({ protocol: EXPERIMENT });
    socket.setsockopt(constants.IPPROTO_IP, constants.IP_TTL, 1);
    expect(socket.getsockopt(constants.IPPROTO_IP, constants.IP_TTL)).toBe(1);
    socket.setsockopt(constants.IPPROTO_IP, constants.IP_TTL, new Uint8Array(Int32Array.of(2).buffer));
    expect([...socket.getsockopt(constants.IPPROTO_IP, constants.IP_TTL, 4)]).toEqual([2, 0, 0, 0]);
  });

  it('makes checksums over several buffers, and writes them', () => {
    const message = Buffer.from('080000000001000a61626364', 'hex');
    const sum = internetChecksum(message.subarray(8), ~internetChecksum(message.subarray(0, 8)) & 0xffff);
    expect(fillIcmpChecksum(message)).toBe(sum);
    expect(internetChecksum(message)).toBe(0);
  });

  it('waits with reading and with sending as long as it is told to', async () => {
    const socket = open({ protocol: EXPERIMENT });
    await socket.send(Buffer.from('kept'), '127.0.0.1');
    await new Promise((resolve) => setImmediate(resolve));
    expect((await socket.recv({ timeout: 0 })).data.toString()).toBe('kept');
  });

  it('tells of errors, and of what is closed', async () => {
    const socket = open({ protocol: EXPERIMENT });
    await expect(socket.send(new Uint8Array(70_000), '127.0.0.1')).rejects.toMatchObject({
      code: 'EMSGSIZE',
    });
    socket.close();
    await expect(socket.recv()).rejects.toMatchObject({ code: 'EBADF' });
    await expect(socket.send(new Uint8Array(1), '127.0.0.1')).rejects.toMatchObject({ code: 'EBADF' });
  });
});

describe('what raw sockets refuse', () => {
  it.each<[string, RawSocketOptions, string]>([
    ['a family that is none', { family: 'ip' as never, protocol: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ['a mode that is none', { mode: 'stream' as never, protocol: 1 }, 'ERR_INVALID_ARG_VALUE'],
    ['a protocol of 9 bits', { protocol: 256 }, 'ERR_OUT_OF_RANGE'],
    ['no protocol', {} as never, 'ERR_INVALID_ARG_TYPE'],
    [
      'an address of the other family',
      { protocol: 253, local: inet('127.0.0.1', 0), family: 'inet6' },
      'ERR_INVALID_ARG_VALUE',
    ],
    ['an address that is text of none', { protocol: 253, local: 'localhost' }, 'ERR_INVALID_ARG_VALUE'],
  ])('%s', (_, options, code) => {
    expect(() => RawSocket.open(options)).toThrow(expect.objectContaining({ code }));
  });

  it.for<[string, RawSocketOptions]>([
    ['icmpTypes', { protocol: EXPERIMENT, icmpTypes: [0] }],
    ['icmpTypes[1]', { protocol: IPPROTO_ICMP, icmpTypes: [0, 32] }],
    ['checksumOffset', { protocol: EXPERIMENT, checksumOffset: 2 }],
    ['extensionHeaders', { protocol: EXPERIMENT, extensionHeaders: true }],
  ])('%s where it makes no sense', ([name, options], context) => {
    if (reason !== undefined) context.skip(reason);
    const first = RawSocket.open({ protocol: EXPERIMENT });
    const { fd } = first.socket;
    first.close();
    expect(() => RawSocket.open(options)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name) }),
    );
    const again = RawSocket.open({ protocol: EXPERIMENT });
    expect(again.socket.fd).toBe(fd);
    again.close();
  });

  it('wrong arguments of a send, before anything is sent', async (context) => {
    if (reason !== undefined) context.skip(reason);
    const socket = RawSocket.open({ protocol: EXPERIMENT });
    try {
      const data = new Uint8Array(1);
      for (const options of [{ hopLimit: 256 }, { trafficClass: -1 }, { source: '::1' }, { ifindex: 1.5 }])
        await expect(socket.send(data, '127.0.0.1', options)).rejects.toThrow(/must be|IPv4|address/);
      await expect(socket.send(data, 7 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
      await expect(socket.send('text' as never, '127.0.0.1')).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_TYPE',
      });
    } finally {
      socket.close();
    }
  });
});
