import { LITTLE, viewOf } from './host.ts';

/** The fields of struct rtnl_link_stats64 (linux/if_link.h) in order. */
export const LINK_STATISTICS = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxErrors',
  'txErrors',
  'rxDropped',
  'txDropped',
  'multicast',
  'collisions',
  'rxLengthErrors',
  'rxOverErrors',
  'rxCrcErrors',
  'rxFrameErrors',
  'rxFifoErrors',
  'rxMissedErrors',
  'txAbortedErrors',
  'txCarrierErrors',
  'txFifoErrors',
  'txHeartbeatErrors',
  'txWindowErrors',
  'rxCompressed',
  'txCompressed',
  'rxNohandler',
  'rxOtherhostDropped',
] as const;

/** What an interface has counted. Older kernels have not all of them: 0. */
export type LinkStatistics = Readonly<Record<(typeof LINK_STATISTICS)[number], bigint>>;

/** Reads struct rtnl_link_stats64, of whichever length. */
export function decodeLinkStatistics(bytes: Uint8Array): LinkStatistics {
  const view = viewOf(bytes);
  const out = {} as Record<(typeof LINK_STATISTICS)[number], bigint>;
  for (const [index, name] of LINK_STATISTICS.entries()) {
    out[name] = bytes.length >= 8 * index + 8 ? view.getBigUint64(8 * index, LITTLE) : 0n;
  }
  return out;
}
