import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';
import { icmpv6Types } from './icmpv6.ts';
import {
  addresses,
  encodeGroupRecord,
  type GroupRecord,
  groupRecordLength,
  walkGroupRecords,
} from './igmp.ts';
import { readU16, writeU16 } from './network-order.ts';
import { checkPlace, HeaderView, lengthOf } from './view.ts';

const TYPE = 0;
const CHECKSUM = 2;
const RESPONSE = 4;
const RECORDS = 6;
const GROUP = 8;
const QUERY_FLAGS = 24;
const QUERY_INTERVAL = 25;
const QUERY_SOURCES = 26;

/** Length of the messages of version 1. */
export const MLD_HEADER_LENGTH = 24;
const QUERY_V2_LENGTH = 28;
const REPORT_V2_LENGTH = 8;

const QUERY = icmpv6Types.MULTICAST_LISTENER_QUERY;
const REPORT_V2 = icmpv6Types.MULTICAST_LISTENER_REPORT_V2;

/** Whether an ICMPv6 message of this type is listener discovery. */
export const isMld = (type: number): boolean => (type >= 130 && type <= 132) || type === REPORT_V2;

/** A listener discovery message (RFC 2710, RFC 3810). Fields that its type has not are undefined, or empty lists. */
export interface MldMessage {
  /** 130 to 132 or 143, see `icmpv6Types`. */
  readonly type: number;
  readonly checksum: number;
  /** Milliseconds; above 32767 in a query of version 2 a floating-point code. Undefined in a report of version 2. */
  readonly maxResponse?: number | undefined;
  /** 16 bytes; undefined in a report of version 2. */
  readonly group?: Uint8Array | undefined;
  /** A query of version 2: 0x08 suppress, and the querier's robustness in the lower three bits. */
  readonly queryFlags?: number | undefined;
  /** A query of version 2: querier's query interval code, in seconds up to 127. */
  readonly queryInterval?: number | undefined;
  /** A query of version 2: 16 bytes each. */
  readonly sources: readonly Uint8Array[];
  /** A report of version 2. */
  readonly records: readonly GroupRecord[];
}

/** Listener discovery in an ICMPv6 message. A query is of version 2 when it is 28 bytes or longer. */
export class MldView extends HeaderView implements MldMessage {
  override readonly kind: 'mld' = 'mld';

  override decode(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace('MLD', bytes, offset, end, REPORT_V2_LENGTH);
    const type = bytes[offset]!;
    if (!isMld(type)) throw new MalformedPacketError('MLD', offset, 'a type of 130 to 132 or 143', type);
    let length = MLD_HEADER_LENGTH;
    if (type === REPORT_V2) {
      const count = readU16(bytes, offset + RECORDS);
      length = walkGroupRecords('MLD record', 16, bytes, offset + REPORT_V2_LENGTH, end, count) - offset;
    } else if (type === QUERY && end - offset >= QUERY_V2_LENGTH) {
      length = QUERY_V2_LENGTH + 16 * readU16(bytes, offset + QUERY_SOURCES);
    }
    checkPlace('MLD', bytes, offset, end, length);
    this.place.set(bytes, offset, length, end, end);
    return this;
  }

  get type(): number {
    return this.place.bytes[this.place.offset + TYPE]!;
  }

  get checksum(): number {
    return readU16(this.place.bytes, this.place.offset + CHECKSUM);
  }

  get maxResponse(): number | undefined {
    return this.type === REPORT_V2 ? undefined : readU16(this.place.bytes, this.place.offset + RESPONSE);
  }

  get group(): Uint8Array | undefined {
    if (this.type === REPORT_V2) return undefined;
    return this.place.bytes.subarray(this.place.offset + GROUP, this.place.offset + GROUP + 16);
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
    return addresses(this.place.bytes, this.place.offset + QUERY_V2_LENGTH, count, 16);
  }

  /** Made at each call. */
  get records(): readonly GroupRecord[] {
    const list: GroupRecord[] = [];
    if (this.type !== REPORT_V2) return list;
    const { bytes, offset } = this.place;
    const count = readU16(bytes, offset + RECORDS);
    const start = offset + REPORT_V2_LENGTH;
    walkGroupRecords('MLD record', 16, bytes, start, this.place.payloadOffset, count, (record) =>
      list.push(record),
    );
    return list;
  }

  get #longQuery(): boolean {
    return this.type === QUERY && this.headerLength >= QUERY_V2_LENGTH;
  }
}

/** What {@link encodeMld} takes; a query with `queryFlags` is of version 2. The checksum is `fillTransportChecksum`'s. */
export type MldFields = Pick<MldMessage, 'type'> & Partial<MldMessage>;

/**
 * Writes a listener discovery message into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the message does not fit, ERR_INVALID_ARG_VALUE for another type, and for
 * addresses that are not 16 bytes.
 */
export function encodeMld(message: MldFields, into: Uint8Array, offset = 0): number {
  const type = checkUint('type', message.type, 8);
  if (!isMld(type)) throw wrongValue('type', '130 to 132 or 143', type);
  const { queryFlags, sources = [], records = [] } = message;
  const report = type === REPORT_V2;
  const query = type === QUERY && queryFlags !== undefined;
  let length = report ? REPORT_V2_LENGTH : query ? QUERY_V2_LENGTH + 16 * sources.length : MLD_HEADER_LENGTH;
  if (report) for (const record of records) length += groupRecordLength(record, 16);
  checkRoom('into', into, offset, length);
  into.fill(0, offset, offset + length);
  into[offset + TYPE] = type;
  writeU16(into, offset + CHECKSUM, checkUint('checksum', message.checksum ?? 0, 16));
  if (report) {
    writeU16(into, offset + RECORDS, checkUint('records.length', records.length, 16));
    let at = offset + REPORT_V2_LENGTH;
    for (const record of records) at += encodeGroupRecord(record, 16, into, at);
    return length;
  }
  writeU16(into, offset + RESPONSE, checkUint('maxResponse', message.maxResponse ?? 0, 16));
  if (message.group !== undefined) into.set(checkBytes('group', message.group, 16), offset + GROUP);
  if (query) {
    into[offset + QUERY_FLAGS] = checkUint('queryFlags', queryFlags, 8);
    into[offset + QUERY_INTERVAL] = checkUint('queryInterval', message.queryInterval ?? 0, 8);
    writeU16(into, offset + QUERY_SOURCES, checkUint('sources.length', sources.length, 16));
    sources.forEach((source, index) => {
      into.set(checkBytes('sources', source, 16), offset + QUERY_V2_LENGTH + 16 * index);
    });
  }
  return length;
}
