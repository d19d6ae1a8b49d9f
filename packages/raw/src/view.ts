import { checkBytes, checkInteger } from '@sockeye/addr/check';
import { MalformedPacketError } from './errors.ts';

const NOTHING = new Uint8Array(0);

/** The length of `bytes`, for the default of a decoder's `end`. Throws ERR_INVALID_ARG_TYPE. */
export const lengthOf = (bytes: Uint8Array): number => checkBytes('bytes', bytes).length;

/**
 * Refuses what is no place in `bytes`, and a place with fewer than `need` bytes from `offset` to `end`.
 * @throws MalformedPacketError when they are too few, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
 */
export function checkPlace(
  header: string,
  bytes: Uint8Array,
  offset: number,
  end: number,
  need: number,
): void {
  // The quick form of what comes behind it, which has the last word.
  const whole = offset >>> 0 === offset && end >>> 0 === end;
  if (!whole || !(bytes instanceof Uint8Array) || end > bytes.length) {
    const { length } = checkBytes('bytes', bytes);
    checkInteger('offset', offset, 0, Number.MAX_SAFE_INTEGER);
    checkInteger('end', end, 0, length);
  }
  if (end - offset < need) {
    throw new MalformedPacketError(header, offset, `${need} bytes or more`, Math.max(0, end - offset));
  }
}

/**
 * Where a header was found good. It is an object of its own, the same for all views, so that reading a field of a view stays
 * quick in a program that uses views of many kinds.
 */
export class Place {
  bytes: Uint8Array = NOTHING;
  offset = 0;
  payloadOffset = 0;
  payloadEnd = 0;
  truncated = false;

  /** `claimedEnd` is where the packet's own lengths say that it ends; `end` where the bytes do. */
  set(bytes: Uint8Array, offset: number, headerLength: number, claimedEnd: number, end: number): void {
    this.bytes = bytes;
    this.offset = offset;
    this.payloadOffset = offset + headerLength;
    this.payloadEnd = claimedEnd > end ? end : claimedEnd;
    this.truncated = claimedEnd > end;
  }
}

/**
 * A header in a packet: one object, made once, that is laid over packet after packet without allocating. Its
 * fields are read from the bytes when they are asked for, so they change with them; addresses and `payload`
 * are views, made when they are asked for. What `decode` refuses leaves the view where it was.
 */
export abstract class HeaderView {
  /** The protocol, as `Dissection` and `dissect` name it. */
  abstract readonly kind: string;
  protected readonly place: Place = new Place();

  /**
   * Lays the view over the header at `offset` of `bytes`, of which no byte at `end` or behind it is looked at.
   * @throws MalformedPacketError when the bytes are no such header, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE.
   */
  abstract decode(bytes: Uint8Array, offset?: number, end?: number): this;

  /** The bytes that were given to `decode`. */
  get bytes(): Uint8Array {
    return this.place.bytes;
  }

  /** Where in {@link bytes} the header starts. */
  get offset(): number {
    return this.place.offset;
  }

  /** In bytes, with options and extensions. */
  get headerLength(): number {
    return this.place.payloadOffset - this.place.offset;
  }

  /** Where in {@link bytes} the payload starts. */
  get payloadOffset(): number {
    return this.place.payloadOffset;
  }

  /** Where in {@link bytes} the payload ends, as the header's lengths say, or the bytes do before that. */
  get payloadEnd(): number {
    return this.place.payloadEnd;
  }

  /** What the header carries: a view, made at each call. */
  get payload(): Uint8Array {
    const { bytes, payloadOffset, payloadEnd } = this.place;
    return bytes.subarray(payloadOffset, payloadEnd);
  }

  /** Whether the bytes end before the packet does. */
  get truncated(): boolean {
    return this.place.truncated;
  }
}
