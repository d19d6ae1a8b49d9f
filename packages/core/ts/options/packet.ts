/** Options of packet sockets, level SOL_PACKET: packet(7), linux/if_packet.h. Rings are not among them. */
import { COUNT, DESCRIPTOR, FLAG, INT, int, words } from './codec.ts';
import { type FilterProgram, PROGRAM_WRITER } from './filter.ts';
import { type Gettable, gettable, type Option, option, type Settable, settable } from './option.ts';
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
/**
 * Bytes of the virtio header that what is sent and received begins with: 10 or 12 (`struct virtio_net_hdr_mrg_rxbuf`), 0 for
 * none. Before bind.
 */
export const packetVnetHeaderSize: Option<number> = /* @__PURE__ */ option(
  'SOL_PACKET',
  'PACKET_VNET_HDR_SZ',
  /* @__PURE__ */ int(0),
  { unit: 'bytes', since: '6.4', page: header },
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
/** The classic program that chooses among the sockets of a group of the mode `PACKET_FANOUT_CBPF`: its result, modulo their number. */
export const packetFanoutProgram: Settable<FilterProgram> = /* @__PURE__ */ settable(
  'SOL_PACKET',
  'PACKET_FANOUT_DATA',
  PROGRAM_WRITER,
  { since: '4.3', page: header },
);
/** As {@link packetFanoutProgram} for `PACKET_FANOUT_EBPF`, an eBPF program by its descriptor. */
export const packetFanoutBpf: Settable<number | { readonly fd: number }> = /* @__PURE__ */ settable(
  'SOL_PACKET',
  'PACKET_FANOUT_DATA',
  DESCRIPTOR,
  { since: '4.3', page: header },
);
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

/** What a socket of a group handed on to others since it was full: `struct tpacket_rollover_stats`. */
export interface PacketRolloverStatistics {
  /** Packets handed on. */
  all: bigint;
  /** Of them those of a flow that fills a socket alone. */
  huge: bigint;
  /** Packets for which no socket of the group had room. */
  failed: bigint;
}
/** Packets that rolled over, since the socket joined its group. EINVAL where that does not roll over. */
export const packetRolloverStatistics: Gettable<PacketRolloverStatistics> = /* @__PURE__ */ gettable(
  'SOL_PACKET',
  'PACKET_ROLLOVER_STATS',
  /* @__PURE__ */ structReader(
    'struct tpacket_rollover_stats',
    24,
    (bytes): PacketRolloverStatistics =>
      decode({ all: ['u64', 0], huge: ['u64', 8], failed: ['u64', 16] } as const, bytes),
  ),
  { unit: 'packets', since: '4.2', page: header },
);
