/** CAN on a bus that loses and delays, goes down, and is removed: raw frames, ISO-TP, J1939. */
import { can, canIsotp, canJ1939 } from '@sockeye/addr';
import { constants as c, type Socket } from '@sockeye/core';
import type { Kind } from '../media/link.ts';
import { DATAGRAM, fair, open, over } from './over.ts';
import type { WeatherMedium, Weathers } from './weather.ts';

/** A parameter group of the peer-to-peer format for the maker's own use, "Proprietary A"; SAE J1939-21. */
const PROPRIETARY_A = 0xef00;

const CAN: Weathers = { ...DATAGRAM, told: true };

type CanEnd = (socket: Socket, ifindex: number, n: 0 | 1) => { to?: Uint8Array };

const canBus = (name: string, kind: Kind, able: Weathers, bind: CanEnd): WeatherMedium[] =>
  over(fair(name), 'vxcan', ['6.1', '6.12'], able, async (keep, link) => {
    const [one, other] = ([link.one, link.other] as const).map((end, n) => {
      const socket = open(keep, end, kind);
      return { socket, ...bind(socket, end.index, n as 0 | 1) };
    });
    if (one === undefined || other === undefined) throw new Error('a link has two ends');
    return { one, other };
  });

const TRANSPORT = 'a lost frame ends the message that it is of';

export const canMedia: readonly WeatherMedium[] = [
  ...canBus(
    'can raw',
    { family: c.AF_CAN, type: c.SOCK_RAW, protocol: c.CAN_RAW },
    CAN,
    (socket, ifindex) => {
      socket.bind(can(ifindex));
      return {};
    },
  ),
  ...canBus(
    'can isotp',
    { family: c.AF_CAN, type: c.SOCK_DGRAM, protocol: c.CAN_ISOTP },
    { ...CAN, unreliable: TRANSPORT, overflow: 'ISO-TP counts no drops', noBuffers: TRANSPORT },
    (socket, ifindex, n) => {
      socket.bind(
        canIsotp(n === 0 ? { ifindex, rxId: 0x701, txId: 0x702 } : { ifindex, rxId: 0x702, txId: 0x701 }),
      );
      return {};
    },
  ),
  ...canBus(
    'can j1939',
    { family: c.AF_CAN, type: c.SOCK_DGRAM, protocol: c.CAN_J1939 },
    { ...CAN, unreliable: TRANSPORT, overflow: 'J1939 counts no drops', noBuffers: TRANSPORT },
    (socket, ifindex, n) => {
      socket.bind(canJ1939({ ifindex, addr: 0x10 + n }));
      return { to: canJ1939({ ifindex, addr: 0x11 - n, pgn: PROPRIETARY_A }).toSockaddr('linux') };
    },
  ),
];
