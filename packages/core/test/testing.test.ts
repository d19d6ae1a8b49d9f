/** The same promises, kept by the kernel's sockets and by those in memory. */
import { type Address, constants as c, Socket, type SocketLike } from '@sockeye/core';
import { MemoryNetwork } from '@sockeye/core/testing';
import { contract, type Medium } from './contract.ts';
import { loopback } from './support.ts';

interface Makes {
  create(family: number, type: number): SocketLike;
  socketpair(family: number, type: number): [SocketLike, SocketLike];
}

async function connected(makes: Makes): Promise<[SocketLike, SocketLike]> {
  const server = makes.create(c.AF_INET, c.SOCK_STREAM);
  const client = makes.create(c.AF_INET, c.SOCK_STREAM);
  server.bind(loopback());
  server.listen();
  const [end] = await Promise.all([server.accept(), client.connect(server.getsockname())]);
  server.close();
  return [client, end];
}

function mutual(makes: Makes): [SocketLike, SocketLike] {
  const pair = [makes.create(c.AF_INET, c.SOCK_DGRAM), makes.create(c.AF_INET, c.SOCK_DGRAM)] as const;
  for (const socket of pair) socket.bind(loopback());
  const name = (index: 0 | 1): Address => pair[index].getsockname();
  pair[0].connectSync(name(1));
  pair[1].connectSync(name(0));
  return [...pair];
}

for (const [name, makes] of [
  ['the kernel', () => Socket],
  ['in memory', () => new MemoryNetwork()],
] as [string, () => Makes][]) {
  const pairs = (type: number) => async () => makes().socketpair(c.AF_UNIX, type);
  const media: Medium[] = [
    { name: 'Unix', kind: 'stream', local: true, makePair: pairs(c.SOCK_STREAM) },
    { name: 'Unix', kind: 'seqpacket', local: true, makePair: pairs(c.SOCK_SEQPACKET) },
    { name: 'Unix', kind: 'datagram', local: true, makePair: pairs(c.SOCK_DGRAM) },
    { name: 'TCP', kind: 'stream', local: false, makePair: () => connected(makes()) },
    { name: 'UDP', kind: 'datagram', local: false, makePair: async () => mutual(makes()) },
  ];
  for (const medium of media) contract({ ...medium, name: `${medium.name}, ${name}` });
}
