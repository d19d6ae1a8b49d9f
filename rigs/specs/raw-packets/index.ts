/** Packets that our writers make, one of every kind, for other programs to read. */

import { encodeIpv6Fragment, type Ipv6Extension, linkTypes } from '@sockeye/raw';
import { control } from './control.ts';
import { link } from './link.ts';
import { hopByHop } from './messages.ts';
import { network } from './network.ts';
import { ipv4, ipv6, type MadePacket, made, udp } from './parts.ts';
import { tunnels } from './tunnels.ts';

/** A packet of every kind that there is a writer for. */
export function madePackets(): MadePacket[] {
  return [...link, ...network, ...control, ...tunnels];
}

/** A UDP datagram in fragments of 1024 bytes, in that order of theirs. */
export function madeFragments(version: 4 | 6, payload: Uint8Array, order: readonly number[]): MadePacket[] {
  const whole = udp(9999, payload, version);
  return order.map((number) => {
    const fragmentOffset = number * 1024;
    const part = whole.subarray(fragmentOffset, fragmentOffset + 1024);
    const moreFragments = fragmentOffset + part.length < whole.length;
    const place = { fragmentOffset, moreFragments, identification: 4711 };
    const header: Ipv6Extension = {
      type: 44,
      bytes: made((into, at) => encodeIpv6Fragment(place, into, at)),
    };
    const data =
      version === 4 ? ipv4(17, part, { ...place, dontFragment: false }) : ipv6(17, part, [hopByHop, header]);
    return { name: `fragment ${number}`, linkType: linkTypes.RAW, data };
  });
}
