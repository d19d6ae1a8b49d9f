import { checkRoom, checkUint } from '@sockeye/addr/check';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

export const ICMP_HEADER_LENGTH = 8;

/** ICMP types (RFC 792, RFC 950, RFC 1256, RFC 8335; IANA "ICMP Type Numbers"). */
export const icmpTypes: {
  readonly ECHO_REPLY: 0;
  readonly DESTINATION_UNREACHABLE: 3;
  readonly SOURCE_QUENCH: 4;
  readonly REDIRECT: 5;
  readonly ECHO_REQUEST: 8;
  readonly ROUTER_ADVERTISEMENT: 9;
  readonly ROUTER_SOLICITATION: 10;
  readonly TIME_EXCEEDED: 11;
  readonly PARAMETER_PROBLEM: 12;
  readonly TIMESTAMP: 13;
  readonly TIMESTAMP_REPLY: 14;
  readonly ADDRESS_MASK: 17;
  readonly ADDRESS_MASK_REPLY: 18;
  readonly EXTENDED_ECHO_REQUEST: 42;
  readonly EXTENDED_ECHO_REPLY: 43;
} = {
  ECHO_REPLY: 0,
  DESTINATION_UNREACHABLE: 3,
  SOURCE_QUENCH: 4,
  REDIRECT: 5,
  ECHO_REQUEST: 8,
  ROUTER_ADVERTISEMENT: 9,
  ROUTER_SOLICITATION: 10,
  TIME_EXCEEDED: 11,
  PARAMETER_PROBLEM: 12,
  TIMESTAMP: 13,
  TIMESTAMP_REPLY: 14,
  ADDRESS_MASK: 17,
  ADDRESS_MASK_REPLY: 18,
  EXTENDED_ECHO_REQUEST: 42,
  EXTENDED_ECHO_REPLY: 43,
};

/** The eight bytes that every ICMP (RFC 792) and ICMPv6 (RFC 4443) message starts with. */
export interface IcmpHeader {
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  /**
   * The second four bytes as one number: echo identifier and sequence, MTU, pointer, gateway, as the type
   * says.
   */
  readonly rest: number;
}

/** What ICMP and ICMPv6 messages have in common. */
export abstract class IcmpMessageView extends HeaderView implements IcmpHeader {
  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('ICMP', bytes, offset, end, ICMP_HEADER_LENGTH);
    this.place.set(bytes, offset, ICMP_HEADER_LENGTH, end, end);
    return this;
  }

  get type(): number {
    return this.place.bytes[this.place.offset + TYPE]!;
  }

  get code(): number {
    return this.place.bytes[this.place.offset + CODE]!;
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get rest(): number {
    return readU32(this.place.bytes, this.place.offset + REST);
  }

  /** An echo's, the upper half of `rest`. */
  get identifier(): number {
    return readU16(this.place.bytes, this.place.offset + REST);
  }

  /** An echo's, the lower half of `rest`. */
  get sequence(): number {
    return readU16(this.place.bytes, this.place.offset + REST + 2);
  }

  /** Whether it tells of an error, and its payload starts with the packet that it is about. */
  abstract readonly isError: boolean;
  /**
   * Bytes of the payload that are the packet which an error is about; what follows are RFC 4884's extensions. All of
   * the payload where the message does not say.
   */
  abstract readonly quotedLength: number;

  /** RFC 4884: the length field counts units of so many bytes, and 128 bytes at least. */
  protected quoted(units: number, unit: number): number {
    const all = this.place.payloadEnd - this.place.payloadOffset;
    return units === 0 || units * unit > all ? all : units * unit;
  }
}

/**
 * An ICMP message; the payload is an echo's data, or the packet that an error is about. The checksum is not judged:
 * `internetChecksum(bytes, 0, offset, payloadEnd)` is 0 when it is right.
 */
export class IcmpView extends IcmpMessageView {
  override readonly kind: 'icmp' = 'icmp';

  override get isError(): boolean {
    const { type } = this;
    return (
      (type >= 3 && type <= 5) || type === icmpTypes.TIME_EXCEEDED || type === icmpTypes.PARAMETER_PROBLEM
    );
  }

  override get quotedLength(): number {
    const { type } = this;
    const extended = type === 3 || type === icmpTypes.TIME_EXCEEDED || type === icmpTypes.PARAMETER_PROBLEM;
    return this.quoted(extended ? this.place.bytes[this.place.offset + REST + 1]! : 0, 4);
  }

  /** The next hop's MTU in "fragmentation needed" (RFC 1191), type 3, code 4. */
  get mtu(): number {
    return readU16(this.place.bytes, this.place.offset + REST + 2);
  }

  /** Where the problem is, in a parameter problem. */
  get pointer(): number {
    return this.place.bytes[this.place.offset + REST]!;
  }

  /** The router to take, 4 bytes, in a redirect: a view, made at each call. */
  get gateway(): Uint8Array {
    return this.place.bytes.subarray(this.place.offset + REST, this.place.offset + REST + 4);
  }
}

/**
 * What {@link encodeIcmp} takes; what is left out is 0, the checksum to be filled in when the message is
 * whole.
 */
export type IcmpFields = Pick<IcmpHeader, 'type'> & Partial<IcmpHeader>;

/**
 * Writes the first 8 bytes of an ICMP or ICMPv6 message into `into` at `offset`; `fillIcmpChecksum` or
 * `fillTransportChecksum` completes it once the payload stands. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeIcmp(header: IcmpFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, ICMP_HEADER_LENGTH);
  into[offset + TYPE] = checkUint('type', header.type, 8);
  into[offset + CODE] = checkUint('code', header.code ?? 0, 8);
  writeU16(into, offset + CHECKSUM, checkUint('checksum', header.checksum ?? 0, 16));
  writeU32(into, offset + REST, checkUint('rest', header.rest ?? 0, 32));
  return ICMP_HEADER_LENGTH;
}

/** Identifier and sequence number of an echo, 16 bits each. */
export interface IcmpEcho {
  readonly identifier: number;
  readonly sequence: number;
}

/**
 * The `rest` of an echo request or reply.
 * @throws ERR_OUT_OF_RANGE when a number does not fit into 16 bits.
 */
export function encodeEcho(echo: IcmpEcho): number {
  const identifier = checkUint('identifier', echo.identifier, 16);
  return ((identifier << 16) | checkUint('sequence', echo.sequence, 16)) >>> 0;
}
