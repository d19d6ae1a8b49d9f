/** An IPv4 or an IPv6 address in one argument: text, or its 4 or 16 bytes. */
import { checkBytes, wrongType, wrongValue } from './check.ts';
import { formatIPv4, scanIPv4 } from './ipv4.ts';
import { formatIPv6, scanIPv6 } from './ipv6.ts';
import { isBytes } from './shown.ts';

/** Text, or 4 bytes (IPv4) or 16 (IPv6) in network order. */
export type IPAddress = string | Uint8Array;

/** Where an address is put for the moment. */
export const scratch: Uint8Array = /* @__PURE__ */ new Uint8Array(16);

const COLON = 0x3a;
const EITHER = '4 bytes (IPv4) or 16 (IPv6)';

/** Is `text[start..end)` IPv6 rather than IPv4? IPv6 has a ':' among its first five characters. */
export function looksLikeIPv6(text: string, start: number, end: number): boolean {
  const stop = Math.min(end, start + 5);
  for (let i = start; i < stop; i++) if (text.charCodeAt(i) === COLON) return true;
  return false;
}

/** Reads IPv4, or IPv6 with its zone passed over, from `text[0..end)` to the start of `out`; returns how many bytes it has. */
export function scanIP(argument: string, text: string, end: number, out: Uint8Array): number {
  if (!looksLikeIPv6(text, 0, end)) {
    scanIPv4(argument, text, 0, end, out, 0);
    return 4;
  }
  scanIPv6(argument, text, 0, end, out);
  return 16;
}

/**
 * Writes the address to the start of `out`, which has room for 16 bytes, and returns how many it has, 4 or 16. A zone
 * (`fe80::1%eth0`) is no part of the address and passed over. Throws ParseError, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
 */
export function readIP(argument: string, address: IPAddress, out: Uint8Array): number {
  if (typeof address === 'string') return scanIP(argument, address, address.length, out);
  if (!isBytes(address)) throw wrongType(argument, 'a string or a Uint8Array', address);
  const { length } = address;
  if (length !== 4 && length !== 16) throw wrongValue(argument, EITHER, address);
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
  const { length } = checkBytes('bytes', bytes);
  if (length === 4) return formatIPv4(bytes);
  if (length === 16) return formatIPv6(bytes);
  throw wrongValue('bytes', EITHER, bytes);
}
