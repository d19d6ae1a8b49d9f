/** AF_PACKET: the link layer's line among an interface's addresses; packet(7), struct sockaddr_ll. */
import { constants } from '../constants.ts';

/** What a `sockaddr_ll` says of its interface. */
export interface Link {
  index: number;
  /** `ARPHRD_…` of net/if_arp.h. */
  hardwareType: number;
  /** Empty where the link has none. */
  hardwareAddress: Uint8Array;
}

/** `sizeof(struct sockaddr_ll)`: with room for an address of 8 bytes. */
const SIZE = 20;
const ADDRESS = 12;

/** How long a `sockaddr_ll` is with the address that stands in it; undefined for other families. */
export function packetSize(sockaddr: Uint8Array): number | undefined {
  const link = packetLink(sockaddr);
  return link === undefined ? undefined : Math.max(SIZE, ADDRESS + link.hardwareAddress.byteLength);
}

/** Index, type and hardware address; undefined for other families. */
export function packetLink(sockaddr: Uint8Array): Link | undefined {
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset, sockaddr.byteLength);
  if (view.byteLength < SIZE || view.getUint16(0, true) !== constants.AF_PACKET) return undefined;
  return {
    index: view.getInt32(4, true),
    hardwareType: view.getUint16(8, true),
    hardwareAddress: sockaddr.slice(ADDRESS, ADDRESS + view.getUint8(11)),
  };
}
