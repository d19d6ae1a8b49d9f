/**
 * What happens to sockets, on channels of node:diagnostics_channel: made only where somebody has subscribed, since `hasSubscribers`
 * is all that is asked otherwise.
 */
import { type Channel, channel } from 'node:diagnostics_channel';

/** A socket was made, by whichever way. */
export const opened: Channel = channel('sockeye:socket:open');
/** A socket was closed or given away. */
export const closed: Channel = channel('sockeye:socket:close');
/** A connection was made. */
const connected: Channel = channel('sockeye:socket:connect');
/** A connection was accepted. */
export const accepted: Channel = channel('sockeye:socket:accept');
/** Nothing moves although it could: told by a watchdog. */
export const stalled: Channel = channel('sockeye:socket:stall');
/** A call failed, and its caller is told. */
export const failed: Channel = channel('sockeye:socket:error');

/** Tells of a connection that was made. */
export function hasConnected(socket: object, address: Uint8Array): void {
  if (connected.hasSubscribers) connected.publish({ socket, address });
}
