/** What is right behind a link’s header. */
import { encodeLlc, encodeMpls, encodePpp, encodePppoe, encodeSll, linkTypes } from '@sockeye/raw';
import { arp } from './messages.ts';
import { frame, ipv4, ipv6, type MadePacket, macSource, made, on, tcp } from './parts.ts';

export const link: readonly MadePacket[] = [
  on('arp', frame(0x0806, arp)),
  on(
    'llc',
    frame(
      8,
      made((into, at) =>
        encodeLlc({ dsap: 0xaa, ssap: 0xaa, control: 3, oui: 0x00000c, protocolId: 0x2003 }, into, at),
      ),
    ),
  ),
  on(
    'linux cooked',
    made(
      (into, at) =>
        encodeSll({ packetType: 4, hardwareType: 1, address: macSource, protocol: 0x0800 }, into, at),
      ipv4(6, tcp(4)),
    ),
    linkTypes.LINUX_SLL,
  ),
  on(
    'pppoe',
    frame(
      0x8864,
      made(
        (into, at) => encodePppoe({ sessionId: 0x1234, length: 2 + ipv4(6, tcp(4)).length }, into, at),
        (into, at) => encodePpp(0x0021, into, at),
        ipv4(6, tcp(4)),
      ),
    ),
  ),
  on(
    'mpls',
    frame(
      0x8847,
      made(
        (into, at) =>
          encodeMpls(
            [
              { label: 100, trafficClass: 3, timeToLive: 64 },
              { label: 0xfffff, trafficClass: 0, timeToLive: 63 },
            ],
            into,
            at,
          ),
        ipv6(6, tcp(6)),
      ),
    ),
  ),
];
