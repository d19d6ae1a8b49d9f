import { checkRoom, checkUint } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const FLAGS = 0;
const GROUP_POLICY = 2;
const NETWORK_ID = 4;

export const VXLAN_HEADER_LENGTH = 8;

/** The UDP port (IANA), and the one that Linux took before there was one. */
export const vxlanPorts: { readonly ASSIGNED: 4789; readonly LINUX: 8472 } = { ASSIGNED: 4789, LINUX: 8472 };

/** A VXLAN header (RFC 7348), an Ethernet frame behind it. */
export interface VxlanHeader {
  /** The first 16 bits: 0x0800 says that the network identifier is valid, 0x8000 that the group policy is. */
  readonly flags: number;
  /** The group policy identifier (draft-smith-vxlan-group-policy), 16 bits. */
  readonly groupPolicy: number;
  /** VNI, 24 bits. */
  readonly networkId: number;
}

/** A VXLAN header. */
export class VxlanView extends HeaderView implements VxlanHeader {
  override readonly kind: 'vxlan' = 'vxlan';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('VXLAN', bytes, offset, end, VXLAN_HEADER_LENGTH);
    this.place.set(bytes, offset, VXLAN_HEADER_LENGTH, end, end);
    return this;
  }

  get flags(): number {
    return readU16(this.place.bytes, this.place.offset + FLAGS);
  }

  get groupPolicy(): number {
    return readU16(this.place.bytes, this.place.offset + GROUP_POLICY);
  }

  get networkId(): number {
    return readU32(this.place.bytes, this.place.offset + NETWORK_ID) >>> 8;
  }
}

/** What {@link encodeVxlan} takes: flags default to 0x0800, the group policy to 0. */
export type VxlanFields = Pick<VxlanHeader, 'networkId'> & Partial<VxlanHeader>;

/**
 * Writes a VXLAN header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeVxlan(header: VxlanFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, VXLAN_HEADER_LENGTH);
  writeU16(into, offset + FLAGS, checkUint('flags', header.flags ?? 0x0800, 16));
  writeU16(into, offset + GROUP_POLICY, checkUint('groupPolicy', header.groupPolicy ?? 0, 16));
  writeU32(into, offset + NETWORK_ID, (checkUint('networkId', header.networkId, 24) << 8) >>> 0);
  return VXLAN_HEADER_LENGTH;
}
