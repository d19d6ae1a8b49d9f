/** IPv4 addresses inside IPv6 ones: IPv4-mapped (RFC 4291 section 2.5.5.2) and translated (RFC 6052). */
import { checkInteger, wrongValue } from './check.ts';
import { type IPAddress, parseIP, readIP, scratch } from './ip-address.ts';

/** What of a `Prefix` is needed: 16 bytes and 32, 40, 48, 56, 64 or 96 bits of them. */
export interface TranslationPrefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** `64:ff9b::/96`, RFC 6052 section 2.1. Not for private IPv4 addresses (section 3.1); those take a prefix of the network's own. */
export const WELL_KNOWN_PREFIX: TranslationPrefix = {
  bytes: /* @__PURE__ */ parseIP('64:ff9b::'),
  length: 96,
};

const MAPPED: TranslationPrefix = {
  bytes: /* @__PURE__ */ parseIP('::ffff:0:0'),
  length: 96,
};

/** `::ffff:192.0.2.1` of `192.0.2.1`: IPv4 as a dual-stack socket has it, ipv6(7). Throws as `parseIP`, and for IPv6. */
export function mapIPv4(address: IPAddress): Uint8Array {
  return embed(address, MAPPED);
}

/** `192.0.2.1` of `::ffff:192.0.2.1`; undefined for any other address. Throws as `parseIP`. */
export function unmapIPv4(address: IPAddress): Uint8Array | undefined {
  return extract(address, MAPPED);
}

/**
 * The IPv6 address which a NAT64 with this prefix has for an IPv4 address: RFC 6052 section 2.2. Bits 64 to 71 stay 0.
 * Throws as `parseIP`, and for IPv6 or a prefix of another length.
 */
export function translateIPv4(address: IPAddress, prefix: TranslationPrefix = WELL_KNOWN_PREFIX): Uint8Array {
  return embed(address, checkTranslation(prefix));
}

/**
 * The IPv4 address in an IPv6 address with this prefix; undefined for any other address, also where bits 64 to 71 are
 * not 0. What stands behind it is not looked at, as RFC 6052 section 2.2 has it. Throws as `parseIP`, and for a prefix of another length.
 */
export function untranslateIPv4(
  address: IPAddress,
  prefix: TranslationPrefix = WELL_KNOWN_PREFIX,
): Uint8Array | undefined {
  return extract(address, checkTranslation(prefix));
}

function embed(address: IPAddress, { bytes, length }: TranslationPrefix): Uint8Array {
  if (readIP('address', address, scratch) !== 4) throw wrongValue('address', 'IPv4', address);
  const out = bytes.slice();
  for (let i = 0, at = length / 8; i < 4; i++, at++) {
    if (at === 8) at++;
    out[at] = scratch[i]!;
  }
  return out;
}

function extract(address: IPAddress, { bytes, length }: TranslationPrefix): Uint8Array | undefined {
  if (readIP('address', address, scratch) !== 16) return undefined;
  for (let i = 0; i < length / 8; i++) if (scratch[i] !== bytes[i]) return undefined;
  if (length < 96 && scratch[8] !== 0) return undefined;
  const out = new Uint8Array(4);
  for (let i = 0, at = length / 8; i < 4; i++, at++) {
    if (at === 8) at++;
    out[i] = scratch[at]!;
  }
  return out;
}

function checkTranslation(prefix: TranslationPrefix): TranslationPrefix {
  checkInteger('prefix.bytes.length', prefix.bytes.length, 16, 16);
  const lengths = [32, 40, 48, 56, 64, 96];
  if (!lengths.includes(prefix.length)) {
    throw wrongValue('prefix.length', `one of ${lengths.join(', ')}`, prefix.length);
  }
  if (prefix.bytes[8] !== 0) throw wrongValue('prefix', 'zero in its bits 64 to 71', prefix);
  return prefix;
}
