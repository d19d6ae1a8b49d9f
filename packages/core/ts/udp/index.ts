/** UDP at the limit, as `@sockeye/core/udp`: segmentation, coalescing, congestion marks, path MTU, packet info. */
export type { Arrival, PathMtuDiscovery, Source } from './family.ts';
export type { Marks } from './offload.ts';
export { pathMtu, setPathMtuDiscovery } from './path.ts';
export { probeUdp, type UdpCapabilities } from './probe.ts';
export { type Datagram, UdpReceiver, type UdpReceiverOptions } from './receive.ts';
export { SegmentBatch, type SegmentBatchOptions } from './segment-batch.ts';
export { type SegmentOptions, sendSegments, sendSegmentsSync, trySendSegments } from './send.ts';
