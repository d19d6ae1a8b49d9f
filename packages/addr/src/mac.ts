/** Hardware addresses: EUI-48, EUI-64 and longer ones (IEEE 802), interface identifiers made of them, Bluetooth's. */
import { checkBytes, checkInteger, checkRoom, checkString, wrongValue } from './check.ts';
import { hex, hexPair } from './digits.ts';
import { type Fail, failAt } from './text.ts';

/** The longest hardware address: MAX_ADDR_LEN in linux/netdevice.h (InfiniBand has 20). */
export const MAX_HARDWARE_ADDRESS: number = 32;

/** Bits of the first byte: for a group of stations, and given out by the network and not by the maker (IEEE 802, section 8.2). */
const GROUP = 0x01;
const LOCAL = 0x02;

/**
 * Hardware address text: pairs of hex digits in either case, joined by ':' or by '-' throughout; 6 bytes for
 * EUI-48, 8 for EUI-64, at most 32. The empty text is no bytes. Throws ParseError.
 */
export function parseMac(text: string): Uint8Array {
  return scanMac(checkString('text', text), failAt('text', text));
}

/** Text of up to 32 bytes: lower case, joined by ':'. No bytes give the empty text. */
export function formatMac(bytes: Uint8Array): string {
  const { length } = checkBytes('bytes', bytes);
  checkInteger('bytes.length', length, 0, MAX_HARDWARE_ADDRESS);
  return hex(bytes, ':');
}

/** Reads all of `text`. */
export function scanMac(text: string, fail: Fail): Uint8Array {
  return scanPairs(text, fail, MAX_HARDWARE_ADDRESS, text[2] === '-' ? '-' : ':');
}

/** Is it for a group of stations (multicast or broadcast)? EUI-48 or EUI-64. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function isGroupMac(address: Uint8Array): boolean {
  return (checkEui('address', address)[0]! & GROUP) !== 0;
}

/** Did the network and not the maker give it out? EUI-48 or EUI-64. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function isLocalMac(address: Uint8Array): boolean {
  return (checkEui('address', address)[0]! & LOCAL) !== 0;
}

/** EUI-64 of an EUI-48: `ff:fe` between its halves, RFC 4291 appendix A. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function eui64(eui48: Uint8Array): Uint8Array {
  const [a, b, c, d, e, f] = checkBytes('eui48', eui48, 6);
  return Uint8Array.of(a!, b!, c!, 0xff, 0xfe, d!, e!, f!);
}

/** The EUI-48 that an EUI-64 was made of; undefined if it has no `ff:fe` in the middle. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE. */
export function eui48(eui64: Uint8Array): Uint8Array | undefined {
  const [a, b, c, d, e, f, g, h] = checkBytes('eui64', eui64, 8);
  return d === 0xff && e === 0xfe ? Uint8Array.of(a!, b!, c!, f!, g!, h!) : undefined;
}

/**
 * The interface identifier, the last 8 bytes of an IPv6 address, that is made of a hardware address (EUI-48 or EUI-64): modified
 * EUI-64, which has the universal/local bit inverted. RFC 4291 appendix A, RFC 2464 section 4. RFC 8064 advises against them, as
 * they tell the hardware. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
 */
export function interfaceIdentifier(address: Uint8Array): Uint8Array {
  const out = checkEui('address', address).length === 6 ? eui64(address) : Uint8Array.from(address);
  out[0]! ^= LOCAL;
  return out;
}

/**
 * The EUI-64 that an interface identifier (8 bytes) was made of; its EUI-48, if it was made of one, says `eui48`. One made otherwise
 * gives 8 bytes as well: nothing in it tells. Throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE.
 */
export function identifiedEui64(identifier: Uint8Array): Uint8Array {
  const out = Uint8Array.from(checkBytes('identifier', identifier, 8));
  out[0]! ^= LOCAL;
  return out;
}

/**
 * A Bluetooth device address, six pairs of hex digits joined by ':', as the 6 bytes of `bdaddr_t`: the last pair first, since the
 * sockaddrs and HCI have it in little-endian order, unlike a hardware address's. str2ba(3). Throws ParseError.
 */
export function parseBluetooth(text: string): Uint8Array {
  const fail = failAt('text', checkString('text', text));
  const bytes = scanPairs(text, fail, 6, ':');
  if (bytes.length < 6) fail("':' and two hex digits, of which there are six", text.length);
  return bytes.reverse();
}

/** Text of the `bdaddr_t` at `offset`, in upper case as ba2str(3) writes it: byte 5 first. Throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE. */
export function formatBluetooth(bytes: Uint8Array, offset: number = 0): string {
  checkRoom('bytes', bytes, offset, 6);
  return formatMac(Uint8Array.from(bytes.subarray(offset, offset + 6)).reverse()).toUpperCase();
}

/** Reads pairs, `most` at most, to the end of the text. */
function scanPairs(text: string, fail: Fail, most: number, separator: string): Uint8Array {
  const out = new Uint8Array(Math.min(most, (text.length + 2) / 3));
  for (let i = 0, n = 0; i < text.length || i > 0; i += 3) {
    if (n === most) fail(`the end after ${most} bytes`, i - 1);
    const byte = hexPair(text, i);
    if (byte < 0) fail('two hex digits', i);
    out[n++] = byte;
    if (i + 2 === text.length) break;
    // Out of room and not at the end: the next turn says so, at the separator.
    if (text[i + 2] !== separator && n < most) fail(`'${separator}'`, i + 2);
  }
  return out;
}

function checkEui(argument: string, address: Uint8Array): Uint8Array {
  const { length } = checkBytes(argument, address);
  if (length !== 6 && length !== 8) throw wrongValue(argument, '6 bytes (EUI-48) or 8 (EUI-64)', address);
  return address;
}
