import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, lengthOf } from './view.ts';

/** The protocols whose checksum covers a pseudo-header, and where in the segment the checksum field is. */
const CHECKSUM_OFFSET: Readonly<Record<number, number>> = { 6: 16, 17: 6, 58: 2 };

/**
 * The one's complement sum of `bytes` from `offset` to `end` as big-endian 16-bit words, an odd last byte padded
 * with zero (RFC 1071), folded to 16 bits and not inverted. `initial` carries a sum on from an earlier,
 * even-sized part.
 */
export function onesComplementSum(
  bytes: Uint8Array,
  initial = 0,
  offset = 0,
  end: number = lengthOf(bytes),
): number {
  checkPlace('bytes', bytes, offset, end, 0);
  let sum = checkUint('initial', initial, 16);
  const even = offset + ((end - offset) & ~1);
  for (let at = offset; at < even; at += 2) {
    sum += (bytes[at]! << 8) | bytes[at + 1]!;
    // Folded on the way: the sum stays a small integer however long the input is.
    if (sum > 0x3fff_0000) sum = (sum & 0xffff) + (sum >>> 16);
  }
  if (even < end) sum += bytes[even]! << 8;
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * The Internet checksum of `bytes` (RFC 1071): what belongs in the checksum field when that field is zero in
 * `bytes`, and 0 when `bytes` hold a right checksum.
 */
export function internetChecksum(
  bytes: Uint8Array,
  initial = 0,
  offset = 0,
  end: number = lengthOf(bytes),
): number {
  return ~onesComplementSum(bytes, initial, offset, end) & 0xffff;
}

/** What of a pseudo-header stands behind the addresses. */
function pseudoTail(protocol: number, length: number): number {
  const sum = (length >>> 16) + (length & 0xffff) + protocol;
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * The sum of the pseudo-header that TCP, UDP (RFC 9293, RFC 768: IPv4) and every upper protocol over IPv6
 * (RFC 8200, section 8.1) checksum with their segment. `source` and `destination` are 4 or 16 bytes each,
 * alike; `length` is that of the segment in bytes.
 */
export function pseudoHeaderSum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): number {
  checkBytes('source', source);
  if (source.length !== 4 && source.length !== 16) throw wrongValue('source', '4 or 16 bytes', source);
  checkBytes('destination', destination, source.length);
  checkUint('protocol', protocol, 8);
  checkUint('length', length, 32);
  return onesComplementSum(destination, onesComplementSum(source, pseudoTail(protocol, length)));
}

/**
 * The checksum of a TCP (6), UDP (17) or ICMPv6 (58) segment with its pseudo-header. Computed over a segment
 * as it was received it is 0 when the segment is whole; a UDP field of 0 over IPv4 means that the sender made
 * no checksum.
 */
export function transportChecksum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  segment: Uint8Array,
): number {
  checkBytes('segment', segment);
  return internetChecksum(segment, pseudoHeaderSum(source, destination, protocol, segment.length));
}

/**
 * Computes the checksum of a TCP, UDP or ICMPv6 segment, header and payload, and writes it into the segment.
 * UDP's 0 is sent as 0xffff (RFC 768). Returns what it wrote.
 */
export function fillTransportChecksum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  segment: Uint8Array,
): number {
  const at = CHECKSUM_OFFSET[checkUint('protocol', protocol, 8)];
  if (at === undefined) throw wrongValue('protocol', '6 (TCP), 17 (UDP) or 58 (ICMPv6)', protocol);
  checkRoom('segment', segment, 0, at + 2);
  writeU16(segment, at, 0);
  let sum = transportChecksum(source, destination, protocol, segment);
  if (protocol === 17 && sum === 0) sum = 0xffff;
  writeU16(segment, at, sum);
  return sum;
}

/**
 * Computes the checksum of an ICMP message (RFC 792: no pseudo-header), writes it into the message and
 * returns it.
 */
export function fillIcmpChecksum(message: Uint8Array): number {
  checkRoom('message', message, 0, 4);
  writeU16(message, 2, 0);
  const sum = internetChecksum(message);
  writeU16(message, 2, sum);
  return sum;
}

/**
 * What a checksum field says of its segment: it is `right` or `wrong`; `absent`, since the sender made none (UDP
 * over IPv4); `partial`, when it holds the sum of the pseudo-header alone, not inverted, which Linux leaves there
 * for the network card to complete (CHECKSUM_PARTIAL): a capture on the sending host shows it so.
 */
export type ChecksumState = 'right' | 'wrong' | 'absent' | 'partial';

/**
 * Judges the checksum of a whole TCP (6), UDP (17) or ICMPv6 (58) segment, which is `bytes` from `offset` to
 * `end`.
 * @throws MalformedPacketError when the segment is too short for its checksum, ERR_INVALID_ARG_VALUE for another
 * protocol.
 */
export function judgeTransportChecksum(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  bytes: Uint8Array,
  offset = 0,
  end: number = lengthOf(bytes),
): ChecksumState {
  const field = CHECKSUM_OFFSET[checkUint('protocol', protocol, 8)];
  if (field === undefined) throw wrongValue('protocol', '6 (TCP), 17 (UDP) or 58 (ICMPv6)', protocol);
  checkPlace('segment', bytes, offset, end, field + 2);
  const value = readU16(bytes, offset + field);
  if (protocol === 17 && value === 0 && source.length === 4) return 'absent';
  const pseudo = pseudoHeaderSum(source, destination, protocol, end - offset);
  if (onesComplementSum(bytes, pseudo, offset, end) === 0xffff) return 'right';
  return value === pseudo ? 'partial' : 'wrong';
}

/**
 * Completes a `partial` checksum as the network card would: `start` is where the sum begins and `field` where it
 * goes (struct virtio_net_hdr's csum_start and csum_start + csum_offset). Returns what it wrote.
 * @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE.
 */
export function completeChecksum(
  bytes: Uint8Array,
  start: number,
  field: number,
  end: number = lengthOf(bytes),
): number {
  checkRoom('bytes', bytes, field, 2);
  checkPlace('bytes', bytes, start, end, 2);
  // UDP's 0 means that there is none; 0xffff is the same sum.
  const sum = internetChecksum(bytes, 0, start, end) || 0xffff;
  writeU16(bytes, field, sum);
  return sum;
}
