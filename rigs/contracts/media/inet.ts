/** INET and INET6: TCP, MPTCP, UDP, UDP-Lite, raw, multicast. */
import { inet, inet6 } from '@sockeye/addr';
import { type Address, constants as c, ifNameToIndex, type Socket } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Abilities, type Control, type End, type Keep, type Medium, PLAIN } from '../medium.ts';
import { connected, create, mutual } from './make.ts';

const TIMESTAMP: Control = {
  room: controlSpace(16),
  kinds: ['timestamp'],
  prepare: ({ other }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1),
};

const stream: Abilities = {
  halfClose: true,
  end: true,
  reset: true,
  endAfterReset: true,
  backPressure: true,
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: 'a stream has no messages',
  empty: 'a stream has no messages',
  addresses: 'a connection has one peer',
  ancillary: true,
  batches: 'a stream has no messages',
  sendBatches: 'a stream has no messages',
  members: 'a connection has two ends',
  peek: true,
};

const datagram: Abilities = {
  halfClose: 'there is no connection',
  end: 'there is no connection',
  reset: 'there is no connection',
  endAfterReset: 'there is no connection',
  backPressure: 'a full receiver drops',
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: true,
  empty: true,
  addresses: true,
  ancillary: true,
  batches: true,
  sendBatches: true,
  members: 'each has one receiver; multicast has a row of its own',
  peek: true,
};

interface Version {
  name: string;
  family: number;
  loopback(port?: number): Address;
}

const V4: Version = { name: 'inet', family: c.AF_INET, loopback: (port = 0) => inet('127.0.0.1', port) };
const V6: Version = { name: 'inet6', family: c.AF_INET6, loopback: (port = 0) => inet6('::1', port) };

const HOST = ['host'] as const;

function tcp({ name, family, loopback }: Version, protocol: number, called: string): Medium {
  return {
    ...PLAIN,
    name: `${name} ${called}`,
    kind: 'stream',
    kernels: HOST,
    can: stream,
    makePair: (keep) => connected(keep, { family, type: c.SOCK_STREAM, protocol }, loopback()),
    control: {
      room: controlSpace(4),
      kinds: ['queued'],
      prepare: ({ other }) => other.socket.setsockopt(c.IPPROTO_TCP, c.TCP_INQ, 1),
    },
  };
}

function udp({ name, family, loopback }: Version, protocol: number, called: string): Medium {
  return {
    ...PLAIN,
    name: `${name} ${called}`,
    kind: 'datagram',
    kernels: HOST,
    can: datagram,
    largest: 60_000,
    makePair: (keep) => mutual(keep, { family, type: c.SOCK_DGRAM, protocol }, [loopback(), loopback()]),
    control: TIMESTAMP,
  };
}

/** For experiments, RFC 3692. */
const EXPERIMENT = 253;
/** Bytes of an IPv4 header without options, which a raw IPv4 socket is given along; raw(7). */
const HEADER = 20;

const raw4: Medium = {
  ...PLAIN,
  name: 'inet raw',
  kind: 'raw',
  kernels: HOST,
  can: { ...datagram, empty: 'the kernel sends no raw packet of no bytes' },
  header: HEADER,
  body: (received) => received.subarray(HEADER),
  // Each at an address that nobody else has, since all hear what is sent to theirs.
  makePair: (keep) =>
    mutual(keep, { family: c.AF_INET, type: c.SOCK_RAW, protocol: EXPERIMENT }, [
      inet(Uint8Array.of(127, process.pid >> 8, process.pid, 21), 0),
      inet(Uint8Array.of(127, process.pid >> 8, process.pid, 22), 0),
    ]),
  control: TIMESTAMP,
};

/** On one bus: each hears what is sent from the group's sender, and no group but its own. */
function multicast({ name, family }: Version, device: string, group: (port: number) => Address): Medium {
  const v4 = family === c.AF_INET;
  const join = (socket: Socket): void => {
    const index = ifNameToIndex(device);
    if (v4) {
      // struct ip_mreqn: group, address, index; ip(7).
      const request = Buffer.alloc(12);
      request.set([239, 255, 83, 19]);
      request.writeInt32LE(index, 8);
      socket.setsockopt(c.IPPROTO_IP, c.IP_ADD_MEMBERSHIP, request);
    } else {
      // struct ipv6_mreq: group, index; ipv6(7).
      const request = Buffer.alloc(20);
      request.set([0xff, 0x12, ...new Array(13).fill(0), 0x53]);
      request.writeInt32LE(index, 16);
      socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_JOIN_GROUP, request);
    }
  };
  const through = (socket: Socket): void => {
    const index = ifNameToIndex(device);
    if (v4) {
      const request = Buffer.alloc(12);
      request.writeInt32LE(index, 8);
      socket.setsockopt(c.IPPROTO_IP, c.IP_MULTICAST_IF, request);
    } else socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF, index);
  };
  const portOf = (socket: Socket): number => Buffer.from(socket.getsockname()).readUInt16BE(2);
  const kind = { family, type: c.SOCK_DGRAM };
  const member = (keep: Keep, port: number): Socket => {
    const socket = create(keep, kind);
    socket.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
    socket.bind(group(port));
    join(socket);
    return socket;
  };
  const makeMembers = async (keep: Keep, count: number): Promise<End[]> => {
    const first = member(keep, 0);
    const port = portOf(first);
    const receivers = [first, ...Array.from({ length: count - 2 }, () => member(keep, port))];
    const sender = create(keep, kind);
    through(sender);
    return [{ socket: sender, to: receivers[0]?.getsockname() }, ...receivers.map((socket) => ({ socket }))];
  };
  return {
    ...PLAIN,
    name: `${name} multicast`,
    kind: 'bus',
    kernels: v4 ? HOST : ['6.1'],
    can: {
      ...datagram,
      addresses: 'what is sent to the sender’s address misses who is bound to the group',
      members: true,
    },
    largest: 60_000,
    // Two groups, told apart by their ports: what one sends only the other hears.
    async makePair(keep) {
      const [one, other] = [member(keep, 0), member(keep, 0)];
      through(one);
      through(other);
      return {
        one: { socket: one, to: other.getsockname() },
        other: { socket: other, to: one.getsockname() },
      };
    },
    makeMembers,
    control: TIMESTAMP,
  };
}

export const inetMedia: readonly Medium[] = [
  ...[V4, V6].flatMap((version) => [
    tcp(version, 0, 'stream'),
    tcp(version, c.IPPROTO_MPTCP, 'mptcp'),
    udp(version, 0, 'dgram'),
    udp(version, c.IPPROTO_UDPLITE, 'udp-lite'),
  ]),
  raw4,
  multicast(V4, 'lo', (port) => inet('239.255.83.19', port)),
  // The loopback has no route for groups; the rig's machine has a network.
  multicast(V6, 'lan0', (port) => inet6('ff12::53', port, { scopeId: ifNameToIndex('lan0') })),
];
