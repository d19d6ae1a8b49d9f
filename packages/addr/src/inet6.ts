import { get, put } from './bytes.ts';
import { checkInteger, checkObject, checkString, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { ParseError } from './errors.ts';
import { formatIPv6, scanIPv6 } from './ipv6.ts';
import { abiOf, expectFamily, type Layouts, type Platform, writeHeader } from './layout.ts';
import { isBytes } from './shown.ts';
import {
  checkPrefix,
  ends,
  type FormatOptions,
  failAt,
  interfaceText,
  type ParseOptions,
  readDecimal,
  readInterface,
  readNumber,
  readOptions,
} from './text.ts';

const U32 = 0xffffffff;

/** Offsets in struct sockaddr_in6. RFC 3493 fixes the order, and behind the family field all four systems agree. */
export const PORT: number = 2;
export const FLOWINFO: number = 4;
export const ADDR: number = 8;
export const SCOPE_ID: number = 24;

const SIZE = 28;

/** struct sockaddr_in6 and AF_INET6 of each system. */
export const layouts: Layouts = {
  // netinet/in.h, bits/socket.h
  linux: [10, SIZE],
  // xnu: bsd/netinet6/in6.h, bsd/sys/socket.h
  darwin: [30, SIZE],
  // FreeBSD: sys/netinet6/in6.h, sys/sys/socket.h
  freebsd: [28, SIZE],
  // Windows SDK: ws2ipdef.h (SOCKADDR_IN6_LH), ws2def.h
  win32: [23, SIZE],
};

/** What an IPv6 socket address has beside address and port. */
export interface Inet6Options extends ParseOptions {
  /** `sin6_scope_id`: the interface index of a link-local address. A zone in the text says the same. */
  readonly scopeId?: number | undefined;
  /** `sin6_flowinfo` as a number: the 20 bits of the flow label, and the traffic class above (RFC 3493). */
  readonly flowInfo?: number | undefined;
}

/** Bytes that `decode` has just made for the value that it makes next: that need not copy them. */
let fresh: Uint8Array | undefined;

/** AF_INET6, struct sockaddr_in6: ipv6(7), netinet/in.h, RFC 3493. */
export class Inet6Address {
  readonly family: 'inet6' = 'inet6';
  /** The 16 bytes of the address, in network order. To be read only. */
  readonly bytes: Uint8Array;
  /** 0 to 65535. */
  readonly port: number;
  /** 0 for none. */
  readonly scopeId: number;
  /** Sent in network order. */
  readonly flowInfo: number;
  #text: string | undefined;

  constructor(address: string | Uint8Array, port: number, options: Inet6Options = {}) {
    checkObject('options', options);
    let bytes: Uint8Array;
    let zone: number | undefined;
    if (address === fresh) {
      bytes = fresh;
      fresh = undefined;
    } else if (isBytes(address)) {
      checkInteger('address.length', address.length, 16, 16);
      bytes = new Uint8Array(address);
    } else {
      bytes = new Uint8Array(16);
      zone = readAddress('address', checkString('address', address), 0, address.length, bytes, options);
    }
    const scopeId = checkInteger('options.scopeId', options.scopeId ?? zone ?? 0, 0, U32);
    if (zone !== undefined && zone !== scopeId) {
      throw wrongValue('options.scopeId', `${zone}, as the zone in address says`, scopeId);
    }
    this.bytes = bytes;
    this.port = checkInteger('port', port, 0, 0xffff);
    this.scopeId = scopeId;
    this.flowInfo = checkInteger('options.flowInfo', options.flowInfo ?? 0, 0, U32);
    Object.freeze(this);
  }

  /** IPv6 as RFC 5952 writes it, without zone; made when it is asked for. */
  get address(): string {
    this.#text ??= formatIPv6(this.bytes);
    return this.#text;
  }

  /** The value as given; another copy of this class or a plain object is checked and made into one. */
  static from(value: Inet6Address): Inet6Address {
    checkObject('value', value);
    const own: boolean = #text in value;
    if (own) return value;
    const { scopeId, flowInfo } = value;
    return new Inet6Address(value.address ?? value.bytes, value.port, {
      scopeId: checkInteger('value.scopeId', scopeId, 0, U32),
      flowInfo: checkInteger('value.flowInfo', flowInfo, 0, U32),
    });
  }

  /** The sockaddr for `platform`, in a new array. */
  toSockaddr(platform: Platform): Uint8Array {
    const out = new Uint8Array(SIZE);
    encode(this, out, 0, platform);
    return out;
  }

  toString(): string {
    return format(this);
  }

  /** What JSON shows: the address as text. */
  toJSON(): object {
    const { family, address, port, scopeId, flowInfo } = this;
    return { family, address, port, scopeId, flowInfo };
  }
}

/**
 * An IPv6 address and port. `address` is text in any legal spelling or 16 bytes; a zone that is a name
 * (`fe80::1%eth0`) needs `ifNameToIndex`.
 * Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (ParseError), ERR_OUT_OF_RANGE.
 */
export function inet6(address: string | Uint8Array, port: number, options?: Inet6Options): Inet6Address {
  return new Inet6Address(address, port, options);
}

/** Reads `[::1]:80`, `[fe80::1%2]:80`, `[::1]:80/flowinfo=0x12345`. Throws ParseError. */
export function parse(text: string, options?: ParseOptions): Inet6Address {
  checkPrefix(text, '[');
  const close = text.lastIndexOf(']');
  if (close < 0) throw new ParseError('text', text, text.length, "']'");
  const bytes = new Uint8Array(16);
  const scopeId = readAddress('text', text, 1, close, bytes, options) ?? 0;
  if (text[close + 1] !== ':') throw new ParseError('text', text, close + 1, "':' and a port");
  const end = ends(text, '/', close);
  const fail = failAt('text', text, close + 2);
  const port = readDecimal(text.slice(close + 2, end), fail, 0xffff, 'a port');
  let flowInfo = 0;
  readOptions(text, end, ['flowinfo'], (_key, from, to) => {
    flowInfo = readNumber(text.slice(from, to), failAt('text', text, from), U32, 'flow information');
  });
  return new Inet6Address(bytes, port, { scopeId, flowInfo });
}

/** Writes `[::1]:80`; with `%zone` when there is a scope, and `/flowinfo=` when there is some. */
export function format(value: Inet6Address, options?: FormatOptions): string {
  const { address, port, scopeId, flowInfo } = Inet6Address.from(value);
  const zone = scopeId === 0 ? '' : `%${interfaceText(scopeId, options)}`;
  const flow = flowInfo === 0 ? '' : `/flowinfo=0x${flowInfo.toString(16)}`;
  return `[${address}${zone}]:${port}${flow}`;
}

/** Bytes that `encode` will write. */
export function size(_value: Inet6Address, platform: Platform): number {
  abiOf(platform);
  return SIZE;
}

/**
 * Writes the sockaddr at `offset` and returns its length. Nothing is written when it throws:
 * ERR_OUT_OF_RANGE when `buffer` is too short, as the constructor does for what a plain object holds.
 */
export function encode(value: Inet6Address, buffer: Uint8Array, offset: number, platform: Platform): number {
  const family = numberOn(platform);
  const { bytes, port, scopeId, flowInfo } = Inet6Address.from(value);
  writeHeader(buffer, offset, SIZE, platform, family);
  put(buffer, offset + PORT, 2, port, true);
  put(buffer, offset + FLOWINFO, 4, flowInfo, true);
  buffer.set(bytes, offset + ADDR);
  put(buffer, offset + SCOPE_ID, 4, scopeId, abiOf(platform).big);
  return SIZE;
}

/** Reads the sockaddr of `length` bytes at `offset`. Bytes behind the struct are not looked at. Throws DecodeError. */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): Inet6Address {
  expectFamily(buffer, offset, length, platform, numberOn(platform), SIZE);
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = buffer[offset + ADDR + i]!;
  fresh = bytes;
  return new Inet6Address(bytes, get(buffer, offset + PORT, 2, true), {
    flowInfo: get(buffer, offset + FLOWINFO, 4, true) >>> 0,
    scopeId: get(buffer, offset + SCOPE_ID, 4, abiOf(platform).big) >>> 0,
  });
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<Inet6Address> = {
  family: 'inet6',
  prefix: '[',
  layouts,
  parse,
  format,
  size,
  encode,
  decode,
};

/** AF_INET6 of `platform`: every one has it. */
function numberOn(platform: Platform): number {
  return layouts[abiOf(platform).system]![0];
}

/** Address and zone of `text[start..end)`; a zone is an index, or a name which the caller's resolver knows. */
function readAddress(
  argument: string,
  text: string,
  start: number,
  end: number,
  out: Uint8Array,
  options: ParseOptions | undefined,
): number | undefined {
  const zone = scanIPv6(argument, text, start, end, out);
  if (zone === undefined) return undefined;
  return readInterface(zone, failAt(argument, text, end - zone.length), U32, options);
}
