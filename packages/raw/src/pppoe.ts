import { checkBytes, checkRoom, checkUint } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const VERSION_AND_TYPE = 0;
const CODE = 1;
const SESSION_ID = 2;
const LENGTH = 4;

export const PPPOE_HEADER_LENGTH = 6;
const TAG_HEADER_LENGTH = 4;

/** Codes (RFC 2516); 0 carries PPP, the others tags. */
export const pppoeCodes: {
  readonly SESSION: 0x00;
  readonly PADO: 0x07;
  readonly PADI: 0x09;
  readonly PADR: 0x19;
  readonly PADS: 0x65;
  readonly PADT: 0xa7;
} = { SESSION: 0x00, PADO: 0x07, PADI: 0x09, PADR: 0x19, PADS: 0x65, PADT: 0xa7 };

/** A PPPoE header (RFC 2516). */
export interface PppoeHeader {
  /** 1. */
  readonly version: number;
  /** 1. */
  readonly type: number;
  readonly code: number;
  readonly sessionId: number;
  /** Of the payload, in bytes. */
  readonly length: number;
}

/** A PPPoE header; its payload is what `length` says: PPP, see {@link PppView}, or tags, see {@link PppoeTagCursor}. */
export class PppoeView extends HeaderView implements PppoeHeader {
  override readonly kind: 'pppoe' = 'pppoe';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('PPPoE', bytes, offset, end, PPPOE_HEADER_LENGTH);
    const start = offset + PPPOE_HEADER_LENGTH;
    this.place.set(bytes, offset, PPPOE_HEADER_LENGTH, start + readU16(bytes, offset + LENGTH), end);
    return this;
  }

  get version(): number {
    return this.place.bytes[this.place.offset + VERSION_AND_TYPE]! >>> 4;
  }

  get type(): number {
    return this.place.bytes[this.place.offset + VERSION_AND_TYPE]! & 0xf;
  }

  get code(): number {
    return this.place.bytes[this.place.offset + CODE]!;
  }

  get sessionId(): number {
    return readU16(this.place.bytes, this.place.offset + SESSION_ID);
  }

  get length(): number {
    return readU16(this.place.bytes, this.place.offset + LENGTH);
  }
}

/** What {@link encodePppoe} takes: version and type default to 1, code and session to 0. */
export type PppoeFields = Pick<PppoeHeader, 'length'> & Partial<PppoeHeader>;

/**
 * Writes a PPPoE header into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodePppoe(header: PppoeFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, PPPOE_HEADER_LENGTH);
  const version = checkUint('version', header.version ?? 1, 4);
  into[offset + VERSION_AND_TYPE] = (version << 4) | checkUint('type', header.type ?? 1, 4);
  into[offset + CODE] = checkUint('code', header.code ?? 0, 8);
  writeU16(into, offset + SESSION_ID, checkUint('sessionId', header.sessionId ?? 0, 16));
  writeU16(into, offset + LENGTH, checkUint('length', header.length, 16));
  return PPPOE_HEADER_LENGTH;
}

/** Goes through the tags of a discovery packet's payload, without allocating: `while (cursor.next()) …`. */
export class PppoeTagCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #next = 0;
  #end = 0;

  /** Starts before the first tag. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
  start(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('PPPoE tag', bytes, offset, end, 0);
    this.#bytes = bytes;
    this.#next = offset;
    this.#end = end;
    return this;
  }

  /**
   * Goes to the next tag; false behind the last one, and at the end-of-list tag (type 0).
   * @throws MalformedPacketError when it runs past the end.
   */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    checkPlace('PPPoE tag', this.#bytes, at, this.#end, TAG_HEADER_LENGTH);
    if (readU16(this.#bytes, at) === 0) return false;
    const length = TAG_HEADER_LENGTH + readU16(this.#bytes, at + 2);
    checkPlace('PPPoE tag', this.#bytes, at, this.#end, length);
    this.#offset = at;
    this.#next = at + length;
    return true;
  }

  /** 0x0101 service name, 0x0102 concentrator, 0x0103 host-uniq, 0x0104 cookie … (RFC 2516, appendix A). */
  get type(): number {
    return readU16(this.#bytes, this.#offset);
  }

  /** Where in the bytes the tag starts. */
  get offset(): number {
    return this.#offset;
  }

  /** A view, made at each call. */
  get value(): Uint8Array {
    return this.#bytes.subarray(this.#offset + TAG_HEADER_LENGTH, this.#next);
  }
}

/**
 * Writes a tag into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when the type, the value's length or the tag does not fit.
 */
export function encodePppoeTag(type: number, value: Uint8Array, into: Uint8Array, offset = 0): number {
  const { length } = checkBytes('value', value);
  checkRoom('into', into, offset, TAG_HEADER_LENGTH + length);
  writeU16(into, offset, checkUint('type', type, 16));
  writeU16(into, offset + 2, checkUint('value.length', length, 16));
  into.set(value, offset + TAG_HEADER_LENGTH);
  return TAG_HEADER_LENGTH + length;
}

/** Protocols of PPP that this package has codecs for (IANA, "PPP DLL Protocol Numbers"). */
export const pppProtocols: {
  readonly IPV4: 0x0021;
  readonly IPV6: 0x0057;
  readonly MPLS: 0x0281;
} = { IPV4: 0x0021, IPV6: 0x0057, MPLS: 0x0281 };

/**
 * PPP's framing (RFC 1661, RFC 1662): address (0xff) and control (0x03) where they are there, and the protocol, which has
 * one byte when it was compressed. `decode` refuses a protocol whose last byte is even.
 */
export class PppView extends HeaderView {
  override readonly kind: 'ppp' = 'ppp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('PPP', bytes, offset, end, 1);
    // No protocol is compressed to 0xff, so that it is the address of all stations.
    const framed = end - offset >= 2 && bytes[offset] === 0xff;
    const at = offset + (framed ? 2 : 0);
    checkPlace('PPP', bytes, at, end, 1);
    const length = (bytes[at]! & 1) === 1 ? 1 : 2;
    checkPlace('PPP', bytes, at, end, length);
    const last = bytes[at + length - 1]!;
    if ((last & 1) === 0) throw new MalformedPacketError('PPP', at, 'a protocol that is odd', last);
    this.place.set(bytes, offset, at + length - offset, end, end);
    return this;
  }

  /** Whether address and control are there. */
  get framed(): boolean {
    return this.headerLength >= 3;
  }

  /** 16 bits; see {@link pppProtocols}. */
  get protocol(): number {
    const end = this.place.payloadOffset;
    const low = this.place.bytes[end - 1]!;
    return this.headerLength % 2 === 1 ? low : (this.place.bytes[end - 2]! << 8) | low;
  }
}

/**
 * Writes PPP's protocol, uncompressed, into `into` at `offset`, 2 bytes, or 4 with address and control before it.
 * Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when the protocol or the header does not fit.
 */
export function encodePpp(protocol: number, into: Uint8Array, offset = 0, framed = false): number {
  checkUint('protocol', protocol, 16);
  const length = framed ? 4 : 2;
  checkRoom('into', into, offset, length);
  if (framed) writeU16(into, offset, 0xff03);
  writeU16(into, offset + length - 2, protocol);
  return length;
}
