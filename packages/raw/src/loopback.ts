import { checkRoom, checkUint } from '@sockeye/addr/check';
import { readU32, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

/** Length of the header. */
export const LOOPBACK_HEADER_LENGTH = 4;

/**
 * The header of BSD's loopback: the address family as a number of 32 bits, in the byte order of the host that captured
 * (LINKTYPE_NULL) or the network's (LINKTYPE_LOOP).
 */
export class LoopbackView extends HeaderView {
  override readonly kind: 'loopback' = 'loopback';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('loopback', bytes, offset, end, LOOPBACK_HEADER_LENGTH);
    this.place.set(bytes, offset, LOOPBACK_HEADER_LENGTH, end, end);
    return this;
  }

  /** 2 IPv4; 10, 24, 28 or 30 IPv6, as the system has it. Of both byte orders the one that makes it small. */
  get family(): number {
    const big = readU32(this.place.bytes, this.place.offset);
    if (big <= 0xffff) return big;
    const turned = (big >>> 24) | ((big >>> 8) & 0xff00) | ((big << 8) & 0xff0000) | (big << 24);
    return turned >>> 0;
  }
}

/**
 * Writes the header into `into` at `offset`, in network order (LINKTYPE_LOOP). Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when the family or the header does not fit.
 */
export function encodeLoopback(family: number, into: Uint8Array, offset = 0): number {
  checkUint('family', family, 32);
  checkRoom('into', into, offset, LOOPBACK_HEADER_LENGTH);
  writeU32(into, offset, family);
  return LOOPBACK_HEADER_LENGTH;
}
