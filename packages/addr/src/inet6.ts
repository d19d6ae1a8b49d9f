import { putU16be, putU32be, putU32le, u16be, u32be, u32le } from './bytes.ts';
import { checkInteger, checkObject, checkRoom, checkString, wrongValue } from './check.ts';
import { type Codec, sockaddrOf } from './codec.ts';
import { ParseError } from './errors.ts';
import { formatIPv6, scanIPv6 } from './ip.ts';
import { expectFamily, type Platform, structOf, writeHeader } from './layout.ts';
import { isBytes } from './shown.ts';
import {
  type FormatOptions,
  interfaceText,
  type ParseOptions,
  readDecimal,
  readInterface,
  readNumber,
  readOptions,
} from './text.ts';

const U32 = 0xffffffff;

/** What an IPv6 socket address has beside address and port. */
export interface Inet6Options extends ParseOptions {
  /** `sin6_scope_id`: the interface index of a link-local address. A zone in the text says the same. */
  readonly scopeId?: number | undefined;
  /** `sin6_flowinfo` as a number: the 20 bits of the flow label, and the traffic class above (RFC 3493). */
  readonly flowInfo?: number | undefined;
}

/** AF_INET6, struct sockaddr_in6: ipv6(7), netinet/in.h, RFC 3493. */
export class Inet6Address {
  readonly family: 'inet6' = 'inet6';
  /** IPv6 as RFC 5952 writes it, without zone. */
  readonly address: string;
  /** 0 to 65535. */
  readonly port: number;
  /** 0 for none. */
  readonly scopeId: number;
  /** Sent in network order. */
  readonly flowInfo: number;

  constructor(address: string | Uint8Array, port: number, options: Inet6Options = {}) {
    checkObject('options', options);
    const bytes = new Uint8Array(16);
    let zone: number | undefined;
    if (isBytes(address)) {
      checkInteger('address.length', address.length, 16, 16);
      bytes.set(address);
    } else zone = readAddress('address', checkString('address', address), 0, address.length, bytes, options);
    const scopeId = checkInteger('options.scopeId', options.scopeId ?? zone ?? 0, 0, U32);
    if (zone !== undefined && zone !== scopeId) {
      throw wrongValue('options.scopeId', `${zone}, as the zone in address says`, scopeId);
    }
    this.address = formatIPv6(bytes);
    this.port = checkInteger('port', port, 0, 0xffff);
    this.scopeId = scopeId;
    this.flowInfo = checkInteger('options.flowInfo', options.flowInfo ?? 0, 0, U32);
    Object.freeze(this);
  }

  /** The sockaddr for `platform`, in a new array. */
  toSockaddr(platform: Platform): Uint8Array {
    return sockaddrOf(codec, this, platform);
  }

  toString(): string {
    return format(this);
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
  checkString('text', text);
  if (!text.startsWith('[')) throw new ParseError('text', text, 0, "'['");
  const close = text.lastIndexOf(']');
  if (close < 0) throw new ParseError('text', text, text.length, "']'");
  const bytes = new Uint8Array(16);
  const scopeId = readAddress('text', text, 1, close, bytes, options) ?? 0;
  if (text[close + 1] !== ':') throw new ParseError('text', text, close + 1, "':' and a port");
  const slash = text.indexOf('/', close);
  const end = slash < 0 ? text.length : slash;
  const port = readDecimal('text', text, close + 2, end, 0xffff, 'a port');
  let flowInfo = 0;
  readOptions('text', text, end, ['flowinfo'], (_key, from, to) => {
    flowInfo = readNumber('text', text, from, to, U32, 'flow information');
  });
  return new Inet6Address(bytes, port, { scopeId, flowInfo });
}

/** Writes `[::1]:80`; with `%zone` when there is a scope, and `/flowinfo=` when there is some. */
export function format(value: Inet6Address, options?: FormatOptions): string {
  const { address, port, scopeId, flowInfo } = checkValue(value);
  const zone = scopeId === 0 ? '' : `%${interfaceText(scopeId, options)}`;
  const flow = flowInfo === 0 ? '' : `/flowinfo=0x${flowInfo.toString(16)}`;
  return `[${formatIPv6(address)}${zone}]:${port}${flow}`;
}

/** Bytes that `encode` will write. */
export function size(_value: Inet6Address, platform: Platform): number {
  return structOf('inet6', platform).size;
}

/**
 * Writes the sockaddr at `offset` and returns its length. Nothing is written when it throws:
 * ERR_OUT_OF_RANGE when `buffer` is too short, as the constructor does for what a plain object holds.
 */
export function encode(value: Inet6Address, buffer: Uint8Array, offset: number, platform: Platform): number {
  const struct = structOf('inet6', platform);
  const { address, port, scopeId, flowInfo } = checkValue(value);
  checkRoom('buffer', buffer, offset, struct.size);
  writeHeader(buffer, offset, struct.size, platform, 'inet6');
  putU16be(buffer, offset + struct.port, port);
  putU32be(buffer, offset + struct.flowinfo, flowInfo);
  buffer.set(address, offset + struct.addr);
  putU32le(buffer, offset + struct.scopeId, scopeId);
  return struct.size;
}

/** Reads the sockaddr of `length` bytes at `offset`. Bytes behind the struct are not looked at. Throws DecodeError. */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): Inet6Address {
  const struct = structOf('inet6', platform);
  expectFamily(buffer, offset, length, platform, 'inet6', struct.size);
  const address = buffer.subarray(offset + struct.addr, offset + struct.addr + 16);
  return new Inet6Address(address, u16be(buffer, offset + struct.port), {
    flowInfo: u32be(buffer, offset + struct.flowinfo),
    scopeId: u32le(buffer, offset + struct.scopeId),
  });
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<Inet6Address> = { parse, format, size, encode, decode };

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
  return readInterface(argument, text, end - zone.length, end, U32, options);
}

function checkValue(value: Inet6Address): {
  address: Uint8Array;
  port: number;
  scopeId: number;
  flowInfo: number;
} {
  checkObject('value', value);
  const address = new Uint8Array(16);
  const text = checkString('value.address', value.address);
  if (scanIPv6('value.address', text, 0, text.length, address) !== undefined) {
    throw new ParseError('value.address', text, text.indexOf('%'), "no zone (it belongs to 'scopeId')");
  }
  return {
    address,
    port: checkInteger('value.port', value.port, 0, 0xffff),
    scopeId: checkInteger('value.scopeId', value.scopeId, 0, U32),
    flowInfo: checkInteger('value.flowInfo', value.flowInfo, 0, U32),
  };
}
