/** Control messages of netlink, level SOL_NETLINK: netlink(7). SCM_CREDENTIALS is beside them after SO_PASSCRED. */
import { type Decoder, decoder } from './codec.ts';
import { readInt, readUint } from './fields.ts';

/** NETLINK_PKTINFO: `struct nl_pktinfo`, received after the option of that name. */
export interface NetlinkPacketInfo {
  readonly kind: 'netlink-packet-info';
  /** The number of the multicast group; 0 for a message to this socket alone. */
  readonly group: number;
}

/** NETLINK_LISTEN_ALL_NSID: received after the option of that name, 4.2, on messages from other network namespaces. */
export interface NetlinkNamespaceId {
  readonly kind: 'netlink-namespace-id';
  /** As ip-netns(8) numbers them. */
  readonly nsid: number;
}

export type NetlinkControl = NetlinkPacketInfo | NetlinkNamespaceId;

export const netlinkDecoders: readonly Decoder<NetlinkControl>[] = [
  decoder<NetlinkPacketInfo>('netlink-packet-info', 'SOL_NETLINK', 'NETLINK_PKTINFO', 4, (data) => ({
    kind: 'netlink-packet-info',
    group: readUint(data, 0),
  })),
  decoder<NetlinkNamespaceId>(
    'netlink-namespace-id',
    'SOL_NETLINK',
    'NETLINK_LISTEN_ALL_NSID',
    4,
    (data) => ({
      kind: 'netlink-namespace-id',
      nsid: readInt(data, 0),
    }),
  ),
];
