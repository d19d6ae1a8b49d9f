import { BIG, type ByteOrder, LITTLE } from './byte-order.ts';
import type { ByteQueue } from './byte-queue.ts';
import { MalformedCaptureError } from './errors.ts';
import { commentsOf, interfaceOptions, readOptions, u32Option, u64Option } from './pcapng-options.ts';
import type { CaptureInterface, CaptureOption, CaptureRecord, RecordDecoder } from './record.ts';

/** Block types (draft-ietf-opsawg-pcapng, section 11.1). */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type and length. */
const HEAD = 8;
/** Type and both lengths. */
const LEAST = 12;

const EPB_FLAGS = 2;
const EPB_DROPCOUNT = 4;
/** The obsolete packet block's option has the same number and meaning. */
const PACK_FLAGS = EPB_FLAGS;

/** Bytes of each block that stand before its data or its options, type and length included. */
const FIXED = { section: 24, interface: 16, packet: 28, simple: 12, enhanced: 28 } as const;

/** Whether a file that starts with these four bytes is pcapng. */
export const isPcapng = (magic: Uint8Array): boolean => BIG.u32(magic, 0) === SECTION;

const padded = (length: number): number => Math.ceil(length / 4) * 4;

/** The newer format (draft-ietf-opsawg-pcapng). */
export class PcapngDecoder implements RecordDecoder {
  readonly wanted = 'a whole block';
  readonly #queue: ByteQueue;
  readonly #most: number;
  #order: ByteOrder = LITTLE;
  #interfaces: CaptureInterface[] = [];
  #number = 0;

  constructor(queue: ByteQueue, most: number) {
    this.#queue = queue;
    this.#most = most;
  }

  next(): CaptureRecord | undefined {
    const head = this.#queue.peek(LEAST);
    if (head === undefined) return undefined;
    const { offset } = this.#queue;
    const section = BIG.u32(head, 0) === SECTION;
    // A section says itself in which order it is, behind its length.
    if (section) this.#order = this.#sectionOrder(head, offset);
    const length = this.#order.u32(head, 4);
    if (length < LEAST || length % 4 !== 0 || length > this.#most) {
      const expected = `a block length from ${LEAST} to ${this.#most} that is a multiple of 4`;
      throw new MalformedCaptureError(offset + 4, expected, length);
    }
    const block = this.#queue.peek(length);
    if (block === undefined) return undefined;
    const again = this.#order.u32(block, length - 4);
    if (again !== length)
      throw new MalformedCaptureError(offset + length - 4, `the block's length, ${length}`, again);
    const record = section ? this.#section(block, offset) : this.#block(block, offset);
    this.#queue.skip(length);
    return record;
  }

  #sectionOrder(head: Uint8Array, offset: number): ByteOrder {
    if (BIG.u32(head, HEAD) === BYTE_ORDER_MAGIC) return BIG;
    if (LITTLE.u32(head, HEAD) === BYTE_ORDER_MAGIC) return LITTLE;
    const got = `0x${BIG.u32(head, HEAD).toString(16)}`;
    throw new MalformedCaptureError(offset + HEAD, 'the byte-order magic 0x1a2b3c4d', got);
  }

  #section(block: Uint8Array, offset: number): CaptureRecord {
    const end = this.#end(block, FIXED.section, offset);
    const { u16, bigEndian } = this.#order;
    const major = u16(block, 12);
    if (major !== 1) throw new MalformedCaptureError(offset + 12, 'version 1', major);
    this.#interfaces = [];
    const options = readOptions(block, FIXED.section, end, this.#order, offset);
    return { kind: 'section', format: 'pcapng', bigEndian, major, minor: u16(block, 14), options };
  }

  #block(block: Uint8Array, offset: number): CaptureRecord {
    const { u16, u32, bigEndian } = this.#order;
    const type = u32(block, 0);
    switch (type) {
      case INTERFACE: {
        const end = this.#end(block, FIXED.interface, offset);
        const options = readOptions(block, FIXED.interface, end, this.#order, offset);
        const described: CaptureInterface = {
          id: this.#interfaces.length,
          linkType: u16(block, 8),
          snapLength: u32(block, 12),
          ...interfaceOptions(options, this.#order),
        };
        this.#interfaces.push(described);
        return { kind: 'interface', interface: described };
      }
      case ENHANCED_PACKET:
        return this.#enhanced(block, offset, u32(block, HEAD), undefined);
      case PACKET:
        return this.#enhanced(block, offset, u16(block, HEAD), u16(block, HEAD + 2));
      case SIMPLE_PACKET:
        return this.#simple(block, offset);
      default:
        return { kind: 'block', type, bigEndian, body: block.subarray(HEAD, block.length - 4) };
    }
  }

  /** Where a block's body ends, when it has the bytes that its type needs. */
  #end(block: Uint8Array, fixed: number, offset: number): number {
    const end = block.length - 4;
    if (end < fixed)
      throw new MalformedCaptureError(offset + 4, `a block length of at least ${fixed + 4}`, block.length);
    return end;
  }

  #interface(id: number, offset: number): CaptureInterface {
    const found = this.#interfaces[id];
    if (found !== undefined) return found;
    const described = `an interface that was described, 0 to ${this.#interfaces.length - 1}`;
    throw new MalformedCaptureError(
      offset + HEAD,
      this.#interfaces.length > 0 ? described : 'behind an interface',
      id,
    );
  }

  /** An enhanced packet block, or the obsolete packet block, which counts drops beside its interface. */
  #enhanced(block: Uint8Array, offset: number, id: number, drops: number | undefined): CaptureRecord {
    const end = this.#end(block, FIXED.enhanced, offset);
    const order = this.#order;
    const { u32 } = order;
    const of = this.#interface(id, offset);
    const captured = u32(block, 20);
    const start = FIXED.enhanced;
    if (captured > end - start) {
      throw new MalformedCaptureError(
        offset + 20,
        `a packet within its block, of at most ${end - start} bytes`,
        captured,
      );
    }
    const options = readOptions(block, start + padded(captured), end, order, offset);
    const known = drops === undefined || drops === 0xffff ? undefined : drops;
    const dropped = drops === undefined ? u64Option(options, EPB_DROPCOUNT, order) : known;
    const data = block.subarray(start, start + captured);
    const timestamp = nanoseconds(u32(block, 12), u32(block, 16), of);
    const flags = u32Option(options, PACK_FLAGS, order);
    return this.#packet(of, data, u32(block, 24), timestamp, dropped, flags, options);
  }

  #simple(block: Uint8Array, offset: number): CaptureRecord {
    const end = this.#end(block, FIXED.simple, offset);
    const of = this.#interface(0, offset);
    const wireLength = this.#order.u32(block, HEAD);
    const captured = of.snapLength === 0 ? wireLength : Math.min(wireLength, of.snapLength);
    if (captured > end - FIXED.simple) {
      const expected = `a packet within its block, of at most ${end - FIXED.simple} bytes`;
      throw new MalformedCaptureError(offset + HEAD, expected, captured);
    }
    const data = block.subarray(FIXED.simple, FIXED.simple + captured);
    return this.#packet(of, data, wireLength, undefined, undefined, undefined, []);
  }

  #packet(
    of: CaptureInterface,
    data: Uint8Array,
    wireLength: number,
    timestamp: bigint | undefined,
    dropped: number | bigint | undefined,
    flags: number | undefined,
    options: readonly CaptureOption[],
  ): CaptureRecord {
    this.#number += 1;
    const { linkType } = of;
    const comments = commentsOf(options);
    return {
      kind: 'packet',
      number: this.#number,
      interface: of,
      linkType,
      timestamp,
      data,
      wireLength,
      dropped,
      flags,
      comments,
      options,
    };
  }
}

function nanoseconds(high: number, low: number, { resolution, timestampOffset }: CaptureInterface): bigint {
  const units = (BigInt(high) << 32n) | BigInt(low);
  return (units * 1_000_000_000n) / resolution + timestampOffset * 1_000_000_000n;
}
