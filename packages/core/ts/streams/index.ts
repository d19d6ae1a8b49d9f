export type { CarrierOptions } from './carrier.ts';
export { type DuplexOptions, type SocketDuplex, toDuplex } from './duplex.ts';
export {
  asListener,
  type ConnectionHandler,
  type Listener,
  type ListenerOptions,
  type ServerLike,
} from './listener.ts';
export { toWeb, type WebOptions, type WebStreams } from './web.ts';
