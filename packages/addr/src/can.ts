import { putU32le, u32le } from './bytes.ts';
import { checkInteger, checkObject, checkRoom, checkString } from './check.ts';
import { type Codec, sockaddrOf } from './codec.ts';
import { DecodeError, ParseError } from './errors.ts';
import { expectFamily, type Platform, structOf, writeHeader } from './layout.ts';
import { type FormatOptions, interfaceText, MAX_IFINDEX, type ParseOptions, readInterface } from './text.ts';

/**
 * AF_CAN, struct sockaddr_can: linux/can.h, the kernel's networking/can.rst. Linux only. The address of raw CAN
 * and of the broadcast manager: the interface alone.
 */
export class CanAddress {
  readonly family: 'can' = 'can';
  /** Interface index, 0 for all CAN interfaces. */
  readonly ifindex: number;

  constructor(ifindex: number) {
    this.ifindex = checkInteger('ifindex', ifindex, 0, MAX_IFINDEX);
    Object.freeze(this);
  }

  /** The sockaddr for `platform`, in a new array. Throws ENOTSUP on other platforms than Linux. */
  toSockaddr(platform: Platform): Uint8Array {
    return sockaddrOf(codec, this, platform);
  }

  toString(): string {
    return format(this);
  }
}

/** A raw CAN address. `ifindex` 0 is all CAN interfaces. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function can(ifindex: number): CanAddress {
  return new CanAddress(ifindex);
}

const PREFIX = 'can:';

/** Reads `can:3`; `can:vcan0` needs `ifNameToIndex`. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): CanAddress {
  checkString('text', text);
  if (!text.startsWith(PREFIX)) throw new ParseError('text', text, 0, `'${PREFIX}'`);
  return new CanAddress(readInterface('text', text, PREFIX.length, text.length, MAX_IFINDEX, options));
}

/** Writes `can:3`, or `can:vcan0` by way of `ifIndexToName`. */
export function format(value: CanAddress, options?: FormatOptions): string {
  return `${PREFIX}${interfaceText(checkIfindex(value), options)}`;
}

/** Bytes that `encode` will write. */
export function size(_value: CanAddress, platform: Platform): number {
  return structOf('can', platform).size;
}

/**
 * Writes the sockaddr at `offset` and returns its length: the whole struct, which every kernel takes.
 * Nothing is written when it throws: ENOTSUP on other platforms than Linux, ERR_OUT_OF_RANGE.
 */
export function encode(value: CanAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  const struct = structOf('can', platform);
  const ifindex = checkIfindex(value);
  checkRoom('buffer', buffer, offset, struct.size);
  writeHeader(buffer, offset, struct.size, platform, 'can');
  putU32le(buffer, offset + struct.ifindex, ifindex);
  return struct.size;
}

/**
 * Reads the sockaddr of `length` bytes at `offset`. The bytes do not say which CAN protocol they belong to; what
 * ISO-TP and J1939 keep behind the index is not looked at. Throws DecodeError, ENOTSUP on other platforms than Linux.
 */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): CanAddress {
  const struct = structOf('can', platform);
  expectFamily(buffer, offset, length, platform, 'can', struct.minimum);
  const ifindex = u32le(buffer, offset + struct.ifindex);
  if (ifindex > MAX_IFINDEX) {
    throw new DecodeError(offset + struct.ifindex, 'an interface index of 0 or more', ifindex | 0);
  }
  return new CanAddress(ifindex);
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<CanAddress> = { parse, format, size, encode, decode };

function checkIfindex(value: CanAddress): number {
  checkObject('value', value);
  return checkInteger('value.ifindex', value.ifindex, 0, MAX_IFINDEX);
}
