/** Packets in packets. */
import { encodeEsp, encodeGeneve, encodeGeneveOption, encodeGre, encodePpp, encodeVxlan } from '@sockeye/raw';
import { arp, echo } from './messages.ts';
import { frame, ipv4, ipv6, type MadePacket, made, on, text, udp } from './parts.ts';

export const tunnels: readonly MadePacket[] = [
  on(
    'vxlan',
    frame(
      0x0800,
      ipv4(
        17,
        udp(
          4789,
          made((into, at) => encodeVxlan({ networkId: 0xabcdef }, into, at), frame(0x0806, arp)),
        ),
      ),
    ),
  ),
  on(
    'geneve',
    frame(
      0x0800,
      ipv4(
        17,
        udp(
          6081,
          made(
            (into, at) =>
              encodeGeneve(
                {
                  protocol: 0x6558,
                  networkId: 0xabcdef,
                  critical: true,
                  options: made(
                    (into, at) => encodeGeneveOption(0x0102, 0x81, text('four'), into, at),
                    (into, at) => encodeGeneveOption(0x0103, 7, text(''), into, at),
                  ),
                },
                into,
                at,
              ),
            frame(0x0806, arp),
          ),
        ),
      ),
    ),
  ),
  on(
    'esp',
    frame(
      0x86dd,
      ipv6(
        50,
        made(
          (into, at) => encodeEsp({ securityParametersIndex: 0xdeadbeef, sequence: 0xfffffffe }, into, at),
          text('nobody can read this, whoever'),
        ),
      ),
    ),
  ),
  on(
    'gre',
    frame(
      0x0800,
      ipv4(
        47,
        made(
          (into, at) =>
            encodeGre({ version: 0, protocol: 0x0800, checksum: 0x1234, key: 9, sequence: 8 }, into, at),
          ipv4(1, echo()),
        ),
      ),
    ),
  ),
  on(
    'gre of pptp',
    frame(
      0x0800,
      ipv4(
        47,
        made(
          (into, at) =>
            encodeGre(
              { version: 1, protocol: 0x880b, key: 0x00280001, sequence: 8, acknowledgment: 5 },
              into,
              at,
            ),
          (into, at) => encodePpp(0x0021, into, at, true),
          ipv4(1, echo()),
        ),
      ),
    ),
  ),
];
