/** UNIX: three types, by path, by abstract name, and as pairs that were born connected. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unix, unixAbstract } from '@sockeye/addr';
import { type Address, constants as c, Socket } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Abilities, type Medium, PLAIN } from '../medium.ts';
import { connected, mutual } from './make.ts';

const stream: Abilities = {
  halfClose: true,
  end: true,
  keptOverClose: true,
  endAgain: true,
  reset: 'a Unix socket has no linger',
  endAfterReset: 'a Unix socket has no linger',
  backPressure: true,
  anyLength: true,
  descriptors: true,
  truncation: 'a stream has no messages',
  empty: 'a stream has no messages',
  addresses: 'a connection has one peer',
  ancillary: true,
  batches: 'a stream has no messages',
  sendBatches: 'a stream has no messages',
  members: 'a connection has two ends',
  peek: true,
};
const seqpacket: Abilities = {
  ...stream,
  truncation: true,
  empty: 'a message of no bytes reads as the end',
  batches: true,
  sendBatches: true,
};
const datagram: Abilities = {
  ...seqpacket,
  halfClose: 'there is no connection',
  end: 'there is no connection',
  keptOverClose: true,
  endAgain: 'there is no connection',
  reset: 'there is no connection',
  endAfterReset: 'there is no connection',
  empty: true,
  addresses: true,
  members: 'each has one receiver',
};

const TYPES = [
  { called: 'stream', type: c.SOCK_STREAM, can: stream, largest: 1400 },
  { called: 'dgram', type: c.SOCK_DGRAM, can: datagram, largest: 60_000 },
  { called: 'seqpacket', type: c.SOCK_SEQPACKET, can: seqpacket, largest: 60_000 },
] as const;

let folder: string | undefined;
let count = 0;

/** Names that nobody else has. */
const WAYS: Record<string, (() => Address) | undefined> = {
  path: () => unix(join(folder ?? tmpdir(), String(count++))),
  abstract: () => unixAbstract(`sockeye-contracts-${process.pid}-${count++}`),
  socketpair: undefined,
};

export const unixMedia: readonly Medium[] = TYPES.flatMap(({ called, type, can, largest }) =>
  Object.entries(WAYS).map(
    ([way, name]): Medium => ({
      ...PLAIN,
      name: `unix ${called}, ${way}`,
      kind: called === 'dgram' ? 'datagram' : called,
      kernels: ['host'],
      // A socketpair has no addresses.
      can:
        name === undefined && can.addresses === true
          ? { ...can, addresses: 'a socketpair has no names' }
          : can,
      largest,
      async makePair(keep) {
        const kind = { family: c.AF_UNIX, type };
        if (name !== undefined)
          return called === 'dgram' ? mutual(keep, kind, [name(), name()]) : connected(keep, kind, name());
        const [one, other] = Socket.socketpair(c.AF_UNIX, type);
        return { one: { socket: keep(one) }, other: { socket: keep(other) } };
      },
      control: {
        room: controlSpace(12),
        kinds: ['credentials'],
        prepare: ({ other }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_PASSCRED, 1),
      },
      setUp() {
        if (way === 'path') folder = mkdtempSync(join(tmpdir(), 'sockeye-contracts-'));
      },
      tearDown() {
        if (way === 'path' && folder !== undefined) rmSync(folder, { recursive: true });
      },
    }),
  ),
);
