import { checkRoom, checkUint } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkReadable } from './readable.ts';

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

export interface DecodedUdp extends UdpHeader {
  readonly headerLength: number;
  /** A view of what `length` says, or of what there is of it. */
  readonly payload: Uint8Array;
  /** Whether `bytes` end before the datagram does. */
  readonly truncated: boolean;
}

/**
 * Reads a UDP header from `offset` of `bytes`; the payload is a view. The checksum is not judged, see
 * `transportChecksum`.
 * @throws MalformedPacketError when the length is below 8 (0 excepted) or the bytes end before the header
 * does.
 */
export function decodeUdp(bytes: Uint8Array, offset = 0): DecodedUdp {
  checkReadable('UDP', bytes, offset, UDP_HEADER_LENGTH);
  const length = readU16(bytes, offset + LENGTH);
  if (length !== 0 && length < UDP_HEADER_LENGTH) {
    throw new MalformedPacketError('UDP', offset + LENGTH, 'a length of at least 8', length);
  }
  const end = length === 0 ? bytes.length : offset + length;
  return {
    sourcePort: readU16(bytes, offset + SOURCE_PORT),
    destinationPort: readU16(bytes, offset + DESTINATION_PORT),
    length,
    checksum: readU16(bytes, offset + CHECKSUM),
    headerLength: UDP_HEADER_LENGTH,
    payload: bytes.subarray(offset + UDP_HEADER_LENGTH, Math.min(end, bytes.length)),
    truncated: end > bytes.length,
  };
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
