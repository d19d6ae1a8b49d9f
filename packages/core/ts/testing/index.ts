/**
 * `@sockeye/core/testing`: sockets in memory for tests of code that uses sockets, on every platform, with or without a native part.
 */
export type { SocketLike } from '../socket-like.ts';
export { type Alarm, type Clock, RealClock, VirtualClock } from './clock.ts';
export type { Chance, Delay, Faults } from './faults.ts';
export { MemoryNetwork, type NetworkOptions } from './network.ts';
export { MemorySocket } from './socket.ts';
