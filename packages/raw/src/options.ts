import { MalformedPacketError } from './errors.ts';
import { checkPlace, lengthOf } from './view.ts';

/** How a list of options is laid out: a byte for the kind, a byte for the length, the data. */
export interface OptionLayout {
  /** What an error calls one. */
  readonly name: string;
  /** The kind that is one byte alone and means nothing; -1 where there is none. */
  readonly pad: number;
  /** The kind that is one byte alone and ends the list; -1 where there is none. */
  readonly end: number;
  /** What the length field counts beside the data: 2 for kind and length themselves, or 0. */
  readonly counts: 0 | 2;
  /** Bytes that one in the length field stands for. */
  readonly unit: 1 | 8;
}

/**
 * Goes through a list of options, one at a time, without allocating: `while (cursor.next()) …`. Padding of one
 * byte is skipped.
 */
export class OptionCursor {
  readonly #layout: OptionLayout;
  #bytes: Uint8Array = new Uint8Array(0);
  #next = 0;
  #end = 0;
  #offset = 0;
  #length = 0;

  constructor(layout: OptionLayout) {
    this.#layout = layout;
  }

  /**
   * Starts before the first option of the list from `offset` to `end` of `bytes`.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  start(bytes: Uint8Array, offset = 0, end: number = lengthOf(bytes)): this {
    checkPlace(this.#layout.name, bytes, offset, end, 0);
    this.#bytes = bytes;
    this.#next = offset;
    this.#end = end;
    this.#offset = offset;
    this.#length = 0;
    return this;
  }

  /**
   * Goes to the next option; false when there is none.
   * @throws MalformedPacketError when its length is impossible or runs past the list's end.
   */
  next(): boolean {
    const { name, pad, end, counts, unit } = this.#layout;
    const bytes = this.#bytes;
    let at = this.#next;
    while (at < this.#end && bytes[at] === pad) at += 1;
    if (at >= this.#end || bytes[at] === end) {
      this.#next = at;
      return false;
    }
    const left = this.#end - at;
    if (left < 2) throw new MalformedPacketError(name, at, '2 bytes or more', left);
    const field = bytes[at + 1]!;
    const length = unit === 8 ? field * 8 : field + 2 - counts;
    if (length < 2)
      throw new MalformedPacketError(name, at + 1, `a length of at least ${unit === 8 ? 1 : 2}`, field);
    if (left < length) throw new MalformedPacketError(name, at, `${length} bytes or more`, left);
    this.#offset = at;
    this.#length = length;
    this.#next = at + length;
    return true;
  }

  /** The option's first byte. */
  get kind(): number {
    return this.#bytes[this.#offset]!;
  }

  /** Where in the bytes the option starts. */
  get offset(): number {
    return this.#offset;
  }

  /** In bytes, kind and length fields included. */
  get length(): number {
    return this.#length;
  }

  /** Where in the bytes its data starts. */
  get dataOffset(): number {
    return this.#offset + 2;
  }

  /** In bytes. */
  get dataLength(): number {
    return this.#length - 2;
  }

  /** What stands behind kind and length: a view, made at each call. */
  get data(): Uint8Array {
    return this.#bytes.subarray(this.dataOffset, this.dataOffset + this.dataLength);
  }

  /** Where the walk stands: behind the option, or at what ended the list. */
  get position(): number {
    return this.#next;
  }
}
