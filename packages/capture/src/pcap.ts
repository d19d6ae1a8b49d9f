import { BIG, type ByteOrder, LITTLE } from './byte-order.ts';
import type { ByteQueue } from './byte-queue.ts';
import { MalformedCaptureError } from './errors.ts';
import {
  type CaptureInterface,
  type CaptureRecord,
  NO_COMMENTS,
  NO_OPTIONS,
  type RecordDecoder,
} from './record.ts';

/** Magic numbers (draft-ietf-opsawg-pcap): time stamps in microseconds, and in nanoseconds. */
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

const FILE_HEADER = 24;
const MAJOR = 4;
const MINOR = 6;
const SNAP_LENGTH = 16;
const LINK_TYPE = 20;

const PACKET_HEADER = 16;
const FRACTION = 4;
const CAPTURED = 8;
const ORIGINAL = 12;

/** The byte order of a file that starts with these four bytes; undefined when it is no pcap file. */
export function pcapOrder(magic: Uint8Array): ByteOrder | undefined {
  const isMagic = (number: number): boolean => number === MICROSECONDS || number === NANOSECONDS;
  return isMagic(BIG.u32(magic, 0)) ? BIG : isMagic(LITTLE.u32(magic, 0)) ? LITTLE : undefined;
}

/** The classic format (draft-ietf-opsawg-pcap). */
export class PcapDecoder implements RecordDecoder {
  readonly #queue: ByteQueue;
  readonly #order: ByteOrder;
  readonly #most: number;
  /** Nanoseconds of one in a packet's fraction; 0 before the file's header. */
  #unit = 0n;
  #interface: CaptureInterface | undefined;
  #announced = false;
  #number = 0;

  constructor(queue: ByteQueue, order: ByteOrder, most: number) {
    this.#queue = queue;
    this.#order = order;
    this.#most = most;
  }

  get wanted(): string {
    return this.#interface === undefined ? 'a file header of 24 bytes' : 'a whole packet';
  }

  next(): CaptureRecord | undefined {
    if (this.#interface === undefined) return this.#header();
    if (this.#announced) return this.#packet(this.#interface);
    this.#announced = true;
    return { kind: 'interface', interface: this.#interface };
  }

  #header(): CaptureRecord | undefined {
    const bytes = this.#queue.peek(FILE_HEADER);
    if (bytes === undefined) return undefined;
    const { u16, u32, bigEndian } = this.#order;
    const major = u16(bytes, MAJOR);
    if (major !== 2) throw new MalformedCaptureError(this.#queue.offset + MAJOR, 'version 2', major);
    const nano = u32(bytes, 0) === NANOSECONDS;
    const link = u32(bytes, LINK_TYPE);
    this.#unit = nano ? 1n : 1000n;
    this.#interface = {
      id: 0,
      linkType: link & 0xffff,
      snapLength: u32(bytes, SNAP_LENGTH),
      resolution: nano ? 1_000_000_000n : 1_000_000n,
      timestampOffset: 0n,
      // Bit 26 says that the upper four are the sequence's length, in 16-bit words.
      fcsLength: (link & 0x0400_0000) !== 0 ? (link >>> 28) * 2 : undefined,
      name: undefined,
      description: undefined,
      filter: undefined,
      hardware: undefined,
      system: undefined,
      options: NO_OPTIONS,
    };
    this.#queue.skip(FILE_HEADER);
    return {
      kind: 'section',
      format: 'pcap',
      bigEndian,
      major,
      minor: u16(bytes, MINOR),
      options: NO_OPTIONS,
    };
  }

  #packet(of: CaptureInterface): CaptureRecord | undefined {
    const header = this.#queue.peek(PACKET_HEADER);
    if (header === undefined) return undefined;
    const { u32 } = this.#order;
    const captured = u32(header, CAPTURED);
    if (captured > this.#most) {
      const expected = `a packet of at most ${this.#most} bytes`;
      throw new MalformedCaptureError(this.#queue.offset + CAPTURED, expected, captured);
    }
    const record = this.#queue.peek(PACKET_HEADER + captured);
    if (record === undefined) return undefined;
    this.#queue.skip(record.length);
    this.#number += 1;
    return {
      kind: 'packet',
      number: this.#number,
      interface: of,
      linkType: of.linkType,
      timestamp: BigInt(u32(record, 0)) * 1_000_000_000n + BigInt(u32(record, FRACTION)) * this.#unit,
      data: record.subarray(PACKET_HEADER),
      wireLength: u32(record, ORIGINAL),
      dropped: undefined,
      flags: undefined,
      comments: NO_COMMENTS,
      options: NO_OPTIONS,
    };
  }
}
