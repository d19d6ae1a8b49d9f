import { checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU32, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

/** Length of a label stack entry. */
export const MPLS_ENTRY_LENGTH = 4;
const BOTTOM = 0x100;

/** A label stack entry (RFC 3032) without the bottom-of-stack bit. */
export interface MplsEntry {
  /** 20 bits. */
  readonly label: number;
  /** 3 bits (RFC 5462; formerly EXP). */
  readonly trafficClass: number;
  readonly timeToLive: number;
}

/** A whole label stack, from its top to the entry with the bottom-of-stack bit. What the payload is, it does not say. */
export class MplsView extends HeaderView {
  override readonly kind: 'mpls' = 'mpls';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    let at = offset;
    do {
      checkPlace('MPLS', bytes, at, end, MPLS_ENTRY_LENGTH);
      at += MPLS_ENTRY_LENGTH;
    } while ((bytes[at - 2]! & 1) === 0);
    this.place.set(bytes, offset, at - offset, end, end);
    return this;
  }

  /** How many entries there are. */
  get entryCount(): number {
    return this.headerLength / MPLS_ENTRY_LENGTH;
  }

  /** The entry as 32 bits, counted from the top; 0 where there is none. */
  entry(index: number): number {
    checkUint('index', index, 16);
    return index < this.entryCount
      ? readU32(this.place.bytes, this.place.offset + MPLS_ENTRY_LENGTH * index)
      : 0;
  }

  /** From the top, objects made at each call; {@link entry} allocates nothing. */
  get entries(): readonly MplsEntry[] {
    return Array.from({ length: this.entryCount }, (_, index) => {
      const word = this.entry(index);
      return { label: word >>> 12, trafficClass: (word >>> 9) & 7, timeToLive: word & 0xff };
    });
  }
}

/**
 * Writes a label stack, the last entry with the bottom-of-stack bit, into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the stack does not fit, ERR_INVALID_ARG_VALUE when there is no entry.
 */
export function encodeMpls(entries: readonly MplsEntry[], into: Uint8Array, offset = 0): number {
  if (entries.length === 0) throw wrongValue('entries', 'at least one', entries.length);
  const length = entries.length * MPLS_ENTRY_LENGTH;
  checkRoom('into', into, offset, length);
  entries.forEach((entry, index) => {
    const label = checkUint('entry.label', entry.label, 20) << 12;
    const trafficClass = checkUint('entry.trafficClass', entry.trafficClass, 3) << 9;
    const bottom = index === entries.length - 1 ? BOTTOM : 0;
    const word = label | trafficClass | bottom | checkUint('entry.timeToLive', entry.timeToLive, 8);
    writeU32(into, offset + MPLS_ENTRY_LENGTH * index, word >>> 0);
  });
  return length;
}
