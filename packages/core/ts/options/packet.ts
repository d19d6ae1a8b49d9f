/** Options of packet sockets, level SOL_PACKET: packet(7), linux/if_packet.h. Rings are not among them. */
import { COUNT, FLAG, INT, words } from './codec.ts';
import { type Gettable, gettable, type Option, option } from './option.ts';
import { decode, structReader } from './struct.ts';

const page = 'packet(7)';
const header = 'linux/if_packet.h';

/** Whether messages bring lengths, checksum status and VLAN tag. */
export const packetAuxiliaryData: Option<boolean> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_AUXDATA',
  FLAG,
  {
    since: '2.6.21',
    page,
  },
);
/** Whether the address of what came by a bond or bridge is that of the device below. */
export const packetOriginalDevice: Option<boolean> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_ORIGDEV',
  FLAG,
  {
    page: header,
  },
);
/** Whether it leaves out what this machine sends. */
export const packetIgnoreOutgoing: Option<boolean> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_IGNORE_OUTGOING',
  FLAG,
  { since: '4.20', page: header },
);
/** Whether what is sent goes past the device's queueing. */
export const packetBypassQueue: Option<boolean> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_QDISC_BYPASS',
  FLAG,
  { since: '3.14', page },
);
/** Whether what is sent and received begins with a `struct virtio_net_hdr`. Before bind. */
export const packetVnetHeader: Option<boolean> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_VNET_HDR',
  FLAG,
  {
    page: header,
  },
);
/** Whether a damaged frame of a ring is skipped. */
export const packetLoss: Option<boolean> = /* @__PURE__ */ option('SOL_PACKET', 'PACKET_LOSS', FLAG, {
  since: '2.6.31',
  page,
});
/** Bytes in front of each frame of a ring. */
export const packetReserve: Option<number> = /* @__PURE__ */ option('SOL_PACKET', 'PACKET_RESERVE', COUNT, {
  unit: 'bytes',
  page,
});
/** By what a ring's time stamps are: `constants.SOF_TIMESTAMPING_…`. */
export const packetTimestamp: Option<number> = /* @__PURE__ */ option('SOL_PACKET', 'PACKET_TIMESTAMP', INT, {
  since: '2.6.36',
  page,
});
/** The layout of a ring's frames: `TPACKET_V1` to `V3`. */
export const packetVersion: Option<'v1' | 'v2' | 'v3' | number> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_VERSION',
  /* @__PURE__ */ words<'v1' | 'v2' | 'v3'>('v1', 'v2', 'v3'),
  { since: '2.6.27', page },
);
/** The group among whose sockets packets are shared out: id, and `constants.PACKET_FANOUT_…` shifted left by 16. */
export const packetFanout: Option<number> = /* @__PURE__ */ option('SOL_PACKET', 'PACKET_FANOUT', INT, {
  since: '3.1',
  page,
});
/** What came, and of it what was dropped for want of room. */
export interface PacketStatistics {
  packets: number;
  drops: number;
}
/** Packets and drops since it was last asked: reading it clears it. */
export const packetStatistics: Gettable<PacketStatistics> = /* @__PURE__ */ gettable(
  'SOL_PACKET',
  'PACKET_STATISTICS',
  /* @__PURE__ */ structReader(
    'struct tpacket_stats',
    8,
    (bytes): PacketStatistics => decode({ packets: ['u32', 0], drops: ['u32', 4] } as const, bytes),
  ),
  { unit: 'packets', page },
);
