/** What tshark calls the fields of our views, and their values as it prints them. */
import { formatIPv4, formatIPv6, formatMac } from '@sockeye/addr';
import {
  type DhcpView,
  DnsCursor,
  type DnsView,
  type EthernetView,
  GeneveOptionCursor,
  type IgmpView,
  Ipv6ExtensionCursor,
  type Ipv6View,
  type Layer,
  type LayerKind,
  type LayerOf,
  OptionCursor,
  SctpChunkCursor,
  tcpOptionLayout,
} from '@sockeye/raw';

/** One of tshark's fields: what it prints for a layer of ours, each occurrence; undefined where it prints none. */
type Value = number | boolean | string | Uint8Array | undefined;
type Fields<View> = Readonly<Record<string, (view: View) => Value | readonly Value[]>>;

/** IPv4's options that tshark knows. */
const NAMED: ReadonlySet<number> = new Set([0, 1, 7, 25, 68, 82, 130, 131, 133, 134, 136, 137, 148, 149]);

const ip4 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : formatIPv4(bytes);
const ip6 = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : formatIPv6(bytes);

const tagged = (view: EthernetView, provider: boolean) =>
  view.tags.filter(({ protocol }) => (protocol === 0x88a8) === provider);

const isEcho = (type: number, ...types: number[]): boolean => types.includes(type);

/** The kinds of a header's options, up to where one is malformed. */
function kinds(view: { readonly options: Uint8Array }): number[] {
  const list: number[] = [];
  const { options } = view;
  const cursor = new OptionCursor({ ...tcpOptionLayout, pad: -1 });
  for (let at = 0; at < options.length; ) {
    if (options[at] === 1) {
      list.push(1);
      at += 1;
      continue;
    }
    try {
      if (!cursor.start(options, at).next()) {
        list.push(0);
        break;
      }
    } catch {
      break;
    }
    list.push(cursor.kind);
    at = cursor.position;
  }
  return list;
}

function extensions(view: Ipv6View, type: number): Uint8Array[] {
  const list: Uint8Array[] = [];
  const cursor = new Ipv6ExtensionCursor().start(view);
  while (cursor.next()) if (cursor.type === type) list.push(cursor.data);
  return list;
}

function chunks(view: LayerOf<'sctp'>): { type: number; length: number }[] {
  const list: { type: number; length: number }[] = [];
  const cursor = new SctpChunkCursor().start(view.bytes, view.payloadOffset, view.payloadEnd);
  try {
    while (cursor.next()) list.push({ type: cursor.type, length: cursor.length });
  } catch {
    // Those before are told.
  }
  return list;
}

/** The options up to where one is malformed. */
function geneveOptions(view: LayerOf<'geneve'>): { optionClass: number; type: number; length: number }[] {
  const list: { optionClass: number; type: number; length: number }[] = [];
  const cursor = new GeneveOptionCursor().start(view.options);
  try {
    while (cursor.next()) {
      const { optionClass, type, data } = cursor;
      list.push({ optionClass, type, length: 4 + data.length });
    }
  } catch {
    // Those before are told.
  }
  return list;
}

/** What a function says of each question or record, up to where the message is malformed. */
function entries(view: DnsView, questions: boolean, say: (cursor: DnsCursor) => Value): Value[] {
  const list: Value[] = [];
  const cursor = new DnsCursor().start(view);
  try {
    while (cursor.next()) if ((cursor.section === 0) === questions) list.push(say(cursor));
  } catch {
    // Those before are told.
  }
  return list;
}

const addresses = (view: DnsView, type: number, length: number): Value[] =>
  entries(view, false, (cursor) => {
    if (cursor.type !== type || cursor.data.length !== length) return undefined;
    return length === 4 ? ip4(cursor.data) : ip6(cursor.data);
  });

/** The root has a name there; a name without escapes is the same. */
const nameOf = (cursor: DnsCursor): string => (cursor.name === '.' ? '<Root>' : cursor.name);

const reports = (view: IgmpView): Value => (view.type === 0x22 ? view.records.length : undefined);

const optionCodes = (view: DhcpView): number[] => {
  try {
    return view.options.map(({ code }) => code);
  } catch {
    return [];
  }
};

const ethernet: Fields<EthernetView> = {
  'eth.dst': (view) => formatMac(view.destination),
  'eth.src': (view) => formatMac(view.source),
  'vlan.id': (view) => tagged(view, false).map(({ id }) => id),
  'vlan.priority': (view) => tagged(view, false).map(({ priority }) => priority),
  'vlan.dei': (view) => tagged(view, false).map(({ dropEligible }) => dropEligible),
  'ieee8021ad.id': (view) => tagged(view, true).map(({ id }) => id),
};

/** By kind of header. */
const tsharkFields: { readonly [Kind in LayerKind]?: Fields<LayerOf<Kind>> } = {
  ethernet,
  llc: {
    'llc.oui': (view) => view.oui,
  },
  arp: {
    'arp.hw.type': (view) => view.hardwareType,
    'arp.proto.type': (view) => view.protocolType,
    'arp.opcode': (view) => view.operation,
    'arp.src.proto_ipv4': (view) => (view.protocolType === 0x800 ? ip4(view.senderProtocol) : undefined),
    'arp.dst.proto_ipv4': (view) => (view.protocolType === 0x800 ? ip4(view.targetProtocol) : undefined),
  },
  ipv4: {
    'ip.hdr_len': (view) => view.headerLength,
    'ip.dsfield': (view) => view.typeOfService,
    'ip.len': (view) => view.totalLength,
    'ip.id': (view) => view.identification,
    'ip.flags.df': (view) => view.dontFragment,
    'ip.flags.mf': (view) => view.moreFragments,
    'ip.frag_offset': (view) => view.fragmentOffset / 8,
    'ip.ttl': (view) => view.timeToLive,
    'ip.proto': (view) => view.protocol,
    'ip.checksum': (view) => view.checksum,
    'ip.src': (view) => ip4(view.source),
    'ip.dst': (view) => ip4(view.destination),
    // Those that it has no name for, it gives no number.
    'ip.opt.type': (view) => kinds(view).filter((kind) => NAMED.has(kind)),
  },
  ipv6: {
    'ipv6.tclass': (view) => view.trafficClass,
    'ipv6.flow': (view) => view.flowLabel,
    'ipv6.plen': (view) => view.payloadLength,
    'ipv6.hlim': (view) => view.hopLimit,
    'ipv6.src': (view) => ip6(view.source),
    'ipv6.dst': (view) => ip6(view.destination),
    'ipv6.fraghdr.offset': (view) => (view.hasFragment ? view.fragmentOffset / 8 : undefined),
    'ipv6.fraghdr.ident': (view) => (view.hasFragment ? view.identification : undefined),
    'ipv6.routing.type': (view) => extensions(view, 43).map((bytes) => bytes[2]),
    'ipv6.routing.segleft': (view) => extensions(view, 43).map((bytes) => bytes[3]),
  },
  icmp: {
    'icmp.type': (view) => view.type,
    'icmp.code': (view) => view.code,
    'icmp.checksum': (view) => view.checksum,
    'icmp.seq': (view) => (isEcho(view.type, 0, 8, 13, 14, 17, 18) ? view.sequence : undefined),
  },
  icmpv6: {
    'icmpv6.type': (view) => view.type,
    'icmpv6.code': (view) => view.code,
    'icmpv6.checksum': (view) => view.checksum,
    'icmpv6.echo.identifier': (view) => (isEcho(view.type, 128, 129) ? view.identifier : undefined),
    'icmpv6.echo.sequence_number': (view) => (isEcho(view.type, 128, 129) ? view.sequence : undefined),
    'icmpv6.mtu': (view) => (view.type === 2 ? view.mtu : undefined),
  },
  ndp: {
    'icmpv6.nd.ns.target_address': (view) => (view.type === 135 ? ip6(view.target) : undefined),
    'icmpv6.nd.na.target_address': (view) => (view.type === 136 ? ip6(view.target) : undefined),
    'icmpv6.nd.ra.cur_hop_limit': (view) => view.hopLimit,
    'icmpv6.nd.ra.router_lifetime': (view) => view.routerLifetime,
    'icmpv6.nd.ra.reachable_time': (view) => view.reachableTime,
    'icmpv6.nd.ra.retrans_timer': (view) => view.retransmitTimer,
  },
  mld: {
    'icmpv6.mld.multicast_address': (view) => ip6(view.group),
    'icmpv6.mldr.nb_mcast_records': (view) => (view.type === 143 ? view.records.length : undefined),
    'icmpv6.mldr.mar.multicast_address': (view) => view.records.map(({ group }) => ip6(group)),
  },
  igmp: {
    'igmp.type': (view) => (view.version > 0 ? view.type : undefined),
    'igmp.maddr': (view) =>
      view.version === 0
        ? undefined
        : view.version === 3 && view.type === 0x22
          ? view.records.map(({ group }) => ip4(group))
          : ip4(view.group),
    'igmp.num_grp_recs': reports,
    'igmp.saddr': (view) =>
      view.type === 0x22 ? view.records.flatMap(({ sources }) => sources.map(ip4)) : view.sources.map(ip4),
  },
  udp: {
    'udp.srcport': (view) => view.sourcePort,
    'udp.dstport': (view) => view.destinationPort,
    'udp.length': (view) => view.length,
    'udp.checksum': (view) => view.checksum,
  },
  tcp: {
    'tcp.srcport': (view) => view.sourcePort,
    'tcp.dstport': (view) => view.destinationPort,
    'tcp.seq_raw': (view) => view.sequence,
    'tcp.ack_raw': (view) => view.acknowledgment,
    'tcp.hdr_len': (view) => view.headerLength,
    'tcp.flags': (view) => view.flags,
    'tcp.window_size_value': (view) => view.window,
    'tcp.checksum': (view) => view.checksum,
    'tcp.urgent_pointer': (view) => view.urgentPointer,
    'tcp.option_kind': kinds,
  },
  sctp: {
    'sctp.srcport': (view) => view.sourcePort,
    'sctp.dstport': (view) => view.destinationPort,
    'sctp.verification_tag': (view) => view.verificationTag,
    'sctp.checksum': (view) => view.checksum,
    'sctp.chunk_type': (view) => chunks(view).map(({ type }) => type),
    'sctp.chunk_length': (view) => chunks(view).map(({ length }) => length),
  },
  gre: {
    'gre.proto': (view) => view.protocol,
    'gre.flags_and_version': (view) => view.flags,
    'gre.key': (view) => (view.version === 0 ? view.key : undefined),
    'gre.checksum': (view) => view.checksum,
    'gre.sequence_number': (view) => view.sequence,
    'gre.ack_number': (view) => view.acknowledgment,
  },
  vxlan: {
    'vxlan.flags': (view) => view.flags,
    'vxlan.gbp': (view) => view.groupPolicy,
    'vxlan.vni': (view) => view.networkId,
  },
  geneve: {
    'geneve.vni': (view) => view.networkId,
    'geneve.proto_type': (view) => view.protocol,
    'geneve.flags.oam': (view) => view.oam,
    'geneve.flags.critical': (view) => view.critical,
    'geneve.option.class': (view) => geneveOptions(view).map(({ optionClass }) => optionClass),
    'geneve.option.type': (view) => geneveOptions(view).map(({ type }) => type),
    // First that of all of them.
    'geneve.option.length': (view) => [
      view.options.length,
      ...geneveOptions(view).map(({ length }) => length),
    ],
  },
  esp: {
    'esp.spi': (view) => view.securityParametersIndex,
    'esp.sequence': (view) => view.sequence,
  },
  mpls: {
    'mpls.label': (view) => view.entries.map(({ label }) => label),
    'mpls.exp': (view) => view.entries.map(({ trafficClass }) => trafficClass),
    'mpls.ttl': (view) => view.entries.map(({ timeToLive }) => timeToLive),
  },
  pppoe: {
    'pppoe.code': (view) => view.code,
    'pppoe.session_id': (view) => view.sessionId,
    'pppoe.payload_length': (view) => view.length,
  },
  ppp: {
    'ppp.protocol': (view) => view.protocol,
  },
  sll: {
    'sll.pkttype': (view) => view.packetType,
    'sll.hatype': (view) => view.hardwareType,
    'sll.halen': (view) => view.addressLength,
    'sll.etype': (view) => (view.protocol >= 0x600 ? view.protocol : undefined),
  },
  dns: {
    'dns.id': (view) => view.id,
    'dns.flags': (view) => view.flags,
    'dns.count.queries': (view) => view.questionCount,
    'dns.count.answers': (view) => view.answerCount,
    'dns.count.auth_rr': (view) => view.authorityCount,
    'dns.count.add_rr': (view) => view.additionalCount,
    'dns.qry.name': (view) => entries(view, true, nameOf),
    'dns.qry.type': (view) => entries(view, true, ({ type }) => type),
    'dns.resp.name': (view) => entries(view, false, nameOf),
    'dns.resp.type': (view) => entries(view, false, ({ type }) => type),
    'dns.a': (view) => addresses(view, 1, 4),
    'dns.aaaa': (view) => addresses(view, 28, 16),
  },
  dhcp: {
    'dhcp.type': (view) => view.operation,
    'dhcp.hw.type': (view) => view.hardwareType,
    'dhcp.hops': (view) => view.hops,
    'dhcp.id': (view) => view.transaction,
    'dhcp.secs': (view) => view.seconds,
    'dhcp.flags': (view) => view.flags,
    'dhcp.ip.client': (view) => ip4(view.clientAddress),
    'dhcp.ip.your': (view) => ip4(view.yourAddress),
    'dhcp.ip.server': (view) => ip4(view.serverAddress),
    'dhcp.ip.relay': (view) => ip4(view.gatewayAddress),
    'dhcp.option.type': optionCodes,
  },
};

/** All of tshark's fields that are compared, with the kind of header that they are of. */
export const fieldNames: readonly (readonly [kind: LayerKind, field: string])[] = Object.entries(
  tsharkFields,
).flatMap(([kind, fields]) => Object.keys(fields).map((field) => [kind as LayerKind, field] as const));

/** What these headers say for one of tshark's fields, each occurrence, as {@link normal} has it. */
export function oursFor(field: string, kind: LayerKind, layers: readonly Layer[]): string[] {
  const list: string[] = [];
  for (const layer of layers) {
    if (layer.kind !== kind) continue;
    const say = (tsharkFields[kind] as Fields<Layer> | undefined)?.[field];
    const said = say?.(layer);
    const values = Array.isArray(said) ? (said as readonly Value[]) : [said as Value];
    for (const value of values) if (value !== undefined) list.push(normal(String(value)));
  }
  return list;
}

/** Numbers and truth in one form, whichever of its forms tshark prints. */
export function normal(text: string): string {
  if (text === 'true' || text === 'True') return '1';
  if (text === 'false' || text === 'False') return '0';
  return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? String(Number(text)) : text;
}
