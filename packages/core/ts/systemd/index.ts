export { type ListenFdsOptions, listenFds, type Passed } from './listen.ts';
export {
  type FdStoreOptions,
  fdStore,
  fdStoreRemove,
  notifyBarrier,
  ready,
  reloading,
  type SayOptions,
  status,
  stopping,
  watchdog,
} from './notify.ts';
export { type NotifyOptions, notify, notifySync } from './send.ts';
export type { State } from './state.ts';
export { watchdogInterval } from './watchdog.ts';
