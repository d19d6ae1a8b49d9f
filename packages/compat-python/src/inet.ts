/** Internet addresses and numbers in the form that the network has: inet(3), inet_pton(3), byteorder(3). */
import { formatIPv4, formatIPv6, inetAton, isIPv4, parseIPv4, parseIPv6 } from '@sockeye/addr/ip';
import { constants, errnos } from '@sockeye/core';
import { type BytesLike, toBytes, toInt, toInteger, toText, typeName } from './arguments.ts';
import { OverflowError, plainError, systemError, typeError, ValueError } from './errors.ts';
import { takes, takesOne } from './signature.ts';

/**
 * The four bytes of an IPv4 address in any spelling of inet_aton(3): `'1.2.3.4'`, `'127.1'`, `'0x7f000001'`.
 *
 * @throws OSError when it is none
 */
export function inet_aton(...args: [ip_addr: string]): Buffer {
  takes('inet_aton', args, 1, 1);
  const text = toText(args[0], 'inet_aton', 1);
  // Whatever follows a space is not looked at.
  const [address = ''] = text.split(/[ \t\n\v\f\r]/, 1);
  try {
    return Buffer.from(inetAton(address));
  } catch {
    throw plainError('illegal IP address string passed to inet_aton');
  }
}

/**
 * The text of an IPv4 address of four bytes.
 *
 * @throws OSError when there are not four
 */
export function inet_ntoa(...args: [packed_ip: BytesLike]): string {
  takes('inet_ntoa', args, 1, 1);
  const bytes = toBytes(args[0]);
  if (bytes.length !== 4) throw plainError('packed IP wrong length for inet_ntoa');
  return formatIPv4(bytes);
}

/**
 * The bytes of an address of AF_INET or AF_INET6: inet_pton(3).
 *
 * @throws OSError when the text is no such address (a scope is no part of one), EAFNOSUPPORT for other families
 */
export function inet_pton(...args: [address_family: number, ip_string: string]): Buffer {
  takes('inet_pton', args, 2, 2);
  const family = toInt(args[0]);
  const text = toText(args[1], 'inet_pton', 2);
  if (family !== constants.AF_INET && family !== constants.AF_INET6) throw systemError(errnos.EAFNOSUPPORT);
  if (family === constants.AF_INET && isIPv4(text)) return Buffer.from(parseIPv4(text));
  if (family === constants.AF_INET6 && !text.includes('%')) {
    try {
      return Buffer.from(parseIPv6(text).bytes);
    } catch {
      // Refused below.
    }
  }
  throw plainError('illegal IP address string passed to inet_pton');
}

/**
 * The text of an address of AF_INET (4 bytes) or AF_INET6 (16 bytes): inet_ntop(3).
 *
 * @throws ValueError for another family or length
 */
export function inet_ntop(...args: [address_family: number, packed_ip: BytesLike]): string {
  takes('inet_ntop', args, 2, 2);
  const family = toInt(args[0]);
  const bytes = toBytes(args[1]);
  if (family !== constants.AF_INET && family !== constants.AF_INET6) {
    throw new ValueError(`unknown address family ${family}`);
  }
  const four = family === constants.AF_INET;
  if (bytes.length !== (four ? 4 : 16)) throw new ValueError('invalid length of packed IP address string');
  return four ? formatIPv4(bytes) : formatIPv6(bytes);
}

const SWAP: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function short(x: unknown, caller: string): number {
  const number = toInt(x);
  if (number < 0) {
    throw new OverflowError(`${caller}: can't convert negative Python int to C 16-bit unsigned integer`);
  }
  if (number > 0xffff) {
    throw new OverflowError(`${caller}: Python int too large to convert to C 16-bit unsigned integer`);
  }
  return SWAP ? ((number & 0xff) << 8) | (number >> 8) : number;
}

function long(x: unknown): number {
  if (typeName(x) === 'float' || (typeof x !== 'number' && typeof x !== 'boolean' && typeof x !== 'bigint')) {
    throw typeError(`expected int, ${typeName(x)} found`);
  }
  const number = toInteger(x);
  if (number < 0) throw new OverflowError("can't convert negative value to unsigned int");
  if (number >= 2 ** 64) throw new OverflowError('Python int too large to convert to C unsigned long');
  if (number > 0xffffffff) throw new OverflowError('int larger than 32 bits');
  if (!SWAP) return number;
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, number, true);
  return view.getUint32(0, false);
}

/** A 16-bit number from host to network order. Throws OverflowError outside 0 to 65535. */
export function htons(...args: [x: number]): number {
  takes('htons', args, 1, 1);
  return short(args[0], 'htons');
}

/** A 16-bit number from network to host order. Throws OverflowError outside 0 to 65535. */
export function ntohs(...args: [x: number]): number {
  takes('ntohs', args, 1, 1);
  return short(args[0], 'ntohs');
}

/** A 32-bit number from host to network order. Throws OverflowError outside 0 to 2³²-1. */
export function htonl(...args: [x: number]): number {
  takesOne('_socket.htonl', args);
  return long(args[0]);
}

/** A 32-bit number from network to host order. Throws OverflowError outside 0 to 2³²-1. */
export function ntohl(...args: [x: number]): number {
  takesOne('_socket.ntohl', args);
  return long(args[0]);
}
