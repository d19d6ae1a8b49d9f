/** An IPv4 or an IPv6 address in one argument: text, or its 4 or 16 bytes. */
import { wrongType, wrongValue } from './check.ts';
import { formatIPv4, scanIPv4 } from './ipv4.ts';
import { formatIPv6, scanIPv6 } from './ipv6.ts';
import { isBytes } from './shown.ts';

/** Text, or 4 bytes (IPv4) or 16 (IPv6) in network order. */
export type IPAddress = string | Uint8Array;

const COLON = 0x3a;

/** Is `text[start..end)` IPv6 rather than IPv4? IPv6 has a ':' among its first five characters. */
export function looksLikeIPv6(text: string, start: number, end: number): boolean {
  const stop = Math.min(end, start + 5);
  for (let i = start; i < stop; i++) if (text.charCodeAt(i) === COLON) return true;
  return false;
}

/**
 * Writes the address to the start of `out`, which has room for 16 bytes, and returns how many it has, 4 or 16. A zone
 * (`fe80::1%eth0`) is no part of the address and passed over. Throws ParseError, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
 */
export function readIP(argument: string, address: IPAddress, out: Uint8Array): number {
  if (typeof address === 'string') {
    if (!looksLikeIPv6(address, 0, address.length)) {
      scanIPv4(argument, address, 0, address.length, out, 0);
      return 4;
    }
    scanIPv6(argument, address, 0, address.length, out);
    return 16;
  }
  if (!isBytes(address)) throw wrongType(argument, 'a string or a Uint8Array', address);
  const { length } = address;
  if (length !== 4 && length !== 16) throw wrongValue(argument, '4 bytes (IPv4) or 16 (IPv6)', address);
  for (let i = 0; i < length; i++) out[i] = address[i]!;
  return length;
}

/** Bytes of an IPv4 (4) or IPv6 address (16), a copy. A zone is passed over. Throws as `parseIPv4` and `parseIPv6`, or for bytes of another length. */
export function parseIP(address: IPAddress): Uint8Array {
  const out = new Uint8Array(16);
  return out.slice(0, readIP('address', address, out));
}

/** Text of 4 bytes (IPv4) or 16 (IPv6). Throws ERR_INVALID_ARG_VALUE for another length. */
export function formatIP(bytes: Uint8Array): string {
  if (!isBytes(bytes)) throw wrongType('bytes', 'a Uint8Array', bytes);
  if (bytes.length === 4) return formatIPv4(bytes);
  if (bytes.length === 16) return formatIPv6(bytes);
  throw wrongValue('bytes', '4 bytes (IPv4) or 16 (IPv6)', bytes);
}
