/** Families that stay on the machine: NETLINK, PACKET on the loopback, VSOCK, TIPC, QRTR, RDS. */
import { inet, netlink, packet, qipcrtr, tipcRange, tipcService, vsock } from '@sockeye/addr';
import { constants as c, type Socket } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { soon } from '../forms.ts';
import { type Abilities, type Control, type Medium, PLAIN } from '../medium.ts';
import { create, createFar, type Side, sides } from './link.ts';
import { addressed, connected } from './make.ts';

const CONNECTED: Abilities = {
  halfClose: true,
  end: true,
  keptOverClose: true,
  endAgain: true,
  reset: 'the family has no linger',
  endAfterReset: 'the family has no linger',
  backPressure: true,
  anyLength: true,
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: 'a stream has no messages',
  empty: 'a stream has no messages',
  addresses: 'a connection has one peer',
  ancillary: 'the family sends nothing along',
  batches: 'a stream has no messages',
  sendBatches: 'a stream has no messages',
  members: 'a connection has two ends',
  peek: true,
};
const UNCONNECTED: Abilities = {
  ...CONNECTED,
  halfClose: 'there is no connection',
  end: 'there is no connection',
  keptOverClose: true,
  endAgain: 'there is no connection',
  reset: 'there is no connection',
  endAfterReset: 'there is no connection',
  backPressure: 'a full receiver drops',
  truncation: true,
  empty: true,
  addresses: true,
  batches: true,
  sendBatches: true,
  members: 'each has one receiver',
};

const timestamps: Control = {
  room: controlSpace(16),
  kinds: ['timestamp'],
  prepare: ({ other }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1),
};

/** linux/netlink.h: for programs among themselves. */
const NETLINK_USERSOCK = 2;

const netlinkUser: Medium = {
  ...PLAIN,
  name: 'netlink usersock',
  kind: 'datagram',
  kernels: ['host'],
  can: {
    ...UNCONNECTED,
    backPressure: true,
    ancillary: true,
    empty: 'netlink refuses a message of no bytes',
  },
  makePair: async (keep) =>
    addressed(keep, { family: c.AF_NETLINK, type: c.SOCK_DGRAM, protocol: NETLINK_USERSOCK }, [
      netlink({}),
      netlink({}),
    ]),
  control: {
    room: controlSpace(4),
    kinds: ['netlink-packet-info'],
    prepare: ({ other }) => other.socket.setsockopt(c.SOL_NETLINK, c.NETLINK_PKTINFO, 1),
  },
};

/** EtherTypes of nobody's, and of this process alone: on the loopback all hear each other. */
const ETHERTYPE = 0xa000 + 2 * (process.pid % 0x1000);

/** A station, or all of the loopback, in one of the two protocols, as a side reaches it by its interface. */
const station = (which: 0 | 1, { mac }: Side, { ifindex }: Side): Uint8Array =>
  packet({ ifindex, protocol: ETHERTYPE + which, address: mac }).toSockaddr('linux');

function cooked(socket: Socket, which: 0 | 1, side: Side): Socket {
  socket.bind(station(which, side, side));
  return socket;
}

const packetKind = { family: c.AF_PACKET, type: c.SOCK_DGRAM };

const packetCooked: Medium = {
  ...PLAIN,
  name: 'packet dgram',
  kind: 'bus',
  kernels: ['host', 'containers'],
  can: {
    ...UNCONNECTED,
    empty: 'the loopback drops a frame of no bytes',
    addresses: 'the sender’s address has the receiver’s protocol',
    ancillary: true,
    members: true,
  },
  /** Each receives a protocol of its own, and what is sent says whose it is. */
  async makePair(keep) {
    const { near, far } = sides();
    const one = cooked(create(keep, packetKind), 0, near);
    const other = cooked(createFar(keep, packetKind), 1, far);
    return {
      one: { socket: one, to: station(1, far, near) },
      other: { socket: other, to: station(0, near, far) },
    };
  },
  async makeMembers(keep, count) {
    const { near, far } = sides();
    const receivers = Array.from({ length: count - 1 }, () => ({
      socket: cooked(createFar(keep, packetKind), 0, far),
    }));
    return [{ socket: create(keep, packetKind), to: station(0, far, near) }, ...receivers];
  },
  control: {
    room: controlSpace(20),
    kinds: ['packet-auxdata'],
    prepare: ({ other }) => other.socket.setsockopt(c.SOL_PACKET, c.PACKET_AUXDATA, 1),
  },
};

/** linux/vm_sockets.h: this machine itself. */
const VMADDR_CID_LOCAL = 1;
const VMADDR_PORT_ANY = 0xffffffff;

const vsockMedia: Medium[] = (
  [
    ['stream', c.SOCK_STREAM, CONNECTED],
    [
      'seqpacket',
      c.SOCK_SEQPACKET,
      {
        ...CONNECTED,
        truncation: true,
        empty: 'a message of no bytes reads as the end',
        batches: true,
        sendBatches: true,
        peek: 'Linux 6.1 has no MSG_PEEK for messages of VSOCK: ENOMEM',
        backPressure: 'Linux 6.1 sends a part of a message, says EAGAIN, and joins the next try to that part',
      },
    ],
  ] as const
).map(([kind, type, can]) => ({
  ...PLAIN,
  name: `vsock ${kind}`,
  kind,
  kernels: ['6.1'],
  can,
  makePair: (keep) => connected(keep, { family: c.AF_VSOCK, type }, vsock(VMADDR_CID_LOCAL, VMADDR_PORT_ANY)),
}));

const TIPC_NODE_SCOPE = 3;
/** A service of our own; below 64 they are TIPC's. */
const SERVICE = 0x5e71;
let instances = 1;

const tipcConnected: Abilities = {
  ...CONNECTED,
  halfClose: 'TIPC shuts both directions down at once, tipc(7)',
  truncation: true,
  empty: 'a message of no bytes reads as the end',
  batches: true,
  sendBatches: true,
};

const tipcMedia: Medium[] = [
  ...(
    [
      ['stream', c.SOCK_STREAM, { ...CONNECTED, halfClose: tipcConnected.halfClose }],
      ['seqpacket', c.SOCK_SEQPACKET, tipcConnected],
    ] as const
  ).map(
    ([kind, type, can]): Medium => ({
      ...PLAIN,
      name: `tipc ${kind}`,
      queues: 'as they are',
      kind,
      kernels: ['6.1', '6.12'],
      can,
      makePair(keep) {
        const instance = instances++;
        const service = { type: SERVICE, scope: TIPC_NODE_SCOPE };
        const range = tipcRange({ ...service, lower: instance, upper: instance });
        return connected(keep, { family: c.AF_TIPC, type }, range, tipcService({ ...service, instance }));
      },
    }),
  ),
  ...(
    [
      ['rdm', c.SOCK_RDM],
      ['dgram', c.SOCK_DGRAM],
    ] as const
  ).map(
    ([called, type]): Medium => ({
      ...PLAIN,
      name: `tipc ${called}`,
      kind: 'datagram',
      kernels: ['6.1', '6.12'],
      can: {
        ...UNCONNECTED,
        backPressure: 'an overloaded receiver returns messages, or drops them',
        empty: 'a message of no bytes is one that was returned',
        ancillary: true,
        members: true,
      },
      // An address is a service's: the one who receives from it learns the socket's own.
      makePair: async (keep) => {
        const [one, other] = [
          create(keep, { family: c.AF_TIPC, type }),
          create(keep, { family: c.AF_TIPC, type }),
        ];
        const [mine, yours] = [instances++, instances++];
        const service = { type: SERVICE, scope: TIPC_NODE_SCOPE };
        one.bind(tipcRange({ ...service, lower: mine, upper: mine }));
        other.bind(tipcRange({ ...service, lower: yours, upper: yours }));
        const to = (instance: number): Uint8Array =>
          tipcService({ ...service, instance }).toSockaddr('linux');
        return { one: { socket: one, to: to(yours) }, other: { socket: other, to: to(mine) } };
      },
      async makeMembers(keep, count) {
        const kind = { family: c.AF_TIPC, type };
        const instance = instances++;
        const range = tipcRange({ type: SERVICE, lower: instance, upper: instance, scope: TIPC_NODE_SCOPE });
        const receivers = Array.from({ length: count - 1 }, () => {
          const socket = create(keep, kind);
          socket.bind(range);
          return { socket };
        });
        return [{ socket: create(keep, kind), to: range.toSockaddr('linux') }, ...receivers];
      },
      // A message to a service says which; tipc(7).
      control: { room: controlSpace(12), kinds: ['tipc-destination-name'] },
    }),
  ),
];

const qrtr: Medium = {
  ...PLAIN,
  name: 'qrtr dgram',
  kind: 'datagram',
  kernels: ['6.1'],
  can: { ...UNCONNECTED, empty: 'QRTR sends no message of no bytes' },
  makePair: async (keep) => {
    const kind = { family: c.AF_QIPCRTR, type: c.SOCK_DGRAM };
    // A socket knows its node from the start; port 0 is any.
    const node = Buffer.from(create(keep, kind).getsockname()).readUInt32LE(4);
    return addressed(keep, kind, [qipcrtr(node, 0), qipcrtr(node, 0)]);
  },
};

const rds: Medium = {
  ...PLAIN,
  name: 'rds seqpacket',
  kind: 'datagram',
  kernels: ['6.1'],
  can: {
    ...UNCONNECTED,
    backPressure: 'the loopback of RDS keeps all that nobody receives',
    ancillary: true,
  },
  async makePair(keep) {
    const pair = addressed(keep, { family: c.AF_RDS, type: c.SOCK_SEQPACKET }, [
      inet('127.0.0.1', 0),
      inet('127.0.0.1', 0),
    ]);
    for (const { socket, to } of [pair.one, pair.other]) {
      if (to !== undefined) await socket.connect(to, soon());
      // A new socket's first poll(2) says POLLIN when congestion has ever changed anywhere; net/rds/af_rds.c, rds_poll.
      socket.tryWait(c.POLLIN);
    }
    return pair;
  },
  control: timestamps,
};

export const localMedia: readonly Medium[] = [
  netlinkUser,
  packetCooked,
  ...vsockMedia,
  ...tipcMedia,
  rds,
  qrtr,
];
