/** What is over IPv4 and IPv6. */
import { dhcp, dns, fragment, hopByHop, routing, sctp } from './messages.ts';
import { frame, ipv4, ipv6, type MadePacket, on, tcp, text, udp } from './parts.ts';

export const network: readonly MadePacket[] = [
  on('tcp over ipv4, two tags', frame(0x0800, ipv4(6, tcp(4)), [100, 200])),
  on('tcp over ipv6', frame(0x86dd, ipv6(6, tcp(6)))),
  on(
    'udp over ipv6 with extension headers',
    frame(0x86dd, ipv6(17, udp(9999, text('hi'), 6), [hopByHop, routing])),
  ),
  on(
    'a fragment over ipv4',
    frame(
      0x0800,
      ipv4(17, text('01234567'), { fragmentOffset: 1480, moreFragments: true, dontFragment: false }),
    ),
  ),
  on('a fragment over ipv6', frame(0x86dd, ipv6(17, text('01234567'), [fragment]))),
  on('sctp', frame(0x0800, ipv4(132, sctp()))),
  on('dns', frame(0x0800, ipv4(17, udp(53, dns())))),
  on('dhcp', frame(0x0800, ipv4(17, udp(67, dhcp(), 4, 68)))),
];
