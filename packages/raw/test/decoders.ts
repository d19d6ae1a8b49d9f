import { ArpView } from '../src/arp.ts';
import { EthernetView } from '../src/ethernet.ts';
import { IcmpView } from '../src/icmp.ts';
import { Ipv4View } from '../src/ipv4.ts';
import { Ipv6View } from '../src/ipv6.ts';
import { TcpView } from '../src/tcp.ts';
import { UdpView } from '../src/udp.ts';
import type { HeaderView } from '../src/view.ts';

const fresh =
  <View extends HeaderView>(Of: new () => View) =>
  (bytes: Uint8Array, offset?: number, end?: number): View =>
    new Of().decode(bytes, offset, end);

/** A new view over the header at `offset`. */
export const decodeArp: (bytes: Uint8Array, offset?: number, end?: number) => ArpView = fresh(ArpView);
export const decodeEthernet: (bytes: Uint8Array, offset?: number, end?: number) => EthernetView =
  fresh(EthernetView);
export const decodeIcmp: (bytes: Uint8Array, offset?: number, end?: number) => IcmpView = fresh(IcmpView);
export const decodeIpv4: (bytes: Uint8Array, offset?: number, end?: number) => Ipv4View = fresh(Ipv4View);
export const decodeIpv6: (bytes: Uint8Array, offset?: number, end?: number) => Ipv6View = fresh(Ipv6View);
export const decodeTcp: (bytes: Uint8Array, offset?: number, end?: number) => TcpView = fresh(TcpView);
export const decodeUdp: (bytes: Uint8Array, offset?: number, end?: number) => UdpView = fresh(UdpView);
