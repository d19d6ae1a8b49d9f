import { checkBytes, checkObject, checkUint, wrongValue } from '@sockeye/addr/check';
import { constants } from '@sockeye/core';

/** struct packet_mreq (linux/if_packet.h): int mr_ifindex, u16 mr_type, u16 mr_alen, u8 mr_address[8]. */
const SIZE = 16;
const TYPE = 4;
const ADDRESS_LENGTH = 6;
const ADDRESS = 8;

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export type Membership =
  | { readonly type: 'promiscuous' | 'allMulticast'; readonly ifindex?: number | undefined }
  | {
      readonly type: 'multicast' | 'unicast';
      readonly ifindex?: number | undefined;
      /** Up to 8 bytes. */
      readonly address: Uint8Array;
    };

const TYPES = {
  multicast: constants.PACKET_MR_MULTICAST,
  promiscuous: constants.PACKET_MR_PROMISC,
  allMulticast: constants.PACKET_MR_ALLMULTI,
  unicast: constants.PACKET_MR_UNICAST,
} as const;

function typeOf(type: Membership['type']): number {
  if (!Object.hasOwn(TYPES, type)) {
    throw wrongValue('type', `one of ${Object.keys(TYPES).join(', ')}`, type);
  }
  return TYPES[type];
}

/** The `struct packet_mreq` of a membership, of `ifindex` unless it names another interface. */
export function membershipRequest(membership: Membership, ifindex: number): Uint8Array {
  checkObject('membership', membership);
  const request = new Uint8Array(SIZE);
  const fields = new DataView(request.buffer);
  fields.setInt32(0, checkUint('ifindex', membership.ifindex ?? ifindex, 31), LITTLE_ENDIAN);
  fields.setUint16(TYPE, typeOf(membership.type), LITTLE_ENDIAN);
  if (membership.type === 'multicast' || membership.type === 'unicast') {
    const address = checkBytes('address', membership.address);
    if (address.length > SIZE - ADDRESS) throw wrongValue('address', 'up to 8 bytes', address);
    fields.setUint16(ADDRESS_LENGTH, address.length, LITTLE_ENDIAN);
    request.set(address, ADDRESS);
  }
  return request;
}
