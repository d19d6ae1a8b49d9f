/** INET and INET6: TCP, MPTCP, UDP, UDP-Lite, raw, multicast. */
import { inet, inet6 } from '@sockeye/addr';
import { type Address, constants as c, ifNameToIndex, type Socket } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Abilities, type Control, type End, type Keep, type Medium, PLAIN } from '../medium.ts';
import { create, createFar, laid, type Side, sides } from './link.ts';
import { connected, mutual } from './make.ts';

const TIMESTAMP: Control = {
  room: controlSpace(16),
  kinds: ['timestamp'],
  prepare: ({ other }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1),
};

const stream: Abilities = {
  halfClose: true,
  end: true,
  keptOverClose: true,
  endAgain: true,
  reset: true,
  endAfterReset: true,
  backPressure: true,
  anyLength: true,
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
  keptOverClose: true,
  endAgain: 'there is no connection',
  reset: 'there is no connection',
  endAfterReset: 'there is no connection',
  backPressure: 'a full receiver drops',
  anyLength: true,
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
  /** An address of a side, with a free port. */
  at(side: Side): Address;
}

const V4: Version = { name: 'inet', family: c.AF_INET, at: (side) => inet(side.inet, 0) };
const V6: Version = { name: 'inet6', family: c.AF_INET6, at: (side) => inet6(side.inet6, 0) };

/** Over the loopback, and over the link between two containers. */
const KERNELS = ['host', 'containers'] as const;

function tcp({ name, family, at }: Version, protocol: number, called: string): Medium {
  return {
    ...PLAIN,
    name: `${name} ${called}`,
    kind: 'stream',
    kernels: KERNELS,
    can: stream,
    makePair: (keep) => connected(keep, { family, type: c.SOCK_STREAM, protocol }, at(sides().far)),
    control: {
      room: controlSpace(4),
      kinds: ['queued'],
      prepare: ({ other }) => other.socket.setsockopt(c.IPPROTO_TCP, c.TCP_INQ, 1),
    },
  };
}

function udp({ name, family, at }: Version, protocol: number, called: string): Medium {
  return {
    ...PLAIN,
    name: `${name} ${called}`,
    kind: 'datagram',
    kernels: KERNELS,
    can: datagram,
    largest: 60_000,
    makePair(keep) {
      const { near, far } = sides();
      return mutual(keep, { family, type: c.SOCK_DGRAM, protocol }, [at(near), at(far)]);
    },
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
  kernels: KERNELS,
  can: { ...datagram, empty: 'the kernel sends no raw packet of no bytes' },
  header: HEADER,
  body: (received) => received.subarray(HEADER),
  makePair(keep) {
    const { near, far } = sides();
    // On the loopback each at an address that nobody else has, since all hear what is sent to theirs.
    const alone = (last: number): Address => inet(Uint8Array.of(127, process.pid >> 8, process.pid, last), 0);
    return mutual(
      keep,
      { family: c.AF_INET, type: c.SOCK_RAW, protocol: EXPERIMENT },
      laid() ? [V4.at(near), V4.at(far)] : [alone(21), alone(22)],
    );
  },
  control: TIMESTAMP,
};

/** On one bus: each hears what is sent from the group's sender, and no group but its own. */
function multicast(
  { name, family }: Version,
  device: string,
  group: (port: number, ifindex: number) => Uint8Array,
): Medium {
  const v4 = family === c.AF_INET;
  const near = (): number => (laid() ? sides().near.ifindex : ifNameToIndex(device));
  const far = (): number => (laid() ? sides().far.ifindex : ifNameToIndex(device));
  const join = (socket: Socket, index: number): void => {
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
  const through = (socket: Socket, index: number): void => {
    if (v4) {
      const request = Buffer.alloc(12);
      request.writeInt32LE(index, 8);
      socket.setsockopt(c.IPPROTO_IP, c.IP_MULTICAST_IF, request);
    } else socket.setsockopt(c.IPPROTO_IPV6, c.IPV6_MULTICAST_IF, index);
  };
  const portOf = (socket: Socket): number => Buffer.from(socket.getsockname()).readUInt16BE(2);
  const kind = { family, type: c.SOCK_DGRAM };
  const member = (socket: Socket, port: number, index: number): Socket => {
    socket.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
    socket.bind(group(port, index));
    join(socket, index);
    return socket;
  };
  const makeMembers = async (keep: Keep, count: number): Promise<End[]> => {
    const first = member(createFar(keep, kind), 0, far());
    const port = portOf(first);
    // Of the others every second one is on the sender's side.
    const others = Array.from({ length: count - 2 }, (_, n) =>
      n % 2 === 0 ? member(create(keep, kind), port, near()) : member(createFar(keep, kind), port, far()),
    );
    const sender = create(keep, kind);
    through(sender, near());
    return [{ socket: sender, to: group(port, near()) }, ...[first, ...others].map((socket) => ({ socket }))];
  };
  return {
    ...PLAIN,
    name: `${name} multicast`,
    kind: 'bus',
    kernels: v4 ? KERNELS : ['6.1', 'containers'],
    can: {
      ...datagram,
      addresses: 'what is sent to the sender’s address misses who is bound to the group',
      members: true,
    },
    largest: 60_000,
    // Two groups, told apart by their ports: what one sends only the other hears.
    async makePair(keep) {
      const one = member(create(keep, kind), 0, near());
      const other = member(createFar(keep, kind), 0, far());
      through(one, near());
      through(other, far());
      return {
        one: { socket: one, to: group(portOf(other), near()) },
        other: { socket: other, to: group(portOf(one), far()) },
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
  multicast(V4, 'lo', (port) => inet('239.255.83.19', port).toSockaddr('linux')),
  // The loopback has no route for groups; the rig's machine has a network.
  multicast(V6, 'lan0', (port, scopeId) => inet6('ff12::53', port, { scopeId }).toSockaddr('linux')),
];
