/** CAN on a virtual bus: raw frames, ISO-TP, J1939, by core and addr alone. */
import { can, canIsotp, canJ1939 } from '@sockeye/addr';
import { constants as c, ifNameToIndex } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Abilities, type End, type Keep, type Medium, PLAIN } from '../medium.ts';
import { create } from './link.ts';

const BUS = 'vcan0';

const bus: Abilities = {
  halfClose: 'there is no connection',
  end: 'there is no connection',
  keptOverClose: true,
  endAgain: 'there is no connection',
  reset: 'there is no connection',
  endAfterReset: 'there is no connection',
  backPressure: 'a virtual bus drops what a full receiver has no room for',
  anyLength: true,
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: true,
  empty: 'a frame has 16 bytes',
  addresses: 'an address is the bus, where all hear',
  ancillary: true,
  batches: true,
  sendBatches: true,
  members: true,
  peek: true,
};

const timestamps = {
  room: controlSpace(16),
  kinds: ['timestamp'],
  prepare: ({ other }: { other: End }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1),
};

/** struct can_frame of linux/can.h: identifier, length, and eight bytes; `size` chooses how many count. */
function frame(n: number, size: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(n & 0x7ff, 0);
  bytes[4] = Math.min(8, size);
  for (let at = 0; at < Math.min(8, size); at++)
    bytes[8 + at] = at < 4 ? n >>> (8 * at) : (n * 31 + at) & 0xff;
  return bytes;
}

const rawMembers = (keep: Keep, count: number): End[] =>
  Array.from({ length: count }, () => {
    const socket = create(keep, { family: c.AF_CAN, type: c.SOCK_RAW, protocol: c.CAN_RAW });
    socket.bind(can(ifNameToIndex(BUS)));
    return { socket };
  });

const raw: Medium = {
  ...PLAIN,
  name: 'can raw',
  kind: 'bus',
  kernels: ['6.1', '6.12'],
  can: bus,
  message: frame,
  largest: 16,
  async makePair(keep) {
    const [one, other] = rawMembers(keep, 2);
    if (one === undefined || other === undefined) throw new Error('two members make a pair');
    return { one, other };
  },
  makeMembers: async (keep, count) => rawMembers(keep, count),
  control: timestamps,
};

const isotp: Medium = {
  ...PLAIN,
  name: 'can isotp',
  kind: 'datagram',
  kernels: ['6.1', '6.12'],
  can: {
    ...bus,
    backPressure: 'a receiver that does not read drops whole messages',
    empty: 'ISO-TP carries no message of no bytes, ISO 15765-2',
    members: 'two identifiers make a pair',
  },
  // ISO 15765-2:2004: 12 bits of length.
  largest: 4095,
  // A socket sends one message at a time.
  window: 1,
  async makePair(keep) {
    const ifindex = ifNameToIndex(BUS);
    const [one, other] = (
      [
        [0x701, 0x702],
        [0x702, 0x701],
      ] as const
    ).map(([rxId, txId]) => {
      const socket = create(keep, { family: c.AF_CAN, type: c.SOCK_DGRAM, protocol: c.CAN_ISOTP });
      socket.bind(canIsotp({ ifindex, rxId, txId }));
      return { socket };
    });
    if (one === undefined || other === undefined) throw new Error('two identifiers make a pair');
    return { one, other };
  },
  control: timestamps,
};

/** A parameter group of the peer-to-peer format (PDU1) for the maker's own use, "Proprietary A"; SAE J1939-21. */
const PROPRIETARY_A = 0xef00;
let addresses = 0;

const j1939: Medium = {
  ...PLAIN,
  name: 'can j1939',
  kind: 'datagram',
  kernels: ['6.1', '6.12'],
  can: {
    ...bus,
    backPressure: 'a virtual bus drops what a full receiver has no room for',
    empty: true,
    addresses: true,
    members: 'each address has one owner',
    peek: 'J1939 refuses MSG_PEEK: EINVAL',
  },
  // The most that the transport protocol of J1939-21 carries.
  largest: 1785,
  async makePair(keep) {
    const ifindex = ifNameToIndex(BUS);
    // Addresses of their own each time, so that no session of an earlier pair is meant.
    addresses += 2;
    const base = 0x10 + (addresses % 0x60);
    const [one, other] = [base, base + 1].map((addr) => {
      const socket = create(keep, { family: c.AF_CAN, type: c.SOCK_DGRAM, protocol: c.CAN_J1939 });
      socket.bind(canJ1939({ ifindex, addr }));
      return {
        socket,
        to: (to: number) => canJ1939({ ifindex, addr: to, pgn: PROPRIETARY_A }).toSockaddr('linux'),
      };
    });
    if (one === undefined || other === undefined) throw new Error('two addresses make a pair');
    return {
      one: { socket: one.socket, to: one.to(base + 1) },
      other: { socket: other.socket, to: other.to(base) },
    };
  },
  control: { room: 2 * controlSpace(1), kinds: ['j1939-destination-address', 'j1939-priority'] },
};

export const canMedia: readonly Medium[] = [raw, isotp, j1939];
