/**
 * What happens to sockets, on channels of node:diagnostics_channel: made only where somebody has subscribed, since `hasSubscribers`
 * is all that is asked otherwise.
 */
import type { Channel } from 'node:diagnostics_channel';

/** A channel, made when it is first asked for: importing the module would load it for those who never look. */
class Told {
  readonly #name: string;
  #channel: Channel | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get hasSubscribers(): boolean {
    return this.#it.hasSubscribers;
  }

  publish(message: object): void {
    this.#it.publish(message);
  }

  get #it(): Channel {
    this.#channel ??= process.getBuiltinModule('node:diagnostics_channel').channel(this.#name);
    return this.#channel;
  }
}

/** A socket was made, by whichever way. */
export const opened: Told = new Told('sockeye:socket:open');
/** A socket was closed or given away. */
export const closed: Told = new Told('sockeye:socket:close');
/** A connection was made. */
const connected: Told = new Told('sockeye:socket:connect');
/** A connection was accepted. */
export const accepted: Told = new Told('sockeye:socket:accept');
/** Nothing moves although it could: told by a watchdog. */
export const stalled: Told = new Told('sockeye:socket:stall');
/** A call failed, and its caller is told. */
export const failed: Told = new Told('sockeye:socket:error');

/** Tells of a connection that was made. */
export function hasConnected(socket: object, address: Uint8Array): void {
  if (connected.hasSubscribers) connected.publish({ socket, address });
}
