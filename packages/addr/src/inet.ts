import { get, put } from './bytes.ts';
import { checkInteger, checkObject, checkString } from './check.ts';
import type { Codec } from './codec.ts';
import { ParseError } from './errors.ts';
import { formatIPv4, scanIPv4 } from './ipv4.ts';
import { abiOf, expectFamily, type Layouts, type Platform, type Struct, writeHeader } from './layout.ts';
import { isBytes } from './shown.ts';
import { failAt, readDecimal } from './text.ts';

/** Offsets of `sin_port` and `sin_addr`. RFC 3493 and POSIX fix the order, and behind the family field all four systems agree. */
export const PORT: number = 2;
export const ADDR: number = 4;

const AF_INET = 2;
const SIZE = 16;
const struct: Struct = [AF_INET, SIZE];

/** netinet/in.h (glibc, xnu's bsd/netinet/in.h, FreeBSD's sys/netinet/in.h), ws2def.h of the Windows SDK. */
export const layouts: Layouts = { linux: struct, darwin: struct, freebsd: struct, win32: struct };

/** Bytes that `decode` has just made for the value that it makes next: that need not copy them. */
let fresh: Uint8Array | undefined;

/** AF_INET, struct sockaddr_in: ip(7), netinet/in.h. `sin_zero` is not kept. */
export class InetAddress {
  readonly family: 'inet' = 'inet';
  /** The 4 bytes of the address, in network order. To be read only. */
  readonly bytes: Uint8Array;
  /** 0 to 65535. */
  readonly port: number;
  #text: string | undefined;

  constructor(address: string | Uint8Array, port: number) {
    let bytes: Uint8Array;
    if (address === fresh) {
      bytes = fresh;
      fresh = undefined;
    } else if (isBytes(address)) {
      checkInteger('address.length', address.length, 4, 4);
      bytes = new Uint8Array(address);
    } else {
      bytes = new Uint8Array(4);
      scanIPv4('address', checkString('address', address), 0, address.length, bytes, 0);
    }
    this.bytes = bytes;
    this.port = checkInteger('port', port, 0, 0xffff);
    Object.freeze(this);
  }

  /** Dotted IPv4, made when it is asked for. */
  get address(): string {
    this.#text ??= formatIPv4(this.bytes);
    return this.#text;
  }

  /** The value as given; another copy of this class or a plain object is checked and made into one. */
  static from(value: InetAddress): InetAddress {
    checkObject('value', value);
    const own: boolean = #text in value;
    return own ? value : new InetAddress(value.address ?? value.bytes, value.port);
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
    return { family: this.family, address: this.address, port: this.port };
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
  const port = text.slice(colon + 1);
  return new InetAddress(bytes, readDecimal(port, failAt('text', text, colon + 1), 0xffff, 'a port'));
}

/** Writes `127.0.0.1:80`. */
export function format(value: InetAddress): string {
  const { address, port } = InetAddress.from(value);
  return `${address}:${port}`;
}

/** Bytes that `encode` will write. */
export function size(_value: InetAddress, platform: Platform): number {
  abiOf(platform);
  return SIZE;
}

/**
 * Writes the sockaddr at `offset` and returns its length. Nothing is written when it throws:
 * ERR_OUT_OF_RANGE when `buffer` is too short, as the constructor does for what a plain object holds.
 */
export function encode(value: InetAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  abiOf(platform);
  const { bytes, port } = InetAddress.from(value);
  writeHeader(buffer, offset, SIZE, platform, AF_INET);
  put(buffer, offset + PORT, 2, port, true);
  buffer.set(bytes, offset + ADDR);
  return SIZE;
}

/** Reads the sockaddr of `length` bytes at `offset`. Bytes behind the struct are not looked at. Throws DecodeError. */
export function decode(buffer: Uint8Array, offset: number, length: number, platform: Platform): InetAddress {
  expectFamily(buffer, offset, length, platform, AF_INET, SIZE);
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) bytes[i] = buffer[offset + ADDR + i]!;
  fresh = bytes;
  return new InetAddress(bytes, get(buffer, offset + PORT, 2, true));
}

/** This family's codec, for `@sockeye/addr/address` to dispatch to. */
export const codec: Codec<InetAddress> = {
  family: 'inet',
  prefix: '',
  layouts,
  parse,
  format,
  size,
  encode,
  decode,
};
