/** AF_INET and AF_INET6: how long their sockaddrs are and where the address stands in them; ip(7), ipv6(7). */
import { constants } from '../constants.ts';

interface Layout {
  size: number;
  at: number;
  length: number;
}

const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [constants.AF_INET, { size: 16, at: 4, length: 4 }],
  [constants.AF_INET6, { size: 28, at: 8, length: 16 }],
]);

/** What {@link inetAddress} takes, in words. */
export const INET_ADDRESS = 'a sockaddr of AF_INET or AF_INET6';

/** `sizeof` the family's sockaddr; undefined for other families. */
export function inetSize(family: number): number | undefined {
  return LAYOUTS.get(family)?.size;
}

/** The raw address in a sockaddr: 4 or 16 bytes; undefined for other families and for one that is too short. */
export function inetAddress(sockaddr: Uint8Array): { family: number; address: Uint8Array } | undefined {
  if (sockaddr.byteLength < 2) return undefined;
  const family = new DataView(sockaddr.buffer, sockaddr.byteOffset).getUint16(0, true);
  const layout = LAYOUTS.get(family);
  if (layout === undefined || sockaddr.byteLength < layout.size) return undefined;
  return { family, address: sockaddr.subarray(layout.at, layout.at + layout.length) };
}

/** A sockaddr with port 0 around a raw address; undefined for other families. */
export function inetSockaddr(family: number, address: Uint8Array): Uint8Array | undefined {
  const layout = LAYOUTS.get(family);
  if (layout === undefined || address.byteLength !== layout.length) return undefined;
  const bytes = new Uint8Array(layout.size);
  new DataView(bytes.buffer).setUint16(0, family, true);
  bytes.set(address, layout.at);
  return bytes;
}

/**
 * Whether an address could be the broadcast address of a network: its bits beyond the netmask are all ones. What getifaddrs(3)
 * has beside an address may be the peer's as well, and only IPv4 has broadcasts.
 */
export function inetBroadcasts(sockaddr: Uint8Array, netmask: Uint8Array | undefined): boolean {
  const address = inetAddress(sockaddr);
  if (address?.family !== constants.AF_INET) return false;
  const mask = netmask === undefined ? undefined : inetAddress(netmask)?.address;
  const ones = address.address.every((byte) => byte === 0xff);
  const hosts = mask?.some((byte) => byte !== 0xff) === true;
  return ones || (hosts && address.address.every((byte, at) => (byte | (mask?.[at] ?? 0)) === 0xff));
}
