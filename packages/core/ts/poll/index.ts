export { Epoll, type EpollOptions } from './epoll.ts';
export { type PollEntry, pollSync } from './poll.ts';
export type { Pollable } from './pollable.ts';
