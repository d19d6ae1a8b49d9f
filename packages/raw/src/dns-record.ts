import { checkBytes, checkRoom, checkUint, wrongValue } from '@sockeye/addr/check';
import { type DnsCursor, dnsNameLength, writeDnsName } from './dns.ts';
import { MalformedPacketError } from './errors.ts';
import { readU16, readU32, writeU16, writeU32 } from './network-order.ts';

/** Record types that {@link decodeDnsRecord} knows (RFC 1035, 3596, 2782, 6891; IANA, "Resource Record TYPEs"). */
export const dnsTypes: {
  readonly A: 1;
  readonly NS: 2;
  readonly CNAME: 5;
  readonly SOA: 6;
  readonly PTR: 12;
  readonly MX: 15;
  readonly TXT: 16;
  readonly AAAA: 28;
  readonly SRV: 33;
  readonly OPT: 41;
} = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 };

/** A record's data, by what it holds, and as bytes where the type is another. Names are text as in `readDnsName`. */
export type DnsData =
  /** A (4 bytes), AAAA (16). */
  | { readonly holds: 'address'; readonly address: Uint8Array }
  /** NS, CNAME, PTR. */
  | { readonly holds: 'name'; readonly name: string }
  | { readonly holds: 'exchange'; readonly preference: number; readonly exchange: string }
  | { readonly holds: 'text'; readonly strings: readonly Uint8Array[] }
  | {
      readonly holds: 'service';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly holds: 'authority';
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      /** Seconds, as all the following. */
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    }
  | {
      readonly holds: 'options';
      readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
    }
  | { readonly holds: 'bytes'; readonly data: Uint8Array };

/** A record: what `DnsCursor` stands on. */
export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  /** OPT: the sender's room for a UDP message, in bytes. */
  readonly class: number;
  /** Seconds. OPT: extended response code, version and flags (RFC 6891, section 6.1.3). */
  readonly timeToLive: number;
  readonly data: DnsData;
}

/**
 * The record that the cursor stands on, as a value; bytes in it are views.
 * @throws MalformedPacketError when its data is not what its type has.
 */
export function decodeDnsRecord(cursor: DnsCursor): DnsRecord {
  const { name, type, class: of, timeToLive } = cursor;
  return { name, type, class: of, timeToLive, data: decodeData(cursor) };
}

function decodeData(cursor: DnsCursor): DnsData {
  const { data, dataOffset: at } = cursor;
  const need = (length: number, from = 0, what = 'record'): void => {
    const left = data.length - from;
    if (left < length)
      throw new MalformedPacketError(`DNS ${what}`, at + from, `${length} bytes or more`, left);
  };
  const exactly = (end: number): void => {
    if (end !== cursor.dataEnd)
      throw new MalformedPacketError('DNS record', end, 'the end of its data', cursor.dataEnd - end);
  };
  switch (cursor.type) {
    case dnsTypes.A:
    case dnsTypes.AAAA: {
      exactly(at + (cursor.type === dnsTypes.A ? 4 : 16));
      return { holds: 'address', address: data };
    }
    case dnsTypes.NS:
    case dnsTypes.CNAME:
    case dnsTypes.PTR:
      exactly(cursor.nameEnd(at));
      return { holds: 'name', name: cursor.nameAt(at) };
    case dnsTypes.MX:
      need(3);
      exactly(cursor.nameEnd(at + 2));
      return { holds: 'exchange', preference: readU16(data, 0), exchange: cursor.nameAt(at + 2) };
    case dnsTypes.SRV:
      need(7);
      exactly(cursor.nameEnd(at + 6));
      return {
        holds: 'service',
        priority: readU16(data, 0),
        weight: readU16(data, 2),
        port: readU16(data, 4),
        target: cursor.nameAt(at + 6),
      };
    case dnsTypes.SOA: {
      const second = cursor.nameEnd(at);
      const rest = cursor.nameEnd(second) - at;
      exactly(at + rest + 20);
      return {
        holds: 'authority',
        primary: cursor.nameAt(at),
        mailbox: cursor.nameAt(second),
        serial: readU32(data, rest),
        refresh: readU32(data, rest + 4),
        retry: readU32(data, rest + 8),
        expire: readU32(data, rest + 12),
        minimum: readU32(data, rest + 16),
      };
    }
    case dnsTypes.TXT: {
      const strings: Uint8Array[] = [];
      for (let next = 0; next < data.length; ) {
        const end = next + 1 + data[next]!;
        need(end - next, next, 'text');
        strings.push(data.subarray(next + 1, end));
        next = end;
      }
      return { holds: 'text', strings };
    }
    case dnsTypes.OPT: {
      const options: { code: number; data: Uint8Array }[] = [];
      for (let next = 0; next < data.length; ) {
        need(4, next, 'option');
        const end = next + 4 + readU16(data, next + 2);
        need(end - next, next, 'option');
        options.push({ code: readU16(data, next), data: data.subarray(next + 4, end) });
        next = end;
      }
      return { holds: 'options', options };
    }
    default:
      return { holds: 'bytes', data };
  }
}

/**
 * Writes a question into `into` at `offset`; the class is 1 (IN) when it is left out. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the question does not fit, ERR_INVALID_ARG_VALUE for a name that is none.
 */
export function encodeDnsQuestion(
  question: { readonly name: string; readonly type: number; readonly class?: number | undefined },
  into: Uint8Array,
  offset = 0,
): number {
  const length = dnsNameLength(question.name);
  checkRoom('into', into, offset, length + 4);
  writeDnsName(question.name, into, offset);
  writeU16(into, offset + length, checkUint('type', question.type, 16));
  writeU16(into, offset + length + 2, checkUint('class', question.class ?? 1, 16));
  return length + 4;
}

/**
 * Writes a record, its names uncompressed, into `into` at `offset`. Returns the bytes written.
 * @throws ERR_OUT_OF_RANGE when a field or the record does not fit, ERR_INVALID_ARG_VALUE for a name that is none, an
 * address of another length, a text above 255 bytes, data of another type.
 */
export function encodeDnsRecord(record: DnsRecord, into: Uint8Array, offset = 0): number {
  const length = dnsNameLength(record.name);
  const size = dataLength(record.data);
  checkRoom('into', into, offset, length + 10 + size);
  writeDnsName(record.name, into, offset);
  const at = offset + length;
  writeU16(into, at, checkUint('type', record.type, 16));
  writeU16(into, at + 2, checkUint('class', record.class, 16));
  writeU32(into, at + 4, checkUint('timeToLive', record.timeToLive, 32));
  writeU16(into, at + 8, checkUint('data.length', size, 16));
  encodeData(record, into, at + 10);
  return length + 10 + size;
}

function dataLength(data: DnsData): number {
  switch (data.holds) {
    case 'address':
      return checkBytes('data.address', data.address).length;
    case 'name':
      return dnsNameLength(data.name);
    case 'exchange':
      return 2 + dnsNameLength(data.exchange);
    case 'service':
      return 6 + dnsNameLength(data.target);
    case 'authority':
      return dnsNameLength(data.primary) + dnsNameLength(data.mailbox) + 20;
    case 'text':
      return data.strings.reduce((sum, text) => sum + 1 + checkBytes('data.strings', text).length, 0);
    case 'options':
      return data.options.reduce((sum, option) => sum + 4 + checkBytes('option.data', option.data).length, 0);
    case 'bytes':
      return checkBytes('data.data', data.data).length;
  }
}

function encodeData({ type, data }: DnsRecord, into: Uint8Array, offset: number): void {
  let at = offset;
  const u16 = (name: string, value: number): void => {
    writeU16(into, at, checkUint(name, value, 16));
    at += 2;
  };
  const u32 = (name: string, value: number): void => {
    writeU32(into, at, checkUint(name, value, 32));
    at += 4;
  };
  const bytes = (value: Uint8Array): void => {
    into.set(value, at);
    at += value.length;
  };
  const name = (value: string): void => {
    at += writeDnsName(value, into, at);
  };
  switch (data.holds) {
    case 'address':
      checkBytes('data.address', data.address, type === dnsTypes.A ? 4 : 16);
      bytes(data.address);
      break;
    case 'name':
      name(data.name);
      break;
    case 'exchange':
      u16('data.preference', data.preference);
      name(data.exchange);
      break;
    case 'service':
      u16('data.priority', data.priority);
      u16('data.weight', data.weight);
      u16('data.port', data.port);
      name(data.target);
      break;
    case 'authority':
      name(data.primary);
      name(data.mailbox);
      u32('data.serial', data.serial);
      u32('data.refresh', data.refresh);
      u32('data.retry', data.retry);
      u32('data.expire', data.expire);
      u32('data.minimum', data.minimum);
      break;
    case 'text':
      for (const text of data.strings) {
        if (text.length > 255) throw wrongValue('data.strings', 'at most 255 bytes each', text);
        into[at] = text.length;
        at += 1;
        bytes(text);
      }
      return;
    case 'options':
      for (const option of data.options) {
        u16('option.code', option.code);
        u16('option.data.length', option.data.length);
        bytes(option.data);
      }
      break;
    case 'bytes':
      bytes(data.data);
      break;
  }
}
