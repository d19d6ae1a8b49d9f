/** ICMP, ICMPv6 and its kin, IGMP. */
import { parseIPv4 } from '@sockeye/addr';
import { encodeIcmp, encodeIgmp, encodeMld, encodeNdp, encodeNdpOption } from '@sockeye/raw';
import { echo, record } from './messages.ts';
import {
  frame,
  icmpv6,
  ipv4,
  ipv4Source,
  ipv6,
  ipv6Source,
  ipv6Target,
  type MadePacket,
  macSource,
  made,
  on,
  text,
  udp,
} from './parts.ts';

/** To all routers that speak IGMP. */
const igmp = (message: Uint8Array): Uint8Array =>
  ipv4(2, message, { destination: parseIPv4('224.0.0.22'), timeToLive: 1 });

export const control: readonly MadePacket[] = [
  on('icmp', frame(0x0800, ipv4(1, echo()))),
  on(
    'icmpv6 echo',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6((into, at) => encodeIcmp({ type: 128, rest: 0x00070009 }, into, at), text('ping')),
      ),
    ),
  ),
  on(
    'icmpv6 packet too big',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6(
          (into, at) => encodeIcmp({ type: 2, rest: 1280 }, into, at),
          ipv6(17, udp(9999, text('hi'), 6)),
        ),
      ),
    ),
  ),
  on(
    'neighbour solicitation',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6(
          (into, at) => encodeNdp({ type: 135, target: ipv6Target }, into, at),
          (into, at) => encodeNdpOption(1, macSource, into, at),
        ),
      ),
    ),
  ),
  on(
    'neighbour advertisement',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6(
          (into, at) => encodeNdp({ type: 136, flags: 0x60, target: ipv6Source }, into, at),
          (into, at) => encodeNdpOption(2, macSource, into, at),
        ),
      ),
    ),
  ),
  on(
    'router advertisement',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6((into, at) =>
          encodeNdp(
            {
              type: 134,
              hopLimit: 64,
              flags: 0x80,
              routerLifetime: 1800,
              reachableTime: 7,
              retransmitTimer: 9,
            },
            into,
            at,
          ),
        ),
      ),
    ),
  ),
  on(
    'mld report',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6((into, at) => encodeMld({ type: 143, records: [record(16)] }, into, at)),
      ),
    ),
  ),
  on(
    'mld query',
    frame(
      0x86dd,
      ipv6(
        58,
        icmpv6((into, at) =>
          encodeMld(
            { type: 130, maxResponse: 1000, group: record(16).group, queryFlags: 2, queryInterval: 125 },
            into,
            at,
          ),
        ),
      ),
    ),
  ),
  on(
    'igmp report',
    frame(0x0800, igmp(made((into, at) => encodeIgmp({ type: 0x22, records: [record(4)] }, into, at)))),
  ),
  on(
    'igmp query',
    frame(
      0x0800,
      igmp(
        made((into, at) =>
          encodeIgmp(
            {
              type: 0x11,
              maxResponse: 100,
              group: record(4).group,
              queryFlags: 2,
              queryInterval: 125,
              sources: [ipv4Source],
            },
            into,
            at,
          ),
        ),
      ),
    ),
  ),
  on(
    'igmp leave',
    frame(0x0800, igmp(made((into, at) => encodeIgmp({ type: 0x17, group: record(4).group }, into, at)))),
  ),
];
