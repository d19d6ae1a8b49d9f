import { checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const FLAGS = 0;
const PROTOCOL = 2;
const OPTIONAL = 4;

const HAS_CHECKSUM = 0x8000;
const HAS_ROUTING = 0x4000;
const HAS_KEY = 0x2000;
const HAS_SEQUENCE = 0x1000;
const HAS_ACKNOWLEDGMENT = 0x0080;
const VERSION = 0x0007;

/** Length of a GRE header without any optional field. */
export const GRE_HEADER_LENGTH = 4;

/**
 * A GRE header: version 0 (RFC 2784, key and sequence number of RFC 2890), and version 1, PPTP's (RFC 2637), whose
 * key is the payload's length and a call. Fields that are not there are undefined.
 */
export interface GreHeader {
  readonly version: 0 | 1;
  /** An EtherType. */
  readonly protocol: number;
  readonly checksum?: number | undefined;
  /** 32 bits. */
  readonly key?: number | undefined;
  readonly sequence?: number | undefined;
  /** Version 1 only. */
  readonly acknowledgment?: number | undefined;
}

/** Where the optional field of this flag stands, from the header's start; all those before it have 4 bytes. */
function place(flags: number, flag: number): number {
  let at = OPTIONAL;
  if (flag === HAS_CHECKSUM) return at;
  if ((flags & HAS_CHECKSUM) !== 0) at += 4;
  if (flag === HAS_KEY) return at;
  if ((flags & HAS_KEY) !== 0) at += 4;
  if (flag === HAS_SEQUENCE) return at;
  if ((flags & HAS_SEQUENCE) !== 0) at += 4;
  return at;
}

/**
 * A GRE header. `decode` refuses the routing information of RFC 1701, which RFC 2784 took out, and versions above 1.
 */
export class GreView extends HeaderView implements GreHeader {
  override readonly kind: 'gre' = 'gre';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('GRE', bytes, offset, end, GRE_HEADER_LENGTH);
    const flags = readU16(bytes, offset + FLAGS);
    const version = flags & VERSION;
    if (version > 1) throw new MalformedPacketError('GRE', offset + FLAGS, 'version 0 or 1', version);
    if ((flags & HAS_ROUTING) !== 0) {
      throw new MalformedPacketError('GRE', offset + FLAGS, 'without routing information', flags);
    }
    let length = place(flags, HAS_ACKNOWLEDGMENT);
    if (version === 1 && (flags & HAS_ACKNOWLEDGMENT) !== 0) length += 4;
    checkPlace('GRE', bytes, offset, end, length);
    const key = version === 1 && (flags & HAS_KEY) !== 0;
    const claimed = key ? offset + length + readU16(bytes, offset + place(flags, HAS_KEY)) : end;
    this.place.set(bytes, offset, length, claimed, end);
    return this;
  }

  /** The first 16 bits: which fields are there, and the version. */
  get flags(): number {
    return readU16(this.place.bytes, this.place.offset + FLAGS);
  }

  get version(): 0 | 1 {
    return (this.flags & VERSION) === 1 ? 1 : 0;
  }

  get protocol(): number {
    return readU16(this.place.bytes, this.place.offset + PROTOCOL);
  }

  get checksum(): number | undefined {
    const { flags } = this;
    return (flags & HAS_CHECKSUM) === 0 ? undefined : readU16(this.place.bytes, this.place.offset + OPTIONAL);
  }

  get key(): number | undefined {
    return this.#field(HAS_KEY);
  }

  get sequence(): number | undefined {
    return this.#field(HAS_SEQUENCE);
  }

  get acknowledgment(): number | undefined {
    return this.version === 1 ? this.#field(HAS_ACKNOWLEDGMENT) : undefined;
  }

  #field(flag: number): number | undefined {
    const { flags } = this;
    return (flags & flag) === 0
      ? undefined
      : readU32(this.place.bytes, this.place.offset + place(flags, flag));
  }
}

/**
 * Writes a GRE header with those of its fields that are defined into `into` at `offset`; a checksum is over header and
 * payload (`internetChecksum` once both stand, the field 0). Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit, ERR_INVALID_ARG_VALUE for an acknowledgment in
 * version 0.
 */
export function encodeGre(header: GreHeader, into: Uint8Array, offset = 0): number {
  const { checksum, key, sequence, acknowledgment } = header;
  const version = checkUint('version', header.version, 1);
  if (version === 0 && acknowledgment !== undefined) {
    throw wrongValue('acknowledgment', 'left out in version 0', acknowledgment);
  }
  let flags = version;
  if (checksum !== undefined) flags |= HAS_CHECKSUM;
  if (key !== undefined) flags |= HAS_KEY;
  if (sequence !== undefined) flags |= HAS_SEQUENCE;
  if (acknowledgment !== undefined) flags |= HAS_ACKNOWLEDGMENT;
  const length = place(flags, HAS_ACKNOWLEDGMENT) + (acknowledgment === undefined ? 0 : 4);
  checkRoom('into', into, offset, length);
  writeU16(into, offset + FLAGS, flags);
  writeU16(into, offset + PROTOCOL, checkUint('protocol', header.protocol, 16));
  let at = offset + OPTIONAL;
  if (checksum !== undefined) {
    writeU16(into, at, checkUint('checksum', checksum, 16));
    writeU16(into, at + 2, 0);
    at += 4;
  }
  if (key !== undefined) {
    writeU32(into, at, checkUint('key', key, 32));
    at += 4;
  }
  if (sequence !== undefined) {
    writeU32(into, at, checkUint('sequence', sequence, 32));
    at += 4;
  }
  if (acknowledgment !== undefined) writeU32(into, at, checkUint('acknowledgment', acknowledgment, 32));
  return length;
}
