/**
 * Multicast that moves, by the index of an interface: the loopback one for IPv4. It has no route for IPv6's groups, so there it
 * is the first other one; groups of interface-local scope are looped back and do not leave the machine.
 */
import { networkInterfaces } from 'node:os';
import { constants as c, errnos, getaddrinfoSync, ifNameToIndex, Socket } from '@sockeye/core';
import * as options from '@sockeye/core/options';
import { afterEach, describe, expect, it, type TestContext } from 'vitest';
import { thrown } from './support.ts';

const WAIT = { timeout: 5000 };

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A sockaddr_in or sockaddr_in6. */
function inet(address: number[], port = 0): Buffer {
  const bytes = Buffer.alloc(address.length === 4 ? 16 : 28);
  bytes.writeUInt16LE(address.length === 4 ? c.AF_INET : c.AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address, address.length === 4 ? 4 : 8);
  return bytes;
}

/** What differs between the two. */
interface Family {
  name: string;
  family: number;
  group: (last: number, port?: number) => Buffer;
  any: Buffer;
  /** Own addresses to send from; the second is a source that is not wanted. */
  sources: [Buffer, Buffer];
  /** The interface; 0 where the machine has none that does. */
  index: number;
  all: options.Option<boolean>;
  interface: options.Settable<number>;
}
const ipv6 = (...ends: [number[], number[]]): number[] => [
  ...ends[0],
  ...new Array<number>(16 - ends[0].length - ends[1].length).fill(0),
  ...ends[1],
];
/** The first interface beyond the loopback one with an IPv6 address, and that address. */
function beyond(): { index: number; source: Buffer } {
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const { family, internal, address } of addresses ?? []) {
      if (family !== 'IPv6' || internal || address.startsWith('fe80')) continue;
      const hints = { family: c.AF_INET6, type: c.SOCK_DGRAM, flags: c.AI_NUMERICHOST };
      const [found] = getaddrinfoSync(address, null, hints);
      return { index: ifNameToIndex(name), source: Buffer.from(found?.address ?? []) };
    }
  return { index: 0, source: Buffer.alloc(28) };
}
const outside = beyond();
const families: Family[] = [
  {
    name: 'IPv4',
    family: c.AF_INET,
    group: (last, port) => inet([239, 255, 77, last], port),
    any: inet([0, 0, 0, 0]),
    sources: [inet([127, 0, 0, 1]), inet([127, 0, 0, 2])],
    index: ifNameToIndex('lo'),
    all: options.ipMulticastAll,
    interface: options.ipMulticastInterface,
  },
  {
    name: 'IPv6',
    family: c.AF_INET6,
    group: (last, port) => inet(ipv6([0xff, 0x11], [last]), port),
    any: inet(ipv6([], [])),
    sources: [outside.source, inet(ipv6([0xfd], [0xff]))],
    index: outside.index,
    all: options.ipv6MulticastAll,
    interface: options.ipv6MulticastInterface,
  },
];

describe.each(families)('multicast over $name', (family) => {
  const open = (): Socket => {
    const socket = Socket.create(family.family, c.SOCK_DGRAM);
    sockets.push(socket);
    return socket;
  };
  /** A socket that receives only its own groups', and its port. */
  const member = (): { socket: Socket; port: number } => {
    const socket = open();
    family.all.set(socket, false);
    socket.bind(family.any);
    return { socket, port: Buffer.from(socket.getsockname()).readUInt16BE(2) };
  };
  const lo = family.index;
  const here = (context: TestContext): void => {
    if (lo === 0) context.skip('no interface beyond lo has an IPv6 address that is not link-local');
  };
  /** A socket that sends by the interface, from an address. */
  const sender = (source: Buffer): Socket => {
    const socket = open();
    family.interface.set(socket, lo);
    socket.bind(source);
    return socket;
  };
  const got = async (socket: Socket): Promise<string> => (await socket.recv(100, WAIT)).toString();
  const send = (socket: Socket, text: string, to: Buffer): void => {
    socket.sendToSync(Buffer.from(text), to);
  };

  it('what is joined by index arrives, what was left does not', async (context) => {
    here(context);
    const { socket, port } = member();
    const one = sender(family.sources[0]);
    const [wanted, other] = [family.group(1, port), family.group(2, port)];
    options.joinGroup.set(socket, { group: wanted, interfaceIndex: lo });
    send(one, 'not joined', other);
    send(one, 'joined', wanted);
    expect(await got(socket)).toBe('joined');
    options.joinGroup.set(socket, { group: other, interfaceIndex: lo });
    options.leaveGroup.set(socket, { group: wanted, interfaceIndex: lo });
    send(one, 'left', wanted);
    send(one, 'joined later', other);
    expect(await got(socket)).toBe('joined later');
    expect(socket.tryRecvInto(Buffer.alloc(10))).toBe(-errnos.EAGAIN);
    const again = thrown(() => options.joinGroup.set(socket, { group: other, interfaceIndex: lo }));
    expect(again).toMatchObject({ code: 'EADDRINUSE', syscall: 'setsockopt' });
    const absent = thrown(() => options.leaveGroup.set(socket, { group: wanted, interfaceIndex: lo }));
    expect(absent.code).toBe('EADDRNOTAVAIL');
  });

  it('with the option for all groups, what another joined arrives too', async (context) => {
    here(context);
    const { socket, port } = member();
    const other = member();
    const group = family.group(3, port);
    options.joinGroup.set(other.socket, { group, interfaceIndex: lo });
    expect(family.all.get(socket)).toBe(false);
    const one = sender(family.sources[0]);
    send(one, 'off', group);
    family.all.set(socket, true);
    send(one, 'on', group);
    expect(await got(socket)).toBe('on');
    expect(socket.tryRecvInto(Buffer.alloc(10))).toBe(-errnos.EAGAIN);
  });

  it('of a source that was joined, then blocked, then let in again', async (context) => {
    here(context);
    const { socket, port } = member();
    const group = family.group(4, port);
    const [source, stranger] = family.sources;
    const one = sender(source);
    const by = { group, interfaceIndex: lo };
    options.joinSource.set(socket, { ...by, source: stranger });
    send(one, 'of a stranger', group);
    options.joinSource.set(socket, { ...by, source });
    send(one, 'of the source', group);
    expect(await got(socket)).toBe('of the source');
    options.leaveSource.set(socket, { ...by, source });
    send(one, 'after leaving it', group);
    options.leaveSource.set(socket, { ...by, source: stranger });

    options.joinGroup.set(socket, by);
    options.blockSource.set(socket, { ...by, source });
    send(one, 'blocked', group);
    options.unblockSource.set(socket, { ...by, source });
    send(one, 'let in', group);
    expect(await got(socket)).toBe('let in');
    expect(socket.tryRecvInto(Buffer.alloc(10))).toBe(-errnos.EAGAIN);
  });

  it('by a filter of sources, which reads as it was set', async (context) => {
    here(context);
    const { socket, port } = member();
    const group = family.group(5, port);
    const by = { group, interfaceIndex: lo };
    const one = sender(family.sources[0]);
    options.joinGroup.set(socket, by);
    const plain = family.group(5);
    expect(options.groupFilter.get(socket, by)).toEqual({
      group: Uint8Array.from(group),
      interfaceIndex: lo,
      mode: 'exclude',
      sources: [],
    });
    const sources = family.sources.map((source) => Uint8Array.from(source));
    options.groupFilter.set(socket, { ...by, mode: 'exclude', sources });
    send(one, 'excluded', group);
    options.groupFilter.set(socket, { ...by, mode: 'include', sources });
    send(one, 'included', group);
    expect(await got(socket)).toBe('included');
    const read = options.groupFilter.get(socket, { group: plain, interfaceIndex: lo });
    expect(read.mode).toBe('include');
    expect(read.sources.map((source) => Buffer.from(source as Uint8Array).toString('hex')).sort()).toEqual(
      sources.map((source) => Buffer.from(source).toString('hex')).sort(),
    );
    expect(socket.tryRecvInto(Buffer.alloc(10))).toBe(-errnos.EAGAIN);
  });

  it('a filter of more sources than are asked for at first is read whole', (context) => {
    here(context);
    const { socket } = member();
    const by = { group: family.group(6), interfaceIndex: lo };
    options.joinGroup.set(socket, by);
    const sources = Array.from({ length: 40 }, (_, index) => {
      const source = Buffer.from(family.sources[1]);
      source[family.family === c.AF_INET ? 7 : 23] = index + 10;
      return Uint8Array.from(source);
    });
    try {
      options.groupFilter.set(socket, { ...by, mode: 'exclude', sources });
    } catch (error) {
      // sysctl net.ipv4.igmp_max_msf is 10 by default, net.ipv6.mld_max_msf 64.
      expect(family.family).toBe(c.AF_INET);
      expect(error).toMatchObject({ code: 'ENOBUFS' });
      return;
    }
    const read = options.groupFilter.get(socket, by);
    expect(new Set(read.sources.map((one) => Buffer.from(one as Uint8Array).toString('hex')))).toEqual(
      new Set(sources.map((one) => Buffer.from(one).toString('hex'))),
    );
  });

  it('refuses what is no group, no interface, no source of its family', () => {
    const { socket } = member();
    const group = family.group(1);
    const refused = (call: () => void): string => {
      const error = thrown(call);
      return `${error.code} ${error.message.split(' must')[0]}`;
    };
    const wrong = (value: object): string =>
      refused(() => options.joinSource.set(socket, { group, source: family.sources[0], ...value }));
    expect(wrong({ group: 'ff02::1' })).toBe('ERR_INVALID_ARG_TYPE value.group');
    expect(wrong({ group: new Uint8Array(3) })).toBe('ERR_INVALID_ARG_VALUE value.group');
    expect(wrong({ group: group.subarray(0, 12) })).toBe('ERR_INVALID_ARG_VALUE value.group');
    expect(wrong({ interfaceIndex: -1 })).toBe('ERR_OUT_OF_RANGE value.interfaceIndex');
    expect(wrong({ interfaceIndex: 1.5 })).toBe('ERR_OUT_OF_RANGE value.interfaceIndex');
    expect(wrong({ source: undefined })).toBe('ERR_INVALID_ARG_TYPE value.source');
    const other = families.find((one) => one.family !== family.family) as Family;
    expect(wrong({ source: other.sources[0] })).toBe('ERR_INVALID_ARG_VALUE value.source');
    const filter = { group, mode: 'include', sources: [] } as const;
    const bad = (value: object): string =>
      refused(() => options.groupFilter.set(socket, { ...filter, ...value }));
    expect(bad({ mode: 'some' })).toBe('ERR_INVALID_ARG_VALUE value.mode');
    expect(bad({ sources: 'all' })).toBe('ERR_INVALID_ARG_TYPE value.sources');
    expect(bad({ sources: [group, null] })).toBe('ERR_INVALID_ARG_TYPE value.sources[1]');
    const nowhere = thrown(() => options.joinGroup.set(socket, { group, interfaceIndex: 0x7ffffff0 }));
    expect(nowhere.code).toBe('ENODEV');
  });
});
