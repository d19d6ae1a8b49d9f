/** Pairs as most families make them. */
import type { Address } from '@sockeye/core';
import { soon } from '../forms.ts';
import type { Keep, Pair } from '../medium.ts';
import { create, createFar, type Kind } from './link.ts';

/** One listens at an address and the other connects to it; what listens is closed again. */
export async function connected(keep: Keep, kind: Kind, address: Address, there?: Address): Promise<Pair> {
  const listener = createFar(keep, kind);
  listener.bind(address);
  listener.listen(1);
  const client = create(keep, kind);
  const [server] = await Promise.all([
    listener.accept(soon()),
    client.connect(there ?? listener.getsockname(), soon()),
  ]);
  keep(server);
  listener.close();
  return { one: { socket: client }, other: { socket: server } };
}

/** Both are bound and connected to each other: datagrams. */
export async function mutual(keep: Keep, kind: Kind, addresses: readonly [Address, Address]): Promise<Pair> {
  const [one, other] = [create(keep, kind), createFar(keep, kind)];
  one.bind(addresses[0]);
  other.bind(addresses[1]);
  await one.connect(other.getsockname(), soon());
  await other.connect(one.getsockname(), soon());
  return { one: { socket: one }, other: { socket: other } };
}

/** Both are bound, and say with each message whom it is for. */
export function addressed(keep: Keep, kind: Kind, addresses: readonly [Address, Address]): Pair {
  const [one, other] = [create(keep, kind), createFar(keep, kind)];
  one.bind(addresses[0]);
  other.bind(addresses[1]);
  return {
    one: { socket: one, to: other.getsockname() },
    other: { socket: other, to: one.getsockname() },
  };
}
