/** Python's `selectors` module, as on Linux. Every wait blocks the thread. */
export type { HasFileno } from './select/fileno.ts';
export { BaseSelector, EVENT_READ, EVENT_WRITE, type Ready, type SelectorMapping } from './selectors/base.ts';
export { SelectorKey } from './selectors/key.ts';
// The best one of the platform has a name of its own.
export {
  EpollSelector,
  EpollSelector as DefaultSelector,
  PollSelector,
  SelectSelector,
} from './selectors/linux.ts';
