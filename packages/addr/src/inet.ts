import { putU16be, u16be } from './bytes.ts';
import { checkBytes, checkInteger, checkObject, checkRoom, checkString } from './check.ts';
import { type Codec, sockaddrOf } from './codec.ts';
import { ParseError } from './errors.ts';
import { formatIPv4, scanIPv4 } from './ip.ts';
import { expectFamily, type Platform, structOf, writeHeader } from './layout.ts';
import { isBytes } from './shown.ts';
import { readDecimal } from './text.ts';

/** AF_INET, struct sockaddr_in: ip(7), netinet/in.h. `sin_zero` is not kept. */
export class InetAddress {
  readonly family: 'inet' = 'inet';
  /** Dotted IPv4. */
  readonly address: string;
  /** 0 to 65535. */
  readonly port: number;

  constructor(address: string | Uint8Array, port: number) {
    this.address = isBytes(address) ? formatIPv4(checkIPv4Bytes(address)) : checkIPv4(address);
    this.port = checkInteger('port', port, 0, 0xffff);
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
 * An IPv4 address and port. `address` is dotted text or 4 bytes, and never a host name.
 * Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (ParseError), ERR_OUT_OF_RANGE.
 */
export function inet(address: string | Uint8Array, port: number): InetAddress {
  return new InetAddress(address, port);
}

/** Reads `127.0.0.1:80`. Throws ParseError. */
export function parse(text: string): InetAddress {
  checkString('text', text);
  const colon = text.indexOf(':');
  const bytes = new Uint8Array(4);
  scanIPv4('text', text, 0, colon < 0 ? text.length : colon, bytes, 0);
  if (colon < 0) throw new ParseError('text', text, text.length, "':' and a port");
  return new InetAddress(bytes, readDecimal('text', text, colon + 1, text.length, 0xffff, 'a port'));
}

/** Writes `127.0.0.1:80`. */
export function format(value: InetAddress): string {
  checkObject('value', value);
  return `${checkIPv4(value.address)}:${checkInteger('value.port', value.port, 0, 0xffff)}`;
}

/** Bytes that `encode` will write. */
export function size(_value: InetAddress, platform: Platform): number {
  return structOf('inet', platform).size;
}

/**
 * Writes the sockaddr at `offset` and returns its length. Nothing is written when it throws:
 * ERR_OUT_OF_RANGE when `buffer` is too short, as the constructor does for what a plain object holds.
 */
export function encode(value: InetAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  checkObject('value', value);
  const struct = structOf('inet', platform);
  const address = new Uint8Array(4);
  scanIPv4('value.address', checkString('value.address', value.address), 0, value.address.length, address, 0);
  checkInteger('value.port', value.port, 0, 0xffff);
  checkRoom('buffer', buffer, offset, struct.size);
  writeHeader(buffer, offset, struct.size, platform, 'inet');
  putU16be(buffer, offset + struct.port, value.port);
  buffer.set(address, offset + struct.addr);
  return struct.size;
}

/** Reads the sockaddr of `length` bytes at `offset`. Bytes behind the struct are not looked at. Throws DecodeError. */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): InetAddress {
  const struct = structOf('inet', platform);
  expectFamily(buffer, offset, length, platform, 'inet', struct.size);
  const address = buffer.subarray(offset + struct.addr, offset + struct.addr + 4);
  return new InetAddress(address, u16be(buffer, offset + struct.port));
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<InetAddress> = { parse, format, size, encode, decode };

function checkIPv4(address: string): string {
  scanIPv4('address', checkString('address', address), 0, address.length, new Uint8Array(4), 0);
  return address;
}

function checkIPv4Bytes(address: Uint8Array): Uint8Array {
  checkInteger('address.length', checkBytes('address', address).length, 4, 4);
  return address;
}
