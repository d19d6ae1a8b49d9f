export {
  ARP_IPV4_LENGTH,
  type ArpPacket,
  arpOperations,
  type DecodedArp,
  decodeArp,
  encodeArp,
} from './arp.ts';
export {
  fillIcmpChecksum,
  fillTransportChecksum,
  internetChecksum,
  onesComplementSum,
  pseudoHeaderSum,
  transportChecksum,
} from './checksum.ts';
export { describeFrame, describePayload } from './describe.ts';
export { MalformedPacketError } from './errors.ts';
export {
  type DecodedEthernet,
  decodeEthernet,
  ETHERNET_HEADER_LENGTH,
  type EthernetHeader,
  encodeEthernet,
  ethernetHeaderLength,
  etherTypes,
  MAX_802_3_LENGTH,
  type VlanTag,
} from './ethernet.ts';
export {
  type DecodedIcmp,
  decodeEcho,
  decodeIcmp,
  encodeEcho,
  encodeIcmp,
  ICMP_HEADER_LENGTH,
  type IcmpEcho,
  type IcmpFields,
  type IcmpHeader,
  icmpTypes,
  icmpv6Types,
} from './icmp.ts';
export {
  type DecodedIpv4,
  decodeIpv4,
  encodeIpv4,
  IPV4_HEADER_LENGTH,
  type Ipv4Fields,
  type Ipv4Header,
} from './ipv4.ts';
export {
  type DecodedIpv6,
  decodeIpv6,
  encodeIpv6,
  IPV6_HEADER_LENGTH,
  type Ipv6Extension,
  type Ipv6Fields,
  type Ipv6Fragment,
  type Ipv6Header,
  ipv6ExtensionTypes,
  ipv6HeaderLength,
} from './ipv6.ts';
export {
  decodePacketAddress,
  type Membership,
  type PacketDestination,
  type PacketRecvOptions,
  PacketSocket,
  type PacketSocketOptions,
  type PacketType,
  type ReceivedPacket,
} from './packet-socket.ts';
export {
  type DecodedTcp,
  decodeTcp,
  encodeTcp,
  TCP_HEADER_LENGTH,
  type TcpFields,
  type TcpHeader,
  tcpFlags,
} from './tcp.ts';
export { decodeTcpOptions, encodeTcpOptions, type TcpOption } from './tcp-options.ts';
export {
  type DecodedUdp,
  decodeUdp,
  encodeUdp,
  UDP_HEADER_LENGTH,
  type UdpFields,
  type UdpHeader,
} from './udp.ts';
