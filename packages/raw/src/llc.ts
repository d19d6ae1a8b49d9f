import { checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const DSAP = 0;
const SSAP = 1;
const CONTROL = 2;
const OUI = 3;
const PROTOCOL_ID = 6;
const SNAP_SAP = 0xaa;
const UNNUMBERED_INFORMATION = 3;

/** Length of an LLC header with SNAP. */
export const SNAP_HEADER_LENGTH = 8;

/** An LLC header (IEEE 802.2), with SNAP (IEEE 802) where both service access points are 0xaa. */
export interface LlcHeader {
  /** Destination service access point. */
  readonly dsap: number;
  /** Source service access point; its lowest bit says that this is a response. */
  readonly ssap: number;
  /** Two bytes, the first one lowest, for information and supervisory frames; one for unnumbered ones. */
  readonly control: number;
  /** SNAP's organisation, 24 bits; undefined without SNAP. */
  readonly oui?: number | undefined;
  /** SNAP's protocol, an EtherType where the organisation is 0; undefined without SNAP. */
  readonly protocolId?: number | undefined;
}

const isSnap = (dsap: number, ssap: number, control: number): boolean =>
  dsap === SNAP_SAP && (ssap & 0xfe) === SNAP_SAP && control === UNNUMBERED_INFORMATION;

/** An LLC header, with SNAP where it is. */
export class LlcView extends HeaderView implements LlcHeader {
  override readonly kind: 'llc' = 'llc';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('LLC', bytes, offset, end, 3);
    const control = bytes[offset + CONTROL]!;
    let length = (control & 3) === 3 ? 3 : 4;
    if (isSnap(bytes[offset + DSAP]!, bytes[offset + SSAP]!, control)) length = SNAP_HEADER_LENGTH;
    checkPlace('LLC', bytes, offset, end, length);
    this.place.set(bytes, offset, length, end, end);
    return this;
  }

  get dsap(): number {
    return this.place.bytes[this.place.offset + DSAP]!;
  }

  get ssap(): number {
    return this.place.bytes[this.place.offset + SSAP]!;
  }

  get control(): number {
    const first = this.place.bytes[this.place.offset + CONTROL]!;
    return this.headerLength === 4
      ? first | (this.place.bytes[this.place.offset + CONTROL + 1]! << 8)
      : first;
  }

  /** Whether SNAP's fields are there. */
  get snap(): boolean {
    return this.headerLength === SNAP_HEADER_LENGTH;
  }

  get oui(): number | undefined {
    if (!this.snap) return undefined;
    return (
      (this.place.bytes[this.place.offset + OUI]! << 16) |
      readU16(this.place.bytes, this.place.offset + OUI + 1)
    );
  }

  get protocolId(): number | undefined {
    return this.snap ? readU16(this.place.bytes, this.place.offset + PROTOCOL_ID) : undefined;
  }
}

/**
 * Writes an LLC header into `into` at `offset`: 3 or 4 bytes, 8 with SNAP. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for SNAP's fields where
 * there is no SNAP, or the other way round.
 */
export function encodeLlc(header: LlcHeader, into: Uint8Array, offset = 0): number {
  const dsap = checkUint('dsap', header.dsap, 8);
  const ssap = checkUint('ssap', header.ssap, 8);
  const long = (checkUint('control', header.control, 16) & 3) !== 3;
  const control = checkUint('control', header.control, long ? 16 : 8);
  const snap = isSnap(dsap, ssap, control);
  if (snap !== (header.oui !== undefined) || snap !== (header.protocolId !== undefined)) {
    const takes = snap ? 'given with SNAP' : 'left out where dsap, ssap and control do not say SNAP';
    throw wrongValue('oui and protocolId', takes, header.oui ?? header.protocolId);
  }
  const length = snap ? SNAP_HEADER_LENGTH : long ? 4 : 3;
  checkRoom('into', into, offset, length);
  into[offset + DSAP] = dsap;
  into[offset + SSAP] = ssap;
  into[offset + CONTROL] = control;
  if (long) into[offset + CONTROL + 1] = control >>> 8;
  if (snap) {
    const oui = checkUint('oui', header.oui, 24);
    into[offset + OUI] = oui >>> 16;
    writeU16(into, offset + OUI + 1, oui & 0xffff);
    writeU16(into, offset + PROTOCOL_ID, checkUint('protocolId', header.protocolId, 16));
  }
  return length;
}
