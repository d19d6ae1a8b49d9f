/** Constants of Python's select module: epoll_ctl(2), poll(2); undefined where the platform has none. */
import { constants as c } from '@sockeye/core';

export const EPOLLERR: number = c.EPOLLERR;
export const EPOLLET: number = c.EPOLLET;
export const EPOLLEXCLUSIVE: number = c.EPOLLEXCLUSIVE;
export const EPOLLHUP: number = c.EPOLLHUP;
export const EPOLLIN: number = c.EPOLLIN;
export const EPOLLMSG: number = c.EPOLLMSG;
export const EPOLLONESHOT: number = c.EPOLLONESHOT;
export const EPOLLOUT: number = c.EPOLLOUT;
export const EPOLLPRI: number = c.EPOLLPRI;
export const EPOLLRDBAND: number = c.EPOLLRDBAND;
export const EPOLLRDHUP: number = c.EPOLLRDHUP;
export const EPOLLRDNORM: number = c.EPOLLRDNORM;
export const EPOLLWRBAND: number = c.EPOLLWRBAND;
export const EPOLLWRNORM: number = c.EPOLLWRNORM;
export const EPOLL_CLOEXEC: number = c.EPOLL_CLOEXEC;
export const POLLERR: number = c.POLLERR;
export const POLLHUP: number = c.POLLHUP;
export const POLLIN: number = c.POLLIN;
export const POLLMSG: number = c.POLLMSG;
export const POLLNVAL: number = c.POLLNVAL;
export const POLLOUT: number = c.POLLOUT;
export const POLLPRI: number = c.POLLPRI;
export const POLLRDBAND: number = c.POLLRDBAND;
export const POLLRDHUP: number = c.POLLRDHUP;
export const POLLRDNORM: number = c.POLLRDNORM;
export const POLLWRBAND: number = c.POLLWRBAND;
export const POLLWRNORM: number = c.POLLWRNORM;
/** What a pipe takes in one piece when poll says that it can be written: limits.h of Linux. */
export const PIPE_BUF = 4096;
