/** What the tests of the network in memory need. */
import { constants as c, type SocketLike } from '@sockeye/core';
import { type Faults, MemoryNetwork, type MemorySocket, VirtualClock } from '@sockeye/core/testing';
import { loopback } from './support.ts';

export const bytes: (words: string) => Buffer = (words) => Buffer.from(words);
export const path = (name: string): Buffer => Buffer.concat([Buffer.from([c.AF_UNIX, 0]), bytes(name)]);
export const text = (data: Uint8Array): string => Buffer.from(data).toString();

/** A network whose time a test moves. */
export function still(faults: Faults = {}, seed = 1): { clock: VirtualClock; network: MemoryNetwork } {
  const clock = new VirtualClock();
  return { clock, network: new MemoryNetwork({ clock, faults, seed }) };
}

export function tcpListener(
  makes: { create(family: number, type: number): SocketLike },
  backlog?: number,
): SocketLike {
  const socket = makes.create(c.AF_INET, c.SOCK_STREAM);
  socket.bind(loopback());
  socket.listen(backlog);
  return socket;
}

/** A datagram socket with a port of its own. */
export function member(network: MemoryNetwork, port = 0): MemorySocket {
  const socket = network.create(c.AF_INET, c.SOCK_DGRAM);
  socket.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  socket.bind(loopback(port));
  return socket;
}

/** What has arrived by now. */
export function arrived(socket: SocketLike): string[] {
  const got: string[] = [];
  const buffer = Buffer.alloc(100);
  for (let count = socket.tryRecvInto(buffer); count >= 0; count = socket.tryRecvInto(buffer)) {
    got.push(text(buffer.subarray(0, count)));
  }
  return got;
}
