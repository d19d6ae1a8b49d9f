/** Packets that our writers make, one of every kind, for other programs to read. */
import { parseIPv4, parseIPv6, parseMac } from '@sockeye/addr';
import {
  dhcpLength,
  encodeArp,
  encodeDhcp,
  encodeDns,
  encodeDnsQuestion,
  encodeDnsRecord,
  encodeEcho,
  encodeEthernet,
  encodeGre,
  encodeIcmp,
  encodeIgmp,
  encodeIpv4,
  encodeIpv4Options,
  encodeIpv6,
  encodeIpv6Fragment,
  encodeLlc,
  encodeMld,
  encodeMpls,
  encodeNdp,
  encodeNdpOption,
  encodePpp,
  encodePppoe,
  encodeSctp,
  encodeSctpChunk,
  encodeSll,
  encodeTcp,
  encodeTcpOptions,
  encodeUdp,
  encodeVxlan,
  fillIcmpChecksum,
  fillSctpChecksum,
  fillTransportChecksum,
  type Ipv6Extension,
  linkTypes,
} from '@sockeye/raw';

export interface MadePacket {
  readonly name: string;
  readonly linkType: number;
  readonly data: Uint8Array;
}

type Write = (into: Uint8Array, offset: number) => number;

const ipv4Source = parseIPv4('192.0.2.1');
const ipv4Target = parseIPv4('198.51.100.2');
const ipv6Source = parseIPv6('2001:db8::1').bytes;
const ipv6Target = parseIPv6('2001:db8::2').bytes;
const macSource = parseMac('02:00:00:00:00:01');
const macTarget = parseMac('02:00:00:00:00:02');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const NOTHING = new Uint8Array(0);

/** The bytes that these write, one behind the other. */
function made(...writes: readonly (Write | Uint8Array)[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  let end = 0;
  for (const write of writes) {
    if (typeof write === 'function') end += write(bytes, end);
    else {
      bytes.set(write, end);
      end += write.length;
    }
  }
  return bytes.slice(0, end);
}

const ipv4 = (protocol: number, payload: Uint8Array, more: object = {}): Uint8Array => {
  const options = encodeIpv4Options([{ name: 'routerAlert', value: 0 }]);
  const totalLength = 20 + options.length + payload.length;
  const header = {
    source: ipv4Source,
    destination: ipv4Target,
    protocol,
    totalLength,
    options,
    identification: 7,
  };
  return made(
    (into, at) => encodeIpv4({ ...header, dontFragment: true, typeOfService: 0xb9, ...more }, into, at),
    payload,
  );
};

const ipv6 = (
  protocol: number,
  payload: Uint8Array,
  extensions: readonly Ipv6Extension[] = [],
): Uint8Array => {
  const more = extensions.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const header = {
    source: ipv6Source,
    destination: ipv6Target,
    protocol,
    payloadLength: more + payload.length,
    trafficClass: 0x2c,
    flowLabel: 0x12345,
    hopLimit: 255,
    extensions,
  };
  return made((into, at) => encodeIpv6(header, into, at), payload);
};

const frame = (etherType: number, payload: Uint8Array, ids: readonly number[] = []): Uint8Array => {
  const tags = ids.map((id) => ({ protocol: 0x8100, priority: 5, dropEligible: true, id }));
  const header = { destination: macTarget, source: macSource, tags, etherType };
  return made((into, at) => encodeEthernet(header, into, at), payload);
};

/** A segment whose checksum is right for these addresses. */
const summed = (protocol: number, segment: Uint8Array, version: 4 | 6): Uint8Array => {
  const [source, target] = version === 4 ? [ipv4Source, ipv4Target] : [ipv6Source, ipv6Target];
  fillTransportChecksum(source, target, protocol, segment);
  return segment;
};

const udp = (
  destinationPort: number,
  payload: Uint8Array,
  version: 4 | 6 = 4,
  sourcePort = 40_000,
): Uint8Array => {
  const header = { sourcePort, destinationPort, length: 8 + payload.length };
  return summed(
    17,
    made((into, at) => encodeUdp(header, into, at), payload),
    version,
  );
};

const tcp = (version: 4 | 6): Uint8Array => {
  const options = encodeTcpOptions([
    { name: 'maximumSegmentSize', size: 1460 },
    { name: 'sackPermitted' },
    { name: 'timestamps', value: 0xdeadbeef, echo: 1 },
    { name: 'noOperation' },
    { name: 'windowScale', shift: 7 },
  ]);
  const header = {
    sourcePort: 40_000,
    destinationPort: 9999,
    sequence: 0xfffffff0,
    acknowledgment: 5,
    flags: 0x1c2,
    window: 512,
  };
  return summed(
    6,
    made((into, at) => encodeTcp({ ...header, options }, into, at), text('data')),
    version,
  );
};

const icmpv6 = (write: Write, ...rest: readonly (Write | Uint8Array)[]): Uint8Array =>
  summed(58, made(write, ...rest), 6);

const dns = (): Uint8Array =>
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

const dhcp = (): Uint8Array => {
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

const sctp = (): Uint8Array => {
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

const arp = made((into, at) =>
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

const echo = (): Uint8Array => {
  const bytes = made(
    (into, at) => encodeIcmp({ type: 8, rest: encodeEcho({ identifier: 77, sequence: 3 }) }, into, at),
    text('ping'),
  );
  fillIcmpChecksum(bytes);
  return bytes;
};

const record = (size: 4 | 16) => {
  const [group, source] =
    size === 4 ? [parseIPv4('239.1.2.3'), ipv4Source] : [parseIPv6('ff05::1234').bytes, ipv6Source];
  return { type: 4, group, sources: [source], auxiliary: NOTHING };
};

const fragment: Ipv6Extension = {
  type: 44,
  bytes: made((into, at) =>
    encodeIpv6Fragment({ fragmentOffset: 1448, moreFragments: true, identification: 0xabcdef01 }, into, at),
  ),
};
const hopByHop: Ipv6Extension = { type: 0, bytes: Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0) };
const routing: Ipv6Extension = { type: 43, bytes: made(Uint8Array.of(0, 2, 2, 1, 0, 0, 0, 0), ipv6Target) };

/** To all routers that speak IGMP. */
const igmp = (message: Uint8Array): Uint8Array =>
  ipv4(2, message, { destination: parseIPv4('224.0.0.22'), timeToLive: 1 });

/** A packet of every kind that there is a writer for. */
export function madePackets(): MadePacket[] {
  const on = (name: string, data: Uint8Array, linkType: number = linkTypes.ETHERNET): MadePacket => ({
    name,
    linkType,
    data,
  });
  return [
    on('arp', frame(0x0806, arp)),
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
    on('sctp', frame(0x0800, ipv4(132, sctp()))),
    on('dns', frame(0x0800, ipv4(17, udp(53, dns())))),
    on('dhcp', frame(0x0800, ipv4(17, udp(67, dhcp(), 4, 68)))),
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
  ];
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
