export { fdOf, type NodeSocket } from './descriptor.ts';
export {
  type NetServerOptions,
  type NetSocketOptions,
  toDgramSocket,
  toNetServer,
  toNetSocket,
} from './give.ts';
export { fromNode } from './take.ts';
