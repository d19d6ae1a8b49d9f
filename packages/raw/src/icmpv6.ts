import { IcmpMessageView } from './icmp.ts';
import { readU32 } from './network-order.ts';

const REST = 4;

/** ICMPv6 types (RFC 4443; neighbour discovery: RFC 4861; listeners: RFC 2710, RFC 3810; IANA "ICMPv6 type Numbers"). */
export const icmpv6Types: {
  readonly DESTINATION_UNREACHABLE: 1;
  readonly PACKET_TOO_BIG: 2;
  readonly TIME_EXCEEDED: 3;
  readonly PARAMETER_PROBLEM: 4;
  readonly ECHO_REQUEST: 128;
  readonly ECHO_REPLY: 129;
  readonly MULTICAST_LISTENER_QUERY: 130;
  readonly MULTICAST_LISTENER_REPORT: 131;
  readonly MULTICAST_LISTENER_DONE: 132;
  readonly ROUTER_SOLICITATION: 133;
  readonly ROUTER_ADVERTISEMENT: 134;
  readonly NEIGHBOR_SOLICITATION: 135;
  readonly NEIGHBOR_ADVERTISEMENT: 136;
  readonly REDIRECT: 137;
  readonly MULTICAST_LISTENER_REPORT_V2: 143;
} = {
  DESTINATION_UNREACHABLE: 1,
  PACKET_TOO_BIG: 2,
  TIME_EXCEEDED: 3,
  PARAMETER_PROBLEM: 4,
  ECHO_REQUEST: 128,
  ECHO_REPLY: 129,
  MULTICAST_LISTENER_QUERY: 130,
  MULTICAST_LISTENER_REPORT: 131,
  MULTICAST_LISTENER_DONE: 132,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  NEIGHBOR_SOLICITATION: 135,
  NEIGHBOR_ADVERTISEMENT: 136,
  REDIRECT: 137,
  MULTICAST_LISTENER_REPORT_V2: 143,
};

/**
 * An ICMPv6 message (RFC 4443), to be written by `encodeIcmp`. Neighbour discovery is in the `NdpView`, listener discovery in the `MldView` of the same
 * bytes. The checksum is not judged: see `judgeTransportChecksum`.
 */
export class Icmpv6View extends IcmpMessageView {
  override readonly kind: 'icmpv6' = 'icmpv6';

  override get isError(): boolean {
    return this.type >= 1 && this.type <= 4;
  }

  override get quotedLength(): number {
    const extended =
      this.type === icmpv6Types.DESTINATION_UNREACHABLE || this.type === icmpv6Types.TIME_EXCEEDED;
    return this.quoted(extended ? this.place.bytes[this.place.offset + REST]! : 0, 8);
  }

  /** The next hop's MTU in "packet too big". */
  get mtu(): number {
    return readU32(this.place.bytes, this.place.offset + REST);
  }

  /** Where the problem is, in a parameter problem. */
  get pointer(): number {
    return readU32(this.place.bytes, this.place.offset + REST);
  }
}
