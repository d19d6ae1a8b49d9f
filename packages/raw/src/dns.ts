import { checkRoom, checkString, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const ID = 0;
const FLAGS = 2;
const COUNTS = 4;

/** Length of the header of a DNS message. */
export const DNS_HEADER_LENGTH = 12;

/** RFC 1035, section 2.3.4: a name on the wire, and a label. */
const MAX_NAME = 255;
const MAX_LABEL = 63;
/** More pointers than a name of 255 bytes can have labels are a loop. */
const MAX_POINTERS = 128;

/** Bits of {@link DnsHeader.flags} (RFC 1035, RFC 4035); opcode and response code are numbers beside them. */
export const dnsFlags: {
  readonly QR: 0x8000;
  readonly AA: 0x0400;
  readonly TC: 0x0200;
  readonly RD: 0x0100;
  readonly RA: 0x0080;
  readonly AD: 0x0020;
  readonly CD: 0x0010;
} = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 };

/** The header of a DNS message (RFC 1035, section 4.1.1). */
export interface DnsHeader {
  readonly id: number;
  /** {@link dnsFlags}, the opcode in bits 11 to 14, the response code in bits 0 to 3. */
  readonly flags: number;
  readonly questionCount: number;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
}

/**
 * A DNS message; the payload are its questions and records, see {@link DnsCursor}. Over TCP each message stands behind
 * its length of two bytes (RFC 1035, section 4.2.2), which are not part of it.
 */
export class DnsView extends HeaderView implements DnsHeader {
  override readonly kind: 'dns' = 'dns';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('DNS', bytes, offset, end, DNS_HEADER_LENGTH);
    this.place.set(bytes, offset, DNS_HEADER_LENGTH, end, end);
    return this;
  }

  get id(): number {
    return readU16(this.place.bytes, this.place.offset + ID);
  }

  get flags(): number {
    return readU16(this.place.bytes, this.place.offset + FLAGS);
  }

  get isResponse(): boolean {
    return (this.flags & dnsFlags.QR) !== 0;
  }

  /** 0 query, 4 notify, 5 update. */
  get opcode(): number {
    return (this.flags >>> 11) & 0xf;
  }

  /** Of the header alone; an OPT record has more bits. */
  get responseCode(): number {
    return this.flags & 0xf;
  }

  get questionCount(): number {
    return this.count(0);
  }

  get answerCount(): number {
    return this.count(1);
  }

  get authorityCount(): number {
    return this.count(2);
  }

  get additionalCount(): number {
    return this.count(3);
  }

  /** How many entries the header says that a section has, 0 (questions) to 3 (additional). */
  count(section: number): number {
    return readU16(this.place.bytes, this.place.offset + COUNTS + 2 * checkUint('section', section, 2));
  }
}

/** Where the name at `at` ends: behind its last label or its first pointer. Follows no pointer. */
function skipName(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  for (;;) {
    checkPlace('DNS name', bytes, next, end, 1);
    const length = bytes[next]!;
    if (length >= 0xc0) {
      checkPlace('DNS name', bytes, next, end, 2);
      return next + 2;
    }
    if (length > MAX_LABEL) throw new MalformedPacketError('DNS name', next, 'a label or a pointer', length);
    next += 1 + length;
    if (length === 0) return next;
    if (next - at > MAX_NAME) throw new MalformedPacketError('DNS name', at, 'at most 255 bytes', next - at);
  }
}

const ESCAPED = /[^!-~]|[.\\"();@$]/;

function labelText(bytes: Uint8Array, at: number, length: number): string {
  let text = '';
  for (let next = at; next < at + length; next++) {
    const byte = bytes[next]!;
    const letter = String.fromCharCode(byte);
    if (!ESCAPED.test(letter)) text += letter;
    else if (byte > 0x20 && byte < 0x7f) text += `\\${letter}`;
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/**
 * The name at `offset` of the message that starts at `start` and ends at `end`, as text: labels with dots between them,
 * `.` for the root, anything else than visible ASCII as `\\DDD`, and what means something in a zone file (RFC 1035, section
 * 5.1) behind a backslash. Pointers (RFC 1035, section 4.1.4) are followed, forwards too, as long as the name ends.
 * @throws MalformedPacketError when a label or a pointer is none, when the name is longer than 255 bytes or its pointers
 * go round.
 */
export function readDnsName(bytes: Uint8Array, offset: number, start: number, end: number): string {
  let text = '';
  let at = offset;
  let length = 1;
  let pointers = 0;
  for (;;) {
    checkPlace('DNS name', bytes, at, end, 1);
    const size = bytes[at]!;
    if (size === 0) return text === '' ? '.' : text;
    if (size >= 0xc0) {
      checkPlace('DNS name', bytes, at, end, 2);
      pointers += 1;
      if (pointers > MAX_POINTERS) {
        throw new MalformedPacketError('DNS name', offset, 'a name without a loop', pointers);
      }
      at = start + (readU16(bytes, at) & 0x3fff);
      continue;
    }
    if (size > MAX_LABEL) throw new MalformedPacketError('DNS name', at, 'a label or a pointer', size);
    checkPlace('DNS name', bytes, at, end, 1 + size);
    length += 1 + size;
    if (length > MAX_NAME) throw new MalformedPacketError('DNS name', offset, 'at most 255 bytes', length);
    text += `${text === '' ? '' : '.'}${labelText(bytes, at + 1, size)}`;
    at += 1 + size;
  }
}

/**
 * Writes a name, uncompressed, into `into` at `offset`: text as {@link readDnsName} gives it; a dot at its end may be there
 * or not. Returns the bytes written.
 * @throws ERR_INVALID_ARG_VALUE for an empty label or one above 63 bytes, a name above 255 bytes, a letter that is not
 * ASCII, a backslash without a letter or three digits behind it; ERR_OUT_OF_RANGE when it does not fit.
 */
export function writeDnsName(name: string, into: Uint8Array, offset = 0): number {
  const labels = parseDnsName(name);
  const length = labels.reduce((sum, label) => sum + 1 + label.length, 1);
  if (length > MAX_NAME) throw wrongValue('name', 'at most 255 bytes on the wire', name);
  checkRoom('into', into, offset, length);
  let at = offset;
  for (const label of labels) {
    into[at] = label.length;
    into.set(label, at + 1);
    at += 1 + label.length;
  }
  into[at] = 0;
  return length;
}

/** The bytes that {@link writeDnsName} takes for a name. Throws as it does. */
export const dnsNameLength = (name: string): number =>
  parseDnsName(name).reduce((sum, label) => sum + 1 + label.length, 1);

function parseDnsName(name: string): number[][] {
  checkString('name', name);
  if (name === '.') return [];
  const labels: number[][] = [[]];
  for (const [piece, digits, letter] of name.matchAll(/\\(\d{3})|\\?(.)/gs)) {
    if (piece === '.') {
      labels.push([]);
      continue;
    }
    const byte = digits === undefined ? (letter?.charCodeAt(0) ?? 256) : Number(digits);
    if (byte > (digits === undefined ? 0x7f : 0xff) || piece === '\\') {
      throw wrongValue('name', 'ASCII with \\DDD for other bytes', name);
    }
    labels[labels.length - 1]?.push(byte);
  }
  if (labels.length > 1 && labels.at(-1)?.length === 0) labels.pop();
  for (const label of labels) {
    if (label.length === 0 || label.length > MAX_LABEL)
      throw wrongValue('name', 'labels of 1 to 63 bytes', name);
  }
  return labels;
}

/**
 * Goes through the questions and records of a DNS message, one at a time, without allocating: `while (cursor.next()) …`.
 */
export class DnsCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #section = 0;
  #left: [number, number, number, number] = [0, 0, 0, 0];
  #name = 0;
  #fields = 0;
  #next = 0;

  /** Starts before the first question. */
  start(view: DnsView): this {
    this.#bytes = view.bytes;
    this.#start = view.offset;
    this.#end = view.payloadEnd;
    this.#next = view.payloadOffset;
    this.#section = 0;
    for (let section = 0; section < 4; section++) this.#left[section] = view.count(section);
    return this;
  }

  /**
   * Goes to the next entry; false when there is none.
   * @throws MalformedPacketError when the message ends before its entry does, or a name is none. (Pointers are followed
   * when {@link name} is asked for.)
   */
  next(): boolean {
    while (this.#section < 4 && this.#left[this.#section] === 0) this.#section += 1;
    if (this.#section === 4) return false;
    const at = this.#next;
    const fields = skipName(this.#bytes, at, this.#end);
    const question = this.#section === 0;
    checkPlace('DNS record', this.#bytes, fields, this.#end, question ? 4 : 10);
    const next = fields + (question ? 4 : 10 + readU16(this.#bytes, fields + 8));
    checkPlace('DNS record', this.#bytes, fields, this.#end, next - fields);
    this.#left[this.#section]! -= 1;
    this.#name = at;
    this.#fields = fields;
    this.#next = next;
    return true;
  }

  /** 0 question, 1 answer, 2 authority, 3 additional. */
  get section(): number {
    return this.#section;
  }

  /** See {@link readDnsName}, which it throws as. */
  get name(): string {
    return readDnsName(this.#bytes, this.#name, this.#start, this.#end);
  }

  /** 1 A, 28 AAAA … (IANA, "Resource Record TYPEs"). */
  get type(): number {
    return readU16(this.#bytes, this.#fields);
  }

  /** 1 IN; in multicast DNS the highest bit has a meaning of its own. */
  get class(): number {
    return readU16(this.#bytes, this.#fields + 2);
  }

  /** In seconds; 0 for a question. */
  get timeToLive(): number {
    return this.#section === 0 ? 0 : readU32(this.#bytes, this.#fields + 4);
  }

  /** Where in the bytes the record's data starts. */
  get dataOffset(): number {
    return this.#section === 0 ? this.#next : this.#fields + 10;
  }

  /** Where in the bytes the record's data ends. */
  get dataEnd(): number {
    return this.#next;
  }

  /** A view, made at each call. */
  get data(): Uint8Array {
    return this.#bytes.subarray(this.dataOffset, this.dataEnd);
  }

  /** The name at a place in the record's data, such as CNAME's at {@link dataOffset}. Throws as {@link readDnsName}. */
  nameAt(offset: number): string {
    return readDnsName(this.#bytes, offset, this.#start, this.#end);
  }

  /** Where the name at a place in the record's data ends. @throws MalformedPacketError. */
  nameEnd(offset: number): number {
    return skipName(this.#bytes, offset, this.#next);
  }
}

/** What {@link encodeDns} takes; what is left out is 0. */
export type DnsFields = Pick<DnsHeader, 'id'> & Partial<DnsHeader>;

/**
 * Writes the header of a DNS message into `into` at `offset`; questions and records go behind it, see
 * {@link encodeDnsQuestion} and {@link encodeDnsRecord}. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the header does not fit.
 */
export function encodeDns(header: DnsFields, into: Uint8Array, offset = 0): number {
  checkRoom('into', into, offset, DNS_HEADER_LENGTH);
  writeU16(into, offset + ID, checkUint('id', header.id, 16));
  writeU16(into, offset + FLAGS, checkUint('flags', header.flags ?? 0, 16));
  writeU16(into, offset + COUNTS, checkUint('questionCount', header.questionCount ?? 0, 16));
  writeU16(into, offset + COUNTS + 2, checkUint('answerCount', header.answerCount ?? 0, 16));
  writeU16(into, offset + COUNTS + 4, checkUint('authorityCount', header.authorityCount ?? 0, 16));
  writeU16(into, offset + COUNTS + 6, checkUint('additionalCount', header.additionalCount ?? 0, 16));
  return DNS_HEADER_LENGTH;
}
