import { checkBytes, checkInteger, checkObject, checkRoom } from './check.ts';
import type { Codec } from './codec.ts';
import { hex, hexPair } from './digits.ts';
import { DecodeError } from './errors.ts';
import { abiOf, HEADER_SIZE, MAX_SOCKADDR, type Platform, readFamily } from './layout.ts';
import { checkPrefix, failAt } from './text.ts';

/** A sockaddr of a family that has no codec here: its bytes as they came, header included. */
export class UnknownAddress {
  readonly family: 'unknown' = 'unknown';
  /** The whole sockaddr, 2 to 255 bytes, in the layout of the platform it came from. To be read only. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    // Not slice(): a Buffer's shares its memory.
    this.bytes = new Uint8Array(checkLength('bytes', bytes));
    Object.freeze(this);
  }

  /** A copy of the bytes, unchanged whatever the platform. */
  toSockaddr(platform: Platform): Uint8Array {
    abiOf(platform);
    return this.bytes.slice();
  }

  toString(): string {
    return format(this);
  }
}

/** Any sockaddr by its bytes. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE unless there are 2 to 255. */
export function unknown(bytes: Uint8Array): UnknownAddress {
  return new UnknownAddress(bytes);
}

const PREFIX = 'sockaddr:';

/** Reads `sockaddr:` and the bytes in hex. Throws ParseError. */
export function parse(text: string): UnknownAddress {
  checkPrefix(text, PREFIX);
  const fail = failAt('text', text);
  const bytes: number[] = [];
  for (let i = PREFIX.length; i < text.length; i += 2) {
    if (bytes.length === MAX_SOCKADDR) fail(`the end after ${MAX_SOCKADDR} bytes`, i);
    const byte = hexPair(text, i);
    if (byte < 0) fail('two hex digits', i);
    bytes.push(byte);
  }
  if (bytes.length < HEADER_SIZE) fail(`${HEADER_SIZE} bytes or more in hex`, text.length);
  return new UnknownAddress(Uint8Array.from(bytes));
}

/** Writes the form that `parse` reads. */
export function format(value: UnknownAddress): string {
  return PREFIX + hex(checkValue(value), '');
}

/** Bytes that `encode` will write. */
export function size(value: UnknownAddress, platform: Platform): number {
  abiOf(platform);
  return checkValue(value).length;
}

/** Writes the bytes at `offset` and returns their number. Throws ERR_OUT_OF_RANGE when `buffer` is too short. */
export function encode(
  value: UnknownAddress,
  buffer: Uint8Array,
  offset: number,
  platform: Platform,
): number {
  const total = size(value, platform);
  checkRoom('buffer', buffer, offset, total);
  buffer.set(value.bytes, offset);
  return total;
}

/** Keeps the `length` bytes at `offset`, of whatever family. Throws DecodeError unless there are 2 to 255. */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
): UnknownAddress {
  readFamily(buffer, offset, length, platform);
  if (length > MAX_SOCKADDR) {
    throw new DecodeError(offset + MAX_SOCKADDR, `the end of a sockaddr of ${MAX_SOCKADDR} bytes`, length);
  }
  return new UnknownAddress(buffer.subarray(offset, offset + length));
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<UnknownAddress> = {
  family: 'unknown',
  prefix: PREFIX,
  layouts: {},
  parse,
  format,
  size,
  encode,
  decode,
};

function checkLength(argument: string, bytes: Uint8Array): Uint8Array {
  checkInteger(`${argument}.length`, checkBytes(argument, bytes).length, HEADER_SIZE, MAX_SOCKADDR);
  return bytes;
}

function checkValue(value: UnknownAddress): Uint8Array {
  checkObject('value', value);
  return checkLength('value.bytes', value.bytes);
}
