import { putU16le, u16le } from './bytes.ts';
import { checkBytes, checkInteger, wrongValue } from './check.ts';
import { DecodeError, NotSupportedError } from './errors.ts';

/** The systems whose sockaddr layouts are known. Named as Node's `process.platform` names them. */
export type Platform = 'linux' | 'darwin' | 'win32' | 'freebsd';

/** Per family: its number (AF_…), and the size and field offsets of its struct sockaddr_…, in bytes. */
export interface Structs {
  /** struct sockaddr_in */
  readonly inet: {
    readonly family: number;
    readonly size: number;
    readonly port: number;
    readonly addr: number;
  };
  /** struct sockaddr_in6 */
  readonly inet6: {
    readonly family: number;
    readonly size: number;
    readonly port: number;
    readonly flowinfo: number;
    readonly addr: number;
    readonly scopeId: number;
  };
  /** struct sockaddr_un; `abstract`: does the platform have abstract names? */
  readonly unix: {
    readonly family: number;
    readonly path: number;
    readonly pathSize: number;
    readonly abstract: boolean;
  };
  /** struct sockaddr_ll; hardware addresses may be longer than the eight bytes it declares. */
  readonly packet: {
    readonly family: number;
    readonly size: number;
    readonly protocol: number;
    readonly ifindex: number;
    readonly hatype: number;
    readonly pkttype: number;
    readonly halen: number;
    readonly addr: number;
  };
  /** struct sockaddr_can; `minimum` is what raw CAN needs and gives: CAN_REQUIRED_SIZE(…, can_ifindex). */
  readonly can: {
    readonly family: number;
    readonly size: number;
    readonly minimum: number;
    readonly ifindex: number;
  };
}

/** Families with a layout here; a `SocketAddress` may be 'unknown' beside them. */
export type KnownFamily = keyof Structs;

/** One platform. Host-order fields are little-endian on all of them. */
export interface Layout {
  /** 4.4BSD: `sa_len` at 0 and `sa_family` at 1, one byte each. Otherwise `sa_family` is two bytes at 0. */
  readonly bsd: boolean;
  /** A family that is not here does not exist on the platform. */
  readonly structs: Readonly<Partial<Structs>>;
}

// RFC 3493 and POSIX fix the order; behind the family field, all four systems agree on the offsets.
const inet = { size: 16, port: 2, addr: 4 } as const;
const inet6 = { size: 28, port: 2, flowinfo: 4, addr: 8, scopeId: 24 } as const;

const layouts: Readonly<Record<Platform, Layout>> = {
  // bits/socket.h, netinet/in.h, sys/un.h, linux/if_packet.h, linux/can.h; vectors/linux.json proves it
  linux: {
    bsd: false,
    structs: {
      inet: { family: 2, ...inet },
      inet6: { family: 10, ...inet6 },
      unix: { family: 1, path: 2, pathSize: 108, abstract: true },
      packet: { family: 17, size: 20, protocol: 2, ifindex: 4, hatype: 8, pkttype: 10, halen: 11, addr: 12 },
      can: { family: 29, size: 24, minimum: 8, ifindex: 4 },
    },
  },
  // xnu: bsd/sys/socket.h, bsd/netinet/in.h, bsd/netinet6/in6.h, bsd/sys/un.h
  darwin: {
    bsd: true,
    structs: {
      inet: { family: 2, ...inet },
      inet6: { family: 30, ...inet6 },
      unix: { family: 1, path: 2, pathSize: 104, abstract: false },
    },
  },
  // FreeBSD: sys/sys/socket.h, sys/netinet/in.h, sys/netinet6/in6.h, sys/sys/un.h
  freebsd: {
    bsd: true,
    structs: {
      inet: { family: 2, ...inet },
      inet6: { family: 28, ...inet6 },
      unix: { family: 1, path: 2, pathSize: 104, abstract: false },
    },
  },
  // Windows SDK: ws2def.h, ws2ipdef.h (SOCKADDR_IN6_LH), afunix.h (UNIX_PATH_MAX)
  win32: {
    bsd: false,
    structs: {
      inet: { family: 2, ...inet },
      inet6: { family: 23, ...inet6 },
      unix: { family: 1, path: 2, pathSize: 108, abstract: false },
    },
  },
};

/** Bytes of `sa_family` (with `sa_len`), on every platform: no sockaddr is shorter. */
export const HEADER_SIZE: number = 2;

/** No platform takes a longer sockaddr: the BSDs' `sa_len` is one byte, Linux's sockaddr_storage has 128. */
export const MAX_SOCKADDR: number = 255;

/** The longest `sun_path` of any platform (Linux, Windows). */
export const MAX_UNIX_PATH: number = 108;

/** The layout of `platform`. Throws ERR_INVALID_ARG_VALUE for any other name. */
export function layoutOf(platform: Platform): Layout {
  if (typeof platform === 'string' && Object.hasOwn(layouts, platform)) return layouts[platform];
  throw wrongValue('platform', `one of ${Object.keys(layouts).join(', ')}`, platform);
}

/** Number, size and offsets of `family` on `platform`. Throws ENOTSUP when the platform lacks the family. */
export function structOf<F extends KnownFamily>(family: F, platform: Platform): Structs[F] {
  const { structs } = layoutOf(platform);
  const struct = Object.hasOwn(structs, family) ? structs[family] : undefined;
  if (struct === undefined) throw new NotSupportedError(`AF_${family.toUpperCase()}`, platform);
  return struct;
}

/** The family which has this number on `platform`, or undefined. */
export function familyName(number: number, platform: Platform): KnownFamily | undefined {
  const { structs } = layoutOf(platform);
  for (const name of Object.keys(structs) as KnownFamily[]) if (structs[name]?.family === number) return name;
  return undefined;
}

/**
 * `sa_family` of the sockaddr of `length` bytes at `offset`. Throws DecodeError below two bytes, ERR_INVALID_ARG_TYPE
 * and ERR_OUT_OF_RANGE when buffer, offset and length do not fit one another.
 */
export function readFamily(buffer: Uint8Array, offset: number, length: number, platform: Platform): number {
  const { bsd } = layoutOf(platform);
  checkBytes('buffer', buffer);
  checkInteger('offset', offset, 0, buffer.length);
  checkInteger('length', length, 0, buffer.length - offset);
  if (length < HEADER_SIZE) {
    throw new DecodeError(offset + length, `a sockaddr of ${HEADER_SIZE} bytes or more`, length);
  }
  return bsd ? buffer[offset + 1]! : u16le(buffer, offset);
}

/** Throws DecodeError unless the sockaddr is one of `family`, of `minimum` bytes or more; else as {@link readFamily}. */
export function expectFamily(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
  family: KnownFamily,
  minimum: number,
): void {
  const expected = structOf(family, platform).family;
  const got = readFamily(buffer, offset, length, platform);
  if (got !== expected) {
    const at = offset + (layoutOf(platform).bsd ? 1 : 0);
    throw new DecodeError(at, `AF_${family.toUpperCase()} (${expected})`, got);
  }
  if (length < minimum) {
    throw new DecodeError(offset + length, `a sockaddr of ${minimum} bytes or more`, length);
  }
}

/** Writes `sa_family` and, where there is one, `sa_len`; the rest of the `size` bytes becomes zero. */
export function writeHeader(
  buffer: Uint8Array,
  offset: number,
  size: number,
  platform: Platform,
  family: KnownFamily,
): void {
  const number = structOf(family, platform).family;
  buffer.fill(0, offset, offset + size);
  if (layoutOf(platform).bsd) {
    buffer[offset] = size;
    buffer[offset + 1] = number;
  } else putU16le(buffer, offset, number);
}
