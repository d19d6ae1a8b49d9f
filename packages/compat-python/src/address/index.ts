/** Python's address tuples, as JavaScript arrays, to and from `sockaddr` bytes: one file per family. */
import { decode, type SocketAddress } from '@sockeye/addr';
import { constants, platform } from '@sockeye/core';
import type { BytesLike } from '../arguments.ts';
import { plainError } from '../errors.ts';
import { fromCan, toCan } from './can.ts';
import type { Called, RetAddress } from './family.ts';
import { fromInet, fromInet6, toInet, toInet6 } from './inet.ts';
import { fromPacket, toPacket } from './packet.ts';
import { fromUnix, toUnix } from './unix.ts';

/** An address as calls take it: a path for AF_UNIX, an array for Python's tuple otherwise. */
export type Address = string | BytesLike | readonly (string | number | BytesLike)[];

/** Everything that has a form is kept in one line each. */
const forms: ReadonlyMap<number, (address: unknown, called: Called) => SocketAddress> = new Map<
  number,
  (address: unknown, called: Called) => SocketAddress
>([
  [constants.AF_INET, toInet],
  [constants.AF_INET6, toInet6],
  [constants.AF_UNIX, toUnix],
  [constants.AF_PACKET, toPacket],
  [constants.AF_CAN, toCan],
]);

/** The sockaddr of an address as Python writes it for the family of the socket. */
export function toSockaddr(address: unknown, called: Called): Uint8Array {
  const form = forms.get(called.family);
  if (form === undefined) throw plainError(`${called.caller}(): bad family`);
  return form(address, called).toSockaddr(platform);
}

/** `sizeof(sa_data)`: what Python shows of a family that it does not know. */
const DATA_SIZE = 14;

/** A sockaddr as Python writes it; null when it is empty. */
export function fromSockaddr(bytes: Uint8Array): RetAddress {
  if (bytes.length === 0) return null;
  const value = decode(bytes, 0, bytes.length, platform);
  switch (value.family) {
    case 'inet':
      return fromInet(value);
    case 'inet6':
      return fromInet6(value);
    case 'unix':
      return fromUnix(value);
    case 'packet':
      return fromPacket(value);
    case 'can':
      return fromCan(value);
    default: {
      const data = Buffer.alloc(DATA_SIZE);
      data.set(bytes.subarray(2, 2 + DATA_SIZE));
      return [familyOf(bytes), data];
    }
  }
}

function familyOf(bytes: Uint8Array): number {
  const [first = 0, second = 0] = bytes;
  return platform === 'linux' || platform === 'win32' ? first | (second << 8) : second;
}
