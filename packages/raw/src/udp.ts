import { checkRoom, checkUint } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;

export const UDP_HEADER_LENGTH = 8;

/** A UDP header (RFC 768). */
export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Header and payload in bytes, as the field says; 0 on datagrams larger than it can hold. */
  readonly length: number;
  /** 0 when the sender made none. */
  readonly checksum: number;
}

/**
 * A UDP header; its payload is what `length` says. The checksum is not judged, see `judgeTransportChecksum`.
 * `decode` refuses a length below 8, 0 excepted.
 */
export class UdpView extends HeaderView implements UdpHeader {
  override readonly kind: 'udp' = 'udp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('UDP', bytes, offset, end, UDP_HEADER_LENGTH);
    const length = readU16(bytes, offset + LENGTH);
    if (length !== 0 && length < UDP_HEADER_LENGTH) {
      throw new MalformedPacketError('UDP', offset + LENGTH, 'a length of at least 8', length);
    }
    this.place.set(bytes, offset, UDP_HEADER_LENGTH, length === 0 ? end : offset + length, end);
    return this;
  }

  get sourcePort(): number {
    return readU16(this.place.bytes, this.place.offset + SOURCE_PORT);
  }

  get destinationPort(): number {
    return readU16(this.place.bytes, this.place.offset + DESTINATION_PORT);
  }

  get length(): number {
    return readU16(this.place.bytes, this.place.offset + LENGTH);
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }
}

/**
 * What {@link encodeUdp} takes; a checksum left out is written as 0 and filled in by `fillTransportChecksum`.
 */
export type UdpFields = Omit<UdpHeader, 'checksum'> & { readonly checksum?: number | undefined };

/**
 * Writes a UDP header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeUdp(header: UdpFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, UDP_HEADER_LENGTH);
  writeU16(into, offset + SOURCE_PORT, checkUint('sourcePort', header.sourcePort, 16));
  writeU16(into, offset + DESTINATION_PORT, checkUint('destinationPort', header.destinationPort, 16));
  writeU16(into, offset + LENGTH, checkUint('length', header.length, 16));
  writeU16(into, offset + CHECKSUM, checkUint('checksum', header.checksum ?? 0, 16));
  return UDP_HEADER_LENGTH;
}
