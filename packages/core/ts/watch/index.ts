/**
 * `@sockeye/core/watch`: what sockets do, for whoever runs them. Events are on channels of node:diagnostics_channel, each made only
 * while somebody has subscribed.
 */
import type { Counters } from '../counters.ts';
import type { SocketError } from '../errors.ts';
import type { Socket } from '../socket.ts';
import type { Stall } from './watchdog.ts';

export { markTotals, type OpenSocket, sockets, type Totals, totals } from './list.ts';
export type { TcpState } from './tcp.ts';
export { type Stall, type Watchdog, type WatchdogOptions, watchdog } from './watchdog.ts';

/** What is published, by channel. */
export interface SocketEvents {
  /** A socket was made, by whichever way. */
  'sockeye:socket:open': { socket: Socket };
  /** It was closed or given away. */
  'sockeye:socket:close': { socket: Socket; counters: Counters };
  /** `connect` or `connectSync` has succeeded; `tryConnect` cannot tell. */
  'sockeye:socket:connect': { socket: Socket; address: Uint8Array };
  /** A connection was taken. */
  'sockeye:socket:accept': { listener: Socket; socket: Socket };
  /** A {@link watchdog} has found that nothing moves. */
  'sockeye:socket:stall': Stall;
  /** A call has failed in the kernel; timeouts, aborts and `-errno` of try forms are no such failure. */
  'sockeye:socket:error': { socket: Socket; error: SocketError };
}
