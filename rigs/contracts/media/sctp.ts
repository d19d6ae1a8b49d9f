/** SCTP: one association a socket, and many. */
import { inet, inet6 } from '@sockeye/addr';
import { constants as c } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Abilities, type Control, type Medium, type Pair, PLAIN } from '../medium.ts';
import { addressed, connected } from './make.ts';

const oneToOne: Abilities = {
  halfClose: 'SHUT_WR ends the association, RFC 6458 4.1.7',
  end: true,
  keptOverClose: true,
  endAgain: true,
  reset: true,
  endAfterReset: 'a socket without an association waits for ever, where TCP’s is at its end',
  backPressure: true,
  anyLength: true,
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: 'what is left of a message comes with the next receive, RFC 6458 8.1.20',
  empty: 'SCTP sends no message of no bytes, RFC 9260 3.3.1',
  addresses: 'an association has one peer',
  ancillary: true,
  batches: 'SOCK_STREAM has no batches in core',
  sendBatches: 'SOCK_STREAM has no batches in core',
  members: 'an association has two ends',
  peek: true,
};
const oneToMany: Abilities = {
  ...oneToOne,
  end: 'the socket is for all its associations',
  keptOverClose: true,
  endAgain: 'the socket is for all its associations',
  endAfterReset: 'the socket is for all its associations',
  reset: 'the socket is for all its associations',
  addresses: true,
  batches: true,
  sendBatches: true,
};

const control: Control = {
  room: controlSpace(28),
  kinds: ['sctp-receive-info'],
  prepare: ({ other }) => other.socket.setsockopt(c.IPPROTO_SCTP, c.SCTP_RECVRCVINFO, 1),
};

/** Without Nagle's algorithm, which holds small messages back until the peer has acknowledged the last one; RFC 6458 8.1.5. */
function prompt(pair: Pair): Pair {
  for (const { socket } of [pair.one, pair.other]) socket.setsockopt(c.IPPROTO_SCTP, c.SCTP_NODELAY, 1);
  return pair;
}

export const sctpMedia: readonly Medium[] = (
  [
    ['inet', c.AF_INET, inet('127.0.0.1', 0)],
    ['inet6', c.AF_INET6, inet6('::1', 0)],
  ] as const
).flatMap(([name, family, loopback]): Medium[] => [
  {
    ...PLAIN,
    name: `${name} sctp, one to one`,
    kind: 'seqpacket',
    kernels: ['6.1'],
    can: oneToOne,
    makePair: async (keep) =>
      prompt(await connected(keep, { family, type: c.SOCK_STREAM, protocol: c.IPPROTO_SCTP }, loopback)),
    control,
  },
  {
    ...PLAIN,
    name: `${name} sctp, one to many`,
    kind: 'seqpacket',
    kernels: ['6.1'],
    can: oneToMany,
    async makePair(keep) {
      const kind = { family, type: c.SOCK_SEQPACKET, protocol: c.IPPROTO_SCTP };
      const pair = addressed(keep, kind, [loopback, loopback]);
      for (const { socket } of [pair.one, pair.other]) socket.listen(1);
      return prompt(pair);
    },
    control,
  },
]);
