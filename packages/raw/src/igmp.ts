import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { internetChecksum } from './checksum.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const TYPE = 0;
const RESPONSE = 1;
const CHECKSUM = 2;
const GROUP = 4;
const QUERY_FLAGS = 8;
const QUERY_INTERVAL = 9;
const QUERY_SOURCES = 10;
const RECORDS = 6;

/** Length of the messages of versions 1 and 2. */
export const IGMP_HEADER_LENGTH = 8;
const QUERY_V3_LENGTH = 12;

/** Message types (RFC 1112, RFC 2236, RFC 3376). */
export const igmpTypes: {
  readonly QUERY: 0x11;
  readonly REPORT_V1: 0x12;
  readonly REPORT_V2: 0x16;
  readonly LEAVE: 0x17;
  readonly REPORT_V3: 0x22;
} = { QUERY: 0x11, REPORT_V1: 0x12, REPORT_V2: 0x16, LEAVE: 0x17, REPORT_V3: 0x22 };

/** What a membership report of version 3 says of one group (RFC 3376, section 4.2.4); of MLDv2 (RFC 3810, 5.2.5) too. */
export interface GroupRecord {
  /** 1 include, 2 exclude, 3 to include, 4 to exclude, 5 allow, 6 block. */
  readonly type: number;
  /** 4 bytes; 16 in MLD. */
  readonly group: Uint8Array;
  /** As long as the group, each. */
  readonly sources: readonly Uint8Array[];
  /** A multiple of 4 bytes, of which nobody uses any. */
  readonly auxiliary: Uint8Array;
}

/** Fields that a message of its type and version has not are undefined, or empty lists. */
export interface IgmpMessage {
  readonly type: number;
  /** The second byte: in tenths of a second; above 127 in a query of version 3 a floating-point code. */
  readonly maxResponse: number;
  readonly checksum: number;
  /** 4 bytes; undefined in a report of version 3. */
  readonly group?: Uint8Array | undefined;
  /** A query of version 3: 0x08 suppress, and the querier's robustness in the lower three bits. */
  readonly queryFlags?: number | undefined;
  /** A query of version 3: querier's query interval code, in seconds up to 127. */
  readonly queryInterval?: number | undefined;
  /** A query of version 3: 4 bytes each. */
  readonly sources: readonly Uint8Array[];
  /** A report of version 3. */
  readonly records: readonly GroupRecord[];
}

/** Walks the group records of a report; its addresses have `size` bytes. Returns where they end. */
export function walkGroupRecords(
  name: string,
  size: 4 | 16,
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  each?: (record: GroupRecord) => void,
): number {
  let next = at;
  for (let left = count; left > 0; left--) {
    checkPlace(name, bytes, next, end, 4 + size);
    const sources = readU16(bytes, next + 2);
    const auxiliary = bytes[next + 1]! * 4;
    const start = next + 4 + size;
    const length = 4 + size + sources * size + auxiliary;
    checkPlace(name, bytes, next, end, length);
    each?.({
      type: bytes[next]!,
      group: bytes.subarray(next + 4, start),
      sources: addresses(bytes, start, sources, size),
      auxiliary: bytes.subarray(next + length - auxiliary, next + length),
    });
    next += length;
  }
  return next;
}

/** So many addresses of `size` bytes, as views. */
export const addresses = (bytes: Uint8Array, at: number, count: number, size: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => bytes.subarray(at + size * index, at + size * (index + 1)));

/** The length of a group record as {@link encodeGroupRecord} writes it. */
export const groupRecordLength = (record: GroupRecord, size: number): number =>
  4 + size + record.sources.length * size + record.auxiliary.length;

/** Writes a group record whose addresses have `size` bytes. Returns the bytes written. */
export function encodeGroupRecord(
  record: GroupRecord,
  size: 4 | 16,
  into: Uint8Array,
  offset: number,
): number {
  const auxiliary = checkBytes('record.auxiliary', record.auxiliary);
  if (auxiliary.length % 4 !== 0 || auxiliary.length > 1020) {
    throw wrongValue('record.auxiliary', 'a multiple of 4 bytes, at most 1020', auxiliary);
  }
  const length = groupRecordLength(record, size);
  checkRoom('into', into, offset, length);
  into[offset] = checkUint('record.type', record.type, 8);
  into[offset + 1] = auxiliary.length / 4;
  writeU16(into, offset + 2, checkUint('record.sources.length', record.sources.length, 16));
  into.set(checkBytes('record.group', record.group, size), offset + 4);
  let at = offset + 4 + size;
  for (const source of record.sources) {
    into.set(checkBytes('record.sources', source, size), at);
    at += size;
  }
  into.set(auxiliary, at);
  return length;
}

/**
 * An IGMP message of version 1 to 3. A query is of version 3 when it is 12 bytes or longer, of version 1 when its second
 * byte is 0. The payload is what follows the message. Types that are none of IGMP's (DVMRP, PIM version 1) have 8 bytes of header, the rest as payload.
 */
export class IgmpView extends HeaderView implements IgmpMessage {
  override readonly kind: 'igmp' = 'igmp';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('IGMP', bytes, offset, end, IGMP_HEADER_LENGTH);
    const type = bytes[offset]!;
    let length = IGMP_HEADER_LENGTH;
    if (type === igmpTypes.REPORT_V3) {
      const count = readU16(bytes, offset + RECORDS);
      const stop = walkGroupRecords('IGMP record', 4, bytes, offset + IGMP_HEADER_LENGTH, end, count);
      length = stop - offset;
    } else if (type === igmpTypes.QUERY && end - offset >= QUERY_V3_LENGTH) {
      length = QUERY_V3_LENGTH + 4 * readU16(bytes, offset + QUERY_SOURCES);
      checkPlace('IGMP', bytes, offset, end, length);
    }
    this.place.set(bytes, offset, length, end, end);
    return this;
  }

  get type(): number {
    return this.place.bytes[this.place.offset + TYPE]!;
  }

  /** 1 to 3, of the message that this is; 0 for a type that is none of IGMP's. */
  get version(): 0 | 1 | 2 | 3 {
    switch (this.type) {
      case igmpTypes.QUERY:
        return this.headerLength >= QUERY_V3_LENGTH ? 3 : this.maxResponse === 0 ? 1 : 2;
      case igmpTypes.REPORT_V1:
        return 1;
      case igmpTypes.REPORT_V2:
      case igmpTypes.LEAVE:
        return 2;
      case igmpTypes.REPORT_V3:
        return 3;
      default:
        return 0;
    }
  }

  get maxResponse(): number {
    return this.place.bytes[this.place.offset + RESPONSE]!;
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get group(): Uint8Array | undefined {
    if (this.type === igmpTypes.REPORT_V3) return undefined;
    return this.place.bytes.subarray(this.place.offset + GROUP, this.place.offset + GROUP + 4);
  }

  get queryFlags(): number | undefined {
    return this.#longQuery ? this.place.bytes[this.place.offset + QUERY_FLAGS] : undefined;
  }

  get queryInterval(): number | undefined {
    return this.#longQuery ? this.place.bytes[this.place.offset + QUERY_INTERVAL] : undefined;
  }

  /** Views, made at each call. */
  get sources(): readonly Uint8Array[] {
    if (!this.#longQuery) return [];
    const count = readU16(this.place.bytes, this.place.offset + QUERY_SOURCES);
    return addresses(this.place.bytes, this.place.offset + QUERY_V3_LENGTH, count, 4);
  }

  /** Made at each call. */
  get records(): readonly GroupRecord[] {
    const list: GroupRecord[] = [];
    if (this.type !== igmpTypes.REPORT_V3) return list;
    const { bytes, offset } = this.place;
    const count = readU16(bytes, offset + RECORDS);
    const start = offset + IGMP_HEADER_LENGTH;
    walkGroupRecords('IGMP record', 4, bytes, start, this.place.payloadOffset, count, (record) =>
      list.push(record),
    );
    return list;
  }

  get #longQuery(): boolean {
    return this.type === igmpTypes.QUERY && this.headerLength >= QUERY_V3_LENGTH;
  }
}

/**
 * What {@link encodeIgmp} takes. A query with `queryFlags` is of version 3; a report of version 3 has `records`. The
 * checksum is computed when it is left out.
 */
export type IgmpFields = Pick<IgmpMessage, 'type'> & Partial<IgmpMessage>;

/**
 * Writes an IGMP message into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the message does not fit, ERR_INVALID_ARG_VALUE for addresses that are not
 * 4 bytes.
 */
export function encodeIgmp(message: IgmpFields, into: Uint8Array, offset = 0): number {
  const type = checkUint('type', message.type, 8);
  const { queryFlags, sources = [], records = [] } = message;
  const report = type === igmpTypes.REPORT_V3;
  const query = type === igmpTypes.QUERY && queryFlags !== undefined;
  let length = query ? QUERY_V3_LENGTH + 4 * sources.length : IGMP_HEADER_LENGTH;
  if (report) for (const record of records) length += groupRecordLength(record, 4);
  checkRoom('into', into, offset, length);
  into.fill(0, offset, offset + length);
  into[offset + TYPE] = type;
  into[offset + RESPONSE] = checkUint('maxResponse', message.maxResponse ?? 0, 8);
  if (report) {
    writeU16(into, offset + RECORDS, checkUint('records.length', records.length, 16));
    let at = offset + IGMP_HEADER_LENGTH;
    for (const record of records) at += encodeGroupRecord(record, 4, into, at);
  } else if (message.group !== undefined) {
    into.set(checkBytes('group', message.group, 4), offset + GROUP);
  }
  if (query) {
    into[offset + QUERY_FLAGS] = checkUint('queryFlags', queryFlags, 8);
    into[offset + QUERY_INTERVAL] = checkUint('queryInterval', message.queryInterval ?? 0, 8);
    writeU16(into, offset + QUERY_SOURCES, checkUint('sources.length', sources.length, 16));
    sources.forEach((source, index) => {
      into.set(checkBytes('sources', source, 4), offset + QUERY_V3_LENGTH + 4 * index);
    });
  }
  const checksum = message.checksum ?? internetChecksum(into, 0, offset, offset + length);
  writeU16(into, offset + CHECKSUM, checkUint('checksum', checksum, 16));
  return length;
}
