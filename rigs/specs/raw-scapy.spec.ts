/** Headers beside Scapy: it reads what our writers make, and we what it makes; both say the same of every field. */
import { fileURLToPath } from 'node:url';
import { formatIPv4, formatIPv6, formatMac } from '@sockeye/addr';
import { dissect, type Layer, type LayerKind, type LayerOf } from '@sockeye/raw';
import { expect, it, type TestContext } from 'vitest';
import { command, MissingPackages, provision } from '../provision/index.ts';
import { madePackets } from './raw-packets/index.ts';

type Value = number | string | undefined;
type Fields<View> = Readonly<Record<string, (view: View) => Value | readonly Value[]>>;

interface Seen {
  readonly name: string;
  readonly linkType: number;
  readonly hex: string;
  readonly layers: readonly (readonly [name: string, fields: Readonly<Record<string, Value | null>>])[];
}

/** What Scapy's fields are in our views, "class.field": of Scapy's classes. */
const FIELDS: { readonly [Kind in LayerKind]?: Fields<LayerOf<Kind>> } = {
  ethernet: {
    'Ether.dst': (view) => (view.etherType > 1500 ? formatMac(view.destination) : undefined),
    'Ether.src': (view) => (view.etherType > 1500 ? formatMac(view.source) : undefined),
    'Dot3.dst': (view) => (view.etherType > 1500 ? undefined : formatMac(view.destination)),
    'Dot3.len': (view) => (view.etherType > 1500 ? undefined : view.etherType),
    'Dot1Q.vlan': (view) => view.tags.map(({ id }) => id),
    'Dot1Q.prio': (view) => view.tags.map(({ priority }) => priority),
  },
  llc: {
    'LLC.dsap': (view) => view.dsap,
    'LLC.ctrl': (view) => view.control,
    'SNAP.OUI': (view) => view.oui,
    'SNAP.code': (view) => view.protocolId,
  },
  arp: {
    'ARP.hwtype': (view) => view.hardwareType,
    'ARP.op': (view) => view.operation,
    'ARP.psrc': (view) => formatIPv4(view.senderProtocol),
    'ARP.hwdst': (view) => formatMac(view.targetHardware),
  },
  ipv4: {
    'IP.ihl': (view) => view.headerLength / 4,
    'IP.tos': (view) => view.typeOfService,
    'IP.len': (view) => view.totalLength,
    'IP.id': (view) => view.identification,
    'IP.flags': (view) =>
      (view.reserved ? 4 : 0) + (view.dontFragment ? 2 : 0) + (view.moreFragments ? 1 : 0),
    'IP.frag': (view) => view.fragmentOffset / 8,
    'IP.ttl': (view) => view.timeToLive,
    'IP.proto': (view) => view.protocol,
    'IP.chksum': (view) => view.checksum,
    'IP.src': (view) => formatIPv4(view.source),
    'IP.dst': (view) => formatIPv4(view.destination),
  },
  ipv6: {
    'IPv6.tc': (view) => view.trafficClass,
    'IPv6.fl': (view) => view.flowLabel,
    'IPv6.plen': (view) => view.payloadLength,
    'IPv6.hlim': (view) => view.hopLimit,
    'IPv6.src': (view) => formatIPv6(view.source),
    'IPv6.dst': (view) => formatIPv6(view.destination),
    'IPv6ExtHdrFragment.offset': (view) => (view.hasFragment ? view.fragmentOffset / 8 : undefined),
    'IPv6ExtHdrFragment.m': (view) => (view.hasFragment ? Number(view.moreFragments) : undefined),
    'IPv6ExtHdrFragment.id': (view) => (view.hasFragment ? view.identification : undefined),
  },
  icmp: {
    'ICMP.type': (view) => view.type,
    'ICMP.code': (view) => view.code,
    'ICMP.chksum': (view) => view.checksum,
    'ICMP.seq': (view) => (view.type === 8 ? view.sequence : undefined),
    'ICMP.nexthopmtu': (view) => (view.type === 3 ? view.mtu : undefined),
  },
  ndp: {
    'ICMPv6ND_NS.tgt': (view) =>
      view.type === 135 && view.target !== undefined ? formatIPv6(view.target) : undefined,
    'ICMPv6ND_NA.tgt': (view) =>
      view.type === 136 && view.target !== undefined ? formatIPv6(view.target) : undefined,
    'ICMPv6ND_NA.R': (view) => (view.type === 136 ? (view.flags ?? 0) >>> 7 : undefined),
    'ICMPv6ND_RA.chlim': (view) => view.hopLimit,
    'ICMPv6ND_RA.routerlifetime': (view) => view.routerLifetime,
    'ICMPv6ND_RA.retranstimer': (view) => view.retransmitTimer,
  },
  icmpv6: {
    'ICMPv6EchoRequest.id': (view) => (view.type === 128 ? view.identifier : undefined),
    'ICMPv6EchoRequest.seq': (view) => (view.type === 128 ? view.sequence : undefined),
    'ICMPv6EchoRequest.cksum': (view) => (view.type === 128 ? view.checksum : undefined),
    'ICMPv6PacketTooBig.mtu': (view) => (view.type === 2 ? view.mtu : undefined),
  },
  mld: {
    'ICMPv6MLReport2.records_number': (view) => (view.type === 143 ? view.records.length : undefined),
  },
  igmp: {
    'IGMPv3mr.numgrp': (view) => (view.type === 0x22 ? view.records.length : undefined),
    'IGMP.gaddr': (view) =>
      view.version === 2 && view.group !== undefined ? formatIPv4(view.group) : undefined,
  },
  tcp: {
    'TCP.sport': (view) => view.sourcePort,
    'TCP.dport': (view) => view.destinationPort,
    'TCP.seq': (view) => view.sequence,
    'TCP.ack': (view) => view.acknowledgment,
    'TCP.dataofs': (view) => view.headerLength / 4,
    'TCP.flags': (view) => view.flags & 0x1ff,
    'TCP.window': (view) => view.window,
    'TCP.chksum': (view) => view.checksum,
    'TCP.urgptr': (view) => view.urgentPointer,
  },
  udp: {
    'UDP.sport': (view) => view.sourcePort,
    'UDP.dport': (view) => view.destinationPort,
    'UDP.len': (view) => view.length,
    'UDP.chksum': (view) => view.checksum,
  },
  sctp: {
    'SCTP.sport': (view) => view.sourcePort,
    'SCTP.dport': (view) => view.destinationPort,
    'SCTP.tag': (view) => view.verificationTag,
    'SCTP.chksum': (view) => view.checksum,
  },
  gre: {
    'GRE.proto': (view) => (view.version === 0 ? view.protocol : undefined),
    'GRE.key': (view) => (view.version === 0 ? view.key : undefined),
    'GRE.sequence_number': (view) => (view.version === 0 ? view.sequence : undefined),
    'GRE.chksum': (view) => (view.version === 0 ? view.checksum : undefined),
  },
  vxlan: {
    'VXLAN.vni': (view) => view.networkId,
  },
  geneve: {
    'GENEVE.optionlen': (view) => view.options.length / 4,
    'GENEVE.oam': (view) => Number(view.oam),
    'GENEVE.critical': (view) => Number(view.critical),
    'GENEVE.proto': (view) => view.protocol,
    'GENEVE.vni': (view) => view.networkId,
  },
  esp: {
    'ESP.spi': (view) => view.securityParametersIndex,
    'ESP.seq': (view) => view.sequence,
    'ESP.data': (view) => Buffer.from(view.payload).toString('hex'),
  },
  mpls: {
    'MPLS.label': (view) => view.entries.map(({ label }) => label),
    'MPLS.cos': (view) => view.entries.map(({ trafficClass }) => trafficClass),
    'MPLS.ttl': (view) => view.entries.map(({ timeToLive }) => timeToLive),
  },
  pppoe: {
    'PPPoE.sessionid': (view) => view.sessionId,
    'PPPoE.len': (view) => view.length,
  },
  sll: {
    'CookedLinux.pkttype': (view) => view.packetType,
    'CookedLinux.lladdrtype': (view) => view.hardwareType,
    'CookedLinux.lladdrlen': (view) => view.addressLength,
    'CookedLinux.proto': (view) => view.protocol,
  },
  dns: {
    'DNS.id': (view) => view.id,
    'DNS.qr': (view) => Number(view.isResponse),
    'DNS.qdcount': (view) => view.questionCount,
    'DNS.ancount': (view) => view.answerCount,
  },
  dhcp: {
    'BOOTP.op': (view) => view.operation,
    'BOOTP.xid': (view) => view.transaction,
    'BOOTP.secs': (view) => view.seconds,
    'BOOTP.flags': (view) => view.flags,
    'BOOTP.yiaddr': (view) => formatIPv4(view.yourAddress),
  },
};

const ALL = Object.entries(FIELDS).flatMap(([kind, fields]) =>
  Object.entries(fields as Fields<Layer>).map(([field, say]) => ({ kind, field, say })),
);

async function scapy(context: TestContext, packets: object): Promise<Seen[]> {
  try {
    await provision(['python3-scapy'], 'the judging of headers');
  } catch (error) {
    if (error instanceof MissingPackages && process.env.CI !== 'true') context.skip(error.message);
    throw error;
  }
  // Debian's Python, which has Debian's packages, whichever other comes first on the path.
  const program = fileURLToPath(new URL('programs/raw-scapy.py', import.meta.url));
  const { status, stdout, stderr } = await command('/usr/bin/python3', [program, JSON.stringify(packets)]);
  if (status !== 0) throw new Error(`scapy: ${stderr.slice(-1000)}`);
  return JSON.parse(stdout);
}

it('Scapy and we say the same of what either makes', { timeout: 300_000 }, async (context) => {
  const made = madePackets().map(({ name, linkType, data }) => ({
    name,
    linkType,
    hex: Buffer.from(data).toString('hex'),
  }));
  const seen = await scapy(context, made);
  expect(seen.length).toBeGreaterThan(made.length + 20);
  const compared = new Set<string>();
  const wrong: string[] = [];
  for (const { name, linkType, hex, layers: theirs } of seen) {
    const { layers, error } = dissect(Buffer.from(hex, 'hex'), linkType);
    if (error !== undefined) wrong.push(`${name}: ${error.message}`);
    for (const { kind, field, say } of ALL) {
      const ours = layers
        .filter((layer) => layer.kind === kind)
        .flatMap((layer) => say(layer) as Value | Value[])
        .filter((value) => value !== undefined);
      const [of = '', key = ''] = field.split('.');
      const values = theirs
        .filter(([layer]) => layer === of)
        .map(([, fields]) => fields[key] ?? undefined)
        .filter((value) => value !== undefined);
      if (`${ours}` !== `${values}`) wrong.push(`${name}: ${field}: we ${ours}, Scapy ${values}`);
      else if (ours.length > 0) compared.add(field);
    }
  }
  expect(wrong).toEqual([]);
  expect(ALL.map(({ field }) => field).filter((field) => !compared.has(field))).toEqual([]);
});
