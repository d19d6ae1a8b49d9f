/**
 * What the kernel thinks of a packet's destination (PACKET_ of linux/if_packet.h); a number where it has no
 * name here.
 */
export type PacketType = 'host' | 'broadcast' | 'multicast' | 'otherhost' | 'outgoing' | number;

const NAMES: readonly PacketType[] = ['host', 'broadcast', 'multicast', 'otherhost', 'outgoing'];

/** The name of `sll_pkttype`, or the number. */
export const packetTypeOf = (type: number): PacketType => NAMES[type] ?? type;
