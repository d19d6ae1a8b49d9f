export { ARP_IPV4_LENGTH, type ArpPacket, ArpView, arpOperations, encodeArp } from './arp.ts';
export { type ArpNeighbour, type ArpScanOptions, arpScan } from './arp-scan.ts';
export { type Answer, Asker, type AskOptions, type Receive } from './asker.ts';
export { Capture, type CaptureEnd, type CaptureOptions, capture } from './capture.ts';
export {
  type CapturedChecksum,
  CapturedPacket,
  PacketBatch,
  type PacketBatchOptions,
} from './captured-packet.ts';
export {
  type ChecksumState,
  completeChecksum,
  fillIcmpChecksum,
  fillTransportChecksum,
  internetChecksum,
  judgeTransportChecksum,
  onesComplementSum,
  pseudoHeaderSum,
  transportChecksum,
} from './checksum.ts';
export { describeDissection, describeFrame, describePayload } from './describe.ts';
export {
  BOOTP_LENGTH,
  DHCP_HEADER_LENGTH,
  type DhcpFields,
  type DhcpMessage,
  type DhcpOption,
  DhcpView,
  dhcpLength,
  dhcpMessageTypes,
  dhcpOptionLayout,
  encodeDhcp,
} from './dhcp.ts';
export { type DhcpDiscoverOptions, type DhcpOffer, dhcpDiscover } from './dhcp-discover.ts';
export { dissect, dissectPayload, linkTypes } from './dissect.ts';
export { Dissection, MAX_LAYERS } from './dissection.ts';
export {
  DNS_HEADER_LENGTH,
  DnsCursor,
  type DnsFields,
  type DnsHeader,
  DnsView,
  dnsFlags,
  dnsNameLength,
  encodeDns,
  readDnsName,
  writeDnsName,
} from './dns.ts';
export {
  type DnsData,
  type DnsRecord,
  decodeDnsRecord,
  dnsTypes,
  encodeDnsQuestion,
  encodeDnsRecord,
} from './dns-record.ts';
export type { EchoOptions } from './echo.ts';
export { MalformedPacketError } from './errors.ts';
export { ESP_HEADER_LENGTH, type EspHeader, EspView, encodeEsp } from './esp.ts';
export {
  ETHERNET_HEADER_LENGTH,
  type EthernetHeader,
  EthernetView,
  encodeEthernet,
  ethernetHeaderLength,
  etherTypes,
  MAX_802_3_LENGTH,
  type VlanTag,
} from './ethernet.ts';
export {
  encodeGeneve,
  encodeGeneveOption,
  GENEVE_HEADER_LENGTH,
  GENEVE_PORT,
  type GeneveFields,
  type GeneveHeader,
  GeneveOptionCursor,
  GeneveView,
} from './geneve.ts';
export { encodeGre, GRE_HEADER_LENGTH, type GreHeader, GreView } from './gre.ts';
export {
  encodeEcho,
  encodeIcmp,
  ICMP_HEADER_LENGTH,
  type IcmpEcho,
  type IcmpFields,
  type IcmpHeader,
  IcmpMessageView,
  IcmpView,
  icmpTypes,
} from './icmp.ts';
export { Icmpv6View, icmpv6Types } from './icmpv6.ts';
export {
  encodeIgmp,
  type GroupRecord,
  IGMP_HEADER_LENGTH,
  type IgmpFields,
  type IgmpMessage,
  IgmpView,
  igmpTypes,
} from './igmp.ts';
export {
  type FragmentOutcome,
  IpReassembler,
  type IpReassemblerOptions,
  type IpReassemblyCounts,
} from './ip-reassembly.ts';
export { encodeIpv4, IPV4_HEADER_LENGTH, type Ipv4Fields, type Ipv4Header, Ipv4View } from './ipv4.ts';
export { decodeIpv4Options, encodeIpv4Options, type Ipv4Option, ipv4OptionLayout } from './ipv4-options.ts';
export {
  encodeIpv6,
  encodeIpv6Fragment,
  IPV6_HEADER_LENGTH,
  type Ipv6Extension,
  Ipv6ExtensionCursor,
  type Ipv6Fields,
  type Ipv6Fragment,
  type Ipv6Header,
  Ipv6View,
  ipv6ExtensionTypes,
  ipv6HeaderLength,
  ipv6OptionLayout,
} from './ipv6.ts';
export type { Layer, LayerKind, LayerOf, StopReason } from './layer.ts';
export { encodeLlc, type LlcHeader, LlcView, SNAP_HEADER_LENGTH } from './llc.ts';
export { encodeLoopback, LOOPBACK_HEADER_LENGTH, LoopbackView } from './loopback.ts';
export { encodeMld, MLD_HEADER_LENGTH, type MldFields, type MldMessage, MldView } from './mld.ts';
export { encodeMpls, MPLS_ENTRY_LENGTH, type MplsEntry, MplsView } from './mpls.ts';
export {
  encodeNdp,
  encodeNdpOption,
  type NdpFields,
  type NdpMessage,
  NdpView,
  ndpOptionLayout,
  ndpOptions,
} from './ndp.ts';
export { OptionCursor, type OptionLayout } from './options.ts';
export type { FanoutMode, FanoutOptions } from './packet-fanout.ts';
export type { Membership } from './packet-membership.ts';
export type { PacketTimestamps, TransmitTimestamp } from './packet-options.ts';
export {
  decodePacketAddress,
  type PacketDestination,
  type PacketRecvOptions,
  PacketSocket,
  type PacketSocketOptions,
  type ReceivedPacket,
} from './packet-socket.ts';
export type { PacketType } from './packet-type.ts';
export { type PathMtu, type PathMtuOptions, type PathMtuStep, pathMtu } from './path-mtu.ts';
export { type PingOptions, type PingResult, ping } from './ping.ts';
export {
  encodePpp,
  encodePppoe,
  encodePppoeTag,
  PPPOE_HEADER_LENGTH,
  type PppoeFields,
  type PppoeHeader,
  PppoeTagCursor,
  PppoeView,
  PppView,
  pppoeCodes,
  pppProtocols,
} from './pppoe.ts';
export type { RawWishes } from './raw-options.ts';
export type { RawError, RawPacket } from './raw-packet.ts';
export { type RawSendOptions, RawSocket, type RawSocketOptions } from './raw-socket.ts';
export {
  PacketRing,
  type PacketRingOptions,
  type RingStatistics,
} from './ring.ts';
export type { RingBlock } from './ring-block.ts';
export { statusBits as ringStatusBits } from './ring-layout.ts';
export type { RingCaptureOptions, RingSocketOptions } from './ring-open.ts';
export type { RingPacket, RingPacketCopy } from './ring-packet.ts';
export type { RingShapeOptions } from './ring-shape.ts';
export { TransmitRing, type TransmitRingOptions } from './ring-transmit.ts';
export {
  encodeSctp,
  encodeSctpChunk,
  fillSctpChecksum,
  SCTP_HEADER_LENGTH,
  type SctpChunk,
  SctpChunkCursor,
  type SctpFields,
  type SctpHeader,
  SctpView,
  sctpChecksum,
  sctpChunkTypes,
} from './sctp.ts';
export {
  encodeSll,
  encodeSll2,
  SLL_HEADER_LENGTH,
  SLL2_HEADER_LENGTH,
  type Sll2Fields,
  type Sll2Header,
  Sll2View,
  type SllFields,
  type SllHeader,
  SllView,
} from './sll.ts';
export { encodeTcp, TCP_HEADER_LENGTH, type TcpFields, type TcpHeader, TcpView, tcpFlags } from './tcp.ts';
export { decodeTcpOptions, encodeTcpOptions, type TcpOption, tcpOptionLayout } from './tcp-options.ts';
export { TcpReassembler, type TcpReassemblerOptions, type TcpStream } from './tcp-reassembly.ts';
export {
  type HeldBytes,
  MAX_WINDOW,
  OrderedStream,
  type StreamOwner,
  sequenceDistance,
  type TcpStreamEnd,
  type TcpStreamHandler,
} from './tcp-stream.ts';
export { type TraceAnswer, type TraceHop, type TracerouteOptions, traceroute } from './traceroute.ts';
export { encodeUdp, UDP_HEADER_LENGTH, type UdpFields, type UdpHeader, UdpView } from './udp.ts';
export { HeaderView } from './view.ts';
export {
  encodeVirtio,
  VIRTIO_HEADER_LENGTH,
  type VirtioHeader,
  type VirtioLength,
  VirtioView,
  virtioFlags,
  virtioSegmentation,
} from './virtio.ts';
export {
  encodeVxlan,
  VXLAN_HEADER_LENGTH,
  type VxlanFields,
  type VxlanHeader,
  VxlanView,
  vxlanPorts,
} from './vxlan.ts';
