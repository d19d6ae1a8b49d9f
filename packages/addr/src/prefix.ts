/** Address prefixes, `10.0.0.0/8` and `2001:db8::/32`: RFC 4632, RFC 4291 section 2.3. */
import { checkBytes, checkInteger, checkObject, checkString, wrongType, wrongValue } from './check.ts';
import { hex } from './digits.ts';
import { formatIP, type IPAddress, readIP, scanIP, scratch } from './ip-address.ts';
import { scanIPv4 } from './ipv4.ts';
import { ends, failAt, readDecimal } from './text.ts';

export interface PrefixOptions {
  /** Clear the bits behind the prefix, in place of refusing an address that has some set: `10.1.2.3/8` is `10.0.0.0/8`. */
  readonly clear?: boolean | undefined;
}

/** All addresses with the same first `length` bits. IPv4 and IPv6 never match one another, IPv4-mapped included. Immutable: leave `bytes` alone. */
export class Prefix {
  /** 4 or 16 bytes, network order; all bits behind the prefix are 0. */
  readonly bytes: Uint8Array;
  /** Bits of the prefix: 0 to 32, or to 128. */
  readonly length: number;

  /** Takes `bytes` over; use {@link prefix} to make one of anything else. Throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE. */
  constructor(bytes: Uint8Array, length: number) {
    const bits = readIP('bytes', checkBytes('bytes', bytes), scratch) * 8;
    this.bytes = bytes;
    this.length = checkInteger('length', length, 0, bits);
    if (clearFrom(scratch, length, bits))
      throw wrongValue('bytes', `zero behind the first ${length} bits`, formatIP(bytes));
  }

  /** Bits of an address: 32 or 128. */
  get bits(): number {
    return this.bytes.length * 8;
  }

  /** How many addresses it has. */
  get size(): bigint {
    return 1n << BigInt(this.bits - this.length);
  }

  /** Its last address, which for IPv4 is the broadcast address; the first is `bytes`. A copy. */
  last(): Uint8Array {
    return this.hostmask().map((byte, i) => byte | this.bytes[i]!);
  }

  /** `255.255.255.0` for a `/24`. */
  netmask(): Uint8Array {
    return netmask(this.length, this.bits);
  }

  /** The netmask's complement: `0.0.0.255` for a `/24`. */
  hostmask(): Uint8Array {
    return this.netmask().map((byte) => ~byte);
  }

  /**
   * Is the address, or all of the other prefix, in this one? A zone is passed over; an address of the other IP version
   * is not in it. Throws ParseError, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
   */
  contains(address: IPAddress | Prefix): boolean {
    const other = isPrefix(address);
    const size = other ? address.bytes.length : readIP('address', address, scratch);
    return (
      size === this.bytes.length &&
      (!other || address.length >= this.length) &&
      sharedBits(other ? address.bytes : scratch, this.bytes) >= this.length
    );
  }

  /** Have the two an address in common? Then one contains the other. */
  overlaps(other: Prefix): boolean {
    return this.contains(checkPrefix('other', other)) || other.contains(this);
  }

  /** Is it the same prefix? */
  equals(other: Prefix): boolean {
    return this.length === checkPrefix('other', other).length && this.contains(other);
  }

  /** For `Array.sort`: IPv4 before IPv6, then by address, then the shorter first: what contains others stands before them. */
  compare(other: Prefix): number {
    const { bytes, length } = checkPrefix('other', other);
    // Where they part; there is no byte, and no difference, where they do not.
    const at = sharedBits(bytes, this.bytes) >> 3;
    return this.bytes.length - bytes.length || this.bytes[at]! - bytes[at]! || this.length - length;
  }

  /** The prefix of `length` bits, one fewer unless it is said, that contains this. Throws ERR_OUT_OF_RANGE; `/0` has none. */
  supernet(length: number = this.length - 1): Prefix {
    checkInteger('length', length, 0, this.length);
    const bytes = this.bytes.slice();
    clearFrom(bytes, length, this.bits);
    return new Prefix(bytes, length);
  }

  /**
   * Its prefixes of `length` bits, one more unless it is said, in order; made one by one as they are asked for, since there may be
   * 2^128 of them. Throws ERR_OUT_OF_RANGE at once; a host prefix has none.
   */
  split(length: number = this.length + 1): IterableIterator<Prefix> {
    checkInteger('length', length, this.length, this.bits);
    return parts(this.bytes, this.last(), length);
  }

  /** Its addresses in order, each a copy, from `bytes` to `last()`; made one by one as they are asked for. */
  addresses(): IterableIterator<Uint8Array> {
    return count(this.bytes, this.last(), this.bits);
  }

  /**
   * The addresses that hosts may have, in order: without the network and broadcast address of IPv4 (RFC 1122; a `/31` has two
   * hosts, RFC 3021) and without the subnet-router anycast address of IPv6 (RFC 4291 section 2.6.1; a `/127` has two, RFC 6164).
   */
  hosts(): IterableIterator<Uint8Array> {
    const first = this.bytes.slice();
    const last = this.last();
    if (this.bits - this.length > 1) {
      first[first.length - 1]! |= 1;
      if (first.length === 4) last[3]! &= 254;
    }
    return count(first, last, this.bits);
  }

  /** What is left of it without `other`: the fewest prefixes, in order. */
  subtract(other: Prefix): Prefix[] {
    if (!this.overlaps(other)) return [this];
    const size = this.bytes.length;
    return [
      ...cover(toNumber(this.bytes), toNumber(other.bytes) - 1n, size),
      ...cover(toNumber(other.last()) + 1n, toNumber(this.last()), size),
    ];
  }

  /** As `prefix` reads it. */
  toString(): string {
    return `${formatIP(this.bytes)}/${this.length}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * A prefix from text, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32`, or from an address and the bits of the prefix.
 * Bits set behind the prefix are refused, unless the options say to clear them.
 *
 * Throws ParseError, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE.
 */
export function prefix(text: string, options?: PrefixOptions): Prefix;
export function prefix(address: IPAddress, length: number, options?: PrefixOptions): Prefix;
export function prefix(address: IPAddress, length?: number | PrefixOptions, options?: PrefixOptions): Prefix {
  if (typeof length !== 'number') return parsePrefix('text', checkString('text', address), length);
  const bytes = new Uint8Array(16);
  const bits = readIP('address', address, bytes) * 8;
  checkInteger('length', length, 0, bits);
  if (clearFrom(bytes, length, bits) && !clears(options)) {
    throw wrongValue('address', `zero behind the first ${length} bits`, textOf(address));
  }
  return new Prefix(bytes.slice(0, bits / 8), length);
}

/** Reads a prefix; `argument` is the text's name in errors. */
export function parsePrefix(argument: string, text: string, options?: PrefixOptions): Prefix {
  const clear = clears(options);
  const end = ends(text, '/', 0);
  const bytes = new Uint8Array(16);
  const bits = scanIP(argument, text, end, bytes) * 8;
  const fail = failAt(argument, text);
  const zone = text.lastIndexOf('%', end);
  if (zone >= 0) fail("'/' (a prefix has no zone)", zone);
  if (end === text.length) fail("'/' and the length of the prefix", end);
  let length: number;
  if (bits === 32 && text.includes('.', end)) {
    scanIPv4(argument, text, end + 1, text.length, scratch, 0);
    length = ones(4);
    if (length < 0) fail('a netmask: ones and then zeros', end + 1);
  } else {
    const digits = text.slice(end + 1);
    length = readDecimal(digits, failAt(argument, text, end + 1), bits, 'the length of the prefix');
  }
  if (clearFrom(bytes, length, bits) && !clear) {
    fail(`an address that is zero behind its first ${length} bits`, 0);
  }
  return new Prefix(bytes.slice(0, bits / 8), length);
}

/** A prefix as it is, or read from text. */
export function toPrefix(argument: string, value: Prefix | string): Prefix {
  return typeof value === 'string' ? parsePrefix(argument, value) : checkPrefix(argument, value);
}

function checkPrefix(argument: string, value: unknown): Prefix {
  if (!isPrefix(value)) throw wrongType(argument, 'a Prefix', value);
  return value;
}

/** `instanceof` would refuse those of this package's other copy, of which there is one as an ES module and one as CommonJS. */
function isPrefix(value: unknown): value is Prefix {
  return typeof value === 'object' && value !== null && 'bytes' in value && 'hostmask' in value;
}

function clears(options: PrefixOptions | undefined): boolean {
  if (options !== undefined) checkObject('options', options);
  return options?.clear === true;
}

/** The netmask of a prefix of `length` bits in an address of `bits`, 32 unless it is said. Throws ERR_OUT_OF_RANGE. */
export function netmask(length: number, bits: number = 32): Uint8Array {
  if (bits !== 32) checkInteger('bits', bits, 128, 128);
  checkInteger('length', length, 0, bits);
  const mask = new Uint8Array(bits / 8).fill(255);
  clearFrom(mask, length, bits);
  return mask;
}

/** The length of the prefix that a netmask stands for. Throws ParseError, ERR_INVALID_ARG_VALUE for ones behind a zero. */
export function netmaskLength(mask: IPAddress): number {
  const length = ones(readIP('mask', mask, scratch));
  if (length < 0) throw wrongValue('mask', 'ones and then zeros', textOf(mask));
  return length;
}

const textOf = (address: IPAddress): string => (typeof address === 'string' ? address : formatIP(address));

const ONES: Uint8Array = /* @__PURE__ */ new Uint8Array(16).fill(255);

/** How many bits are set of the netmask in `scratch`, -1 if one is behind a bit that is not. */
function ones(size: number): number {
  const length = sharedBits(ONES, scratch.subarray(0, size));
  return clearFrom(scratch, length, size * 8) ? -1 : length;
}

/**
 * The fewest prefixes that have exactly the addresses of the given ones, in order: what is inside of another goes, and
 * two halves become one. Text is read as `prefix` reads it.
 */
export function summarize(prefixes: Iterable<Prefix | string>): Prefix[] {
  const sorted = Array.from(prefixes, (each) => toPrefix('prefixes', each)).sort((a, b) => a.compare(b));
  const out: Prefix[] = [];
  for (let next of sorted) {
    let top = out.at(-1);
    if (top?.contains(next)) continue;
    while (top && next.length > 0 && top.length === next.length && top.supernet().contains(next)) {
      out.pop();
      next = next.supernet();
      top = out.at(-1);
    }
    out.push(next);
  }
  return out;
}

/** The fewest prefixes that have exactly the addresses from `first` to `last`, in order. Throws ParseError, ERR_OUT_OF_RANGE. */
export function summarizeRange(first: IPAddress, last: IPAddress): Prefix[] {
  const size = readIP('first', first, scratch);
  const at = toNumber(scratch.subarray(0, size));
  const same = readIP('last', last, scratch) === size;
  const end = toNumber(scratch.subarray(0, size));
  if (!same || end < at) {
    throw wrongValue('last', 'an address of the same IP version, first or behind it', textOf(last));
  }
  return [...cover(at, end, size)];
}

/** The fewest prefixes from the first to the last number of an address of `size` bytes; none if the last is before the first. */
function* cover(first: bigint, last: bigint, size: number): IterableIterator<Prefix> {
  for (let at = first; at <= last; ) {
    let host = 0n;
    while (host < size * 8 && (at & (1n << host)) === 0n && at + (2n << host) - 1n <= last) host++;
    yield new Prefix(toBytes(at, size), size * 8 - Number(host));
    at += 1n << host;
  }
}

function* parts(first: Uint8Array, last: Uint8Array, length: number): IterableIterator<Prefix> {
  for (const each of count(first, last, length)) yield new Prefix(each, length);
}

/** Addresses from `first` on, up to `last`, that differ in the bits before `length`. */
function* count(first: Uint8Array, last: Uint8Array, length: number): IterableIterator<Uint8Array> {
  const step = 1n << BigInt(first.length * 8 - length);
  const end = toNumber(last);
  for (let at = toNumber(first); at <= end; at += step) yield toBytes(at, first.length);
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes, '')}`);
}

function toBytes(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, rest = value; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
}

/** How many bits the two have in common from the start, as far as the second goes. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < b.length; i++) {
    const different = a[i]! ^ b[i]!;
    if (different !== 0) return 8 * i + Math.clz32(different) - 24;
  }
  return b.length * 8;
}

/** Clears the bits from `length` to `bits`; was one set? */
function clearFrom(bytes: Uint8Array, length: number, bits: number): boolean {
  let set = 0;
  for (let at = length >> 3, keep = ~(255 >> (length & 7)); at < bits / 8; at++, keep = 0) {
    set |= bytes[at]! & ~keep;
    bytes[at]! &= keep;
  }
  return set !== 0;
}
