import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { writeU16 } from './network-order.ts';

/** The protocols whose checksum covers a pseudo-header, and where in the segment the checksum field is. */
const CHECKSUM_OFFSET: Readonly<Record<number, number>> = { 6: 16, 17: 6, 58: 2 };

/**
 * The one's complement sum of `bytes` as big-endian 16-bit words, an odd last byte padded with zero (RFC
 * 1071), folded to 16 bits and not inverted. `initial` carries a sum on from an earlier, even-sized part.
 */
export function onesComplementSum(bytes: Uint8Array, initial = 0): number {
  checkBytes('bytes', bytes);
  let sum = checkUint('initial', initial, 16);
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) {
    sum += (bytes[at]! << 8) | bytes[at + 1]!;
    // Folded on the way: the sum stays a small integer however long the input is.
    if (sum > 0x3fff_0000) sum = (sum & 0xffff) + (sum >>> 16);
  }
  if (even < bytes.length) sum += bytes[even]! << 8;
  sum = (sum & 0xffff) + (sum >>> 16);
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * The Internet checksum of `bytes` (RFC 1071): what belongs in the checksum field when that field is zero in
 * `bytes`, and 0 when `bytes` hold a right checksum.
 */
export function internetChecksum(bytes: Uint8Array, initial = 0): number {
  return ~onesComplementSum(bytes, initial) & 0xffff;
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
  const tail = onesComplementSum(
    Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, 0, protocol),
  );
  return onesComplementSum(destination, onesComplementSum(source, tail));
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
