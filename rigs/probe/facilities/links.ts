/** Interfaces and what is done to them: veth, bridge, tun, netem, XDP; and namespaces. */
import { readlinkSync } from 'node:fs';
import { ifNameToIndex, type Socket } from '@sockeye/core';
import { ip, tc, tool } from '../../netns/ip.ts';
import { MESSAGE, PATIENCE, same, withSockets } from '../exchange.ts';
import { type Bed, type Facility, Missing } from '../finding.ts';
import { python } from '../python.ts';
import { AF, packet } from '../sockaddr.ts';
import { program } from '../where.ts';

const DGRAM = 2;
/** An experimental Ethernet type, which nothing answers; IEEE 802. */
const ETHERTYPE = 0x88b5;
const BROADCAST = new Uint8Array(6).fill(255);
const wait = { timeout: PATIENCE };

function own(bed: Bed): void {
  if (bed.own) return;
  throw new Missing(
    'making interfaces takes a namespace, CAP_SYS_ADMIN and CAP_NET_ADMIN: not tried',
    'run as root (sudo), or in a container with --cap-add SYS_ADMIN --cap-add NET_ADMIN',
  );
}

function pair(one: string, other: string): void {
  ip('link', 'add', one, 'type', 'veth', 'peer', 'name', other);
  for (const name of [one, other]) ip('link', 'set', name, 'up');
}

function listener(make: typeof Socket.create, name: string): Socket {
  const socket = make(AF.PACKET, DGRAM, 0);
  socket.bind(packet(ETHERTYPE, ifNameToIndex(name)));
  return socket;
}

/** A frame goes in at one interface and must come out at another; how many milliseconds it took. */
async function carry(make: typeof Socket.create, from: string, to: string): Promise<number> {
  const sender = make(AF.PACKET, DGRAM, 0);
  const receiver = listener(make, to);
  const start = performance.now();
  await sender.sendTo(MESSAGE, packet(ETHERTYPE, ifNameToIndex(from), BROADCAST), wait);
  // Frames of this type that are shorter than Ethernet's least come as they are over veth.
  same(await receiver.recv(64, wait), MESSAGE);
  return performance.now() - start;
}

const netns: Facility = {
  name: 'netns',
  place: 'namespace',
  links: true,
  packages: ['iproute2', 'util-linux'],
  attempt: (bed) => {
    own(bed);
    return `unshare gave ${readlinkSync('/proc/self/ns/net')}, which ends with its last process`;
  },
};

const veth: Facility = {
  name: 'veth',
  place: 'namespace',
  links: true,
  modules: ['veth'],
  attempt: (bed) =>
    withSockets(async (make) => {
      own(bed);
      pair('vea', 'veb');
      await carry(make, 'vea', 'veb');
      return `a frame with ${MESSAGE.length} bytes went through a pair`;
    }),
};

const bridge: Facility = {
  name: 'bridge',
  place: 'namespace',
  links: true,
  modules: ['bridge', 'veth'],
  attempt: (bed) =>
    withSockets(async (make) => {
      own(bed);
      ip('link', 'add', 'br0', 'type', 'bridge');
      ip('link', 'set', 'br0', 'up');
      for (const n of [1, 2]) {
        pair(`bra${n}`, `brb${n}`);
        ip('link', 'set', `brb${n}`, 'master', 'br0');
      }
      await carry(make, 'bra1', 'bra2');
      return `a frame with ${MESSAGE.length} bytes went from one port to the other`;
    }),
};

const DELAY = 50;

const netem: Facility = {
  name: 'netem',
  place: 'namespace',
  links: true,
  modules: ['sch_netem', 'veth'],
  attempt: (bed) =>
    withSockets(async (make) => {
      own(bed);
      pair('nea', 'neb');
      tc('qdisc', 'add', 'dev', 'nea', 'root', 'netem', 'delay', `${DELAY}ms`);
      const took = await carry(make, 'nea', 'neb');
      // A kernel's timers are as coarse as its tick.
      if (took < DELAY * 0.8)
        throw new Missing(`a frame took ${took.toFixed(1)} ms in spite of a delay of ${DELAY} ms`);
      return `a frame took ${took.toFixed(0)} ms with a delay of ${DELAY} ms`;
    }),
};

const tun: Facility = {
  name: 'tun',
  place: 'namespace',
  links: true,
  modules: ['tun'],
  attempt: (bed) => {
    own(bed);
    return tool(python(), program('tun.py')).trim();
  },
};

/** A frame that an AF_XDP socket sends from its ring on one end of a pair, and a packet socket receives on the other. */
const xdp: Facility = {
  name: 'xdp',
  place: 'namespace',
  links: true,
  modules: ['veth'],
  attempt: (bed) =>
    withSockets(async (make) => {
      make(AF.XDP, 3, 0);
      own(bed);
      pair('xda', 'xdb');
      const receiver = listener(make, 'xdb');
      tool(python(), program('xdp.py'), String(ifNameToIndex('xda')), Buffer.from(MESSAGE).toString('hex'));
      same((await receiver.recv(64, wait)).subarray(0, MESSAGE.length), MESSAGE);
      return `a frame with ${MESSAGE.length} bytes was sent from a TX ring over veth`;
    }),
};

export const links: readonly Facility[] = [netns, veth, bridge, netem, tun, xdp];
