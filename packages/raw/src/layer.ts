/** The headers that `dissect` knows, and why it stops. */
import { ArpView } from './arp.ts';
import { DhcpView } from './dhcp.ts';
import { DnsView } from './dns.ts';
import { EspView } from './esp.ts';
import { EthernetView } from './ethernet.ts';
import { GeneveView } from './geneve.ts';
import { GreView } from './gre.ts';
import { IcmpView } from './icmp.ts';
import { Icmpv6View } from './icmpv6.ts';
import { IgmpView } from './igmp.ts';
import { Ipv4View } from './ipv4.ts';
import { Ipv6View } from './ipv6.ts';
import { LlcView } from './llc.ts';
import { LoopbackView } from './loopback.ts';
import { MldView } from './mld.ts';
import { MplsView } from './mpls.ts';
import { NdpView } from './ndp.ts';
import { PppoeView, PppView } from './pppoe.ts';
import { SctpView } from './sctp.ts';
import { Sll2View, SllView } from './sll.ts';
import { TcpView } from './tcp.ts';
import { UdpView } from './udp.ts';
import { VxlanView } from './vxlan.ts';

/** A header in a packet; `kind` says which. */
export type Layer =
  | ArpView
  | DhcpView
  | DnsView
  | EspView
  | EthernetView
  | GeneveView
  | GreView
  | IcmpView
  | Icmpv6View
  | IgmpView
  | Ipv4View
  | Ipv6View
  | LlcView
  | LoopbackView
  | MldView
  | MplsView
  | NdpView
  | PppView
  | PppoeView
  | SctpView
  | SllView
  | Sll2View
  | TcpView
  | UdpView
  | VxlanView;

export type LayerKind = Layer['kind'];

/** The view of a kind of header. */
export type LayerOf<Kind extends LayerKind> = Extract<Layer, { readonly kind: Kind }>;

/** Makes a view of a kind. */
export const layerMakers: { readonly [Kind in LayerKind]: () => Layer } = {
  arp: () => new ArpView(),
  dhcp: () => new DhcpView(),
  dns: () => new DnsView(),
  esp: () => new EspView(),
  ethernet: () => new EthernetView(),
  geneve: () => new GeneveView(),
  gre: () => new GreView(),
  icmp: () => new IcmpView(),
  icmpv6: () => new Icmpv6View(),
  igmp: () => new IgmpView(),
  ipv4: () => new Ipv4View(),
  ipv6: () => new Ipv6View(),
  llc: () => new LlcView(),
  loopback: () => new LoopbackView(),
  mld: () => new MldView(),
  mpls: () => new MplsView(),
  ndp: () => new NdpView(),
  ppp: () => new PppView(),
  pppoe: () => new PppoeView(),
  sctp: () => new SctpView(),
  sll: () => new SllView(),
  sll2: () => new Sll2View(),
  tcp: () => new TcpView(),
  udp: () => new UdpView(),
  vxlan: () => new VxlanView(),
};

/** Whether the layer is of that kind. */
export const isKind = <Kind extends LayerKind>(layer: Layer, kind: Kind): layer is LayerOf<Kind> =>
  layer.kind === kind;

/**
 * Why a walk ended:
 * - `complete`: the last header ends the packet, or holds the rest of it (options, chunks, records);
 * - `payload`: what follows is data for which no header is known by its ports or type;
 * - `unknown`: the header names a protocol that there is no codec for, `Dissection.protocol`;
 * - `fragment`: what follows is a part of a datagram;
 * - `quoted`: what follows is the packet that an ICMP error is about;
 * - `encrypted`: what follows ESP's header;
 * - `malformed`: a header was refused, `Dissection.error`;
 * - `truncated`: the same, since the capture holds only the start of the packet;
 * - `depth`: more than `MAX_LAYERS` headers.
 */
export type StopReason =
  | 'complete'
  | 'payload'
  | 'unknown'
  | 'fragment'
  | 'quoted'
  | 'encrypted'
  | 'malformed'
  | 'truncated'
  | 'depth';
