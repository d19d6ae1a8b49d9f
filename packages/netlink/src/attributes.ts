/** Attributes (struct nlattr, linux/netlink.h): a length, a type, data, padded to 4 bytes; nested ones are attributes again. */
import { checkBytes, checkInteger, checkUint, outOfRange, wrongType } from '@sockeye/addr/check';
import { MalformedNetlinkError } from './errors.ts';
import { bytesOf, LITTLE, textOf, viewOf } from './host.ts';

/** sizeof(struct nlattr), which is padded already. */
export const NLA_HDRLEN = 4;
/** The attribute holds attributes. */
export const NLA_F_NESTED = 0x8000;
/** The attribute's number is in network order. */
export const NLA_F_NET_BYTEORDER = 0x4000;
/** What remains of a type without those two. */
export const NLA_TYPE_MASK = 0x3fff;

/** The next multiple of 4: NLA_ALIGN, NLMSG_ALIGN. */
export const align = (length: number): number => (length + 3) & ~3;

/** One attribute of a message. */
export interface Attribute {
  /** Without its flags. */
  readonly type: number;
  readonly nested: boolean;
  readonly networkOrder: boolean;
  /** A view of the message's bytes. */
  readonly data: Uint8Array;
  /** Where its data begin in the bytes that were decoded. */
  readonly offset: number;
}

/**
 * Attributes one after another, by type. A type that is not there is undefined, one that is too short for what is asked for
 * throws MalformedNetlinkError; of several with one type the last one counts, as to the kernel. Newer kernels send longer
 * structures: what is behind the known part is passed over.
 */
export class Attributes implements Iterable<Attribute> {
  readonly #all: Attribute[] = [];
  readonly #last: Map<number, Attribute> = new Map();

  /**
   * @param bytes with attributes from `start` on, to `end`
   * @throws MalformedNetlinkError for a length that is shorter than its header or leads outside; fewer than 4 bytes behind the
   * last one are padding, as to the kernel
   */
  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    checkBytes('bytes', bytes);
    checkInteger('end', end, 0, bytes.length);
    checkInteger('start', start, 0, end);
    const view = viewOf(bytes);
    for (let at = start; end - at >= NLA_HDRLEN; ) {
      const length = view.getUint16(at, LITTLE);
      if (length < NLA_HDRLEN || length > end - at) {
        throw new MalformedNetlinkError('attribute', at, `a length from 4 to ${end - at}`, length);
      }
      const word = view.getUint16(at + 2, LITTLE);
      const attribute: Attribute = {
        type: word & NLA_TYPE_MASK,
        nested: (word & NLA_F_NESTED) !== 0,
        networkOrder: (word & NLA_F_NET_BYTEORDER) !== 0,
        data: bytes.subarray(at + NLA_HDRLEN, at + length),
        offset: at + NLA_HDRLEN,
      };
      this.#all.push(attribute);
      this.#last.set(attribute.type, attribute);
      at += align(length);
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#all.length;
  }

  [Symbol.iterator](): IterableIterator<Attribute> {
    return this.#all[Symbol.iterator]();
  }

  /** Whether there is one. */
  has(type: number): boolean {
    return this.#last.has(type);
  }

  /** The data, a view. */
  bytes(type: number, least: number = 0): Uint8Array | undefined {
    const attribute = this.#last.get(type);
    if (attribute === undefined) return undefined;
    const { data, offset } = attribute;
    if (data.length < least) {
      throw new MalformedNetlinkError('attribute', offset, `${least} bytes`, data.length);
    }
    return data;
  }

  #view(type: number, least: number): DataView | undefined {
    const data = this.bytes(type, least);
    return data === undefined ? undefined : viewOf(data);
  }

  /** The number of 8 bits. */
  u8(type: number): number | undefined {
    return this.bytes(type, 1)?.[0];
  }

  /** The number of 16 bits, in the machine's order, as the following. */
  u16(type: number): number | undefined {
    return this.#view(type, 2)?.getUint16(0, LITTLE);
  }

  /** The number of 32 bits. */
  u32(type: number): number | undefined {
    return this.#view(type, 4)?.getUint32(0, LITTLE);
  }

  /** The number of 32 bits, signed. */
  s32(type: number): number | undefined {
    return this.#view(type, 4)?.getInt32(0, LITTLE);
  }

  /** The number of 64 bits. */
  u64(type: number): bigint | undefined {
    return this.#view(type, 8)?.getBigUint64(0, LITTLE);
  }

  /** Text up to its NUL, or to the end where there is none. */
  text(type: number): string | undefined {
    const data = this.bytes(type);
    return data === undefined ? undefined : textOf(data);
  }

  /** What it holds, whether it says that it is nested or not: older kernels and rtnetlink leave the flag out. */
  nested(type: number): Attributes | undefined {
    const data = this.bytes(type);
    return data === undefined ? undefined : new Attributes(data);
  }
}

/** The longest data that an attribute has, its length being 16 bits. */
const LONGEST = 0xffff - NLA_HDRLEN;

/** Writes a message's body: structures first, then attributes. It grows; `bytes()` is what was written. */
export class AttributeWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  #room(length: number): number {
    const at = this.#length;
    const need = at + align(length);
    if (need > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(need, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = need;
    return at;
  }

  /** A structure, without a header; padded to 4 bytes. */
  struct(bytes: Uint8Array): this {
    checkBytes('bytes', bytes);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Attribute with these bytes. Throws ERR_OUT_OF_RANGE for more than 65,531. */
  data(type: number, data: Uint8Array): this {
    checkBytes('data', data);
    checkInteger('data.length', data.length, 0, LONGEST);
    this.#header(type, data.length);
    this.struct(data);
    return this;
  }

  #header(type: number, length: number): number {
    checkUint('type', type, 16);
    const at = this.#room(NLA_HDRLEN);
    const view = viewOf(this.#bytes);
    view.setUint16(at, NLA_HDRLEN + length, LITTLE);
    view.setUint16(at + 2, type, LITTLE);
    return at;
  }

  /** An attribute whose being there says it all (NLA_FLAG). */
  flag(type: number): this {
    return this.data(type, new Uint8Array(0));
  }

  /** A number of 8 bits. Throws ERR_OUT_OF_RANGE, as the following. */
  u8(type: number, value: number): this {
    return this.data(type, Uint8Array.of(checkUint('value', value, 8)));
  }

  /** A number of 16 bits. */
  u16(type: number, value: number): this {
    return this.data(type, new Uint8Array(Uint16Array.of(checkUint('value', value, 16)).buffer));
  }

  /** A number of 32 bits. */
  u32(type: number, value: number): this {
    return this.data(type, new Uint8Array(Uint32Array.of(checkUint('value', value, 32)).buffer));
  }

  /** A number of 32 bits, signed. */
  s32(type: number, value: number): this {
    checkInteger('value', value, -0x80000000, 0x7fffffff);
    return this.data(type, new Uint8Array(Int32Array.of(value).buffer));
  }

  /** A number of 64 bits. */
  u64(type: number, value: bigint): this {
    if (typeof value !== 'bigint') throw wrongType('value', 'a bigint', value);
    if (value !== BigInt.asUintN(64, value)) throw outOfRange('value', 'a bigint from 0 to 2^64 - 1', value);
    return this.data(type, new Uint8Array(BigUint64Array.of(value).buffer));
  }

  /** Text with its NUL. */
  text(type: number, text: string): this {
    return this.data(type, bytesOf(`${text}\0`));
  }

  /** An attribute of attributes, which `fill` writes. Throws ERR_OUT_OF_RANGE when they are more than 65,531 bytes. */
  nest(type: number, fill: (inside: this) => void): this {
    const at = this.#header(type | NLA_F_NESTED, 0);
    fill(this);
    const length = checkInteger('nested.length', this.#length - at, NLA_HDRLEN, 0xffff);
    viewOf(this.#bytes).setUint16(at, length, LITTLE);
    return this;
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
