/** Messages of the protocols that packets carry, and headers beside them. */
import { parseIPv4, parseIPv6 } from '@sockeye/addr';
import {
  dhcpLength,
  encodeArp,
  encodeDhcp,
  encodeDns,
  encodeDnsQuestion,
  encodeDnsRecord,
  encodeEcho,
  encodeIcmp,
  encodeIpv6Fragment,
  encodeSctp,
  encodeSctpChunk,
  fillIcmpChecksum,
  fillSctpChecksum,
  type Ipv6Extension,
} from '@sockeye/raw';
import {
  ipv4Source,
  ipv4Target,
  ipv6Source,
  ipv6Target,
  macSource,
  macTarget,
  made,
  NOTHING,
  text,
} from './parts.ts';

export const dns = (): Uint8Array =>
  made(
    (into, at) =>
      encodeDns(
        { id: 0x1234, flags: 0x8180, questionCount: 1, answerCount: 3, additionalCount: 1 },
        into,
        at,
      ),
    (into, at) => encodeDnsQuestion({ name: 'www.example.com', type: 28 }, into, at),
    (into, at) =>
      encodeDnsRecord(
        {
          name: 'www.example.com',
          type: 5,
          class: 1,
          timeToLive: 60,
          data: { holds: 'name', name: 'a.example' },
        },
        into,
        at,
      ),
    (into, at) =>
      encodeDnsRecord(
        {
          name: 'a.example',
          type: 28,
          class: 1,
          timeToLive: 300,
          data: { holds: 'address', address: ipv6Source },
        },
        into,
        at,
      ),
    (into, at) =>
      encodeDnsRecord(
        {
          name: 'a.example',
          type: 1,
          class: 1,
          timeToLive: 300,
          data: { holds: 'address', address: ipv4Source },
        },
        into,
        at,
      ),
    (into, at) =>
      encodeDnsRecord(
        { name: '.', type: 41, class: 1232, timeToLive: 0, data: { holds: 'options', options: [] } },
        into,
        at,
      ),
  );

export const dhcp = (): Uint8Array => {
  const options = [
    { code: 53, data: Uint8Array.of(1) },
    { code: 12, data: text('host') },
    { code: 55, data: Uint8Array.of(1, 3, 6) },
  ];
  const bytes = new Uint8Array(dhcpLength({ options }));
  const message = {
    operation: 1,
    transaction: 0xcafebabe,
    flags: 0x8000,
    seconds: 3,
    hardwareAddress: macSource,
  };
  encodeDhcp({ ...message, yourAddress: ipv4Target, options }, bytes);
  return bytes;
};

export const sctp = (): Uint8Array => {
  const bytes = made(
    (into, at) =>
      encodeSctp({ sourcePort: 5000, destinationPort: 6000, verificationTag: 0x01020304 }, into, at),
    (into, at) =>
      encodeSctpChunk(
        { type: 3, flags: 0, value: made(Uint8Array.of(0, 0, 0, 9, 0, 1, 0, 0, 0, 0, 0, 0)) },
        into,
        at,
      ),
    (into, at) =>
      encodeSctpChunk({ type: 4, flags: 0, value: Uint8Array.of(0, 1, 0, 8, 1, 2, 3, 4) }, into, at),
  );
  fillSctpChecksum(bytes);
  return bytes;
};

export const arp = made((into, at) =>
  encodeArp(
    {
      hardwareType: 1,
      protocolType: 0x0800,
      operation: 2,
      senderHardware: macSource,
      senderProtocol: ipv4Source,
      targetHardware: macTarget,
      targetProtocol: ipv4Target,
    },
    into,
    at,
  ),
);

export const echo = (): Uint8Array => {
  const bytes = made(
    (into, at) => encodeIcmp({ type: 8, rest: encodeEcho({ identifier: 77, sequence: 3 }) }, into, at),
    text('ping'),
  );
  fillIcmpChecksum(bytes);
  return bytes;
};

export const record = (size: 4 | 16) => {
  const [group, source] =
    size === 4 ? [parseIPv4('239.1.2.3'), ipv4Source] : [parseIPv6('ff05::1234').bytes, ipv6Source];
  return { type: 4, group, sources: [source], auxiliary: NOTHING };
};

export const fragment: Ipv6Extension = {
  type: 44,
  bytes: made((into, at) =>
    encodeIpv6Fragment({ fragmentOffset: 1448, moreFragments: true, identification: 0xabcdef01 }, into, at),
  ),
};
export const hopByHop: Ipv6Extension = { type: 0, bytes: Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0) };
export const routing: Ipv6Extension = {
  type: 43,
  bytes: made(Uint8Array.of(0, 2, 2, 1, 0, 0, 0, 0), ipv6Target),
};
