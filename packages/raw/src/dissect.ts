import { checkBytes, checkUint } from '@sockeye/addr/check';
import { Dissection } from './dissection.ts';
import { byEtherType } from './following.ts';
import type { LayerKind, StopReason } from './layer.ts';

/** Link types that {@link dissect} knows (tcpdump.org/linktypes.html, LINKTYPE_). */
export const linkTypes: {
  readonly NULL: 0;
  readonly ETHERNET: 1;
  readonly PPP: 9;
  readonly PPP_HDLC: 50;
  readonly PPP_ETHER: 51;
  readonly RAW: 101;
  readonly LOOP: 108;
  readonly LINUX_SLL: 113;
  readonly IPV4: 228;
  readonly IPV6: 229;
  readonly LINUX_SLL2: 276;
} = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
};

function ofIp(bytes: Uint8Array, offset: number): LayerKind {
  return bytes.length > offset && bytes[offset]! >>> 4 === 6 ? 'ipv6' : 'ipv4';
}

function byLinkType(linkType: number, bytes: Uint8Array): LayerKind | StopReason {
  switch (linkType) {
    case linkTypes.ETHERNET:
      return 'ethernet';
    case linkTypes.PPP:
    case linkTypes.PPP_HDLC:
      return 'ppp';
    case linkTypes.PPP_ETHER:
      return 'pppoe';
    // DLT_RAW of two systems, and the one of files.
    case 12:
    case 14:
    case linkTypes.RAW:
      return ofIp(bytes, 0);
    case linkTypes.NULL:
    case linkTypes.LOOP:
      return 'loopback';
    case linkTypes.LINUX_SLL:
      return 'sll';
    case linkTypes.IPV4:
      return 'ipv4';
    case linkTypes.IPV6:
      return 'ipv6';
    case linkTypes.LINUX_SLL2:
      return 'sll2';
    default:
      return 'unknown';
  }
}

/**
 * Walks the headers of a packet, each one's checked length and fields in its view: from the link layer that `linkType`
 * names ({@link linkTypes}; Ethernet unless given) up to DNS and DHCP, through VLANs, MPLS, PPPoE and tunnels, and
 * says where it stopped and why. It throws for nothing that is in the bytes. UDP's and TCP's payload is taken for DNS (port
 * 53, 5353, 5355), DHCP (67, 68), VXLAN (4789, 8472) and GENEVE (6081) by its ports; an MPLS stack's for IP by its first bits.
 *
 * `into` is laid anew and given back: with one of its own a loop allocates nothing.
 * @throws ERR_INVALID_ARG_TYPE when `bytes` is no Uint8Array, ERR_OUT_OF_RANGE when `linkType` is no number of 32 bits.
 */
export function dissect(bytes: Uint8Array, linkType = 1, into: Dissection = new Dissection()): Dissection {
  checkBytes('bytes', bytes);
  checkUint('linkType', linkType, 32);
  return into.walk(bytes, byLinkType(linkType, bytes), linkType);
}

/**
 * As {@link dissect}, for what an EtherType names: cooked packets, whose link-layer header the kernel took off.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function dissectPayload(
  bytes: Uint8Array,
  etherType: number,
  into: Dissection = new Dissection(),
): Dissection {
  return into.walk(bytes, byEtherType(checkUint('etherType', etherType, 16)), etherType);
}
