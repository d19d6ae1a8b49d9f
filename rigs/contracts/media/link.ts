/** Where the two ends of a pair are: both on this machine, unless a link to another was laid. */
import { ifNameToIndex, Socket } from '@sockeye/core';
import type { Keep } from '../medium.ts';

/** What socket(2) takes. */
export interface Kind {
  readonly family: number;
  readonly type: number;
  readonly protocol?: number;
}

/** One end of the link. */
export interface Side {
  /** Makes a socket in this side's network. */
  create(kind: Kind): Socket;
  /** Its addresses as text. */
  readonly inet: string;
  readonly inet6: string;
  /** Its interface, and the hardware address of that. */
  readonly ifindex: number;
  readonly mac: string;
}

interface Link {
  readonly near: Side;
  readonly far: Side;
}

/** Sockets in this process's own network. */
export const own = ({ family, type, protocol = 0 }: Kind): Socket => Socket.create(family, type, protocol);

let link: Link | undefined;

/** Lays a link between two machines: from now on each pair has its other end on the far one. */
export function lay(sides: Link): void {
  link = sides;
}

/** Whether there is a link to another machine. */
export const laid = (): boolean => link !== undefined;

/** The link that was laid; without one both its ends are the loopback. */
export function sides(): Link {
  if (link !== undefined) return link;
  const ifindex = ifNameToIndex('lo');
  const loopback = { create: own, inet: '127.0.0.1', inet6: '::1', ifindex, mac: '00:00:00:00:00:00' };
  return { near: loopback, far: loopback };
}

/** A socket on the near side, which is closed with its contract. */
export const create = (keep: Keep, kind: Kind): Socket => keep(own(kind));

/** A socket on the far side. */
export const createFar = (keep: Keep, kind: Kind): Socket => keep((link?.far.create ?? own)(kind));
