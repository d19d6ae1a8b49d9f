/** Memory that a socket and this process share, as `@sockeye/core/mapping`. */
export { Mapping } from './mapping.ts';
