/** The broadcast manager: frames sent again and again, watched, and answered for, by the kernel or by timers. */
import { type NamespaceOptions, SocketError } from '@sockeye/core';
import { Bcm } from './bcm/kernel.ts';
import type { BroadcastBus, BroadcastManager } from './bcm/options.ts';
import { TimerBcm } from './bcm/timer.ts';

export type {
  Broadcast,
  BroadcastBus,
  BroadcastBy,
  BroadcastManager,
  CyclicContent,
  CyclicJob,
  CyclicRetiming,
  CyclicStatus,
  CyclicTiming,
  CyclicUpdate,
  Multiplex,
  RemoteAnswer,
  Watch,
  WatchChanged,
  WatchEvent,
  WatchOptions,
  WatchStatus,
} from './bcm/options.ts';
export type { BcmFrame, BcmFrameFields } from './bcm-message.ts';
export { Bcm, TimerBcm };

/** What a kernel without CAN, or without can-bcm, says, and an operating system without CAN. */
const LACKING: ReadonlySet<string> = new Set(['EPROTONOSUPPORT', 'EAFNOSUPPORT', 'ENOTSUP']);

/**
 * The broadcast manager of a bus: the kernel's where the bus is an interface whose kernel has one, else timers over the bus;
 * `by` of what it gives says which. Closing it leaves the bus open.
 *
 * @param ifindex the interface that the bus is; undefined for one that is none
 * @param options `netns`: the network namespace that it is in
 * @throws SocketError ENODEV for an interface that is gone
 */
export function broadcastManager(
  bus: BroadcastBus,
  ifindex?: number,
  options?: NamespaceOptions,
): BroadcastManager {
  if (ifindex === undefined) return new TimerBcm(bus);
  try {
    return Bcm.open(ifindex, options);
  } catch (error) {
    if (error instanceof SocketError && LACKING.has(error.code)) return new TimerBcm(bus);
    throw error;
  }
}
