import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const VERIFICATION_TAG = 4;
const CHECKSUM = 8;

/** Length of the common header. */
export const SCTP_HEADER_LENGTH = 12;
const CHUNK_HEADER_LENGTH = 4;

/** Chunk types (RFC 9260; IANA "SCTP Chunk Types"). */
export const sctpChunkTypes: {
  readonly DATA: 0;
  readonly INIT: 1;
  readonly INIT_ACK: 2;
  readonly SACK: 3;
  readonly HEARTBEAT: 4;
  readonly HEARTBEAT_ACK: 5;
  readonly ABORT: 6;
  readonly SHUTDOWN: 7;
  readonly SHUTDOWN_ACK: 8;
  readonly ERROR: 9;
  readonly COOKIE_ECHO: 10;
  readonly COOKIE_ACK: 11;
  readonly SHUTDOWN_COMPLETE: 14;
} = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
};

/** SCTP's common header (RFC 9260). */
export interface SctpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
  /** CRC32c, as the four bytes read in network order; see {@link sctpChecksum}. */
  readonly checksum: number;
}

/** SCTP's common header; the payload are its chunks, see {@link SctpChunkCursor}. */
export class SctpView extends HeaderView implements SctpHeader {
  override readonly kind: 'sctp' = 'sctp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('SCTP', bytes, offset, end, SCTP_HEADER_LENGTH);
    this.place.set(bytes, offset, SCTP_HEADER_LENGTH, end, end);
    return this;
  }

  get sourcePort(): number {
    return readU16(this.place.bytes, this.place.offset + SOURCE_PORT);
  }

  get destinationPort(): number {
    return readU16(this.place.bytes, this.place.offset + DESTINATION_PORT);
  }

  get verificationTag(): number {
    return readU32(this.place.bytes, this.place.offset + VERIFICATION_TAG);
  }

  get checksum(): number {
    return readU32(this.place.bytes, this.place.offset + CHECKSUM);
  }
}

/** Goes through the chunks of an SCTP packet, one at a time, without allocating: `while (cursor.next()) …`. */
export class SctpChunkCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #length = 0;
  #next = 0;
  #end = 0;

  /** Starts before the first chunk. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
  start(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('SCTP chunk', bytes, offset, end, 0);
    this.#bytes = bytes;
    this.#next = offset;
    this.#end = end;
    return this;
  }

  /**
   * Goes to the next chunk; false when there is none.
   * @throws MalformedPacketError when its length is below 4 or runs past the end.
   */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    checkPlace('SCTP chunk', this.#bytes, at, this.#end, CHUNK_HEADER_LENGTH);
    const length = readU16(this.#bytes, at + 2);
    if (length < CHUNK_HEADER_LENGTH) {
      throw new MalformedPacketError('SCTP chunk', at + 2, 'a length of at least 4', length);
    }
    checkPlace('SCTP chunk', this.#bytes, at, this.#end, length);
    this.#offset = at;
    this.#length = length;
    // The last one's padding may be missing.
    this.#next = at + Math.ceil(length / 4) * 4;
    return true;
  }

  /** See {@link sctpChunkTypes}. */
  get type(): number {
    return this.#bytes[this.#offset]!;
  }

  /** The second byte, whose meaning is the type's. */
  get flags(): number {
    return this.#bytes[this.#offset + 1]!;
  }

  /** Where in the bytes the chunk starts. */
  get offset(): number {
    return this.#offset;
  }

  /** In bytes, with its header of 4 and without padding. */
  get length(): number {
    return this.#length;
  }

  /** What follows the chunk's header: a view, made at each call. */
  get value(): Uint8Array {
    return this.#bytes.subarray(this.#offset + CHUNK_HEADER_LENGTH, this.#offset + this.#length);
  }
}

/** What {@link encodeSctp} takes; a checksum left out is 0, to be filled in by {@link fillSctpChecksum}. */
export type SctpFields = Omit<SctpHeader, 'checksum'> & { readonly checksum?: number | undefined };

/**
 * Writes the common header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeSctp(header: SctpFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, SCTP_HEADER_LENGTH);
  writeU16(into, offset + SOURCE_PORT, checkUint('sourcePort', header.sourcePort, 16));
  writeU16(into, offset + DESTINATION_PORT, checkUint('destinationPort', header.destinationPort, 16));
  writeU32(into, offset + VERIFICATION_TAG, checkUint('verificationTag', header.verificationTag, 32));
  writeU32(into, offset + CHECKSUM, checkUint('checksum', header.checksum ?? 0, 32));
  return SCTP_HEADER_LENGTH;
}

/** A chunk as {@link encodeSctpChunk} takes it. */
export interface SctpChunk {
  readonly type: number;
  readonly flags?: number | undefined;
  /** At most 65531 bytes. */
  readonly value: Uint8Array;
}

/**
 * Writes a chunk, padded with zeros to a multiple of 4 bytes, into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the chunk does not fit, ERR_INVALID_ARG_VALUE for too long a value.
 */
export function encodeSctpChunk(chunk: SctpChunk, into: Uint8Array, offset = 0): number {
  const value = checkBytes('value', chunk.value);
  const length = CHUNK_HEADER_LENGTH + value.length;
  if (length > 0xffff) throw wrongValue('value', 'at most 65531 bytes', value);
  const padded = Math.ceil(length / 4) * 4;
  checkRoom('into', into, offset, padded);
  into[offset] = checkUint('type', chunk.type, 8);
  into[offset + 1] = checkUint('flags', chunk.flags ?? 0, 8);
  writeU16(into, offset + 2, length);
  into.set(value, offset + CHUNK_HEADER_LENGTH);
  into.fill(0, offset + length, offset + padded);
  return padded;
}

/** Castagnoli's polynomial, reflected (RFC 9260, appendix A). */
const POLYNOMIAL = 0x82f6_3b78;

let table: Uint32Array | undefined;

function crcTable(): Uint32Array {
  if (table !== undefined) return table;
  table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

/**
 * The checksum that belongs into a whole SCTP packet: CRC32c over it with the checksum field taken for 0, in the form
 * of {@link SctpHeader.checksum}.
 * @throws MalformedPacketError for fewer than 12 bytes, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function sctpChecksum(packet: Uint8Array, offset = 0, end: number = lengthOf(packet)): number {
  checkPlace('SCTP', packet, offset, end, SCTP_HEADER_LENGTH);
  const entries = crcTable();
  const field = offset + CHECKSUM;
  let crc = 0xffff_ffff;
  for (let at = offset; at < end; at++) {
    const byte = at >= field && at < field + 4 ? 0 : packet[at]!;
    crc = (crc >>> 8) ^ entries[(crc ^ byte) & 0xff]!;
  }
  crc = ~crc;
  // The field has the least byte first.
  return ((crc << 24) | ((crc & 0xff00) << 8) | ((crc >>> 8) & 0xff00) | (crc >>> 24)) >>> 0;
}

/** Computes the checksum of a whole SCTP packet, writes it into the packet and returns it. Throws as {@link sctpChecksum}. */
export function fillSctpChecksum(packet: Uint8Array, offset = 0, end: number = lengthOf(packet)): number {
  const checksum = sctpChecksum(packet, offset, end);
  writeU32(packet, offset + CHECKSUM, checksum);
  return checksum;
}
