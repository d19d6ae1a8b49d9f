import { type CanAddress, codec as can } from './can.ts';
import { checkObject, checkString, wrongValue } from './check.ts';
import type { Codec } from './codec.ts';
import { ParseError } from './errors.ts';
import { type InetAddress, codec as inet } from './inet.ts';
import { type Inet6Address, codec as inet6 } from './inet6.ts';
import { familyName, type Platform, readFamily } from './layout.ts';
import { type PacketAddress, codec as packet } from './packet.ts';
import type { FormatOptions, ParseOptions } from './text.ts';
import { type UnixAddress, codec as unix } from './unix.ts';
import { type UnknownAddress, codec as unknown } from './unknown.ts';

/** A socket address of any family; `family` tells which. Each can be given to a `@sockeye/core` socket. */
export type SocketAddress =
  | InetAddress
  | Inet6Address
  | UnixAddress
  | PacketAddress
  | CanAddress
  | UnknownAddress;

type Codecs = { readonly [F in SocketAddress['family']]: Codec<Extract<SocketAddress, { family: F }>> };

const codecs: Codecs = { inet, inet6, unix, packet, can, unknown };

const prefixes: ReadonlyArray<readonly [prefix: string, family: SocketAddress['family']]> = [
  ['[', 'inet6'],
  ['unix:', 'unix'],
  ['packet:', 'packet'],
  ['can:', 'can'],
  ['sockaddr:', 'unknown'],
];

/**
 * Reads a socket address of any family: `127.0.0.1:80`, `[fe80::1%2]:80`, `unix:/run/x.sock`, `unix:@name`, `unix:`,
 * `packet:2:0x0800`, `can:3`, `sockaddr:1000…`. A name of an interface needs `options.ifNameToIndex`.
 * Throws ParseError (ERR_INVALID_ARG_VALUE), ERR_INVALID_ARG_TYPE.
 */
export function parse(text: string, options?: ParseOptions): SocketAddress {
  checkString('text', text);
  for (const [prefix, family] of prefixes) {
    if (text.startsWith(prefix)) return codecs[family].parse(text, options);
  }
  const first = text.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return inet.parse(text);
  throw new ParseError(
    'text',
    text,
    0,
    "'127.0.0.1:80', '[::1]:80', 'unix:…', 'packet:…', 'can:…' or 'sockaddr:…'",
  );
}

/** Writes the form that `parse` reads back to the same value. `options.ifIndexToName` gives names for indices. */
export function format(value: SocketAddress, options?: FormatOptions): string {
  return codecOf(value).format(value, options);
}

/** Bytes that `encode` will write. Throws ENOTSUP when the platform lacks the family. */
export function size(value: SocketAddress, platform: Platform): number {
  return codecOf(value).size(value, platform);
}

/**
 * Writes the sockaddr of `value` at `offset` and returns its length. Throws ENOTSUP when the platform lacks the
 * family, ERR_OUT_OF_RANGE when `buffer` is too short, and then writes nothing.
 */
export function encode(value: SocketAddress, buffer: Uint8Array, offset: number, platform: Platform): number {
  return codecOf(value).encode(value, buffer, offset, platform);
}

/**
 * Reads the sockaddr of `length` bytes at `offset` by its family; one that has no codec on the platform comes back as
 * 'unknown' with its bytes. Throws DecodeError (ERR_INVALID_ARG_VALUE) for a malformed or empty one.
 */
export function decode(
  buffer: Uint8Array,
  offset: number,
  length: number,
  platform: Platform,
): SocketAddress {
  const family = familyName(readFamily(buffer, offset, length, platform), platform);
  return codecs[family ?? 'unknown'].decode(buffer, offset, length, platform);
}

/** By `family`, not by class: a value may come from another copy of this package, ESM beside CJS. */
function codecOf<T extends SocketAddress>(value: T): Codec<T> {
  checkObject('value', value);
  const family: unknown = value.family;
  if (typeof family !== 'string' || !Object.hasOwn(codecs, family)) {
    throw wrongValue('value.family', `one of ${Object.keys(codecs).join(', ')}`, family);
  }
  return codecs[value.family] as Codec<SocketAddress> as Codec<T>;
}
