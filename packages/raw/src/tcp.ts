import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const OFFSET_AND_FLAGS = 12;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT_POINTER = 18;

/** Length of a TCP header without options. */
export const TCP_HEADER_LENGTH = 20;
const MAX_OPTIONS_LENGTH = 40;
const NO_OPTIONS = new Uint8Array(0);

/** Bits of {@link TcpHeader.flags} (RFC 9293; ECE and CWR: RFC 3168; AE: RFC 9768). */
export const tcpFlags: {
  readonly FIN: 0x001;
  readonly SYN: 0x002;
  readonly RST: 0x004;
  readonly PSH: 0x008;
  readonly ACK: 0x010;
  readonly URG: 0x020;
  readonly ECE: 0x040;
  readonly CWR: 0x080;
  readonly AE: 0x100;
} = {
  FIN: 0x001,
  SYN: 0x002,
  RST: 0x004,
  PSH: 0x008,
  ACK: 0x010,
  URG: 0x020,
  ECE: 0x040,
  CWR: 0x080,
  AE: 0x100,
};

/** A TCP header (RFC 9293). */
export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** The twelve bits behind the data offset: {@link tcpFlags} and three reserved ones above them. */
  readonly flags: number;
  readonly window: number;
  readonly checksum: number;
  readonly urgentPointer: number;
  /** As they are: a multiple of 4 bytes, at most 40. See {@link decodeTcpOptions}. */
  readonly options: Uint8Array;
}

/** A TCP header. The checksum is not judged, see `judgeTransportChecksum`. */
export class TcpView extends HeaderView implements TcpHeader {
  override readonly kind: 'tcp' = 'tcp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('TCP', bytes, offset, end, TCP_HEADER_LENGTH);
    const headerLength = (bytes[offset + OFFSET_AND_FLAGS]! >>> 4) * 4;
    if (headerLength < TCP_HEADER_LENGTH) {
      const expected = 'a data offset of at least 20 bytes';
      throw new MalformedPacketError('TCP', offset + OFFSET_AND_FLAGS, expected, headerLength);
    }
    checkPlace('TCP', bytes, offset, end, headerLength);
    this.place.set(bytes, offset, headerLength, end, end);
    return this;
  }

  get sourcePort(): number {
    return readU16(this.place.bytes, this.place.offset + SOURCE_PORT);
  }

  get destinationPort(): number {
    return readU16(this.place.bytes, this.place.offset + DESTINATION_PORT);
  }

  get sequence(): number {
    return readU32(this.place.bytes, this.place.offset + SEQUENCE);
  }

  get acknowledgment(): number {
    return readU32(this.place.bytes, this.place.offset + ACKNOWLEDGMENT);
  }

  get flags(): number {
    return readU16(this.place.bytes, this.place.offset + OFFSET_AND_FLAGS) & 0xfff;
  }

  get window(): number {
    return readU16(this.place.bytes, this.place.offset + WINDOW);
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get urgentPointer(): number {
    return readU16(this.place.bytes, this.place.offset + URGENT_POINTER);
  }

  get options(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + TCP_HEADER_LENGTH, this.place.payloadOffset);
  }
}

/**
 * What {@link encodeTcp} takes; what is left out is 0, the checksum to be filled in by
 * `fillTransportChecksum`.
 */
export type TcpFields = Pick<TcpHeader, 'sourcePort' | 'destinationPort'> & Partial<TcpHeader>;

/**
 * Writes a TCP header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for options that
 * are not a multiple of 4 bytes up to 40.
 */
export function encodeTcp(header: TcpFields, into: Uint8Array, offset = 0): number {
  const options = checkBytes('options', header.options ?? NO_OPTIONS);
  if (options.length % 4 !== 0 || options.length > MAX_OPTIONS_LENGTH) {
    throw wrongValue('options', `a multiple of 4 bytes, at most ${MAX_OPTIONS_LENGTH}`, options);
  }
  const length = TCP_HEADER_LENGTH + options.length;
  checkRoom('into', into, offset, length);
  writeU16(into, offset + SOURCE_PORT, checkUint('sourcePort', header.sourcePort, 16));
  writeU16(into, offset + DESTINATION_PORT, checkUint('destinationPort', header.destinationPort, 16));
  writeU32(into, offset + SEQUENCE, checkUint('sequence', header.sequence ?? 0, 32));
  writeU32(into, offset + ACKNOWLEDGMENT, checkUint('acknowledgment', header.acknowledgment ?? 0, 32));
  const flags = checkUint('flags', header.flags ?? 0, 12);
  writeU16(into, offset + OFFSET_AND_FLAGS, ((length / 4) << 12) | flags);
  writeU16(into, offset + WINDOW, checkUint('window', header.window ?? 0, 16));
  writeU16(into, offset + CHECKSUM, checkUint('checksum', header.checksum ?? 0, 16));
  writeU16(into, offset + URGENT_POINTER, checkUint('urgentPointer', header.urgentPointer ?? 0, 16));
  into.set(options, offset + TCP_HEADER_LENGTH);
  return length;
}
