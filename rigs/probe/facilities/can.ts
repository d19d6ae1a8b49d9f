/** CAN on a virtual bus: raw, BCM, ISO-TP, J1939, FD, XL, and the virtual interfaces themselves. */
import { constants, ifNameToIndex, type Socket } from '@sockeye/core';
import { ip } from '../../netns/ip.ts';
import { PATIENCE, same, withSockets } from '../exchange.ts';
import { inside } from '../explain.ts';
import { type Bed, type Facility, Missing } from '../finding.ts';
import { AF, can, isotp, j1939 } from '../sockaddr.ts';

const {
  SOCK_DGRAM: DGRAM,
  SOCK_RAW: RAW,
  CAN_RAW,
  CAN_BCM,
  CAN_ISOTP,
  CAN_J1939,
  SOL_CAN_RAW,
  CAN_RAW_FD_FRAMES,
  CAN_RAW_XL_FRAMES,
  CANFD_MTU,
  CANXL_MTU,
} = constants;
/** Of Linux 6.9, linux/can/raw.h: younger than the libc crate's. */
const CAN_RAW_XL_VCID_OPTS = 8;
const wait = { timeout: PATIENCE };

/** A virtual bus: made in a namespace of one's own, else one that is there. */
function bus(bed: Bed, mtu: number): number {
  if (bed.own) {
    const name = `vcan${mtu}`;
    try {
      return ifNameToIndex(name);
    } catch {
      ip('link', 'add', name, 'mtu', String(mtu), 'type', 'vcan');
      ip('link', 'set', name, 'up');
      return ifNameToIndex(name);
    }
  }
  const there = JSON.parse(ip('-json', 'link', 'show', 'type', 'vcan', 'up') || '[]') as {
    ifname?: string;
    mtu?: number;
  }[];
  const fit = there.find((link) => (link.mtu ?? 0) >= mtu);
  if (fit?.ifname !== undefined) return ifNameToIndex(fit.ifname);
  throw new Missing(
    'no virtual bus is up, and making one takes CAP_NET_ADMIN and CAP_SYS_ADMIN: not tried',
    `sudo ip link add vcan0 mtu ${mtu} type vcan && sudo ip link set vcan0 up`,
  );
}

/** Opens the socket before the bus is asked for: the family's absence says more. */
function opened(make: typeof Socket.create, type: number, protocol: number): [Socket, Socket] {
  return [make(AF.CAN, type, protocol), make(AF.CAN, type, protocol)];
}

/** struct can_frame: id, length, data; linux/can.h. */
function frame(id: number, ...data: number[]): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(id, 0);
  bytes[4] = data.length;
  bytes.set(data, 8);
  return bytes;
}

async function go(from: Socket, to: Socket, sent: Uint8Array): Promise<void> {
  await from.send(sent, wait);
  same(await to.recv(4096, wait), sent);
}

const raw: Facility = {
  name: 'can-raw',
  place: 'namespace',
  links: true,
  modules: ['can_raw', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, RAW, CAN_RAW);
      const index = bus(bed, CANFD_MTU);
      for (const socket of [one, other]) socket.bind(can(index));
      await go(one, other, frame(0x123, 0xde, 0xad));
      return 'frame 123#DEAD went over a virtual bus';
    }),
};

/** struct canfd_frame: as can_frame, with flags at 5 and 64 bytes of data. */
const fd: Facility = {
  name: 'can-fd',
  place: 'namespace',
  links: true,
  modules: ['can_raw', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, RAW, CAN_RAW);
      const index = bus(bed, CANFD_MTU);
      for (const socket of [one, other]) {
        socket.setsockopt(SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1);
        socket.bind(can(index));
      }
      const sent = Buffer.alloc(CANFD_MTU, 0x55);
      sent.writeUInt32LE(0x123, 0);
      sent.set([64, 4, 0, 0], 4); // 64 bytes; CANFD_FDF, which newer kernels set by themselves
      await go(one, other, sent);
      return 'a frame of 64 bytes went over a virtual bus';
    }),
};

/** struct canxl_frame: prio, flags (CANXL_XLF), sdt, length, acceptance field, data. */
function xlFrame(size: number): Buffer {
  const bytes = Buffer.alloc(12 + size, 0x55);
  bytes.writeUInt32LE(0x123, 0);
  bytes.set([0x80, 0], 4);
  bytes.writeUInt16LE(size, 6);
  bytes.writeUInt32LE(0, 8);
  return bytes;
}

const xl: Facility = {
  name: 'can-xl',
  place: 'namespace',
  links: true,
  modules: ['can_raw', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, RAW, CAN_RAW);
      const index = bus(bed, CANXL_MTU);
      for (const socket of [one, other]) {
        socket.setsockopt(SOL_CAN_RAW, CAN_RAW_XL_FRAMES, 1);
        socket.bind(can(index));
      }
      await go(one, other, xlFrame(1000));
      return 'a frame of 1000 bytes went over a virtual bus';
    }),
};

/** struct can_raw_vcid_options: flags, tx_vcid, rx_vcid, rx_vcid_mask; linux/can/raw.h, since 6.9. */
const vcid: Facility = {
  name: 'can-xl-vcid',
  kernel: '6.12',
  place: 'namespace',
  links: true,
  modules: ['can_raw', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, RAW, CAN_RAW);
      const index = bus(bed, CANXL_MTU);
      for (const socket of [one, other]) {
        socket.setsockopt(SOL_CAN_RAW, CAN_RAW_XL_FRAMES, 1);
        try {
          socket.setsockopt(SOL_CAN_RAW, CAN_RAW_XL_VCID_OPTS, new Uint8Array([7, 42, 42, 0xff]));
        } catch (error) {
          throw new Missing(
            (error as Error).message.split(':').slice(0, 2).join(':'),
            'a kernel of 6.9 or later: the rig’s VM 6.12',
          );
        }
        socket.bind(can(index));
      }
      await one.send(xlFrame(100), wait);
      const got = await other.recv(4096, wait);
      if (got[2] !== 42) throw new Missing(`the frame came with VCID ${got[2]} instead of 42`);
      return 'a frame with VCID 42 went over a virtual bus';
    }),
};

const RX_SETUP = 5;
const RX_CHANGED = 12;
const RX_FILTER_ID = 0x20;
/** struct bcm_msg_head with timevals of two longs each; linux/can/bcm.h. */
const HEAD = 56;

const bcm: Facility = {
  name: 'can-bcm',
  place: 'namespace',
  links: true,
  modules: ['can_bcm', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const manager = make(AF.CAN, DGRAM, CAN_BCM);
      const sender = make(AF.CAN, RAW, CAN_RAW);
      const index = bus(bed, CANFD_MTU);
      await manager.connect(can(index), wait);
      sender.bind(can(index));
      const setup = Buffer.alloc(HEAD);
      setup.writeUInt32LE(RX_SETUP, 0);
      setup.writeUInt32LE(RX_FILTER_ID, 4);
      setup.writeUInt32LE(0x321, 48);
      await manager.send(setup, wait);
      await sender.send(frame(0x321, 1, 2, 3), wait);
      const told = await manager.recv(4096, wait);
      if (told.readUInt32LE(0) !== RX_CHANGED) throw new Missing(`opcode ${told.readUInt32LE(0)} came`);
      same(told.subarray(HEAD, HEAD + 16), frame(0x321, 1, 2, 3));
      return 'the manager told of frame 321#010203';
    }),
};

const tp: Facility = {
  name: 'can-isotp',
  place: 'namespace',
  links: true,
  modules: ['can_isotp', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, DGRAM, CAN_ISOTP);
      const index = bus(bed, CANFD_MTU);
      one.bind(isotp(index, 0x701, 0x702));
      other.bind(isotp(index, 0x702, 0x701));
      await go(one, other, Buffer.alloc(100, 0x5a));
      return 'a message of 100 bytes went in many frames';
    }),
};

const J1939_NO_PGN = 0x40000;

const j: Facility = {
  name: 'can-j1939',
  place: 'namespace',
  links: true,
  modules: ['can_j1939', 'vcan'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const [one, other] = opened(make, DGRAM, CAN_J1939);
      const index = bus(bed, CANFD_MTU);
      one.bind(j1939(index, J1939_NO_PGN, 0x20));
      other.bind(j1939(index, J1939_NO_PGN, 0x30));
      const sent = Buffer.alloc(100, 0xa5);
      await one.sendTo(sent, j1939(index, 0x12300, 0x30), wait);
      same((await other.recvFrom(4096, wait)).data, sent);
      return 'a message of 100 bytes went from address 20 to 30';
    }),
};

const vcan: Facility = {
  name: 'vcan',
  place: 'namespace',
  links: true,
  modules: ['vcan', 'can_raw'],
  attempt: (bed) =>
    withSockets(async (make) => {
      const index = bus(bed, CANFD_MTU);
      const [one, other] = opened(make, RAW, CAN_RAW);
      for (const socket of [one, other]) socket.bind(can(index));
      await go(one, other, frame(1, 2));
      return bed.own ? 'a bus was made and carried a frame' : 'a bus that is up carried a frame';
    }),
};

const vxcan: Facility = {
  name: 'vxcan',
  place: 'namespace',
  links: true,
  modules: ['vxcan', 'can_raw'],
  attempt: (bed) =>
    withSockets(async (make) => {
      if (!bed.own)
        throw new Missing(
          'making a pair takes CAP_NET_ADMIN and CAP_SYS_ADMIN: not tried',
          'run as root (sudo)',
        );
      ip('link', 'add', 'vxa', 'type', 'vxcan', 'peer', 'name', 'vxb');
      for (const name of ['vxa', 'vxb']) ip('link', 'set', name, 'up');
      const [one, other] = opened(make, RAW, CAN_RAW);
      one.bind(can(ifNameToIndex('vxa')));
      other.bind(can(ifNameToIndex('vxb')));
      await go(one, other, frame(1, 2));
      return 'a frame went through a pair';
    }),
};

/** The rig's own: a machine's real buses are not for the probe to send on. */
const controllers: Facility = {
  name: 'can-controllers',
  place: 'machine',
  modules: ['kvaser_pci', 'can_raw'],
  attempt: () =>
    withSockets(async (make) => {
      if (inside() === undefined)
        throw new Missing(
          'the probe sends on no real bus',
          "the rig’s virtual machine has two emulated controllers: need(['can-controllers']) boots it so",
        );
      const [one, other] = opened(make, RAW, CAN_RAW);
      one.bind(can(ifNameToIndex('can0')));
      other.bind(can(ifNameToIndex('can1')));
      await go(one, other, frame(0x123, 0xde, 0xad));
      const [details] = JSON.parse(ip('-json', '-details', 'link', 'show', 'can0')) as CanDetails[];
      const rate = details?.linkinfo?.info_data?.bittiming?.bitrate;
      return `frame 123#DEAD went from can0 to can1 at ${rate} bit/s`;
    }),
};

/** As far as is looked at, what `ip -json -details` says of a CAN interface. */
interface CanDetails {
  linkinfo?: { info_data?: { bittiming?: { bitrate?: number } } };
}

export const controllerArea: readonly Facility[] = [vcan, vxcan, raw, fd, xl, vcid, bcm, tp, j, controllers];
