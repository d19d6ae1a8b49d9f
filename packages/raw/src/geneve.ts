import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const LENGTH = 0;
const FLAGS = 1;
const PROTOCOL = 2;
const NETWORK_ID = 4;

/** Without options. */
export const GENEVE_HEADER_LENGTH = 8;

/** The UDP port (IANA). */
export const GENEVE_PORT = 6081;

const OAM = 0x80;
const CRITICAL = 0x40;
/** In words of 4 bytes. */
const LENGTH_BITS = 0x3f;

const OPTION_HEADER_LENGTH = 4;
const OPTION_LENGTH_BITS = 0x1f;

/** A GENEVE header (RFC 8926). */
export interface GeneveHeader {
  /** A control packet, of the tunnel's ends and no payload of somebody's. */
  readonly oam: boolean;
  /** Whether some option must be understood. */
  readonly critical: boolean;
  /** EtherType of what follows; 0x6558 is Ethernet. */
  readonly protocol: number;
  /** VNI, 24 bits. */
  readonly networkId: number;
  /** See {@link GeneveOptionCursor}. */
  readonly options: Uint8Array;
}

/** A GENEVE header with its options. `decode` refuses other versions than 0. */
export class GeneveView extends HeaderView implements GeneveHeader {
  override readonly kind: 'geneve' = 'geneve';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('GENEVE', bytes, offset, end, GENEVE_HEADER_LENGTH);
    const first = bytes[offset + LENGTH]!;
    if (first > LENGTH_BITS) throw new MalformedPacketError('GENEVE', offset, 'version 0', first >>> 6);
    const length = GENEVE_HEADER_LENGTH + first * 4;
    checkPlace('GENEVE', bytes, offset, end, length);
    this.place.set(bytes, offset, length, end, end);
    return this;
  }

  get oam(): boolean {
    return (this.place.bytes[this.place.offset + FLAGS]! & OAM) !== 0;
  }

  get critical(): boolean {
    return (this.place.bytes[this.place.offset + FLAGS]! & CRITICAL) !== 0;
  }

  get protocol(): number {
    return readU16(this.place.bytes, this.place.offset + PROTOCOL);
  }

  get networkId(): number {
    return readU32(this.place.bytes, this.place.offset + NETWORK_ID) >>> 8;
  }

  /** A view, made at each call. */
  get options(): Uint8Array {
    const { bytes, offset, payloadOffset } = this.place;
    return bytes.subarray(offset + GENEVE_HEADER_LENGTH, payloadOffset);
  }
}

/** What {@link encodeGeneve} takes: no flags and no options unless given. */
export type GeneveFields = Pick<GeneveHeader, 'protocol' | 'networkId'> & Partial<GeneveHeader>;

/**
 * Writes a GENEVE header with its options into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit; ERR_INVALID_ARG_VALUE for options that are no words of 4 bytes.
 */
export function encodeGeneve(header: GeneveFields, into: Uint8Array, offset = 0): number {
  const { options, oam = false, critical = false } = header;
  const more = options === undefined ? 0 : checkBytes('options', options).length;
  if (more % 4 !== 0) throw wrongValue('options', 'words of 4 bytes', more);
  checkUint('options.length / 4', more / 4, 6);
  checkRoom('into', into, offset, GENEVE_HEADER_LENGTH + more);
  into[offset + LENGTH] = more / 4;
  into[offset + FLAGS] = (oam ? OAM : 0) | (critical ? CRITICAL : 0);
  writeU16(into, offset + PROTOCOL, checkUint('protocol', header.protocol, 16));
  writeU32(into, offset + NETWORK_ID, (checkUint('networkId', header.networkId, 24) << 8) >>> 0);
  if (options !== undefined) into.set(options, offset + GENEVE_HEADER_LENGTH);
  return GENEVE_HEADER_LENGTH + more;
}

/** Goes through the options of a header, without allocating: `while (cursor.next()) …`. */
export class GeneveOptionCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #next = 0;
  #end = 0;

  /** Starts before the first option. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
  start(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('GENEVE option', bytes, offset, end, 0);
    this.#bytes = bytes;
    this.#offset = offset;
    this.#next = offset;
    this.#end = end;
    return this;
  }

  /**
   * Goes to the next option; false behind the last one.
   * @throws MalformedPacketError when it runs past the end.
   */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    checkPlace('GENEVE option', this.#bytes, at, this.#end, OPTION_HEADER_LENGTH);
    const length = OPTION_HEADER_LENGTH + (this.#bytes[at + 3]! & OPTION_LENGTH_BITS) * 4;
    checkPlace('GENEVE option', this.#bytes, at, this.#end, length);
    this.#offset = at;
    this.#next = at + length;
    return true;
  }

  /** Whose the type is (IANA, "Geneve Option Class"). */
  get optionClass(): number {
    return readU16(this.#bytes, this.#offset);
  }

  /** 8 bits, the critical one among them. */
  get type(): number {
    return this.#bytes[this.#offset + 2]!;
  }

  /** Whether who does not know it must drop the packet. */
  get critical(): boolean {
    return this.type >= 0x80;
  }

  /** Where in the bytes the option starts. */
  get offset(): number {
    return this.#offset;
  }

  /** A view, made at each call. */
  get data(): Uint8Array {
    return this.#bytes.subarray(this.#offset + OPTION_HEADER_LENGTH, this.#next);
  }
}

/**
 * Writes an option into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when class, type or the option does not fit; ERR_INVALID_ARG_VALUE for data that are no words of 4 bytes.
 */
export function encodeGeneveOption(
  optionClass: number,
  type: number,
  data: Uint8Array,
  into: Uint8Array,
  offset = 0,
): number {
  const { length } = checkBytes('data', data);
  if (length % 4 !== 0) throw wrongValue('data', 'words of 4 bytes', length);
  checkRoom('into', into, offset, OPTION_HEADER_LENGTH + length);
  writeU16(into, offset, checkUint('optionClass', optionClass, 16));
  into[offset + 2] = checkUint('type', type, 8);
  into[offset + 3] = checkUint('data.length / 4', length / 4, 5);
  into.set(data, offset + OPTION_HEADER_LENGTH);
  return OPTION_HEADER_LENGTH + length;
}
