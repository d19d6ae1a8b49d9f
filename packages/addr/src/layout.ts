import { get, put } from './bytes.ts';
import { checkBytes, checkInteger, checkRoom, wrongValue } from './check.ts';
import { DecodeError, NotSupportedError } from './errors.ts';

/** The systems whose sockaddr layouts are known, named as Node's `process.platform` names them. */
export type System = 'linux' | 'darwin' | 'freebsd' | 'win32';

/** A system and the byte order of its hosts: little-endian, except `linux-be` (s390x, and powerpc64 as it was). */
export type Platform = System | 'linux-be';

/** What all families of a platform have in common. */
export interface Abi {
  readonly system: System;
  /** 4.4BSD: `sa_len` at 0 and `sa_family` at 1, one byte each. Otherwise `sa_family` is two bytes at 0. */
  readonly bsd: boolean;
  /** Are fields in host order big-endian? */
  readonly big: boolean;
}

/** A family's struct on one system: the family's number (AF_…), the size in bytes, and what else its module wants to know. */
export type Struct<More = unknown> = readonly [family: number, size: number, ...more: More[]];

/** A family's struct on each system; a system that is not here lacks the family. Each family's file has its own. */
export type Layouts<S extends Struct = Struct> = Readonly<Partial<Record<System, S>>>;

/** The systems, and then hosts of the first with another byte order. */
const PLATFORMS: readonly Platform[] = ['linux', 'darwin', 'freebsd', 'win32', 'linux-be'];

const abis: readonly Abi[] = /* @__PURE__ */ PLATFORMS.map((_, i) => ({
  system: PLATFORMS[i % 4] as System,
  bsd: i === 1 || i === 2,
  big: i > 3,
}));

const linux: Abi = abis[0]!;

/** Bytes of `sa_family` (with `sa_len`), on every platform: no sockaddr is shorter. */
export const HEADER_SIZE: number = 2;

/** No platform takes a longer sockaddr: the BSDs' `sa_len` is one byte, Linux's sockaddr_storage has 128. */
export const MAX_SOCKADDR: number = 255;

/** What `platform` has for all families. Throws ERR_INVALID_ARG_VALUE for a name that is none. */
export function abiOf(platform: Platform): Abi {
  // The most usual one, without a look-up.
  if (platform === 'linux') return linux;
  const found = abis[PLATFORMS.indexOf(platform)];
  if (!found) throw wrongValue('platform', `one of ${PLATFORMS.join(', ')}`, platform);
  return found;
}

/** The struct of a family on `platform`. Throws ENOTSUP when the platform lacks the family that `name` names. */
export function structOf<S extends Struct>(layouts: Layouts<S>, name: string, platform: Platform): S {
  const struct = layouts[abiOf(platform).system];
  if (struct === undefined) throw new NotSupportedError(`A ${name} address`, platform);
  return struct;
}

/** Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE unless `length` bytes from `offset` on are in the buffer. */
export function checkPlace(buffer: Uint8Array, offset: number, length: number): void {
  checkInteger('offset', offset, 0, checkBytes('buffer', buffer).length);
  checkInteger('length', length, 0, buffer.length - offset);
}

/** `sa_family` of the sockaddr at `offset`, which has one. */
export function familyAt(buffer: Uint8Array, offset: number, { bsd, big }: Abi): number {
  return bsd ? buffer[offset + 1]! : get(buffer, offset, 2, big);
}

/** `sa_family` of the sockaddr of `length` bytes at `offset`. Throws DecodeError below two bytes, and as {@link checkPlace}. */
export function readFamily(buffer: Uint8Array, offset: number, length: number, platform: Platform): number {
  const abi = abiOf(platform);
  checkPlace(buffer, offset, length);
  expectLength(offset, length, HEADER_SIZE);
  return familyAt(buffer, offset, abi);
}

/** Throws DecodeError unless the sockaddr is of the family with this number, and of `minimum` bytes or more; else as {@link readFamily}. */
export function expectFamily(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  family: number,
  minimum: number,
): void {
  const got = readFamily(buffer, offset, length, platform);
  if (got !== family) {
    throw new DecodeError(offset + Number(abiOf(platform).bsd), `address family ${family}`, got);
  }
  expectLength(offset, length, minimum);
}

/** Throws DecodeError for a sockaddr that ends too early. */
export function expectLength(offset: number, length: number, minimum: number): void {
  if (length < minimum) {
    throw new DecodeError(offset + length, `a sockaddr of ${minimum} bytes or more`, length);
  }
}

/**
 * Writes `sa_family` and, where there is one, `sa_len`; the rest of the `size` bytes becomes zero. Nothing is written when it
 * throws: ERR_OUT_OF_RANGE when they do not fit into `buffer`.
 */
export function writeHeader(
  buffer: Uint8Array,
  offset: number,
  size: number,
  platform: Platform,
  family: number,
): void {
  const { bsd, big } = abiOf(platform);
  checkRoom('buffer', buffer, offset, size);
  buffer.fill(0, offset, offset + size);
  if (bsd) {
    buffer[offset] = size;
    buffer[offset + 1] = family;
  } else put(buffer, offset, 2, family, big);
}
