/** Bluetooth between two emulated controllers: L2CAP and RFCOMM. */
import { btL2cap, btRfcomm } from '@sockeye/addr';
import { constants as c } from '@sockeye/core';
import { controlSpace } from '@sockeye/core/cmsg';
import { type Air, type Controller, startAir } from '../../air/index.ts';
import { patience } from '../forms.ts';
import { type Abilities, type Medium, PLAIN } from '../medium.ts';
import { connected } from './make.ts';

/** net/bluetooth/bluetooth.h. */
const BTPROTO_L2CAP = 0;
const BTPROTO_RFCOMM = 3;

let air: Air | undefined;

const setUp = async (): Promise<void> => {
  air = await startAir({ timeout: patience.ms });
};
const tearDown = async (): Promise<void> => {
  await air?.close();
  air = undefined;
};

/** An address as text has it: the other way round. */
const text = ({ address }: Controller): Uint8Array => address.toReversed();

function controllers(): readonly [Controller, Controller] {
  if (air === undefined) throw new Error('there is no air yet');
  return air.controllers;
}

const stream: Abilities = {
  halfClose: 'a channel is closed as a whole',
  end: true,
  keptOverClose: true,
  endAgain: true,
  reset: true,
  endAfterReset: true,
  anyLength: true,
  backPressure: true,
  descriptors: 'SCM_RIGHTS are AF_UNIX’s',
  truncation: 'a stream has no messages',
  empty: 'a stream has no messages',
  addresses: 'a connection has one peer',
  ancillary: 'the family sends nothing along',
  batches: 'a stream has no messages',
  sendBatches: 'a stream has no messages',
  members: 'a connection has two ends',
  peek: true,
};
const seqpacket: Abilities = {
  ...stream,
  reset: 'L2CAP’s basic mode tells every close as the end',
  endAfterReset: 'L2CAP’s basic mode tells every close as the end',
  keptOverClose: 'the closing of an L2CAP channel overtakes its data',
  backPressure: 'L2CAP’s basic mode drops what a full receiver has no room for',
  ancillary: true,
  truncation: true,
  batches: true,
  sendBatches: true,
  empty: true,
};

/** Dynamic PSMs are odd, and the lowest bit of the upper byte is 0; Bluetooth Core, volume 3, part A, section 4.2. */
let psms = 0;
const psm = (): number => {
  psms = (psms + 1) % 0x70;
  return 0x1001 + 2 * psms;
};
/** The thirtieth is held. */
let channels = 0;
const channel = (): number => {
  channels = (channels % 29) + 1;
  return channels;
};

/** L2CAP's default MTU; Bluetooth Core, volume 3, part A, section 5.1. */
const L2CAP_DEFAULT_MTU = 672;

const l2cap = (kind: 'seqpacket' | 'stream', type: number, can: Abilities): Medium => ({
  ...PLAIN,
  name: `bluetooth l2cap, ${kind}`,
  kind,
  kernels: ['6.1', '6.12'],
  can,
  largest: L2CAP_DEFAULT_MTU,
  setUp,
  tearDown,
  ...(kind === 'seqpacket' && {
    control: {
      room: controlSpace(16),
      kinds: ['timestamp'],
      prepare: ({ other }) => other.socket.setsockopt(c.SOL_SOCKET, c.SO_TIMESTAMPNS, 1),
    },
  }),
  makePair: (keep) =>
    connected(
      keep,
      { family: c.AF_BLUETOOTH, type, protocol: BTPROTO_L2CAP },
      btL2cap({ address: text(controllers()[1]), psm: psm() }),
    ),
});

const rfcomm: Medium = {
  ...PLAIN,
  name: 'bluetooth rfcomm',
  kind: 'stream',
  kernels: ['6.1', '6.12'],
  can: {
    ...stream,
    endAgain: 'RFCOMM says ECONNRESET to one who asks, and nothing to the others',
    endAfterReset: 'RFCOMM says ECONNRESET to one who asks, and nothing to the others',
  },
  setUp,
  tearDown,
  makePair: (keep) =>
    connected(
      keep,
      { family: c.AF_BLUETOOTH, type: c.SOCK_STREAM, protocol: BTPROTO_RFCOMM },
      btRfcomm({ address: text(controllers()[1]), channel: channel() }),
    ),
};

export const bluetoothMedia: readonly Medium[] = [
  l2cap('seqpacket', c.SOCK_SEQPACKET, seqpacket),
  l2cap('stream', c.SOCK_STREAM, {
    ...stream,
    keptOverClose: 'the closing of an L2CAP channel gives up what was not sent yet',
    anyLength: 'L2CAP refuses more than its MTU in one send: EMSGSIZE',
  }),
  rfcomm,
];
